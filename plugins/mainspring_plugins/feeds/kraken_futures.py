"""Kraken Futures: books of one level a message, numbered; trades. Its tickers have no sizes."""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    Choice,
    Connection,
    Contiguous,
    ControlMessage,
    DeltaMessage,
    Format,
    Integer,
    Levels,
    Listing,
    Millis,
    Ping,
    Price,
    Range,
    Size,
    SnapshotMessage,
    Subscribe,
    Text,
    TradeMessage,
    WireFeed,
)

__all__ = ["KRAKEN_FUTURES", "register_feeds"]

_SYMBOL = Text("product_id")
_SIDE = Choice("side", values=(("buy", 1), ("sell", -1)))

KRAKEN_FUTURES = WireFeed(
    format=Format(
        messages=(
            DeltaMessage(
                when={"feed": "book"},
                has=("seq",),
                symbol=_SYMBOL,
                event_time=Millis("timestamp"),
                sequence=Range(first="seq", last="seq"),
                # The message itself is the level.
                rows=Levels("", single=True, price="price", size="qty", number=True, side=_SIDE),
            ),
            SnapshotMessage(
                when={"feed": "book_snapshot"},
                symbol=_SYMBOL,
                event_time=Millis("timestamp"),
                last_id=Integer("seq"),
                bids=Levels("bids", price="price", size="qty", number=True),
                asks=Levels("asks", price="price", size="qty", number=True),
                restarts=True,
            ),
            TradeMessage(
                when={"feed": "trade"},
                has=("price",),
                symbol=_SYMBOL,
                event_time=Millis("time"),
                trade_id=Integer("seq"),
                price=Price("price", number=True),
                size=Size("qty", number=True),
                aggressor=_SIDE,
                rising_ids=True,
            ),
            ControlMessage(when={"event": "error"}, kind="error", text=Text("message")),
            ControlMessage(when={"event": "alert"}, kind="error", text=Text("message")),
            ControlMessage(when={"event": "subscribed"}, kind="subscription", text=Text("feed")),
        ),
        sequencing=Contiguous(),
    ),
    connection=Connection(
        address="wss://futures.kraken.com/ws/v1",
        subscribe=tuple(
            Subscribe(message={"event": "subscribe", "feed": feed, "product_ids": ["{venue_symbol}"]})
            for feed in ("book", "trade")
        ),
        keepalive=(Ping(every_s=30),),
    ),
    listing=Listing(tick_size=Decimal("1E-8"), lot_size=Decimal(1), contract="inverse"),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `kraken-futures`."""
    catalogue.add(
        "kraken-futures",
        KRAKEN_FUTURES,
        summary="Kraken Futures: books of one level a message, trades",
        capabilities={"recordings": "cryptofeed's, 7,175 messages"},
    )
