"""BitMEX: books by level id, quotes, trades. Changes have no numbers; one of an unknown level shows a loss."""

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
    Ping,
    Price,
    QuoteMessage,
    Rfc3339,
    Size,
    SnapshotMessage,
    Subscribe,
    Text,
    TradeMessage,
    WireFeed,
)

__all__ = ["BITMEX", "register_feeds"]

_ROWS = Levels(
    "data",
    price="price",
    size="size",
    number=True,
    side=Choice("side", values=(("Buy", 1), ("Sell", -1))),
    # A level's price comes with its first row only.
    id="id",
    deletes=Choice("/action", values=(("delete", 1),), otherwise=0),
)
_SYMBOL = Text("data.0.symbol")

BITMEX = WireFeed(
    format=Format(
        messages=(
            SnapshotMessage(
                when={"table": "orderBookL2", "action": "partial"},
                symbol=Text("filter.symbol"),
                rows=_ROWS,
                restarts=True,
            ),
            *(
                DeltaMessage(when={"table": "orderBookL2", "action": action}, symbol=_SYMBOL, rows=_ROWS)
                for action in ("insert", "update", "delete")
            ),
            QuoteMessage(
                when={"/table": "quote"},
                each="data",
                symbol=Text("symbol"),
                event_time=Rfc3339("timestamp"),
                bid_price=Price("bidPrice", number=True),
                bid_size=Size("bidSize", number=True),
                ask_price=Price("askPrice", number=True),
                ask_size=Size("askSize", number=True),
            ),
            # The trades before the session come as a "partial", and are passed over.
            TradeMessage(
                when={"/table": "trade", "/action": "insert"},
                each="data",
                symbol=Text("symbol"),
                event_time=Rfc3339("timestamp"),
                price=Price("price", number=True),
                size=Size("size", number=True),
                aggressor=Choice("side", values=(("Buy", 1), ("Sell", -1))),
            ),
            ControlMessage(has=("error",), kind="error", code=Integer("status", optional=True), text=Text("error")),
            ControlMessage(has=("success", "subscribe"), kind="subscription", text=Text("subscribe")),
        ),
    ),
    connection=Connection(
        address="wss://ws.bitmex.com/realtime",
        others={"test": "wss://ws.testnet.bitmex.com/realtime"},
        subscribe=(
            Subscribe(
                message={
                    "op": "subscribe",
                    "args": [f"{table}:{{venue_symbol}}" for table in ("orderBookL2", "quote", "trade")],
                }
            ),
        ),
        keepalive=(Ping(every_s=5, message="ping", answer="pong"),),
    ),
    listing=Listing(tick_size=Decimal("1E-8"), lot_size=Decimal(1)),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `bitmex`."""
    catalogue.add(
        "bitmex",
        BITMEX,
        summary="BitMEX: books by level id, quotes, trades",
        capabilities={"recordings": "cryptofeed's, 2,473 messages"},
    )
