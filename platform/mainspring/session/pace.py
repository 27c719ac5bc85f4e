"""A session's progress, sampled between its chunks."""

from mainspring.lane import Trace
from mainspring.report import PacePoint

__all__ = ["Pace"]

_MOST = 2_000


class Pace:
    """Samples of progress in bounded memory; the last one is always kept.

    A sample holds the total so far, so that the rate between any two kept samples is exact.
    """

    def __init__(self) -> None:
        self._trace: Trace[PacePoint] = Trace(_MOST)
        self._last: PacePoint | None = None

    def add(self, wall_seconds: float, messages: int, receive_ns: int) -> None:
        """Adds a sample: messages done `wall_seconds` after the start, and when the last was received."""
        self._last = PacePoint(round(wall_seconds * 1e9), messages, receive_ns)
        self._trace.add(self._last)

    def points(self) -> list[PacePoint]:
        """Returns the kept samples, in order."""
        kept = list(self._trace.samples)
        if self._last is not None and (not kept or kept[-1] is not self._last):
            kept.append(self._last)
        return kept
