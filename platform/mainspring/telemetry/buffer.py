"""What the hot lane writes a stage's latencies into."""

from mainspring.telemetry.histogram import Histogram
from mainspring.telemetry.sample import StageSample

__all__ = ["StageBuffer"]


class StageBuffer:
    """Latencies of one stage on their way into a histogram.

    The lane binds `append` once and calls it with a difference of two `perf_counter_ns` readings; it never asks
    whether the buffer is full. Between messages, where nobody waits, it calls `fold_if_full`. So memory stays flat:
    `capacity` values and what one message adds.

    In CPython 3.11, on the machine of docs/report.md, a record costs 8 ns on top of the clock reading and the
    difference. A list's `append` is that cheap because the list keeps the integer it is given: storing into a
    preallocated `array('q')` costs 33 ns, or 50 with an index of its own. A fold costs 60 ns a value, and 0.4 us where
    hardly two values are equal, as above 100 us.
    """

    __slots__ = ("_sample", "append", "capacity", "histogram", "values")

    def __init__(self, capacity: int = 8192, histogram: Histogram | None = None) -> None:
        """A buffer that `fold_if_full` empties at `capacity` values. Raises `ValueError` unless that is positive."""
        if capacity <= 0:
            raise ValueError(f"a stage buffer's capacity must be positive, not {capacity}")
        self.capacity = capacity
        self.histogram = Histogram() if histogram is None else histogram
        self._sample: StageSample | None = None
        self.values: list[int] = []
        self.append = self.values.append

    def watch(self) -> StageSample:
        """A sample of the values from the next one on, brought up to date by every `gather` and `fold`."""
        self.fold()
        self._sample = StageSample()
        return self._sample

    def unwatch(self) -> None:
        """Takes no further sample."""
        self._sample = None

    def gather(self) -> None:
        """Brings the sample up to date, where there is one."""
        if self._sample is not None:
            self._sample.gather(self.values)

    def fold_if_full(self) -> None:
        """Folds where `capacity` values or more have gathered."""
        if len(self.values) >= self.capacity:
            self.fold()

    def fold(self) -> None:
        """Moves the gathered values into the histogram. The list stays the same object, so `append` stays bound.

        Where there is a sample, it has its share of them first.
        """
        if self._sample is not None:
            self._sample.gather(self.values)
            self._sample.emptied(len(self.values))
        self.histogram.record_many(self.values)
        self.values.clear()
