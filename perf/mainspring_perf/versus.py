"""Holds this code against a baseline: run again beside each other where both can, else what was saved against now."""

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from pyperf._utils import is_significant

from mainspring.errors import MainspringError
from mainspring_perf.ranks import Paired, compare_paired
from mainspring_perf.round import PROTOCOL
from mainspring_perf.store import Baseline, package_versions

__all__ = ["Comparison", "Difference", "Verdict", "beside_each_other", "from_saved", "why_not_run_again"]

Verdict = Literal["slower", "faster", "no difference", "other work"]

_ROUNDS = {"fast": 8, "normal": 12, "rigorous": 24}
_CONFIRMING_ROUNDS_AT_LEAST = 12
_SUSPECT_P = 0.05
_SURE_P = 0.01


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How one benchmark compares. `ratio` is now to then: above 1 is slower. `low` and `high` are its interval of 95%.

    `fails` says that it is slower by more than was allowed, and not by chance.
    """

    suite: str
    benchmark: str
    verdict: Verdict
    ratio: float
    low: float
    high: float
    then_ns: float
    now_ns: float
    fails: bool = False


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All differences. `how` says in words how they were found, `noise` what the machine makes by itself.

    `only_now` and `only_then` are the benchmarks that the other side doesn't have.
    """

    against: str
    how: str
    noise: float
    differences: tuple[Difference, ...]
    only_now: tuple[str, ...] = ()
    only_then: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether anything is slower than was allowed."""
        return any(one.fails for one in self.differences)


def why_not_run_again(baseline: Baseline) -> str | None:
    """Why a baseline can't be run again here; None where it can."""
    if baseline.code_folder is None:
        return "the copy of its code is gone"
    if not Path(baseline.python).exists():
        return f"its Python, {baseline.python}, is gone"
    asked = subprocess.run(  # noqa: S603  an interpreter that the user has saved a baseline with
        [baseline.python, "-c", "import platform; print(platform.python_version())"],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.stdout.strip() != baseline.python_version:
        return f"{baseline.python} is Python {asked.stdout.strip() or 'no more'}, and was {baseline.python_version}"
    return None


def beside_each_other(
    baseline: Baseline,
    suites: Sequence[str],
    *,
    effort: str = "normal",
    only: Sequence[str] = (),
    allow: Sequence[str] = (),
    fail_over: float | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Comparison:
    """Runs the baseline's code and this one in turn, round by round, and compares the rounds.

    What looks slower by more than `fail_over` (0.05 is 5%) is run again, and fails only where the second, independent
    rounds say the same: with `_SURE_P` shared among all that were suspected. Raises `MainspringError` where either
    side can't be run.
    """
    sides = (_Side(baseline.python, baseline.code_folder, only, allow), _Side(sys.executable, None, only, allow))
    rounds = _ROUNDS[effort]
    differences: list[Difference] = []
    only_now: list[str] = []
    only_then: list[str] = []
    for suite in suites:
        then, now = _rounds(sides, suite, rounds, progress)
        only_then += [f"{suite}: {name}" for name in then.keys() - now.keys()]
        only_now += [f"{suite}: {name}" for name in now.keys() - then.keys()]
        found = {name: _difference(suite, name, then[name], now[name]) for name in then if name in now}
        if fail_over is not None:
            suspects = [name for name, (one, paired) in found.items() if _is_suspect(one, paired, fail_over)]
            if suspects:
                then, now = _rounds(sides, suite, max(rounds, _CONFIRMING_ROUNDS_AT_LEAST), progress, suspects)
                for name in suspects:
                    one, paired = _difference(suite, name, then[name], now[name])
                    sure = paired.p <= _SURE_P / len(suspects) and one.ratio > 1 + fail_over
                    found[name] = msgspec.structs.replace(one, fails=sure), paired
        differences += [one for one, _ in found.values()]
    known = [one for one in differences if one.verdict != "other work"]
    return Comparison(
        against=baseline.name,
        how=_told(baseline, rounds),
        noise=statistics.median((one.high - one.low) / 2 for one in known) if known else 0.0,
        differences=tuple(differences),
        only_now=tuple(sorted(only_now)),
        only_then=tuple(sorted(only_then)),
    )


def from_saved(
    baseline: Baseline,
    rows: Sequence[Mapping[str, Any]],
    benchmarks: Mapping[tuple[str, str], Any],
    *,
    why: str,
    fail_over: float | None = None,
) -> Comparison:
    """Compares what was timed now with what was saved, by pyperf's test (Student's t, 95%, two-sided).

    The machine may have changed in between in ways that neither side shows: so a difference counts only where it is
    larger than the spread of the rounds as well, that of now and that of then.
    """
    spread_now = {(row["suite"], row["benchmark"]): row["spread"] for row in rows}
    differences = []
    noises = []
    for key, then in baseline.benchmarks.items():
        now = benchmarks.get(key)
        if now is None:
            continue
        noise = max(spread_now.get(key, 0.0), float(then.get_metadata().get("mainspring_spread", 0.0)))
        noises.append(noise)
        before, after = then.get_values(), now.get_values()
        # pyperf's test wants as many of each.
        count = min(len(before), len(after))
        significant, _ = is_significant(list(before)[:count], list(after)[:count])
        ratio = statistics.mean(after) / statistics.mean(before)
        real = significant and abs(ratio - 1) > noise
        verdict: Verdict = "no difference" if not real else "slower" if ratio > 1 else "faster"
        if then.get_metadata().get("description") != now.get_metadata().get("description"):
            verdict = "other work"
        differences.append(
            Difference(
                suite=key[0],
                benchmark=key[1],
                verdict=verdict,
                ratio=ratio,
                low=ratio * (1 - noise),
                high=ratio * (1 + noise),
                then_ns=1e9 * statistics.mean(before),
                now_ns=1e9 * statistics.mean(after),
                fails=fail_over is not None and verdict == "slower" and ratio > 1 + fail_over,
            )
        )
    noise = max(noises, default=0.0)
    return Comparison(
        against=baseline.name,
        how=f"against what was saved on {baseline.saved[:10]}, by pyperf's t-test, as it can't be run again: {why}",
        noise=noise,
        differences=tuple(differences),
        only_now=tuple(sorted(f"{suite}: {name}" for suite, name in benchmarks.keys() - baseline.benchmarks.keys())),
        only_then=tuple(sorted(f"{suite}: {name}" for suite, name in baseline.benchmarks.keys() - benchmarks.keys())),
    )


def _is_suspect(one: Difference, paired: Paired, fail_over: float) -> bool:
    return one.verdict != "other work" and paired.p <= _SUSPECT_P and paired.ratio > 1 + fail_over


def _told(baseline: Baseline, rounds: int) -> str:
    how = f"{baseline.code} and this code run in turn, {rounds} rounds of either, by CPU time"
    now = package_versions()
    other = [f"{name} was {old}" for name, old in baseline.packages.items() if now.get(name) not in (None, old)]
    other = [one for one in other if not one.startswith("mainspring")]
    if other and baseline.python == sys.executable:
        how += f"; both with today's packages, which aren't those of then ({', '.join(other)})"
    return how


_Seconds = tuple[str, list[float]]
"""What a benchmark's input is, and the seconds of its rounds."""

_Times = dict[str, _Seconds]


class _Side:
    """One of the two versions: an interpreter, and the folder of a copy of the code, or None for what is installed."""

    def __init__(self, python: str, folder: Path | None, only: Sequence[str], allow: Sequence[str]) -> None:
        self._command = [python, "-P", "-m", "mainspring_perf.round"]
        self._more = [word for name in allow for word in ("--allow", name)]
        self._only = [word for part in only for word in ("--only", part)]
        self._environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        if folder is not None:
            self._environ["PYTHONPATH"] = str(folder)
        self._told = "this code" if folder is None else "the baseline"

    def run(self, suite: str, names: Sequence[str]) -> dict[str, tuple[str, float]]:
        """One round."""
        chosen = [word for name in names for word in ("--name", name)] or self._only
        command = [*self._command, "--suite", suite, *chosen, *self._more]
        done = subprocess.run(command, env=self._environ, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or ["no word of why"]
            raise MainspringError(f"{self._told} can't run the suite {suite!r}: {last[0]}")
        answer = msgspec.json.decode(done.stdout)
        if answer["protocol"] != PROTOCOL:
            raise MainspringError(f"{self._told} speaks another version of this comparison; save the baseline again")
        return {name: (one["input"], one["seconds"]) for name, one in answer["benchmarks"].items()}


def _rounds(
    sides: tuple[_Side, _Side],
    suite: str,
    count: int,
    progress: Callable[[str, int, int], None] | None,
    names: Sequence[str] = (),
) -> tuple[_Times, _Times]:
    """So many rounds of both sides, each beginning where the one before ended, so that neither always goes first."""
    times: tuple[_Times, _Times] = ({}, {})
    for number in range(count):
        if progress is not None:
            progress(suite, number + 1, count)
        for side in (0, 1) if number % 2 else (1, 0):
            for name, (work, seconds) in sides[side].run(suite, names).items():
                times[side].setdefault(name, (work, []))[1].append(seconds)
    return times


def _difference(suite: str, name: str, then: _Seconds, now: _Seconds) -> tuple[Difference, Paired]:
    paired = compare_paired(then[1], now[1])
    verdict: Verdict = "no difference"
    if then[0] != now[0]:
        verdict = "other work"
    elif paired.p <= _SURE_P:
        verdict = "slower" if paired.ratio > 1 else "faster"
    one = Difference(
        suite=suite,
        benchmark=name,
        verdict=verdict,
        ratio=paired.ratio,
        low=paired.low,
        high=paired.high,
        then_ns=1e9 * statistics.median(then[1]),
        now_ns=1e9 * statistics.median(now[1]),
    )
    return one, paired
