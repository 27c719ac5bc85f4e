"""The lane's time."""

__all__ = ["LaneClock"]


class LaneClock:
    """Holds `now_ns`, in nanoseconds since the Unix epoch: the time of the event that the lane is running.

    The lane alone sets it, before it calls anyone. All parts of a lane share one.
    """

    __slots__ = ("now_ns",)

    def __init__(self, now_ns: int = 0) -> None:
        self.now_ns = now_ns
