"""A feed made of declarations: what a feed plugin registers."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from mainspring.model import Instrument
from mainspring.seams.codec import Codec
from mainspring.seams.feed import Feed, FeedContext, RawMessage
from mainspring.wire._decoder import CompiledFeed
from mainspring.wire._grids import find_grids
from mainspring.wire.formats import Format, RestSnapshot, Subscribe
from mainspring.wire.listing import Listing

__all__ = ["WireFeed", "python_decoder"]


def python_decoder(declared: "WireFeed", context: FeedContext) -> CompiledFeed:
    """The feed that is declared, run by the Python decoder: by the contract of `mainspring.seams.Decoder`."""
    return CompiledFeed(declared.format, context, declared.resync, declared.subscribe)


class WireFeed(msgspec.Struct, frozen=True, kw_only=True):
    """A venue's feed as plain data, and a factory of feeds by the contract of `mainspring.seams.register_feeds`.

    `format` says how its messages are read, `resync` where a book's snapshot is fetched (None: the stream brings
    them), `subscribe` what is sent after connecting, and `listing` what is known of its instruments beforehand.
    """

    format: Format
    resync: RestSnapshot | None = None
    subscribe: tuple[Subscribe, ...] = ()
    listing: Listing | None = None

    def __call__(self, context: FeedContext) -> Feed:
        """A feed for the session's instruments, run by the context's decoder."""
        return (context.decoder or python_decoder)(self, context)

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
