"""How long a control and a candidate take for the same input."""

from typing import Final

from mainspring.telemetry import Histogram

__all__ = ["PairTimes"]

_FOLD_AT: Final = 1_024


class PairTimes:
    """Times of two parts that are given the same input, in nanoseconds."""

    def __init__(self) -> None:
        self._control: list[int] = []
        self._candidate: list[int] = []
        self._of_control = Histogram()
        self._of_candidate = Histogram()

    def add(self, control_ns: int, candidate_ns: int) -> None:
        """Adds how long both took for one input."""
        self._control.append(control_ns)
        self._candidate.append(candidate_ns)
        if len(self._control) >= _FOLD_AT:
            self._fold()

    @property
    def count(self) -> int:
        """How many inputs were timed."""
        self._fold()
        return self._of_control.count

    def add_to(self, control: Histogram, candidate: Histogram) -> None:
        """Adds the times of the control and of the candidate to these."""
        self._fold()
        control.merge(self._of_control)
        candidate.merge(self._of_candidate)

    def _fold(self) -> None:
        self._of_control.record_many(self._control)
        self._of_candidate.record_many(self._candidate)
        self._control.clear()
        self._candidate.clear()
