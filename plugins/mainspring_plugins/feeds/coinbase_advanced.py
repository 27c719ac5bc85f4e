"""Coinbase Advanced Trade: level 2 books, trades. Messages are numbered by connection, and each channel has its own."""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    Choice,
    Connection,
    ControlMessage,
    DeltaMessage,
    Format,
    Integer,
    Levels,
    Listing,
    Price,
    Rfc3339,
    Size,
    SnapshotMessage,
    Subscribe,
    Text,
    TradeMessage,
    WireFeed,
)

__all__ = ["COINBASE_ADVANCED", "register_feeds"]

_SYMBOL = Text("product_id")
_ROWS = Levels(
    "updates", price="price_level", size="new_quantity", side=Choice("side", values=(("bid", 1), ("offer", -1)))
)
