"""Compares the instructions of each hot path, counted by valgrind's callgrind, with recorded counts.

Counts depend on the interpreter's build, the architecture and the packages, but not on other programs. So they are
recorded under a `Key` of these, and compared only with counts of the same key.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import msgspec

from hwprofile.children import module_command
from hwprofile.instructions import instruction_sets
from mainspring.data import write_atomically
from mainspring.errors import MainspringError
from mainspring_perf.counted import CONTROL, MARK, SECTIONS
from mainspring_perf.sessions import sessions
from mainspring_perf.store import bench_folder, package_versions
from mainspring_perf.suites import choose_suites, find_suites

__all__ = [
    "RECORDED",
    "Count",
    "Key",
    "Outcome",
    "check_instructions",
    "count_instructions",
    "recorded_counts",
]

RECORDED = Path(__file__).parents[2] / "tools" / "instructions.json"
"""The counts that the project keeps; an installed package has none."""

_PACKAGES = ("msgpack", "msgspec", "orjson", "sortedcontainers")
_ALLOCATORS = (b"malloc", b"calloc", b"realloc", b"posix_memalign", b"aligned_alloc")
_NAMED = re.compile(rb"^c?fn=\((\d+)\) (\S+)$", re.MULTILINE)
_CALLS = re.compile(rb"^cfn=\((\d+)\)[^\n]*\ncalls=(\d+)", re.MULTILINE)
_SUMMARY = re.compile(rb"^(?:summary|totals): (\d+)", re.MULTILINE)

State = Literal["same", "more", "fewer", "new", "gone"]


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """What counts depend on.

    `system` is the C library, and the widest vectors that valgrind lets a program see; `native` is the native
    distribution's version and compiler, empty if it isn't built.
    """

    python: str
    architecture: str
    system: str
    native: str
    valgrind: str
    packages: dict[str, str]

    def differs_in(self, other: "Key") -> list[str]:
        """Describes the differences between two keys."""
        return [
            f"{field} is {getattr(self, field)}, and {getattr(other, field)} there"
            for field in self.__struct_fields__
            if getattr(self, field) != getattr(other, field)
        ]


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """Instructions of one operation of a hot path: the present and the recorded count, None if one is missing.

    `allocations` are the present calls of the C library's allocator, where Python allocates its objects too while it is
    counted. They are shown but not assessed: more of them mean more instructions. `within` is the relative change that
    passes.
    """

    path: str
    now: float | None = None
    then: float | None = None
    allocations: float | None = None
    within: float = 0.01

    @property
    def change(self) -> float | None:
        """The relative change; above 0 is more instructions."""
        return None if self.now is None or self.then is None else self.now / self.then - 1

    @property
    def state(self) -> State:
        """How it compares."""
        if self.change is None:
            return "new" if self.then is None else "gone"
        if abs(self.change) <= self.within:
            return "same"
        return "more" if self.change > 0 else "fewer"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the gate. `ok` is None if nothing could be compared; `said` says why, and what was done."""

    ok: bool | None
    said: str
    counts: tuple[Count, ...] = ()


def check_instructions(names: Sequence[str] = (), *, record: bool = False, file: Path | None = None) -> Outcome:
    """Counts instructions, and compares them with those recorded for the same key.

    `names` are the suites whose hot paths are counted; all of them if none is named.

    Where valgrind isn't there, or nothing was recorded for these, that is said and nothing fails; in the second case
    the counts are kept in the bench folder, so that the next check here has something to compare with. `record` writes
    them to `file` instead, by default in a checkout to `tools/instructions.json`, in place of what stood there for the
    same key and suites.
    Raises `MainspringError` if callgrind fails.
    """
    found = _valgrind()
    if isinstance(found, str):
        return Outcome(ok=None, said=f"not counted: {found}")
    valgrind, version = found
    key = _key(version)
    own = bench_folder() / RECORDED.name
    kept = file or (RECORDED if RECORDED.is_file() else own)
    chosen = _counted_suites(names)
    entries = [*recorded_counts(kept), *recorded_counts(own)]
    now = count_instructions(valgrind, chosen)
    instructions = {one.path: one.now for one in now if one.now is not None}
    if record:
        _write(kept, key, _others(kept, key, chosen) | instructions)
        return Outcome(ok=None, said=f"recorded in {kept}", counts=_counts(now, {}))
    for there, then in entries:
        if there == key:
            wanted = tuple(f"{suite}: " for suite in chosen)
            counts = _counts(now, {path: count for path, count in then.items() if path.startswith(wanted)})
            ok = all(count.state in ("same", "new", "fewer") for count in counts)
            return Outcome(ok=ok, said=_verdict(counts), counts=counts)
    nearest = min((key.differs_in(there) for there, _ in entries), key=len, default=["no counts are recorded at all"])
    _write(own, key, instructions)
    said = f"nothing to compare with: {'; '.join(nearest)}. Recorded in {own}, for the next time."
    return Outcome(ok=None, said=said, counts=_counts(now, {}))


