"""The timers of one strategy, which end together when another takes its place."""

from collections.abc import Callable
from typing import Any

from mainspring.lane.timers import LaneTimer, Timers
from mainspring.seams import NEVER_NS

__all__ = ["OwnTimers"]


class OwnTimers:
    """Adds timers to those of a lane, and can cancel all that it has added."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._own: list[LaneTimer] = []

    def add(self, due_ns: int, period_ns: int, call: Callable[[], Any]) -> LaneTimer:
        """See `Timers.add`."""
        timer = self._timers.add(due_ns, period_ns, call)
        self._own = [one for one in self._own if one.due_ns != NEVER_NS]
        self._own.append(timer)
        return timer

    def cancel_all(self) -> None:
        """Cancels what was added."""
        for timer in self._own:
            timer.cancel()
        self._own.clear()
