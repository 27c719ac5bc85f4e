"""A latency histogram of fixed relative error and bounded memory."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from itertools import accumulate
from operator import mul

__all__ = ["Histogram", "highest_of"]

_SUB_BUCKET_BITS = 11
_HALF_BITS = _SUB_BUCKET_BITS - 1
_HALF = 1 << _HALF_BITS
_EXACT_BELOW = 1 << _SUB_BUCKET_BITS

# A stage has a few thousand distinct latencies in a session: below this many, buckets are computed once, at the end.
_MAX_DISTINCT = 1 << 14


class Histogram:
    """Counts of non-negative integers (here nanoseconds) in log-linear buckets, as HdrHistogram has them.

    Values below 2,048 have a bucket each; above, each power of two is divided into 1,024 equal buckets, so that a
    value read back is off by less than one part in 1,024: three significant digits (Gil Tene's HdrHistogram, 2012;
    implemented here because a lane folds its values in bulk, and equal ones are counted in C first). One
    nanosecond to an hour take at most 33,792 buckets; only those that were hit use memory. Larger values are counted
    with the same precision.

    `count`, `max` and `mean` are exact.
    """

    __slots__ = ("_buckets", "_count", "_distinct", "_max", "_sum")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self._distinct: Counter[int] = Counter()
        self._count = 0
        self._sum = 0
        self._max = 0

    @property
    def count(self) -> int:
        """The number of values recorded."""
        self._settle()
        return self._count

    @property
    def max(self) -> int:
        """The largest value, exact; 0 if nothing was recorded."""
        self._settle()
        return self._max

    @property
    def mean(self) -> float:
        """The arithmetic mean, exact; 0.0 if nothing was recorded."""
        self._settle()
        return self._sum / self._count if self._count else 0.0

    def record_many(self, values: Iterable[int]) -> None:
        """Counts each of `values`. A negative one raises `ValueError`, now or when a figure is read."""
        # Counting equal values runs in C at about 40 ns each; finding a bucket takes 100 ns, once per distinct value.
        self._distinct.update(values)
        if len(self._distinct) > _MAX_DISTINCT:
            self._settle()

    def merge(self, other: "Histogram") -> None:
        """Adds everything that `other` holds, as if it had been recorded here. `other` doesn't change."""
        buckets, count, total, largest = other._settled()  # noqa: SLF001  its own class
        self._settle()
        for index, hits in buckets.items():
            self._buckets[index] = self._buckets.get(index, 0) + hits
        self._count += count
        self._sum += total
        self._max = max(self._max, largest)

    def add(self, buckets: Mapping[int, int], total: int, largest: int) -> None:
        """Adds values counted elsewhere in the same buckets.

        `buckets` are counts by bucket, `total` is the sum of the values and `largest` the largest one.
        """
        self._settle()
        for index, hits in buckets.items():
            self._buckets[index] = self._buckets.get(index, 0) + hits
        self._count += sum(buckets.values())
        self._sum += total
        self._max = max(self._max, largest)

    def counts(self) -> tuple[dict[int, int], int, int]:
        """Returns everything it holds as `add` takes it: counts by bucket, the sum and the largest value."""
        buckets, _, total, largest = self._settled()
        return dict(buckets), total, largest

    def percentile(self, p: float) -> int:
        """Returns the value that `p` percent of the recorded ones don't exceed, at most 0.1% too high.

        It is the value of rank `ceil(p / 100 * count)`, the smallest for `p` 0, and 0 if nothing was recorded. Raises
        `ValueError` unless 0 <= p <= 100.
        """
        return self.percentiles([p])[0]

    def percentiles(self, ps: Sequence[float]) -> list[int]:
        """Returns `percentile` for each of `ps`, which must be ascending, in one pass over the buckets."""
        if list(ps) != sorted(ps):
            raise ValueError(f"percentiles must be ascending: {list(ps)}")
        ranks = [_rank(p, self.count) for p in ps]
        if not self._count:
            return [0] * len(ps)
        return list(self._values_at(ranks))

    def percentiles_for_chart(self) -> list[tuple[float, int]]:
        """Returns (percentile, value) pairs for a chart with a log(1 / (1 - p)) axis; empty if count is 0.

        Starts at 0 and goes in eighteenths of a decade (0, 5, ... 90, 90.5, ... 99, 99.05, ...) to 99.999 or until
        less than one value is left above, whichever is first; then 100, the maximum.
        """
        if not self.count:
            return []
        ps = [p for p in _CHART_PERCENTILES if (100 - p) * self._count >= 100]
        ps.append(100.0)
        return list(zip(ps, self.percentiles(ps), strict=True))

    def count_above(self, value: int) -> int:
        """Returns how many values exceeded `value`; those in its bucket (within 0.1%) count as equal to it."""
        self._settle()
        if value >= self._max:
            return 0
        if value < 0:
            return self._count
        limit = _index(value)
        return sum(count for index, count in self._buckets.items() if index > limit)

    def _settled(self) -> tuple[dict[int, int], int, int, int]:
        self._settle()
        return self._buckets, self._count, self._sum, self._max

    def _settle(self) -> None:
        distinct = self._distinct
        if not distinct:
            return
        if min(distinct) < 0:
            raise ValueError(f"a latency can't be negative: {min(distinct)}")
        buckets = self._buckets
        for value, count in distinct.items():
            shift = max(value.bit_length() - _SUB_BUCKET_BITS, 0)
            index = (shift << _HALF_BITS) + (value >> shift)
            buckets[index] = buckets.get(index, 0) + count
        self._count += distinct.total()
        self._sum += sum(map(mul, distinct, distinct.values()))
        self._max = max(self._max, max(distinct))
        distinct.clear()

    def _values_at(self, ranks: Sequence[int]) -> Iterator[int]:
        # All but the few values asked for stays in C: a session looks at the histograms of many connections.
        indices = sorted(self._buckets)
        seen = list(accumulate(map(self._buckets.__getitem__, indices)))
        for rank in ranks:
            yield min(highest_of(indices[bisect_left(seen, rank)]), self._max)


def _index(value: int) -> int:
    shift = max(value.bit_length() - _SUB_BUCKET_BITS, 0)
    return (shift << _HALF_BITS) + (value >> shift)


def highest_of(index: int) -> int:
    """Returns the largest value of a bucket."""
    if index < _EXACT_BELOW:
        return index
    shift = (index >> _HALF_BITS) - 1
    return (((index & (_HALF - 1)) + _HALF + 1) << shift) - 1


def _rank(p: float, count: int) -> int:
    if not 0 <= p <= 100:
        raise ValueError(f"a percentile must be between 0 and 100, not {p}")
    # In decimal, since 99.9% of 1,000 values is the 999th and a float product may give the 1,000th.
    exact = (Decimal(repr(float(p))) * count / 100).to_integral_value(ROUND_CEILING)
    return max(int(exact), 1)


def _chart_percentiles() -> Iterator[float]:
    for decade in range(5):
        for step in range(18):
            yield float(100 - Decimal(100 - 5 * step).scaleb(-decade))


_CHART_PERCENTILES = (*_chart_percentiles(), 99.999)
