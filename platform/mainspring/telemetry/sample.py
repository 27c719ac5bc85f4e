"""A few of a stage's passes, for figures that are wanted while the lane runs and needn't be exact."""

from collections.abc import Mapping, Sequence
from typing import Final

from mainspring.telemetry.histogram import highest_of

__all__ = ["StageSample"]

_EVERY: Final = 8


class StageSample:
    """Some of a stage's passes since `take` was last called, in nanoseconds: every eighth of those in a buffer.

    Passes that come counted by bucket, as those of a fused run do, are costlier to look at, one by one. Where all come
    so, no more are taken than `want` asks for, spread over those that come at once; where passes come both ways, every
    eighth of either, so that they weigh alike.

    Sampling costs 10 ns a pass of the buffer. A histogram would cost ten times that while it is being filled, since it
    leaves finding the buckets of its values to the end.
    """

    __slots__ = ("_buffered", "_next", "_skip", "_values", "_wanted")

    def __init__(self) -> None:
        self._values: list[int] = []
        # The place in the buffer of the next pass that is to be taken.
        self._next = 0
        self._buffered = False
        self._wanted = 0
        self._skip = _EVERY // 2

    def gather(self, buffered: Sequence[int]) -> None:
        """Takes its share of a buffer's values, of those that have come since the last call."""
        self._values += buffered[self._next :: _EVERY]
        missed = len(buffered) - self._next
        if missed > 0:
            self._buffered = True
            self._next += -(-missed // _EVERY) * _EVERY

    def emptied(self, count: int) -> None:
        """The buffer's values, so many, are gone; all had been offered."""
        self._next -= count

    def want(self, values: int) -> None:
        """About so many values are wanted from the passes that come counted next."""
        self._wanted = values

    def gather_counted(self, buckets: Mapping[int, int]) -> None:
        """Takes what is wanted of passes that are counted by bucket of `mainspring.telemetry.Histogram`."""
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
        """The values, which are forgotten with this."""
        values, self._values = self._values, []
        return values
