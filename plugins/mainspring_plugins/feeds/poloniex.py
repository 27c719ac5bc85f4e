"""Poloniex spot: books whose updates are chained, trades."""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    Chained,
    Choice,
    Connection,
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

__all__ = ["POLONIEX", "register_feeds"]

_SYMBOL, _TIME = Text("symbol"), Millis("ts")
_BIDS, _ASKS = Levels("bids"), Levels("asks")

POLONIEX = WireFeed(
    format=Format(
        messages=(
            DeltaMessage(
                when={"/channel": "book_lv2", "/action": "update"},
                each="data",
                symbol=_SYMBOL,
                event_time=_TIME,
                sequence=Range(first="id", last="id", previous="lastId"),
                bids=_BIDS,
                asks=_ASKS,
            ),
            SnapshotMessage(
                when={"/channel": "book_lv2", "/action": "snapshot"},
                each="data",
                symbol=_SYMBOL,
                event_time=_TIME,
                last_id=Integer("id"),
                bids=_BIDS,
                asks=_ASKS,
                restarts=True,
            ),
            TradeMessage(
                when={"/channel": "trades"},
                each="data",
                symbol=_SYMBOL,
                event_time=_TIME,
                trade_id=Integer("id", text=True),
                price=Price("price"),
                size=Size("quantity"),
                aggressor=Choice("takerSide", values=(("buy", 1), ("sell", -1))),
                rising_ids=True,
            ),
            ControlMessage(when={"event": "error"}, kind="error", text=Text("message")),
            ControlMessage(when={"event": "subscribe"}, kind="subscription", text=Text("channel")),
        ),
        sequencing=Chained(),
    ),
    connection=Connection(
        address="wss://ws.poloniex.com/ws/public",
        subscribe=tuple(
            Subscribe(message={"event": "subscribe", "channel": [channel], "symbols": ["{venue_symbol}"]})
            for channel in ("book_lv2", "trades")
        ),
        keepalive=(Ping(every_s=25, message={"event": "ping"}),),
    ),
    listing=Listing(tick_size=Decimal("1E-10"), lot_size=Decimal("1E-8"), separator="_"),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `poloniex`."""
    catalogue.add(
        "poloniex",
        POLONIEX,
        summary="Poloniex spot: chained books, trades",
        capabilities={"recordings": "cryptofeed's, 302 messages"},
    )
