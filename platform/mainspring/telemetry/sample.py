"""Samples a stage's latencies, for figures that are needed while the lane runs and needn't be exact."""

from collections.abc import Mapping, Sequence
from typing import Final

from mainspring.telemetry.histogram import highest_of

__all__ = ["StageSample"]

_EVERY: Final = 8


class StageSample:
    """A sample of a stage's latencies since the last `take`, in nanoseconds: every eighth value of a buffer.

    Fused stages deliver counts by bucket, which are costlier to sample one by one. If all values come that way, no
    more are taken than `want` asks for, spread over the counts; if both kinds come, every eighth of each, so that they
    weigh alike.

    Sampling costs 10 ns per buffered value. A histogram would cost ten times that while it fills, since it postpones
    the search for buckets to the end.
    """

    __slots__ = ("_buffered", "_next", "_skip", "_values", "_wanted")

    def __init__(self) -> None:
        self._values: list[int] = []
        # The index in the buffer of the next value to take.
        self._next = 0
        self._buffered = False
        self._wanted = 0
        self._skip = _EVERY // 2

    def gather(self, buffered: Sequence[int]) -> None:
        """Takes its share of the values that a buffer has received since the last call."""
        self._values += buffered[self._next :: _EVERY]
        missed = len(buffered) - self._next
        if missed > 0:
            self._buffered = True
            self._next += -(-missed // _EVERY) * _EVERY

    def emptied(self, count: int) -> None:
        """Notes that the buffer's `count` values, all of them already offered, are gone."""
        self._next -= count

    def want(self, values: int) -> None:
        """Asks for about `values` values from the next counts by bucket."""
        self._wanted = values

    def gather_counted(self, buckets: Mapping[int, int]) -> None:
        """Takes what is wanted from values counted by bucket of `mainspring.telemetry.Histogram`."""
        every = _EVERY
        if not self._buffered:
            if self._wanted <= 0:
                return
            every = max(sum(buckets.values()) // self._wanted, _EVERY)
        had, skip = len(self._values), self._skip
        for bucket, hits in buckets.items():
            while skip < hits:
                self._values.append(highest_of(bucket))
                skip += every
            skip -= hits
        self._skip = skip
        self._wanted -= len(self._values) - had

    def __len__(self) -> int:
        return len(self._values)

    def take(self) -> list[int]:
        """Returns the sample and starts an empty one."""
        values, self._values = self._values, []
        return values
