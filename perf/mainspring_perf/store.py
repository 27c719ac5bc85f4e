"""Stores runs: a baseline is a pyperf file with the host and the code, and every run joins the host's series.

A baseline's folder also holds a copy of the measured code, so that it can run again next to later code.
"""

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pyperf

from hwprofile.profile import HostProfile
from mainspring.data import cache_folder, write_atomically
from mainspring.data.replace import private_folder
from mainspring.errors import MainspringError
from mainspring_perf.host import Code

__all__ = [
    "FOLDER_VARIABLE",
    "Baseline",
    "SavedRun",
    "bench_folder",
    "check_name",
    "copy_code",
    "list_baselines",
    "load_baseline",
    "load_runs",
    "package_versions",
    "save_run",
    "versions_of",
]

FOLDER_VARIABLE = "MAINSPRING_BENCH"
"""The environment variable that names another folder for baselines and history."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PREFIX = "mainspring_"
_PACKAGES = ("mainspring", "mainspring_plugins", "mainspring_perf", "hwprofile", "mainspring_native")
_DISTRIBUTIONS = ("mainspring", "mainspring-native")


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """A saved run. `python` is the interpreter that made it, `code_folder` the copy of what it measured (None: gone).

    `packages` are the versions of what else was installed and counts. `benchmarks` are pyperf's, by suite and name.
    """

    name: str
    saved: str
    host: HostProfile
    code: Code
    python: str
    python_version: str
    packages: Mapping[str, str]
    code_folder: Path | None
    benchmarks: Mapping[tuple[str, str], Any]


def bench_folder() -> Path:
    """Returns the folder of baselines and history: `$MAINSPRING_BENCH`, or `bench` in the cache folder."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else cache_folder() / "bench"


def save_run(
    name: str, benchmarks: Mapping[tuple[str, str], Any], *, host: HostProfile, code: Code, about: Mapping[str, str]
) -> Path:
    """Saves pyperf benchmarks under a name, with a copy of the code, and adds them to this host's series.

    `about` holds "saved" (the time, ISO 8601), "python" and "python_version". A baseline of that name is replaced.
    Raises `MainspringError` if the name can't be a file's or the folder can't be written.
    """
    check_name(name)
    shared = {
        **{f"{_PREFIX}{key}": value for key, value in about.items()},
        f"{_PREFIX}host": msgspec.json.encode(host).decode(),
        f"{_PREFIX}fingerprint": host.fingerprint,
        f"{_PREFIX}code": msgspec.json.encode(code).decode(),
        f"{_PREFIX}packages": msgspec.json.encode(package_versions()).decode(),
    }
    one_ns: dict[str, dict[str, float]] = {}
    for (suite, own), benchmark in benchmarks.items():
        benchmark.update_metadata({**shared, f"{_PREFIX}suite": suite, "name": f"{suite}: {own}"})
        one_ns.setdefault(suite, {})[own] = 1e9 * benchmark.median()
    folder = bench_folder()
    target = folder / "baselines" / name
    try:
        with private_folder(target) as made:
            pyperf.BenchmarkSuite(list(benchmarks.values())).dump(str(made / "pyperf.json"))
            copy_code(made / "code")
            shutil.rmtree(target, ignore_errors=True)
            made.rename(target)
        run = SavedRun(name=name, saved=about["saved"], code=code, one_ns=one_ns)
        _append(folder / "history" / f"{host.fingerprint}.jsonl", run)
    except OSError as error:
        raise MainspringError(
            f"the baseline {name!r} can't be written to {target}: {error.strerror}; "
            f"{FOLDER_VARIABLE} names another folder"
        ) from error
    return target / "pyperf.json"


def check_name(name: str) -> None:
    """Raises `MainspringError` for a name that can't be a baseline's."""
    if not _NAME.fullmatch(name):
        raise MainspringError(f"{name!r} can't be the name of a baseline: take letters, digits, '.', '_' and '-'")


