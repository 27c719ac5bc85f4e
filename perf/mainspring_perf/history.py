"""Finds the runs at which a host's series of saved figures moved.

Optimal partitioning (Jackson et al. 2005): of all ways to cut a series into segments, the one with the least cost. The
cost is the sum of absolute distances from each segment's median, in units of the noise, plus `_PENALTY` times the
logarithm of the length per cut. Absolute distances keep a single outlier from causing a cut. The noise is estimated
from the median step between neighbouring runs, which a few moves hardly change. A segment has at least `_LEAST_RUNS`
runs, and moves of less than `_LEAST_MOVE` aren't reported.
"""

import itertools
import math
import statistics
from collections.abc import Mapping, Sequence

import msgspec

from mainspring_perf.store import SavedRun

__all__ = ["Change", "Series", "change_points", "make_series"]

_LEAST_RUNS = 3
_LEAST_MOVE = 0.02
_PENALTY = 3.0
_LEAST_NOISE = 0.002
_LAST = 120


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The first run after a move: its index, the code of it and of the run before, the ratio (above 1: slower)."""

    at: int
    saved: str
    code: str
    code_before: str
    ratio: float


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One benchmark's times in nanoseconds, oldest first, with a description of each run."""

    suite: str
    benchmark: str
    one_ns: tuple[float, ...]
    runs: tuple[str, ...]
    changes: tuple[Change, ...]


def make_series(runs: Sequence[SavedRun], suites: Sequence[str] = (), only: Sequence[str] = ()) -> list[Series]:
    """Returns the series of each benchmark of `runs`, filtered by `suites` and by parts of the name (`only`)."""
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
    """Returns the indices at which a series moved, with the ratio of the medians after and before.

    Considers the last 120 values.
    """
    offset = max(len(values) - _LAST, 0)
    logs = [math.log(value) for value in values[offset:]]
    bounds = [0, *_cuts(logs), len(logs)]
    medians = [statistics.median(logs[start:stop]) for start, stop in itertools.pairwise(bounds) if stop > start]
    found = {}
    for place in range(1, len(medians)):
        ratio = math.exp(medians[place] - medians[place - 1])
        if max(ratio, 1 / ratio) > 1 + _LEAST_MOVE:
            found[offset + bounds[place]] = ratio
    return found


def _cuts(logs: Sequence[float]) -> list[int]:
    """Returns the cuts of the cheapest partition, built from the cheapest partitions of each prefix."""
    count = len(logs)
    if count < 2 * _LEAST_RUNS:
        return []
    scale = 0.8 * _noise(logs)
    penalty = _PENALTY * math.log(count)
    cheapest = [-penalty, *([math.inf] * count)]
    came_from = [0] * (count + 1)
    for stop in range(_LEAST_RUNS, count + 1):
        for start in (0, *range(_LEAST_RUNS, stop - _LEAST_RUNS + 1)):
            cost = cheapest[start] + _spread(logs[start:stop]) / scale + penalty
            if cost < cheapest[stop]:
                cheapest[stop], came_from[stop] = cost, start
    cuts = []
    at = came_from[count]
    while at:
        cuts.append(at)
        at = came_from[at]
    return cuts[::-1]


def _spread(part: Sequence[float]) -> float:
    middle = statistics.median(part)
    return sum(abs(value - middle) for value in part)


def _noise(logs: Sequence[float]) -> float:
    """Estimates the standard deviation of a run: for normal errors the median step is 0.954 of it."""
    steps = [abs(after - before) for before, after in itertools.pairwise(logs)]
    return max(statistics.median(steps) / 0.954, _LEAST_NOISE)


def _change(points: Sequence[tuple[SavedRun, float]], at: int, ratio: float) -> Change:
    run, before = points[at][0], points[at - 1][0]
    return Change(at=at, saved=run.saved, code=str(run.code), code_before=str(before.code), ratio=ratio)
