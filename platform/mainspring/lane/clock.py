"""The lane's time."""

from mainspring.seams import NEVER_NS

__all__ = ["LaneClock"]


class LaneClock:
    """Holds `now_ns`, in nanoseconds since the Unix epoch: the time of the event that the lane is running.

    The lane alone sets it, before it calls anyone. All parts of a lane share one. `timer_ns` is when the next of the
    strategies' timers is due, `NEVER_NS` if there is none; the timers set it.
    """

    __slots__ = ("now_ns", "timer_ns")

    def __init__(self, now_ns: int = 0) -> None:
        self.now_ns = now_ns
        self.timer_ns = NEVER_NS
