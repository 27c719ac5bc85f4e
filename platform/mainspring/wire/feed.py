"""A feed made of declarations: what a feed plugin registers."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from mainspring.model import Instrument
from mainspring.seams.codec import Codec
from mainspring.seams.feed import Feed, FeedContext, RawMessage
from mainspring.wire._decoder import CompiledFeed
from mainspring.wire._grids import find_grids
from mainspring.wire.connection import Connection, RestSnapshot, SocketSnapshot
from mainspring.wire.fields import ORDER_PASSES, ORDER_SETS, Levels
from mainspring.wire.formats import Chained, Contiguous, Format
from mainspring.wire.listing import Listing
from mainspring.wire.messages import DeltaMessage, QuoteMessage, SnapshotMessage, sides_of

__all__ = ["WireFeed", "python_decoder"]


def python_decoder(declared: "WireFeed", context: FeedContext) -> CompiledFeed:
    """The feed that is declared, run by the Python decoder: by the contract of `mainspring.seams.Decoder`."""
    return CompiledFeed(declared.format, context, declared.resync, declared.one_connection)


class WireFeed(msgspec.Struct, frozen=True, kw_only=True):
    """A venue's feed as plain data, and a factory of feeds by the contract of `mainspring.seams.register_feeds`.

    `format` says how its messages are read, `resync` how a book's snapshot is fetched (None: the stream brings
    them), `connection` where to connect and what to send there (None: it is only read from recordings), and `listing`
    what is known of its instruments beforehand. `further` are connections for what the venue serves at addresses of
    their own, of the same instruments.
    """

    format: Format
    resync: RestSnapshot | SocketSnapshot | None = None
    connection: Connection | None = None
    further: tuple[Connection, ...] = ()
    listing: Listing | None = None

    def __post_init__(self) -> None:
        if self.further and self.connection is None:
            raise ValueError("further connections go with a connection")

    def __call__(self, context: FeedContext) -> Feed:
        """A feed for the session's instruments, run by the context's decoder."""
        return (context.decoder or python_decoder)(self, context)

    @property
    def one_connection(self) -> Connection | None:
        """The connection with all subscriptions on it, for an address that serves everything; None if it has none."""
        if self.connection is None or not self.further:
            return self.connection
        subscribe = sum((one.subscribe for one in self.further), self.connection.subscribe)
        return msgspec.structs.replace(self.connection, subscribe=subscribe)

    @property
    def proves(self) -> tuple[str, ...]:
        """What the venue's messages prove of its books.

        "sequence": a lost update shows in the numbers; "checksum": the book is what the venue says it is; "levels": an
        update of a level that isn't there shows a loss; "orders": so does a change of an order; "quotes": quotes have
        the numbers of the updates.
        """
        declared = self.format
        books = [one for one in declared.messages if isinstance(one, DeltaMessage | SnapshotMessage)]
        sides = [side for one in books for side in sides_of(one)]
        numbered = any(isinstance(one, QuoteMessage) and one.update_id is not None for one in declared.messages)
        found = {
            "sequence": isinstance(declared.sequencing, Contiguous | Chained) or declared.numbers is not None,
            "checksum": any(one.checksum is not None for one in books),
            "levels": any(side.id is not None for side in sides),
            "orders": any(_needs_order(side) and not side.passes_unknown for side in sides),
            "quotes": bool(books) and numbered,
        }
        return tuple(name for name, proved in found.items() if proved)

    def describe(self, symbol: str, venue_symbol: str | None = None) -> Instrument | None:
        """The instrument that the listing gives for a name, ours or the venue's; None without a listing."""
        return None if self.listing is None else self.listing.describe(symbol, venue_symbol)

    def find_instruments(self, messages: Iterable[RawMessage], codec: Codec) -> tuple[Instrument, ...]:
        """The instruments of a stream, each on the coarsest grid of powers of ten that all its prices and sizes lie on.

        Reads the stream once, in constant memory. Messages that can't be read are passed over.
        """
        return tuple(
            self._found(venue_symbol, grid) for venue_symbol, grid in find_grids(self.format, messages, codec).items()
        )

    def _found(self, venue_symbol: str, grid: tuple[Decimal, Decimal]) -> Instrument:
        tick_size, lot_size = grid
        if self.listing is None:
            return Instrument(
                symbol=venue_symbol,
                venue_symbol=venue_symbol,
                tick_size=tick_size,
                lot_size=lot_size,
                origin="capture",
            )
        listed = self.listing.describe("", venue_symbol)
        return msgspec.structs.replace(listed, tick_size=tick_size, lot_size=lot_size, origin="capture")


def _needs_order(side: Levels) -> bool:
    """Whether a row changes an order that must be there."""
    if side.order is None:
        return False
    actions = (side.action,) if isinstance(side.action, int) else tuple(action for _, action in side.action.values)
    return side.replaces is not None or any(action not in (ORDER_SETS, ORDER_PASSES) for action in actions)
