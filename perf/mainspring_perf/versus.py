"""Compares this code with a baseline: both run side by side if they can, else saved times with new ones."""

import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import msgspec

from hwprofile.children import code_command, own_python
from mainspring.errors import MainspringError
from mainspring_perf.pairs import Pair, Version, run_round
from mainspring_perf.ranks import Paired, compare_rounds, need_scipy
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
    need_scipy()
    if baseline.code_folder is None:
        raise MainspringError(f"the copy of the code of {baseline.name!r} is gone; save the baseline again")
    then = Version(reported="the baseline", python=baseline.python, folder=baseline.code_folder)
    with TemporaryDirectory() as name:
        # A copy too: how code is found moves its times by a percent or two, and an edit in between changes nothing.
        code = Path(name) / "code"
        copy_code(code)
        now = Version(reported="this code", python=own_python(), folder=code)
        return _compare(baseline, _Rounds((then, now), only, allow, progress), suites, _ROUNDS[effort], fail_over)


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
    need_scipy()
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
    baseline: Baseline, running: "_Rounds", suites: Sequence[str], rounds: int, fail_over: float | None
) -> Comparison:
    differences: list[Difference] = []
    only_now: list[str] = []
    only_then: list[str] = []
    for suite in suites:
        found = running.run(suite, rounds)
        only_then += [f"{suite}: {name}" for name in found.inputs[0].keys() - found.inputs[1].keys()]
        only_now += [f"{suite}: {name}" for name in found.inputs[1].keys() - found.inputs[0].keys()]
        compared = {name: _difference(suite, name, found) for name in found.rounds}
        if fail_over is not None:
            suspects = [name for name, (one, paired) in compared.items() if _is_suspect(one, paired, fail_over)]
            if suspects:
                again = running.run(suite, max(rounds, _CONFIRMING_ROUNDS_AT_LEAST), suspects)
                for name in suspects:
                    one, paired = _difference(suite, name, again)
                    sure = paired.p <= _SURE_P / len(suspects) and one.ratio > 1 + fail_over
                    compared[name] = msgspec.structs.replace(one, fails=sure), paired
        differences += [one for one, _ in compared.values()]
    known = [one for one in differences if one.verdict != "other work"]
    return Comparison(
        against=baseline.name,
        how=_reported(baseline, rounds),
        noise=statistics.median((one.high - one.low) / 2 for one in known) if known else 0.0,
        differences=tuple(differences),
        only_now=tuple(sorted(only_now)),
        only_then=tuple(sorted(only_then)),
    )


def _is_suspect(one: Difference, paired: Paired, fail_over: float) -> bool:
    return one.verdict != "other work" and paired.p <= _SUSPECT_P and paired.ratio > 1 + fail_over


def _reported(baseline: Baseline, rounds: int) -> str:
    how = f"{baseline.code} and this code run in turn, pass by pass in {rounds} rounds, by CPU time"
    now = package_versions()
    other = [f"{name} was {old}" for name, old in baseline.packages.items() if now.get(name) not in (None, old)]
    other = [one for one in other if not one.startswith("mainspring")]
    if other and baseline.python == own_python():
        how += f"; both with today's packages, which aren't those of then ({', '.join(other)})"
    return how


class _Found(msgspec.Struct):
    """What the rounds gave: each version's inputs by name, and for each benchmark of both the pairs of each round."""

    inputs: tuple[dict[str, str], dict[str, str]]
    rounds: dict[str, list[list[Pair]]]


class _Rounds:
    """Runs rounds of two versions, and counts them on: no two rounds of a comparison are alike."""

    def __init__(
        self,
        versions: tuple[Version, Version],
        only: Sequence[str],
        allow: Sequence[str],
        progress: Callable[[str, int, int], None] | None,
    ) -> None:
        self._versions, self._only, self._allow, self._progress = versions, only, allow, progress
        self._next = 0

    def run(self, suite: str, count: int, names: Sequence[str] = ()) -> _Found:
        """So many rounds; of these benchmarks only, where any are named."""
        found = _Found(({}, {}), {})
        for number in range(count):
            if self._progress is not None:
                self._progress(suite, number + 1, count)
            one = run_round(self._versions, suite, self._next, names=names, only=self._only, allow=self._allow)
            self._next += 1
            found.inputs = one.inputs
            for name, pairs in one.pairs.items():
                found.rounds.setdefault(name, []).append(pairs)
        return found


def _difference(suite: str, name: str, found: _Found) -> tuple[Difference, Paired]:
    """Compares by the median ratio of each round's pairs, so that a single disturbed pass doesn't count."""
    rounds = found.rounds[name]
    paired = compare_rounds([statistics.median(now / then for then, now in pairs) for pairs in rounds])
    verdict: Verdict = "no difference"
    if found.inputs[0][name] != found.inputs[1][name]:
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
        then_ns=1e9 * statistics.median(then for pairs in rounds for then, _ in pairs),
        now_ns=1e9 * statistics.median(now for pairs in rounds for _, now in pairs),
    )
    return one, paired
