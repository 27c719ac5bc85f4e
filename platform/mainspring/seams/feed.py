"""The feed seam: a venue's bytes in, market events out. No input or output of its own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import msgspec

from mainspring.model import Instrument, MarketEvent
from mainspring.seams.catalogue import Catalogue, hookspec
from mainspring.seams.codec import Codec

__all__ = ["Feed", "FeedContext", "FeedStatistics", "RawMessage", "ResyncRequest", "Source", "register_feeds"]

RawMessage: TypeAlias = tuple[int, bytes]
"""When a message was received, in nanoseconds since the Unix epoch, and its bytes."""


class FeedStatistics(msgspec.Struct, frozen=True):
    """What a feed has seen so far. Each mapping counts messages: by kind, and what wasn't applied by cause.

    The causes are the values of `mainspring.wire.Cause`.
    """

    messages: int
    by_kind: Mapping[str, int]
    by_cause: Mapping[str, int]
    gaps: int
    resyncs: int


class ResyncRequest(msgspec.Struct, frozen=True):
    """What to fetch so that an instrument's book can be trusted again.

    `method` is "http-get" (`target` is a path) or "send" (`target` is a message to send on the connection).
    """

    instrument: int
    method: str
    target: str


class FeedContext(msgspec.Struct, frozen=True):
    """What wiring hands to a feed's factory: the lane's instruments, in order, and the codec to decode with.

    `encoding` is the codec's format, "json" or "msgpack". `decoder` is the `mainspring.seams.Decoder` that runs a feed
    of declarations; None stands for the Python one. `alone` is False where the session has other instruments on the
    same connection, which another lane takes: a message that names no instrument isn't the only one's then.
    """

    instruments: tuple[Instrument, ...]
    codec: Codec
    encoding: str = "json"
    decoder: "Callable[[Any, FeedContext], Feed] | None" = None
    alone: bool = True


class Feed(Protocol):
    """Turns a venue's messages into market events, and knows when a book can't be trusted.

    Deltas are emitted only when they continue the book: after a snapshot, in sequence, none twice. After a gap one
    `BookInvalid` is emitted, deltas are withheld, and a `ResyncRequest` waits to be taken; the next snapshot that
    bridges is emitted with the deltas that follow it. All events of one message carry its receive time. A message that
    is refused (`WireError`, `CodecError`) leaves the feed as it was before it.
    """

    def on_message(self, raw: bytes, receive_time_ns: int) -> Sequence[MarketEvent]:
        """The events of one message, in order. Raises `WireError` or `CodecError` for a message that can't be read."""
        ...

    def subscriptions(self) -> Sequence[bytes]:
        """What to send after connecting, to be sent the instruments of the session."""
        ...

    def take_resync_requests(self) -> Sequence[ResyncRequest]:
        """The requests that have come up since the last call. Each is handed out once."""
        ...

    def statistics(self) -> FeedStatistics:
        """The counts so far, as a frozen value."""
        ...


Source: TypeAlias = Callable[[tuple[Instrument, ...], Any], Iterable[RawMessage]]
"""Makes a stream of messages for the instruments from the slot's options; for feeds that bring their own."""


@hookspec
def register_feeds(catalogue: Catalogue) -> None:
    """Offers feeds.

    Called once, when the registry loads. Add each feed by `catalogue.add(name, factory, summary=..., ...)`. The
    factory is called as `factory(context)` with a `FeedContext`, once for each lane, and returns an object that keeps
    the contract of `mainspring.seams.Feed`. Most feeds need no code: a `mainspring.wire.WireFeed` made of declarations
    is itself such a factory. `mainspring.testing.check_feed` checks a feed on messages that you give it.

    A factory may carry four attributes, each of them optional. `source` (see `Source`) makes it a feed that brings its
    own messages: it is called as `source(instruments, options)`. `recipe`, called with the same arguments, then returns
    a digest in lower-case hex of everything that the messages follow from, so that they can be kept and read again.
    `find_instruments` is called as `find_instruments(messages, codec)` with an iterable of raw messages, and returns
    the instruments that it finds in them, so that a capture runs without a word on tick sizes. `describe` is called as
    `describe(symbol, venue_symbol)` and returns the `Instrument` that the venue's rules give for it, or None.

    Capabilities: `encodings` (str, default "json") names the codec formats that its messages come in, by a comma;
    `generated` (bool, default False) is True where it brings its own messages; `books` (bool, default True) is False
    where it has no deltas or snapshots, so that quotes alone make a market live.
    """
