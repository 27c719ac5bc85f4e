"""The times that a venue gives its messages, read apart from the lane."""

from collections.abc import Sequence

import msgspec

from mainspring.errors import CodecError, WireError
from mainspring.model import Instrument
from mainspring.seams import Codec, FeedContext
from mainspring.wire import WireFeed

__all__ = ["VenueTimes"]


class VenueTimes:
    """Reads the times of single messages of a declared feed, some left out between them.

    A feed of its own reads them, so that the lane's isn't asked a second time. Its books are of no use.
    """

    def __init__(self, declared: WireFeed, instruments: Sequence[Instrument], codec: Codec, encoding: str) -> None:
        """`encoding` is that of the messages."""
        # What is numbered over the whole connection would have gaps, which take time and mean nothing here.
        unnumbered = msgspec.structs.replace(declared.format, numbers=None)
        declared = msgspec.structs.replace(declared, format=unnumbered)
        self._feed = declared(FeedContext(tuple(instruments), codec, encoding))

    def of(self, raw: bytes, read_ns: int) -> int | None:
        """The newest time in a message that was read at `read_ns`, in nanoseconds; None if it says none."""
        try:
            events = self._feed.on_message(raw, read_ns)
        except (WireError, CodecError):
            return None
        self._feed.take_resync_requests()
        times = [getattr(event, "event_time_ns", read_ns) for event in events]
        # An event for which the venue gives no time has that of its receipt.
        return max((one for one in times if one != read_ns), default=None)
