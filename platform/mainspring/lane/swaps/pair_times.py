"""How long an active part and a candidate take for the same input."""

from typing import Final

from mainspring.telemetry import Histogram

__all__ = ["PairTimes"]

_FOLD_AT: Final = 1_024


class PairTimes:
    """Times of two parts that are given the same input, in nanoseconds."""

    def __init__(self) -> None:
        self._active: list[int] = []
        self._candidate: list[int] = []
        self._of_active = Histogram()
        self._of_candidate = Histogram()

    def add(self, active_ns: int, candidate_ns: int) -> None:
        """Adds how long both took for one input."""
        self._active.append(active_ns)
        self._candidate.append(candidate_ns)
        if len(self._active) >= _FOLD_AT:
            self._fold()

    def exchange(self) -> None:
        """Takes that the candidate is the active part now, and the other way round."""
        self._active, self._candidate = self._candidate, self._active
        self._of_active, self._of_candidate = self._of_candidate, self._of_active

    @property
    def count(self) -> int:
        """How many inputs were timed."""
        self._fold()
        return self._of_active.count

    def add_to(self, active: Histogram, candidate: Histogram) -> None:
        """Adds the times of the active part and of the candidate to these."""
        self._fold()
        active.merge(self._of_active)
        candidate.merge(self._of_candidate)

    def percentiles(self, percent: float) -> tuple[int, int]:
        """Returns that percentile of the active part's times and of the candidate's."""
        self._fold()
        return self._of_active.percentile(percent), self._of_candidate.percentile(percent)

    def _fold(self) -> None:
        self._of_active.record_many(self._active)
        self._of_candidate.record_many(self._candidate)
        self._active.clear()
        self._candidate.clear()
