"""Kraken spot, version 1 of its API: books proved by a CRC32 of ten levels, tickers, trades.

A message is an array: the channel's number, one or two objects, the channel's name, the pair.
"""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    Checksum,
    Choice,
    Connection,
    ControlMessage,
    DeltaMessage,
    Format,
    Levels,
    Listing,
    Ping,
    Price,
    QuoteMessage,
    Seconds,
    Size,
    SnapshotMessage,
    Subscribe,
    Text,
    TradeMessage,
    WireFeed,
)

__all__ = ["KRAKEN_V1", "register_feeds"]

_PAIR = Text("/-1")
_BOOK = {"-2": "book-*"}
_DEPTH = Text("-2", after="book-")


def _update(place: int) -> DeltaMessage:
    """An update whose last object, which has the checksum, stands at that place."""
    return DeltaMessage(
        when=_BOOK,
        has=(f"{place}.c",),
        symbol=_PAIR,
        # Bids, offers or both: in one object, or in the first and the second.
        bids=Levels(f"{place}.b", optional=True),
        asks=Levels("1.a", optional=True),
        checksum=Checksum(f"{place}.c", levels=10, layout="asks-bids", separator="", text="digits"),
        depth=_DEPTH,
    )


KRAKEN_V1 = WireFeed(
    format=Format(
        messages=(
            _update(1),
            _update(2),
            SnapshotMessage(
                when=_BOOK,
                has=("1.as",),
                symbol=_PAIR,
                bids=Levels("1.bs"),
                asks=Levels("1.as"),
                depth=_DEPTH,
                restarts=True,
            ),
            QuoteMessage(
                when={"-2": "ticker"},
                symbol=_PAIR,
                bid_price=Price("1.b.0"),
                bid_size=Size("1.b.2"),
                ask_price=Price("1.a.0"),
                ask_size=Size("1.a.2"),
            ),
            TradeMessage(
                when={"/-2": "trade"},
                each="1",
                symbol=_PAIR,
                price=Price("0"),
                size=Size("1"),
                event_time=Seconds("2"),
                aggressor=Choice("3", values=(("b", 1), ("s", -1))),
            ),
            ControlMessage(when={"event": "error"}, kind="error", text=Text("errorMessage")),
            ControlMessage(
                when={"event": "subscriptionStatus", "status": "error"}, kind="error", text=Text("errorMessage")
            ),
            ControlMessage(
                when={"event": "subscriptionStatus"}, kind="subscription", code=Text("channelName"), text=Text("pair")
            ),
        ),
    ),
    connection=Connection(
        address="wss://ws.kraken.com",
        subscribe=tuple(
            Subscribe(message={"event": "subscribe", "pair": ["{venue_symbol}"], "subscription": wanted})
            for wanted in ({"name": "book", "depth": 1000}, {"name": "ticker"}, {"name": "trade"})
        ),
        keepalive=(Ping(every_s=30, message={"event": "ping"}),),
    ),
    listing=Listing(tick_size=Decimal("1E-10"), lot_size=Decimal("1E-8"), separator="/"),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `kraken-v1`."""
    catalogue.add(
        "kraken-v1",
        KRAKEN_V1,
        summary="Kraken spot (API version 1): books proved by checksums, trades",
        capabilities={"recordings": "cryptofeed's, 4,432 messages"},
    )
