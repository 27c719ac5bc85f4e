"""Compares this code with a baseline: both run side by side if they can, else saved times with new ones."""

import itertools
import math
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import msgspec

from hwprofile.children import code_command, own_python
from hwprofile.tune import RaceError
from hwprofile.tune.samples import Samples, need_scipy
from mainspring.errors import MainspringError
from mainspring_perf.pairs import Round, Version, run_round
from mainspring_perf.store import Baseline, copy_code, package_versions

__all__ = ["Comparison", "Difference", "Verdict", "beside_each_other", "from_saved", "why_not_run_again"]

Verdict = Literal["slower", "faster", "no difference", "other work"]

_ROUNDS = {"fast": 8, "normal": 12, "rigorous": 24}
_CONFIRMING_ROUNDS_AT_LEAST = 12
_SUSPECT_P = 0.05
_SURE_P = 0.01
_SAVED_P = 0.05


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How one benchmark compares. `ratio` is now to then: above 1 is slower. `low` and `high` are its interval of 95%.

    `fails` is True if it is slower by more than the limit, and not by chance.
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
    """All differences. `how` describes how they were measured, `noise` the machine's own relative noise.

    `only_now` and `only_then` are benchmarks that the other side lacks.
    """

    against: str
    how: str
    noise: float
    differences: tuple[Difference, ...]
    only_now: tuple[str, ...] = ()
    only_then: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether anything is slower than the limit allows."""
        return any(one.fails for one in self.differences)


def _need_scipy() -> None:
    try:
        need_scipy()
    except RaceError as error:
        raise MainspringError(str(error)) from error


def why_not_run_again(baseline: Baseline) -> str | None:
    """Returns why a baseline can't run again here; None if it can."""
    if baseline.code_folder is None:
        return "the copy of its code is gone"
    if not Path(baseline.python).exists():
        return f"its Python, {baseline.python}, is gone"
    asked = subprocess.run(  # noqa: S603  an interpreter that the user has saved a baseline with
        code_command("import platform; print(platform.python_version())", python=baseline.python),
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
    """Runs the baseline's code and this code in turn, in rounds of fresh processes, and compares them.

    What seems slower by more than `fail_over` (0.05 is 5%) runs again, and fails only if these independent rounds
    confirm it, with `_SURE_P` divided among all suspects. `effort` is "fast", "normal" or "rigorous", `only` parts of
    names, `allow` the distributions to measure. `progress` is as in `run_suites`. Raises `MainspringError` if a side
    can't run, or SciPy is missing.
    """
    _need_scipy()
    if baseline.code_folder is None:
        raise MainspringError(f"the copy of the code of {baseline.name!r} is gone; save the baseline again")
    then = Version(reported="the baseline", python=baseline.python, folder=baseline.code_folder)
    with TemporaryDirectory() as name:
        # A copy too: how code is found moves its times by a percent or two, and an edit in between changes nothing.
        code = Path(name) / "code"
        copy_code(code)
        now = Version(reported="this code", python=own_python(), folder=code)
        # No two rounds of a comparison are alike, so their numbers go on.
        numbers = itertools.count()

        def run(suite: str, count: int, names: Sequence[str] = ()) -> list[Round]:
            done = []
            for number in range(1, count + 1):
                if progress is not None:
                    progress(suite, number, count)
                done.append(run_round((then, now), suite, next(numbers), names=names, only=only, allow=allow))
            return done

        return _compare(baseline, run, suites, _ROUNDS[effort], fail_over)


def from_saved(
    baseline: Baseline,
    rows: Sequence[Mapping[str, Any]],
    benchmarks: Mapping[tuple[str, str], Any],
    *,
    why: str,
    fail_over: float | None = None,
) -> Comparison:
    """Compares what was timed now with what was saved, by Student's t-test (95%, two-sided).

    `rows` and `benchmarks` are the new results, and `fail_over` is as in `beside_each_other`. The machine may have
    changed in between without either side showing it, so a difference counts only if it is also larger than the spread
    of both runs. `why` says why the baseline can't run again.
    """
    _need_scipy()
    from scipy import stats

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
        ratio = statistics.mean(after) / statistics.mean(before)
        real = stats.ttest_ind(before, after).pvalue < _SAVED_P and abs(ratio - 1) > noise
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
        how=f"against what was saved on {baseline.saved[:10]}, by Student's t-test, as it can't be run again: {why}",
        noise=noise,
        differences=tuple(differences),
        only_now=tuple(sorted(f"{suite}: {name}" for suite, name in benchmarks.keys() - baseline.benchmarks.keys())),
        only_then=tuple(sorted(f"{suite}: {name}" for suite, name in baseline.benchmarks.keys() - benchmarks.keys())),
    )