def count_instructions(valgrind: str, suites: Sequence[str]) -> list[Count]:
    """Counts the instructions of each hot path's operation. Raises `MainspringError` if callgrind fails.

    `valgrind` is the path of the program.
    """
    # The session that some of them run is made beforehand, and not under callgrind.
    sessions(tiny=True)
    # A process a suite: what one allocates moves nothing in another. How many run at once changes no count.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [count for counts in pool.map(partial(_count_suite, valgrind), suites) for count in counts]


def _counted_suites(names: Sequence[str]) -> list[str]:
    there = [name for name, module in find_suites().items() if getattr(module, "COUNTED", False)]
    for name in choose_suites(names) if names else ():
        if name not in there:
            raise MainspringError(f"the suite {name!r} has no counted path; those that have: {', '.join(there)}")
    return list(names) or there


def _count_suite(valgrind: str, suite: str) -> list[Count]:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "counts"
        environ = {
            # Few and fixed variables, and C's own heap: what Python's pools cost hangs on where in them an object came
            # to lie, and moves by a few percent with every line of code elsewhere.
            "PYTHONMALLOC": "malloc",
            "PYTHONHASHSEED": "0",
            # What is freed stays at hand, so that how long a search for room takes doesn't hang on where things lie.
            "GLIBC_TUNABLES": "glibc.malloc.tcache_count=65535",
            "MALLOC_MMAP_THRESHOLD_": str(2**28),
            "MALLOC_TRIM_THRESHOLD_": str(2**30),
            **{name: os.environ[name] for name in ("HOME", "XDG_CACHE_HOME") if name in os.environ},
        }
        work = module_command("mainspring_perf.counted", suite)
        callgrind = [valgrind, "--tool=callgrind", f"--callgrind-out-file={output}", f"--dump-before={MARK}"]
        control, controlled = shutil.which("vgdb"), {}
        if control is not None:
            callgrind.append("--instr-atstart=no")
            controlled[CONTROL] = control
        # Once without counting: a process that compiles modules has another heap than one that finds them compiled.
        for command, more in ((work, {}), ([*_without_randomisation(), *callgrind, *work], controlled)):
            done = subprocess.run(command, env=environ | more, cwd="/", capture_output=True, text=True, check=False)  # noqa: S603
            if done.returncode:
                last = done.stderr.strip().splitlines()[-1:] or ["no word of why"]
                raise MainspringError(f"the hot paths of {suite!r} can't be counted: {last[0]}")
        paths = json.loads(done.stdout)
        marks = SECTIONS + 1
        dumped = [_dumped(output.with_name(f"counts.{number}")) for number in range(1, marks * len(paths) + 1)]
    counts = []
    for place, (path, operations, within) in enumerate(paths):
        # The first mark of a path ends what came before it.
        now, allocations = (one / operations for one in min(dumped[marks * place + 1 : marks * (place + 1)]))
        counts.append(Count(path=path, now=now, allocations=allocations, within=within))
    return counts


def recorded_counts(file: Path) -> list[tuple[Key, dict[str, float]]]:
    """The counts that a file holds; none if there is no file. Raises `MainspringError` if it can't be read."""
    if not file.is_file():
        return []
    try:
        reported = msgspec.json.decode(file.read_bytes(), type=_File)
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise MainspringError(
            f"{file} doesn't hold recorded counts: {error}; correct it, or delete it and record again"
        ) from error
    return [(entry.key, entry.counts) for entry in reported.counted]


