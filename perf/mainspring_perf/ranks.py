"""Is one thing slower than another? Paired rounds, by ranks: one round that was disturbed decides nothing.

The estimate is that of Hodges and Lehmann, the test that of Wilcoxon for signed ranks, exact (Hollander and Wolfe,
Nonparametric Statistical Methods, 2nd ed. 1999, section 3.1 and 3.2). Both work on the logarithms of the ratios.
"""

import math
from collections.abc import Sequence
from functools import cache

import msgspec

__all__ = ["Paired", "compare_rounds"]


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """`ratio` is later to earlier (above 1: slower), `low` and `high` its interval of 95%, `p` that of "no change"."""

    ratio: float
    low: float
    high: float
    p: float
    rounds: int


def compare_rounds(ratios: Sequence[float]) -> Paired:
    """Compares two things by the ratio, later to earlier, of each round. Raises `ValueError` for fewer than two."""
    if len(ratios) < 2:
        raise ValueError(f"needs two rounds or more, not {len(ratios)}")
    logs = [math.log(ratio) for ratio in ratios]
    count = len(logs)
    walsh = sorted((logs[i] + logs[j]) / 2 for i in range(count) for j in range(i, count))
    middle = len(walsh) // 2
    estimate = walsh[middle] if len(walsh) % 2 else (walsh[middle - 1] + walsh[middle]) / 2
    cut = _cut(count)
    return Paired(
        ratio=math.exp(estimate),
        low=math.exp(walsh[cut]),
        high=math.exp(walsh[-1 - cut]),
        p=_p(logs),
        rounds=count,
    )


def _p(logs: Sequence[float]) -> float:
    """Two-sided. Ties share their mean rank, rounded against the finding; zeros take part with no sign."""
    order = sorted(range(len(logs)), key=lambda index: abs(logs[index]))
    ranks = [0.0] * len(logs)
    start = 0
    while start < len(order):
        stop = start
        while stop + 1 < len(order) and abs(logs[order[stop + 1]]) == abs(logs[order[start]]):
            stop += 1
        for place in range(start, stop + 1):
            ranks[order[place]] = (start + stop) / 2 + 1
        start = stop + 1
    up = sum(rank for rank, value in zip(ranks, logs, strict=True) if value > 0)
    down = sum(rank for rank, value in zip(ranks, logs, strict=True) if value < 0)
    total = len(logs) * (len(logs) + 1) // 2
    least = math.ceil(total - max(up, down))
    fewer = sum(_ways(len(logs))[: least + 1])
    return min(1.0, 2 * fewer / float(2 ** len(logs)))


def _cut(count: int) -> int:
    """How many of the Walsh averages lie outside the interval of 95% on each side; 0 where there are too few rounds."""
    ways, below = _ways(count), 0
    for cut, number in enumerate(ways):
        below += number
        if 2 * below / 2**count > 0.05:
            return max(cut - 1, 0)
    return 0


@cache
def _ways(count: int) -> list[int]:
    """In how many ways the signs of `count` ranks give each sum of the positive ones."""
    ways = [1]
    for rank in range(1, count + 1):
        wider = ways + [0] * rank
        for total, number in enumerate(ways):
            wider[total + rank] += number
        ways = wider
    return ways