def load_baseline(name: str) -> Baseline:
    """Loads a baseline by its name or by the path of its pyperf file. Raises `MainspringError` if it can't."""
    path = bench_folder() / "baselines" / name / "pyperf.json"
    if not path.is_file():
        path = Path(name)
    if not path.is_file():
        there = ", ".join(list_baselines()) or "none yet"
        raise MainspringError(f"no baseline is named {name!r}; there are: {there}. `bench --save NAME` makes one")
    try:
        suite = pyperf.BenchmarkSuite.load(str(path))
        benchmarks = {}
        shared: Mapping[str, Any] = {}
        for one in suite.get_benchmarks():
            shared = one.get_metadata()
            own_suite = shared[f"{_PREFIX}suite"]
            benchmarks[own_suite, one.get_name().removeprefix(f"{own_suite}: ")] = one
        return Baseline(
            name=name,
            saved=shared[f"{_PREFIX}saved"],
            host=HostProfile.from_json(shared[f"{_PREFIX}host"]),
            code=msgspec.json.decode(shared[f"{_PREFIX}code"], type=Code),
            python=shared[f"{_PREFIX}python"],
            python_version=shared[f"{_PREFIX}python_version"],
            packages=msgspec.json.decode(shared[f"{_PREFIX}packages"], type=dict[str, str]),
            code_folder=path.parent / "code" if (path.parent / "code").is_dir() else None,
            benchmarks=benchmarks,
        )
    # pyperf raises whatever its own code comes to over a file that is cut short, damaged or somebody else's.
    except Exception as error:
        raise MainspringError(
            f"{path} isn't a baseline of `mainspring bench --save`: {type(error).__name__}: {error}; save it again"
        ) from error


def list_baselines() -> list[str]:
    """Returns the names of all baselines."""
    folder = bench_folder() / "baselines"
    return sorted(one.parent.name for one in folder.glob("*/pyperf.json")) if folder.is_dir() else []


def package_versions() -> dict[str, str]:
    """Returns the versions of the packages that affect our figures."""
    names = ("msgpack", "msgspec", "orjson", "pysimdjson", "sortedcontainers", "numpy", "numba")
    return versions_of((*names, *_DISTRIBUTIONS))


def versions_of(distributions: Iterable[str]) -> dict[str, str]:
    """Returns the versions of those distributions that are installed."""
    found = {}
    for name in distributions:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


class SavedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a series: a saved run's times, in nanoseconds per operation, by suite and benchmark."""

    name: str
    saved: str
    code: Code
    one_ns: dict[str, dict[str, Annotated[float, msgspec.Meta(gt=0)]]]


def load_runs(fingerprint: str) -> list[SavedRun]:
    """Loads a host's series, oldest first. Raises `MainspringError` for a damaged line."""
    path = bench_folder() / "history" / f"{fingerprint}.jsonl"
    if not path.is_file():
        return []
    runs = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            runs.append(msgspec.json.decode(line, type=SavedRun))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise MainspringError(f"{path}, line {number} isn't a saved run: {error}; take the line out") from error
    return runs


def _append(path: Path, run: SavedRun) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_bytes() if path.is_file() else b""
    write_atomically(path, before + msgspec.json.encode(run) + b"\n")


def copy_code(target: Path) -> None:
    """Copies our packages and the metadata of their distributions, by which plugins are found."""
    for package in _PACKAGES:
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            continue
        source = Path(next(iter(spec.submodule_search_locations)))
        shutil.copytree(source, target / package, ignore=shutil.ignore_patterns("__pycache__", "*.pyi"))
        # A wheel has the targets inside the package, a checkout next to it.
        if package == "mainspring_perf" and (source.parent / "targets.toml").is_file():
            shutil.copy(source.parent / "targets.toml", target / package)
    for name in _DISTRIBUTIONS:
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        folder = target / f"{name.replace('-', '_')}-{distribution.version}.dist-info"
        folder.mkdir()
        for file in ("METADATA", "entry_points.txt"):
            text = distribution.read_text(file)
            if text is not None:
                (folder / file).write_text(text, encoding="utf-8")
