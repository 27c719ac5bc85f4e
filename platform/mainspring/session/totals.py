"""What only the runner knows of a session."""

import msgspec

__all__ = ["SessionTotals"]


class SessionTotals(msgspec.Struct):
    """What only the runner knows: how much went through, when, and how long it took."""

    messages: int = 0
    first_receive_ns: int = 0
    last_receive_ns: int = 0
    times_back: int = 0
    wall_seconds: float = 0.0
    peak_rss_bytes: int = 0
    stopped_early: str | None = None
