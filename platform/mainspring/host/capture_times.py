"""Refuses a capture whose receive times have another unit than nanoseconds, by the times of its own events."""

from collections.abc import Callable, Iterable
from itertools import islice
from statistics import median
from typing import Final

from mainspring.errors import CodecError, DataError, WireError
from mainspring.report.figures import clock
from mainspring.seams import Feed, RawMessage

__all__ = ["refuse_other_units"]

_SAMPLE: Final = 200
_DAY_NS: Final = 24 * 3_600 * 10**9
_UNITS: Final = (("microseconds", 10**3), ("milliseconds", 10**6), ("seconds", 10**9))


def refuse_other_units(name: str, feed: Feed, messages: Callable[[], Iterable[RawMessage]]) -> None:
    """Reads the first messages of a capture, of that name, with a fresh feed.

    Raises `DataError` if the receive times fit the venue's own times only when they are taken as another unit than
    nanoseconds: run as they are, all would happen within moments of 1970.
    """
    times: list[tuple[int, int]] = []
    for receive_time_ns, raw in islice(messages(), _SAMPLE):
        try:
            events = feed.on_message(raw, receive_time_ns)
        except (WireError, CodecError):
            # Whether such a message ends the session is decided where it is run.
            continue
        # An event for which the venue gives no time has that of its receipt.
        happened_ns = (getattr(event, "event_time_ns", receive_time_ns) for event in events)
        times += [(receive_time_ns, one) for one in happened_ns if one != receive_time_ns]
    if not times:
        return
    received, happened = (int(median(column)) for column in zip(*times, strict=True))
    if happened - received < _DAY_NS:
        return
    for unit, factor in _UNITS:
        if abs(received * factor - happened) < _DAY_NS:
            raise DataError(
                f"{name}: its receive times are in {unit}, and a capture's are in nanoseconds: the first messages "
                f"would be of {clock(received)}, but happened at {clock(happened)} by the venue's times. "
                "`mainspring data import FILE --to NEW` writes them in nanoseconds"
            )
