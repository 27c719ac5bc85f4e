"""Whether a running lane still takes what it took when this host was tuned. It tells, and changes nothing."""

from collections.abc import Mapping, Sequence
from statistics import median_low
from typing import TypeAlias

from mainspring.lane import LaneStages
from mainspring.report import DriftReport
from mainspring.telemetry import Cusum, Shift

__all__ = ["LEAST_SAMPLE", "WINDOW", "DriftWatch"]

WINDOW = 8_192
"""So many messages make a window, at least: it ends with a chunk."""

LEAST_SAMPLE = 64
"""A stage with a smaller sample of passes in a window is looked at with the next one.

Of what a lane runs as one, whose passes come counted and are costly to sample, so many are asked for in every other
window, so that its windows are twice as long.
"""

_Mark: TypeAlias = tuple[int, int]
"""A message's number and its receive time."""


class DriftWatch:
    """Holds the medians of a lane's stages, window by window, against those that are expected, in nanoseconds.

    `stages` are what the lane's parts are timed in. `look` is for between two chunks: it costs a tenth of a millisecond
    or a few at the end of a window, else a comparison. Nothing is watched where nothing is expected. A stage that has
    parted is told of once.
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
        """Takes in that so many messages are done, the last of which was received at `receive_ns`."""
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
    """One stage: its window, which goes on for as long as its sample is small, and what the windows add up to."""

    def __init__(self, stage: str, expected_ns: float, stages: Sequence[LaneStages]) -> None:
        self.stage = stage
        self.expected_ns = expected_ns
        self._samples = [one.watch(stage) for one in stages]
        self._cusum: Cusum[_Mark] = Cusum()
        self._start: _Mark | None = None

    def begin(self, mark: _Mark, *, asks: bool) -> None:
        """A window begins with this message, unless one is under way. It may ask for passes that come counted."""
        self._start = self._start or mark
        if asks:
            for sample in self._samples:
                sample.want(LEAST_SAMPLE)

    def end(self) -> Shift[_Mark] | None:
        """The window ends, where its sample is large enough."""
        if sum(map(len, self._samples)) < LEAST_SAMPLE:
            return None
        median_ns = median_low([value for sample in self._samples for value in sample.take()])
        assert self._start is not None
        start, self._start = self._start, None
        return self._cusum.add(max(median_ns, 1) / self.expected_ns, start)
