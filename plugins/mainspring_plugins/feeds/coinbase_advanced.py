"""Coinbase Advanced Trade: level 2 books, trades. A message has an array of events, each about one instrument."""

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
    MessageNumbers,
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

COINBASE_ADVANCED = WireFeed(
    format=Format(
        messages=(
            DeltaMessage(
                when={"/channel": "l2_data", "type": "update"},
                each="events",
                symbol=_SYMBOL,
                event_time=Rfc3339("/timestamp"),
                rows=_ROWS,
            ),
            SnapshotMessage(
                when={"/channel": "l2_data", "type": "snapshot"},
                each="events",
                symbol=_SYMBOL,
                event_time=Rfc3339("/timestamp"),
                rows=_ROWS,
                restarts=True,
            ),
            # A snapshot of trades has those from before the subscription.
            TradeMessage(
                when={"/channel": "market_trades", "/events.0.type": "update"},
                each="events.*.trades",
                symbol=_SYMBOL,
                event_time=Rfc3339("time"),
                trade_id=Integer("trade_id", text=True),
                price=Price("price"),
                size=Size("size"),
                # Whose side "side" is, the maker's or the taker's, the venue doesn't say.
            ),
            ControlMessage(when={"type": "error"}, kind="error", text=Text("message")),
            ControlMessage(when={"channel": "subscriptions"}, kind="subscription"),
        ),
        # One counter for all messages of a connection, whatever their channel.
        numbers=MessageNumbers(key="sequence_num"),
    ),
    connection=Connection(
        address="wss://advanced-trade-ws.coinbase.com",
        # Market data needs no login; what tells of accounts wants a token that is signed by a key pair.
        subscribe=(
            *(
                Subscribe(message={"type": "subscribe", "product_ids": ["{venue_symbol}"], "channel": channel})
                for channel in ("level2", "market_trades")
            ),
            # Channels without news are closed after a minute, but for this one.
            Subscribe(message={"type": "subscribe", "channel": "heartbeats"}),
        ),
        messages_a_second=8,
    ),
    listing=Listing(tick_size=Decimal("1E-8"), lot_size=Decimal("1E-8"), separator="-"),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `coinbase-advanced`."""
    catalogue.add("coinbase-advanced", COINBASE_ADVANCED, summary="Coinbase Advanced Trade: level 2 books, trades")
