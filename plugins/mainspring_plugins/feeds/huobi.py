"""Huobi (HTX) spot: the whole book each time, trades. Frames are gzip; the connection inflates them."""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    Choice,
    Connection,
    ControlMessage,
    Format,
    Heartbeat,
    Integer,
    Levels,
    Listing,
    Millis,
    Price,
    Size,
    SnapshotMessage,
    Subscribe,
    Text,
    TradeMessage,
    WireFeed,
)

__all__ = ["HUOBI", "register_feeds"]

_SYMBOL = Text("ch", after="market.", until=".")

HUOBI = WireFeed(
    format=Format(
        messages=(
            SnapshotMessage(
                when={"ch": "*.depth.step0"},
                symbol=_SYMBOL,
                event_time=Millis("tick.ts"),
                last_id=Integer("tick.version"),
                bids=Levels("tick.bids", number=True, size_decimals=8),
                asks=Levels("tick.asks", number=True, size_decimals=8),
            ),
            TradeMessage(
                when={"/ch": "*.trade.detail"},
                each="tick.data",
                symbol=Text("/ch", after="market.", until="."),
                event_time=Millis("ts"),
                trade_id=Integer("tradeId"),
                price=Price("price", number=True),
                size=Size("amount", number=True, decimals=8),
                aggressor=Choice("direction", values=(("buy", 1), ("sell", -1))),
            ),
            ControlMessage(when={"status": "error"}, kind="error", code=Text("err-code"), text=Text("err-msg")),
            ControlMessage(when={"status": "ok"}, kind="subscription", text=Text("subbed")),
        ),
    ),
    connection=Connection(
        address="wss://api.huobi.pro/ws",
        compression="gzip",
        subscribe=tuple(
            Subscribe(message={"sub": f"market.{{venue_symbol}}.{topic}", "id": "{number}"}, each=True)
            for topic in ("depth.step0", "trade.detail")
        ),
        messages_a_second=10,
        keepalive=(Heartbeat(has=("ping",), answer={"pong": "{/ping}"}),),
    ),
    listing=Listing(tick_size=Decimal("1E-10"), lot_size=Decimal("1E-8")),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `huobi`."""
    catalogue.add(
        "huobi",
        HUOBI,
        summary="Huobi spot: whole books, trades",
        capabilities={"recordings": "cryptofeed's, 391 messages"},
    )