def _compare(
    baseline: Baseline,
    run: Callable[..., list[Round]],
    suites: Sequence[str],
    count: int,
    fail_over: float | None,
) -> Comparison:
    """Compares suite by suite. `run` times a suite in a number of rounds: all benchmarks, or those that are named."""
    differences: list[Difference] = []
    only_now: list[str] = []
    only_then: list[str] = []
    for suite in suites:
        rounds = run(suite, count)
        then_inputs, now_inputs = rounds[-1].inputs
        only_then += [f"{suite}: {name}" for name in then_inputs.keys() - now_inputs.keys()]
        only_now += [f"{suite}: {name}" for name in now_inputs.keys() - then_inputs.keys()]
        compared = {name: _difference(suite, name, rounds) for name in rounds[-1].pairs}
        if fail_over is not None:
            suspects = [name for name, (one, p) in compared.items() if _is_suspect(one, p, fail_over)]
            if suspects:
                again = run(suite, max(count, _CONFIRMING_ROUNDS_AT_LEAST), suspects)
                for name in suspects:
                    one, p = _difference(suite, name, again)
                    sure = p <= _SURE_P / len(suspects) and one.ratio > 1 + fail_over
                    compared[name] = msgspec.structs.replace(one, fails=sure), p
        differences += [one for one, _ in compared.values()]
    known = [one for one in differences if one.verdict != "other work"]
    return Comparison(
        against=baseline.name,
        how=_reported(baseline, count),
        noise=statistics.median((one.high - one.low) / 2 for one in known) if known else 0.0,
        differences=tuple(differences),
        only_now=tuple(sorted(only_now)),
        only_then=tuple(sorted(only_then)),
    )


def _is_suspect(one: Difference, p: float, fail_over: float) -> bool:
    return one.verdict != "other work" and p <= _SUSPECT_P and one.ratio > 1 + fail_over


def _reported(baseline: Baseline, rounds: int) -> str:
    how = f"{baseline.code} and this code run in turn, pass by pass in {rounds} rounds, by CPU time"
    now = package_versions()
    other = [f"{name} was {old}" for name, old in baseline.packages.items() if now.get(name) not in (None, old)]
    other = [one for one in other if not one.startswith("mainspring")]
    if other and baseline.python == own_python():
        how += f"; both with today's packages, which aren't those of then ({', '.join(other)})"
    return how


def _difference(suite: str, name: str, rounds: Sequence[Round]) -> tuple[Difference, float]:
    """Compares the rounds, and returns the p-value of "no difference" too.

    Each round counts once, by the median of its pairs, so that a single disturbed pass doesn't count.
    """
    timed = [one.pairs[name] for one in rounds]
    samples = Samples(tuple(tuple(math.log(now / then) for then, now in pairs) for pairs in timed))
    ratio, low, high = map(math.exp, (samples.estimate, *samples.interval))
    verdict: Verdict = "no difference"
    then_inputs, now_inputs = rounds[-1].inputs
    if then_inputs[name] != now_inputs[name]:
        verdict = "other work"
    elif samples.p_value <= _SURE_P:
        verdict = "slower" if ratio > 1 else "faster"
    one = Difference(
        suite=suite,
        benchmark=name,
        verdict=verdict,
        ratio=ratio,
        low=low,
        high=high,
        then_ns=1e9 * statistics.median(then for pairs in timed for then, _ in pairs),
        now_ns=1e9 * statistics.median(now for pairs in timed for _, now in pairs),
    )
    return one, samples.p_value
