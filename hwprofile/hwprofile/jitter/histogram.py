"""A histogram of interruption lengths with the same relative precision at every size."""

from collections.abc import Iterable, Iterator

__all__ = ["JitterHistogram"]

# Each power of two is divided into 32 buckets, so a value is known to one part in 32, about 3 %.
_BITS = 5
_PARTS = 1 << _BITS


class JitterHistogram:
    """Counts integers by size: exact below 64, in log-linear buckets of 3 % above.

    The layout is that of Gil Tene's HdrHistogram; the number of buckets grows with the logarithm of the largest value.
    """

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.count = 0
        self.total = 0
        self.longest = 0

    def add(self, values: Iterable[int]) -> None:
        """Counts the values. Raises `ValueError` for a negative one."""
        for value in values:
            bucket = _bucket(value)
            self._counts[bucket] = self._counts.get(bucket, 0) + 1
            self.count += 1
            self.total += value
            self.longest = max(self.longest, value)

    def quantile(self, share: float) -> int | None:
        """Returns the smallest value that `share` (0 to 1) of all values doesn't exceed, to 3 %; None if empty."""
        if not 0 <= share <= 1:
            raise ValueError(f"quantile {share}: a share lies between 0 and 1")
        seen = 0
        for _, highest, count in self.buckets():
            seen += count
            # Integer arithmetic in billionths: 0.999 of 1000 is exactly 999.
            if seen * 1_000_000_000 >= round(share * 1_000_000_000) * self.count:
                return min(highest, self.longest)
        return None

    def buckets(self) -> Iterator[tuple[int, int, int]]:
        """Returns the non-empty buckets, by size: lowest value, highest value, count."""
        for bucket in sorted(self._counts):
            yield (*_bounds(bucket), self._counts[bucket])

    def octaves(self) -> dict[int, int]:
        """Counts the values from 2**key to below 2**(key + 1), by key; 0 counts with 1."""
        octaves: dict[int, int] = {}
        for lowest, _, count in self.buckets():
            key = max(lowest, 1).bit_length() - 1
            octaves[key] = octaves.get(key, 0) + count
        return octaves


def _bucket(value: int) -> int:
    if value < 0:
        raise ValueError(f"length {value}: a length isn't negative; the clock went backwards")
    shift = max(0, value.bit_length() - _BITS - 1)
    return (shift << _BITS) + (value >> shift)


def _bounds(bucket: int) -> tuple[int, int]:
    shift = max(0, (bucket >> _BITS) - 1)
    lowest = bucket - (shift << _BITS) << shift
    return lowest, lowest + (1 << shift) - 1
