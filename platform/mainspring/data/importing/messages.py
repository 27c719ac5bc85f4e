"""What a row of a table becomes: messages of the feed `imported`, with prices and sizes as decimal text."""

from typing import TypeAlias

import msgspec

__all__ = ["Change", "Message", "Quote", "Received", "Snapshot", "Trade"]


class Change(msgspec.Struct, tag="delta", tag_field="kind"):
    """Levels that changed at one moment; a size of zero removes one. Times in nanoseconds since the Unix epoch."""

    symbol: str
    time: int
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class Snapshot(msgspec.Struct, tag="snapshot", tag_field="kind"):
    """A whole book."""

    symbol: str
    time: int
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class Trade(msgspec.Struct, tag="trade", tag_field="kind", omit_defaults=True):
    """A trade. `aggressor` is "buy", "sell" or, if it isn't known, empty."""

    symbol: str
    time: int
    price: str
    size: str
    aggressor: str = ""
    id: int | None = None


class Quote(msgspec.Struct, tag="quote", tag_field="kind"):
    """The best bid and offer. A side that is empty has a size of zero."""

    symbol: str
    time: int
    bid: str
    bid_size: str
    ask: str
    ask_size: str


Message: TypeAlias = Change | Snapshot | Trade | Quote

Received: TypeAlias = tuple[int, Message]
"""A message after its receive time, in nanoseconds since the Unix epoch."""
