"""The series of saved runs of a host, and where in it something moved.

A change point is found by splitting: of all places to cut a series in two, the one where the means of the logarithms
differ most for their scatter (Welch's t), if shuffling the series at random (seeded) almost never gives as large a one;
then each half likewise. It is the scheme of Matteson and James (2014) with a simpler distance. A cut needs
`_LEAST_RUNS` runs on both sides and a move of more than `_LEAST_MOVE`: less is noise that repeats.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from random import Random

import msgspec

from mainspring_perf.store import SavedRun

__all__ = ["Change", "Series", "change_points", "make_series"]

_LEAST_RUNS = 3
_LEAST_MOVE = 0.02
_SHUFFLES = 499
_RARELY = 0.01


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The first run after a move: its place in the series, the code then and before, the ratio (above 1: slower)."""

    at: int
    saved: str
    code: str
    code_before: str
    ratio: float


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One benchmark's figures in nanoseconds, oldest first, with the runs that they are of."""

    suite: str
    benchmark: str
    one_ns: tuple[float, ...]
    runs: tuple[str, ...]
    changes: tuple[Change, ...]


def make_series(runs: Sequence[SavedRun], suites: Sequence[str] = (), only: Sequence[str] = ()) -> list[Series]:
    """The series of every benchmark, of those suites and with one of `only` in its name where any are given."""
    found: dict[tuple[str, str], list[tuple[SavedRun, float]]] = {}
    for run in runs:
        for suite, figures in run.one_ns.items():
            for benchmark, one_ns in figures.items():
                found.setdefault((suite, benchmark), []).append((run, one_ns))
    made = []
    for (suite, benchmark), points in sorted(found.items(), key=lambda one: one[0]):
        if (suites and suite not in suites) or (only and not any(part in benchmark for part in only)):
            continue
        values = [one_ns for _, one_ns in points]
        made.append(
            Series(
                suite=suite,
                benchmark=benchmark,
                one_ns=tuple(values),
                runs=tuple(f"{run.name}, {run.saved[:16]}, {run.code}" for run, _ in points),
                changes=tuple(_change(points, at, ratio) for at, ratio in change_points(values).items()),
            )
        )
    return made


def change_points(values: Sequence[float]) -> Mapping[int, float]:
    """The places from which on a series is another than before, each with the ratio of the means after and before."""
    logs = [math.log(value) for value in values]
    cuts = sorted(_cuts(logs, 0, len(logs), Random(len(logs))))  # noqa: S311  a seeded test, no secret
    bounds = [0, *cuts, len(logs)]
    found = {}
    for place, cut in enumerate(cuts):
        before, after = logs[bounds[place] : cut], logs[cut : bounds[place + 2]]
        found[cut] = math.exp(statistics.fmean(after) - statistics.fmean(before))
    return found


def _cuts(logs: Sequence[float], start: int, stop: int, random: Random) -> list[int]:
    part = logs[start:stop]
    if len(part) < 2 * _LEAST_RUNS:
        return []
    at, score = _best_cut(part)
    moved = math.exp(abs(statistics.fmean(part[at:]) - statistics.fmean(part[:at]))) - 1
    if moved <= _LEAST_MOVE:
        return []
    shuffled = list(part)
    as_large = 0
    for _ in range(_SHUFFLES):
        random.shuffle(shuffled)
        as_large += _best_cut(shuffled)[1] >= score
    if (as_large + 1) / (_SHUFFLES + 1) > _rarity(len(part)):
        return []
    cut = start + at
    return [*_cuts(logs, start, cut, random), cut, *_cuts(logs, cut, stop, random)]


def _rarity(count: int) -> float:
    """How rarely chance may do it. Few runs have few orders: two in all of them is then the least that can be asked."""
    orders = math.comb(count, _LEAST_RUNS)
    return max(_RARELY, 2.5 / orders)


def _best_cut(part: Sequence[float]) -> tuple[int, float]:
    best, best_score = _LEAST_RUNS, -1.0
    for at in range(_LEAST_RUNS, len(part) - _LEAST_RUNS + 1):
        score = _score(part[:at], part[at:])
        if score > best_score:
            best, best_score = at, score
    return best, best_score


def _score(before: Sequence[float], after: Sequence[float]) -> float:
    scatter = statistics.pvariance(before) / len(before) + statistics.pvariance(after) / len(after)
    apart = abs(statistics.fmean(after) - statistics.fmean(before))
    # A series that stands still on both sides of a step has no scatter: a thousandth of a percent stands for it.
    return apart / math.sqrt(scatter + 1e-10)


def _change(points: Sequence[tuple[SavedRun, float]], at: int, ratio: float) -> Change:
    run, before = points[at][0], points[at - 1][0]
    return Change(at=at, saved=run.saved, code=str(run.code), code_before=str(before.code), ratio=ratio)
