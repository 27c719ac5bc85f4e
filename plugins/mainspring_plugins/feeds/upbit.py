"""Upbit: the whole book each time, both sides in a row, and trades, in its short form."""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    Choice,
    Connection,
    ControlMessage,
    Format,
    Integer,
    Levels,
    Listing,
    Millis,
    Ping,
    Price,
    Size,
    SnapshotMessage,
    Subscribe,
    Text,
    TradeMessage,
    WireFeed,
)

__all__ = ["UPBIT", "register_feeds"]

UPBIT = WireFeed(
    format=Format(
        messages=(
            SnapshotMessage(
                when={"ty": "orderbook"},
                symbol=Text("cd"),
                event_time=Millis("tms"),
                last_id=Integer("tms"),
                bids=Levels("obu", price="bp", size="bs", number=True),
                asks=Levels("obu", price="ap", size="as", number=True),
            ),
            TradeMessage(
                when={"ty": "trade"},
                symbol=Text("cd"),
                event_time=Millis("ttms"),
                trade_id=Integer("sid"),
                price=Price("tp", number=True),
                size=Size("tv", number=True),
                aggressor=Choice("ab", values=(("BID", 1), ("ASK", -1))),
            ),
            ControlMessage(has=("error",), kind="error", inside="error", code=Text("name"), text=Text("message")),
        ),
    ),
    connection=Connection(
        address="wss://api.upbit.com/websocket/v1",
        subscribe=(
            Subscribe(
                message=[
                    {"ticket": "mainspring-{time_ms}"},
                    *({"type": kind, "codes": ["{venue_symbol}"]} for kind in ("orderbook", "trade")),
                    {"format": "SIMPLE"},
                ]
            ),
        ),
        messages_a_second=5,
        keepalive=(Ping(every_s=60, message="PING"),),
    ),
    # A symbol has its quote currency first: "KRW-BTC". It stays as it is.
    listing=Listing(tick_size=Decimal("1E-8"), lot_size=Decimal("1E-8")),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `upbit`."""
    catalogue.add(
        "upbit", UPBIT, summary="Upbit: whole books, trades", capabilities={"recordings": "cryptofeed's, 449 messages"}
    )
