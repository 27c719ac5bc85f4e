"""Detects whether a running lane has become slower or faster than when this host was tuned. It only reports."""

from collections.abc import Mapping, Sequence
from statistics import median_low
from typing import TypeAlias

from mainspring.lane import LaneStages
from mainspring.report import DriftReport
from mainspring.telemetry import Cusum, Shift

__all__ = ["LEAST_SAMPLE", "WINDOW", "DriftWatch"]

WINDOW = 8_192
"""The fewest messages in a window, which ends with a chunk."""

LEAST_SAMPLE = 64
"""A stage with fewer samples than this in a window is assessed together with the next window.

Fused stages are costly to sample, so they are sampled every other window, and their windows are twice as long.
"""

_Mark: TypeAlias = tuple[int, int]
"""A message's index and its receive time."""


class DriftWatch:
    """Compares the medians of a lane's stages, window by window, with the expected ones, in nanoseconds.

    `stages` are the stages that the lane's parts are timed in. Call `look` between two chunks: at the end of a window
    it costs a tenth of a millisecond to a few, otherwise one comparison. Stages without an expectation aren't watched.
    Each stage is reported at most once.
    """

    def __init__(self, lane: str, expected_ns: Mapping[str, float], stages: Sequence[LaneStages]) -> None:
        self.found: list[DriftReport] = []
        self._lane = lane
        self._stages = tuple(stages)
        self._watched = [_Watched(stage, max(median_ns, 1.0), stages) for stage, median_ns in expected_ns.items()]
        self._ended = 0
        self._due = 0
        self._asks = True

    def look(self, messages: int, receive_ns: int) -> None:
        """Notes that `messages` messages are done, the last of which was received at `receive_ns`."""
        if messages < self._due or not self._watched:
            return
        if self._due == self._ended:
            self._asks = not self._asks
            for one in self._watched:
                one.begin((self._ended + 1, receive_ns), asks=self._asks)
            self._due = self._ended + WINDOW
        if messages < self._due:
            return
        for stages in self._stages:
            stages.gather()
        self._watched = [one for one in self._watched if not self._has_parted(one, messages)]
        self._ended = self._due = messages

    def _has_parted(self, one: "_Watched", messages: int) -> bool:
        shift = one.end()
        if shift is None:
            return False
        for stages in self._stages:
            stages.unwatch(one.stage)
        message, receive_ns = shift.since
        self.found.append(
            DriftReport(
                lane=self._lane,
                stage=one.stage,
                message=message,
                receive_ns=receive_ns,
                certain_at=messages,
                factor=shift.factor,
                expected_ns=one.expected_ns,
            )
        )
        return True


class _Watched:
    """One stage: its window, which continues while its sample is small, and what the windows add up to."""

    def __init__(self, stage: str, expected_ns: float, stages: Sequence[LaneStages]) -> None:
        self.stage = stage
        self.expected_ns = expected_ns
        self._samples = [one.watch(stage) for one in stages]
        self._cusum: Cusum[_Mark] = Cusum()
        self._start: _Mark | None = None

    def begin(self, mark: _Mark, *, asks: bool) -> None:
        """Starts a window at this message, unless one is running; `asks` lets it request samples of fused stages."""
        self._start = self._start or mark
        if asks:
            for sample in self._samples:
                sample.want(LEAST_SAMPLE)

    def end(self) -> Shift[_Mark] | None:
        """Ends the window if its sample is large enough."""
        if sum(map(len, self._samples)) < LEAST_SAMPLE:
            return None
        median_ns = median_low([value for sample in self._samples for value in sample.take()])
        assert self._start is not None
        start, self._start = self._start, None
        return self._cusum.add(max(median_ns, 1) / self.expected_ns, start)
