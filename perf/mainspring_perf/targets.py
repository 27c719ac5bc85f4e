"""The project's targets, and what this host reaches of them."""

import importlib
import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mainspring.errors import MainspringError

if TYPE_CHECKING:
    from mainspring_perf.run import Timed

__all__ = ["Reached", "Target", "check_targets", "load_targets", "suites_of"]

_PACKAGE = Path(__file__).parent
# In a checkout the file lies beside the package, in a wheel inside it.
_FILE = next(folder / "targets.toml" for folder in (_PACKAGE.parent, _PACKAGE) if (folder / "targets.toml").is_file())


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One target: a benchmark, or a probe, and the bound on its figure.

    `what` describes it. `benchmark` is "SUITE: NAME". With a `baseline`, another benchmark of that suite, the bound is
    on the ratio of the two; without one, `at_most` is in microseconds an operation and `at_least` in operations a
    second. Instead, `probe` may name a function "module:function" that returns the figure in `unit`, or a text that
    says why there is none. `needs` says what a host needs for the benchmark to exist.
    """

    what: str
    name: str = ""
    benchmark: str = ""
    baseline: str = ""
    probe: str = ""
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None
    needs: str = ""

    def __post_init__(self) -> None:
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError("needs exactly one of at_most and at_least")
        if bool(self.benchmark) == bool(self.probe):
            raise ValueError("needs either a benchmark or a probe")

    @property
    def suite(self) -> str:
        """The suite of its benchmark; empty for a probe."""
        return self.benchmark.partition(": ")[0]

    @property
    def figure_unit(self) -> str:
        """The unit of its figure."""
        return self.unit or ("x" if self.baseline else "us" if self.at_least is None else "a second")


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """What this host reaches of a target. `reached` and `met` are None if it couldn't be measured; `why` says why."""

    target: Target
    reached: float | None = None
    met: bool | None = None
    why: str = ""


@cache
def load_targets(file: Path | None = None) -> list[Target]:
    """Reads targets from a file, `perf/targets.toml` by default. Raises `MainspringError` if it isn't one."""
    path = _FILE if file is None else file
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), type=dict[str, Target])
    except (OSError, ValueError, RecursionError, msgspec.ValidationError) as error:
        raise MainspringError(f"{path} doesn't hold targets: {error}") from error
    return [msgspec.structs.replace(one, name=name) for name, one in found.items()]


def suites_of(targets: Sequence[Target]) -> list[str]:
    """The suites in which they are timed, in the order in which these run."""
    return list(dict.fromkeys(one.suite for one in targets if one.suite))


def check_targets(
    targets: Sequence[Target], *, effort: str = "normal", progress: Callable[[str, int, int], None] | None = None
) -> list[Reached]:
    """Measures each target on this host, suite by suite. Raises `MainspringError` if a suite can't run.

    `effort` and `progress` are those of `mainspring_perf.run.run_suites`.
    """
    # Which reads the targets itself.
    from mainspring_perf.run import run_suites

    timed: dict[str, Timed] = {}
    for suite in suites_of(targets):
        names = [one.benchmark.removeprefix(f"{suite}: ") for one in targets if one.suite == suite]
        names += [one.baseline for one in targets if one.suite == suite and one.baseline]
        timed[suite] = run_suites([suite], effort=effort, whole_names=names, progress=progress)
    return [_reached(one, timed.get(one.suite)) for one in targets]


def _reached(target: Target, timed: "Timed | None") -> Reached:
    if timed is None:
        module, function = target.probe.split(":")
        found: float | str = getattr(importlib.import_module(module), function)()
        return _compared(target, found) if isinstance(found, float | int) else Reached(target=target, why=found)
    rows = {row["benchmark"]: row for row in timed.rows}
    row = rows.get(target.benchmark.removeprefix(f"{target.suite}: "))
    if row is None:
        return Reached(target=target, why=f"not here: {target.needs or 'its benchmark'}")
    if not target.baseline:
        return _compared(target, row["one_ns"] / 1e3 if target.at_least is None else 1e9 / row["one_ns"])
    if target.baseline not in rows:
        return Reached(target=target, why=f"its baseline {target.baseline!r} isn't here")
    paired = row["ratio"] if row["baseline"] == target.baseline else None
    return _compared(target, paired or rows[target.baseline]["one_ns"] / row["one_ns"])


def _compared(target: Target, reached: float) -> Reached:
    met = reached <= target.at_most if target.at_most is not None else reached >= (target.at_least or 0.0)
    return Reached(target=target, reached=reached, met=met)
