"""What was aimed for, in one file, and what this host reaches of it."""

import importlib
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from mainspring.errors import MainspringError
from mainspring_perf.files import perf_file
from mainspring_perf.run import Timed, run_suites

__all__ = ["Reached", "Target", "check_targets", "load_targets", "suites_of"]

Measure = Literal["one_us", "a_second", "ratio", "probe", "elsewhere"]


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that was aimed for.

    `what` says it in words. `suite` and `benchmark` name what is timed, and `measure` what of it counts: "one_us" for
    microseconds an operation (`at_most`), "a_second" for operations a second (`at_least`), "ratio" for how many times
    as fast as `baseline`, another benchmark of the suite, in the same rounds. "probe" is measured by `probe`, the name
    of a function "module:function" that returns one number, or says why it can't. "elsewhere" is measured by another
    command, which `by` names. `needs` names what a host without it can't be held to.
    """

    name: str
    what: str
    measure: Measure
    unit: str = ""
    suite: str = ""
    benchmark: str = ""
    baseline: str = ""
    probe: str = ""
    at_most: float | None = None
    at_least: float | None = None
    needs: str = ""
    by: str = ""

    def __post_init__(self) -> None:
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError(f"{self.name}: exactly one of at_most and at_least")
        timed = self.measure in ("one_us", "a_second", "ratio")
        if bool(self.suite and self.benchmark) != timed:
            raise ValueError(f"{self.name}: a suite and a benchmark where one is timed, and nowhere else")
        if (self.measure == "probe") != bool(self.probe) or (self.measure == "elsewhere") != bool(self.by):
            raise ValueError(f'{self.name}: `probe` goes with the measure of that name, and `by` with "elsewhere"')
        if (self.measure == "ratio") != bool(self.baseline):
            raise ValueError(f"{self.name}: a baseline for the measure `ratio`, and for no other")


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """What this host reaches of a target. `reached` is None where it couldn't be measured here; `why` says so."""

    target: Target
    reached: float | None
    met: bool | None
    why: str = ""


def load_targets(file: Path | None = None) -> list[Target]:
    """The targets of `perf/targets.toml`. Raises `MainspringError` where the file can't be read."""
    path = perf_file("targets.toml") if file is None else file
    try:
        targets = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), type=_File).target
    except (OSError, ValueError, RecursionError, msgspec.ValidationError) as error:
        raise MainspringError(f"{path} doesn't hold targets: {error}") from error
    names = [one.name for one in targets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise MainspringError(f"{path} has two targets named {', '.join(twice)}")
    return targets


def suites_of(targets: Sequence[Target]) -> list[str]:
    """The suites that they are timed in, in the order in which these are run."""
    return list(dict.fromkeys(one.suite for one in targets if one.suite))


def check_targets(
    targets: Sequence[Target], *, effort: str = "normal", progress: Callable[[str, int, int], None] | None = None
) -> list[Reached]:
    """Measures each target here, suite by suite. Raises `MainspringError` where a suite can't be run."""
    timed: dict[str, Timed] = {}
    for suite in suites_of(targets):
        wanted = [name for one in targets if one.suite == suite for name in (one.benchmark, one.baseline) if name]
        timed[suite] = run_suites([suite], effort=effort, whole_names=wanted, progress=progress)
    return [_reached(one, timed.get(one.suite)) for one in targets]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    target: list[Target]


def _reached(target: Target, timed: Timed | None) -> Reached:
    if target.measure == "elsewhere":
        return Reached(target=target, reached=None, met=None, why=f"by {target.by}")
    if target.measure == "probe":
        module, function = target.probe.split(":")
        found: float | str = getattr(importlib.import_module(module), function)()
        if isinstance(found, str):
            return Reached(target=target, reached=None, met=None, why=found)
        return _assess(target, found)
    assert timed is not None
    row = next((row for row in timed.rows if row["benchmark"] == target.benchmark), None)
    if row is None:
        return Reached(target=target, reached=None, met=None, why=f"not here: {target.needs or 'its benchmark'}")
    if target.measure == "ratio":
        return _ratio(target, timed)
    return _assess(target, row["one_ns"] / 1e3 if target.measure == "one_us" else 1e9 / row["one_ns"])


def _ratio(target: Target, timed: Timed) -> Reached:
    seconds: dict[str, Any] = {name: one.median() for (_, name), one in timed.benchmarks.items()}
    if target.baseline not in seconds:
        return Reached(target=target, reached=None, met=None, why=f"its baseline {target.baseline!r} isn't here")
    row = next(row for row in timed.rows if row["benchmark"] == target.benchmark)
    if row["baseline"] == target.baseline and row["ratio"] is not None:
        return _assess(target, row["ratio"])
    return _assess(target, seconds[target.baseline] / seconds[target.benchmark])


def _assess(target: Target, reached: float) -> Reached:
    within = reached <= target.at_most if target.at_most is not None else reached >= (target.at_least or 0.0)
    return Reached(target=target, reached=reached, met=within)
