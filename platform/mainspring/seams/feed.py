"""The feed seam: a venue's bytes in, market events out. A feed does no I/O."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import msgspec

from mainspring.model import Instrument, MarketEvent
from mainspring.seams.catalogue import Catalogue, hookspec
from mainspring.seams.codec import Codec

__all__ = [
    "LOST",
    "NOTE",
    "Feed",
    "FeedContext",
    "FeedStatistics",
    "RawMessage",
    "ResyncRequest",
    "Source",
    "register_feeds",
]

RawMessage: TypeAlias = tuple[int, bytes]
"""A message's receive time, in nanoseconds since the Unix epoch, and its bytes."""

NOTE = b"!"
"""What begins so is a note of the recorder of the messages, not of the venue: no format has such a message."""

LOST = b"!lost"
"""The note that the connection was lost: no book can be trusted before its next snapshot. Further words say why."""


class FeedStatistics(msgspec.Struct, frozen=True):
    """A feed's counters: messages by kind, and messages that weren't applied by cause.

    The causes are the values of `mainspring.wire.Cause`. `checksums` counts the venue's checksums that were compared
    with the books, `checksums_right` those that matched.
    """

    messages: int
    by_kind: Mapping[str, int]
    by_cause: Mapping[str, int]
    gaps: int
    resyncs: int
    checksums: int = 0
    checksums_right: int = 0


class ResyncRequest(msgspec.Struct, frozen=True):
    """What to fetch so that an instrument's book can be trusted again.

    `method` is "http-get" (`target` is a path) or "send" (`target` is a message to send on the connection).
    """

    instrument: int
    method: str
    target: str


class FeedContext(msgspec.Struct, frozen=True):
    """What wiring passes to a feed's factory: the lane's instruments, in order, and the codec to decode with.

    `encoding` is the codec's format, "json" or "msgpack". `decoder` is the `mainspring.seams.Decoder` that runs a
    declared feed; None means the Python one. `alone` is False if there are other instruments on the same
    connection, in another lane or in the capture: a message that names none can't then be attributed to the only one.
    `first_index` is the index of the first instrument in the lane: events name an instrument by `first_index` plus its
    place here.
    """

    instruments: tuple[Instrument, ...]
    codec: Codec
    encoding: str = "json"
    decoder: "Callable[[Any, FeedContext], Feed] | None" = None
    alone: bool = True
    first_index: int = 0


class Feed(Protocol):
    """Turns a venue's messages into market events, and detects when a book can't be trusted.

    Deltas are emitted only if they continue the book: after a snapshot, in sequence, none twice. After a gap the feed
    emits one `BookInvalid`, withholds deltas, and queues a `ResyncRequest`; the next snapshot that bridges the gap is
    emitted with the deltas that follow it. So it does for each book at the note `LOST`; other notes mean nothing to it.
    All events of one message carry its receive time. A rejected message
    (`WireError`, `CodecError`) leaves the feed unchanged.
    """

    def on_message(self, raw: bytes, receive_time_ns: int) -> Sequence[MarketEvent]:
        """Returns the events of one message, in order. Raises `WireError` or `CodecError` if it can't be read."""
        ...

    def subscriptions(self, now_ns: int) -> Sequence[bytes]:
        """Returns what to send after connecting to receive the session's instruments. Some messages name the time."""
        ...

    def take_resync_requests(self) -> Sequence[ResyncRequest]:
        """Returns the requests since the last call. Each is returned once."""
        ...

    def statistics(self) -> FeedStatistics:
        """Returns the counters so far as a frozen value."""
        ...


Source: TypeAlias = Callable[[tuple[Instrument, ...], Any], Iterable[RawMessage]]
"""Makes a stream of messages for the instruments from the slot's options; for feeds that generate their own."""


@hookspec
def register_feeds(catalogue: Catalogue) -> None:
    """Offers feeds.

    Called once, when the registry loads. Add each feed with `catalogue.add(name, factory, summary=..., ...)`. The
    factory is called as `factory(context)` with a `FeedContext`, once per lane, and returns an object that implements
    `mainspring.seams.Feed`. Most feeds need no code: a `mainspring.wire.WireFeed` made of declarations is itself such
    a factory. `mainspring.testing.check_feed` checks a feed on messages that you give it.

    A factory may have four attributes, all optional. `source` (see `Source`) makes it a feed that generates its own
    messages; it is called as `source(instruments, options)`. `recipe`, called with the same arguments, then returns a
    lower-case hex digest of everything that determines the messages, so that they can be cached. `find_instruments` is
    called as `find_instruments(messages, codec)` with an iterable of raw messages and returns the instruments found in
    them, so that a capture runs without configured tick sizes. `describe` is called as `describe(symbol,
    venue_symbol)` and returns the `Instrument` that the venue's rules define, or None.

    Capabilities: `encodings` (str, default "json") lists the codec formats of its messages, separated by commas;
    `generated` (bool, default False) is True if it generates its own messages; `books` (bool, default True) is False
    if it has no deltas or snapshots, so that quotes alone make a market live; `marks` (bool, default False) is True if
    it reports the venue's mark prices; `day_ends` (str, optional) is when its venue's trading day ends, such as "16:00
    America/New_York"; `recordings` (str, optional) names the recordings that it was tested on, and
    how many messages they have.
    """
