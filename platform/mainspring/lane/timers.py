"""The timers of a lane, on its clock."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from mainspring.lane.clock import LaneClock
from mainspring.seams import NEVER_NS

__all__ = ["LaneTimer", "Timers"]


class LaneTimer:
    """Implements `mainspring.seams.Timer`. `period_ns` is 0 if it is called once."""

    __slots__ = ("_timers", "call", "due_ns", "number", "period_ns")

    def __init__(self, timers: "Timers", number: int, due_ns: int, period_ns: int, call: Callable[[], Any]) -> None:
        """`number` counts the timers of the lane; `call` is called when the timer is due."""
        self.number = number
        self.due_ns = due_ns
        self.period_ns = period_ns
        self.call = call
        self._timers = timers

    def cancel(self) -> None:
        """Stops the timer. Does nothing if it has stopped."""
        if self.due_ns != NEVER_NS:
            self.due_ns = NEVER_NS
            self._timers.drop_stopped()


class Timers:
    """Calls what is due, by due time and then in the order in which the timers were added.

    The clock's `timer_ns` is when the next timer is due.
    """

    __slots__ = ("_added", "_clock", "_heap", "_missed")

    def __init__(self, clock: LaneClock) -> None:
        self._clock = clock
        self._added = 0
        # A timer's entry is out of date if the timer is due at another time: it was cancelled.
        self._heap: list[tuple[int, int, LaneTimer]] = []
        self._missed: list[LaneTimer] = []

    def add(self, due_ns: int, period_ns: int, call: Callable[[], Any]) -> LaneTimer:
        """Adds a timer that calls `call` at `due_ns` and then every `period_ns`, or only once if that is 0.

        A time that isn't in the future becomes the next nanosecond, so that a timer never fires within the instant at
        which it was added.
        """
        self._added += 1
        timer = LaneTimer(self, self._added, max(due_ns, self._clock.now_ns + 1), period_ns, call)
        self._push(timer)
        return timer

    def fire_next(self, *, silent: bool = False) -> bool:
        """Calls the next timer that is due by the lane's time; returns False if none is.

        With `silent` it isn't called, but its time passes; one that is called once waits for `resume`. A periodic timer
        is due again a period after it was due; if that has passed too, it skips to its first instant in the future.
        """
        now_ns = self._clock.now_ns
        if self._clock.timer_ns > now_ns:
            return False
        _, _, timer = heappop(self._heap)
        # Before the call, which may raise, cancel this timer, or add others.
        if timer.period_ns:
            periods = (now_ns - timer.due_ns) // timer.period_ns + 1
            timer.due_ns += periods * timer.period_ns
            self._push(timer)
        elif silent:
            self._missed.append(timer)
        else:
            timer.due_ns = NEVER_NS
        self.drop_stopped()
        if not silent:
            timer.call()
        return True

    def resume(self) -> None:
        """Makes what was due once while nobody was called due at once, unless it was cancelled meanwhile."""
        for timer in self._missed:
            if timer.due_ns != NEVER_NS:
                timer.due_ns = self._clock.now_ns + 1
                self._push(timer)
        self._missed.clear()

    def drop_stopped(self) -> None:
        """Forgets cancelled timers up to the next that is due."""
        heap = self._heap
        while heap and heap[0][2].due_ns != heap[0][0]:
            heappop(heap)
        self._clock.timer_ns = heap[0][0] if heap else NEVER_NS

    def _push(self, timer: LaneTimer) -> None:
        heappush(self._heap, (timer.due_ns, timer.number, timer))
        self._clock.timer_ns = self._heap[0][0]
