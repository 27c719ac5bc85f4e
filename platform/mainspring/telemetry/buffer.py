"""The buffer into which the hot lane writes a stage's latencies."""

from mainspring.telemetry.histogram import Histogram
from mainspring.telemetry.sample import StageSample

__all__ = ["StageBuffer"]


class StageBuffer:
    """Collects latencies of one stage on their way into a histogram.

    The lane binds `append` once and calls it with the difference of two `perf_counter_ns` readings; it never checks
    whether the buffer is full. Between messages, off the hot path, it calls `fold_if_full`. So memory stays flat:
    `capacity` values and what one message adds.

    In CPython 3.11, on the machine of docs/report.md, a record costs 8 ns on top of the clock reading and the
    difference. A list's `append` is that cheap because the list keeps the integer it gets: storing into a preallocated
    `array('q')` costs 33 ns, or 50 with an index of its own. A fold costs 60 ns a value, and 0.4 us if hardly two
    values are equal, as above 100 us.
    """

    __slots__ = ("_sample", "append", "capacity", "histogram", "values")

    def __init__(self, capacity: int = 8192, histogram: Histogram | None = None) -> None:
        """Makes an empty buffer; `fold_if_full` folds it into `histogram` at `capacity` values.

        Raises `ValueError` unless `capacity` is positive.
        """
        if capacity <= 0:
            raise ValueError(f"a stage buffer's capacity must be positive, not {capacity}")
        self.capacity = capacity
        self.histogram = Histogram() if histogram is None else histogram
        self._sample: StageSample | None = None
        self.values: list[int] = []
        self.append = self.values.append

    def watch(self) -> StageSample:
        """Starts a sample of the values; every `gather` and `fold` updates it."""
        self.fold()
        self._sample = StageSample()
        return self._sample

    def unwatch(self) -> None:
        """Stops sampling."""
        self._sample = None

    def gather(self) -> None:
        """Updates the sample, if there is one."""
        if self._sample is not None:
            self._sample.gather(self.values)

    def fold_if_full(self) -> None:
        """Folds if `capacity` values or more have gathered."""
        if len(self.values) >= self.capacity:
            self.fold()

    def fold(self) -> None:
        """Moves the gathered values into the histogram. The list stays the same object, so `append` stays bound.

        The sample, if there is one, is updated first.
        """
        if self._sample is not None:
            self._sample.gather(self.values)
            self._sample.emptied(len(self.values))
        self.histogram.record_many(self.values)
        self.values.clear()