class _Entry(msgspec.Struct, frozen=True):
    key: Key
    counts: dict[str, float]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    counted: list[_Entry] = []


def _valgrind() -> tuple[str, str] | str:
    """Returns valgrind's path and version, or why it can't be used."""
    path = shutil.which("valgrind")
    if path is None:
        return "valgrind isn't installed (Debian: apt-get install valgrind)"
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603  as found
    return (path, done.stdout.strip()) if done.returncode == 0 else f"{path} doesn't run: {done.stderr.strip()}"


def _key(valgrind: str) -> Key:
    versions = package_versions()
    return Key(
        python=f"{platform.python_implementation()} {platform.python_version()}, {platform.python_compiler()}",
        architecture=platform.machine(),
        system=f"{' '.join(platform.libc_ver()) or sys.platform}, {_vectors()}",
        native=_native(versions),
        valgrind=valgrind,
        packages={name: versions[name] for name in _PACKAGES if name in versions},
    )


def _native(versions: Mapping[str, str]) -> str:
    if find_spec("mainspring_native") is None:
        return ""
    from mainspring_native import BUILD

    # What of the CPU is used follows: under valgrind it isn't what is used without.
    return f"{versions.get('mainspring-native', 'unknown')}, {BUILD.partition(';')[0]}" if BUILD else ""


def _vectors() -> str:
    """Returns the widest vectors that valgrind supports here: at most AVX2, so wider CPUs run the same code."""
    there = instruction_sets()
    return next((name for name in ("avx2", "avx", "neon", "sse4_2") if name in there), "plain")


def _without_randomisation() -> list[str]:
    setarch = shutil.which("setarch")
    return [] if setarch is None else [setarch, platform.machine(), "-R"]


def _dumped(dump: Path) -> tuple[int, int]:
    """The instructions of a section, and how often it called the allocator from outside of it."""
    reported = dump.read_bytes()
    found = _SUMMARY.search(reported)
    if found is None:
        raise MainspringError(f"callgrind wrote no total to {dump.name}")
    # A name is written where its number comes up first, and the number alone after that.
    numbers = {number for number, name in _NAMED.findall(reported) if name in _ALLOCATORS}
    calls = sum(int(count) for number, count in _CALLS.findall(reported) if number in numbers)
    return int(found[1]), calls


def _counts(now: Sequence[Count], then: Mapping[str, float]) -> tuple[Count, ...]:
    known = [msgspec.structs.replace(one, then=then.get(one.path)) for one in now]
    gone = then.keys() - {one.path for one in now}
    return (*known, *(Count(path=path, then=then[path], within=0.0) for path in then if path in gone))


def _verdict(counts: Sequence[Count]) -> str:
    worse = [count for count in counts if count.state in ("more", "gone")]
    if worse:
        return (
            f"{len(worse)} of {len(counts)} hot paths take more instructions than recorded, or aren't counted now. "
            "If that is meant, `mainspring bench instructions --record` writes the new counts down."
        )
    if any(count.state == "fewer" for count in counts):
        return (
            f"{len(counts)} hot paths, none of which takes more instructions than recorded, and some take fewer: "
            "`mainspring bench instructions --record` holds what was gained."
        )
    return f"{len(counts)} hot paths, none of which takes more instructions than recorded"


def _others(file: Path, key: Key, suites: Sequence[str]) -> dict[str, float]:
    """The counts recorded under a key for suites other than these."""
    counted = tuple(f"{suite}: " for suite in suites)
    recorded = next((then for there, then in recorded_counts(file) if there == key), {})
    return {path: count for path, count in recorded.items() if not path.startswith(counted)}


def _write(file: Path, key: Key, counts: Mapping[str, float]) -> None:
    """Puts the counts in the place of those of the same key but for the versions of our own, and keeps the others."""
    kept = [_Entry(there, then) for there, then in recorded_counts(file) if there != key]
    rounded = {path: round(count, 1) for path, count in counts.items()}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        text = msgspec.json.format(msgspec.json.encode(_File([*kept, _Entry(key, rounded)])))
        write_atomically(file, text + b"\n")
    except OSError as error:
        raise MainspringError(f"{file} can't be written: {error.strerror}") from error
