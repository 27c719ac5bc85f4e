"""Market data that `mainspring data import` made of tables and arrays: books, changes, quotes and trades."""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    Choice,
    DeltaMessage,
    Format,
    Integer,
    Levels,
    Listing,
    Nanos,
    Price,
    QuoteMessage,
    Size,
    SnapshotMessage,
    Text,
    TradeMessage,
    WireFeed,
)

__all__ = ["IMPORTED", "register_feeds"]

_SYMBOL = Text("symbol")
_TIME = Nanos("time")

IMPORTED = WireFeed(
    format=Format(
        messages=(
            DeltaMessage(
                when={"kind": "delta"}, symbol=_SYMBOL, event_time=_TIME, bids=Levels("bids"), asks=Levels("asks")
            ),
            QuoteMessage(
                when={"kind": "quote"},
                symbol=_SYMBOL,
                event_time=_TIME,
                bid_price=Price("bid"),
                bid_size=Size("bid_size"),
                ask_price=Price("ask"),
                ask_size=Size("ask_size"),
            ),
            TradeMessage(
                when={"kind": "trade"},
                symbol=_SYMBOL,
                event_time=_TIME,
                trade_id=Integer("id", optional=True),
                price=Price("price"),
                size=Size("size"),
                aggressor=Choice("aggressor", values=(("buy", 1), ("sell", -1)), otherwise=0),
            ),
            SnapshotMessage(
                when={"kind": "snapshot"}, symbol=_SYMBOL, event_time=_TIME, bids=Levels("bids"), asks=Levels("asks")
            ),
        ),
    ),
    # A table may be of any venue; its numbers may come from binary fractions, which have many decimals.
    listing=Listing(tick_size=Decimal("1E-10"), lot_size=Decimal("1E-10")),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `imported`."""
    catalogue.add("imported", IMPORTED, summary="what `mainspring data import` makes of tables")
