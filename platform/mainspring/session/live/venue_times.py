"""The times that a venue gives its messages, read apart from the lane."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec

from mainspring.errors import CodecError, WireError
from mainspring.model import Instrument
from mainspring.seams import LOST, Codec, FeedContext
from mainspring.wire import WireFeed

__all__ = ["VenueTimes"]

_FORGET_EVERY: Final = 64
_RENEW_EVERY: Final = 4_096


class VenueTimes:
    """Reads the times of single messages of a declared feed, some left out between them.

    A feed of its own reads them, so that the lane's isn't asked a second time. Its books are of no use.
    """

    def __init__(self, declared: WireFeed, instruments: Sequence[Instrument], codec: Codec, encoding: str) -> None:
        """`encoding` is that of the messages."""
        # What is numbered over the whole connection would have gaps, which take time and mean nothing here.
        unnumbered = msgspec.structs.replace(declared.format, numbers=None)
        declared = msgspec.structs.replace(declared, format=unnumbered)
        self._make = partial(declared, FeedContext(tuple(instruments), codec, encoding))
        self._feed = self._make()
        self._read = 0

    def of(self, raw: bytes, read_ns: int) -> int | None:
        """The newest time in a message that was read at `read_ns`, in nanoseconds; None if it says none."""
        self._read += 1
        if self._read % _RENEW_EVERY == 0:
            # A feed remembers tens of thousands of prices and sizes, which nobody reads here.
            self._feed = self._make()
        elif self._read % _FORGET_EVERY == 0:
            # Without snapshots the feed keeps updates for a book that never comes.
            self._feed.on_message(LOST, read_ns)
        try:
            events = self._feed.on_message(raw, read_ns)
        except (WireError, CodecError):
            return None
        self._feed.take_resync_requests()
        times = [getattr(event, "event_time_ns", read_ns) for event in events]
        # An event for which the venue gives no time has that of its receipt.
        return max((one for one in times if one != read_ns), default=None)
