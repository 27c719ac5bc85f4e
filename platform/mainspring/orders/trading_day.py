"""When a trading day ends."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

__all__ = ["TradingDay"]

_MOST_NS = 2**63 - 1
_TIME = re.compile("([01][0-9]|2[0-3]):([0-5][0-9])")


class TradingDay:
    """The time of day at which day orders end, in a time zone, whatever its summer time does to it.

    It knows no holidays: an order of a Saturday ends on that day, if the clock says so.
    """

    def __init__(self, text: str) -> None:
        """`text` is such as "16:00 America/New_York", or "00:00" for UTC. Raises `ValueError` for anything else."""
        clock, _, zone = text.strip().partition(" ")
        found = _TIME.fullmatch(clock)
        if found is None:
            raise ValueError(f'a day ends at a time such as "16:00 America/New_York", not {text!r}')
        try:
            self._zone = ZoneInfo(zone.strip() or "UTC")
        except (KeyError, ValueError, OSError):
            raise ValueError(f"there is no time zone {zone.strip()!r} here; install the package tzdata") from None
        self._hour, self._minute = int(found[1]), int(found[2])

    def end_ns(self, now_ns: int) -> int:
        """Returns the first end of a day after a time, in nanoseconds since the Unix epoch; 0 if there is none."""
        try:
            now = datetime.fromtimestamp(now_ns // 1_000_000_000, UTC).astimezone(self._zone)
            for days in range(3):
                day = now.date() + timedelta(days=days)
                end = datetime(day.year, day.month, day.day, self._hour, self._minute, tzinfo=self._zone)
                end_ns = int(end.timestamp()) * 1_000_000_000
                if end_ns > now_ns:
                    return end_ns if end_ns <= _MOST_NS else 0
        except (OverflowError, ValueError, OSError):
            return 0
        return 0
