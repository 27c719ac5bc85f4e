"""Gate.io spot: numbered updates with REST snapshots, trades. Its tickers have no sizes."""

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
    RestSnapshot,
    Size,
    SnapshotMessage,
    Subscribe,
    Text,
    TradeMessage,
    WireFeed,
)

__all__ = ["GATEIO", "register_feeds"]

GATEIO = WireFeed(
    format=Format(
        messages=(
            DeltaMessage(
                when={"channel": "spot.order_book_update", "event": "update"},
                symbol=Text("result.s"),
                event_time=Millis("result.t"),
                sequence=Range(first="result.U", last="result.u"),
                bids=Levels("result.b"),
                asks=Levels("result.a"),
            ),
            SnapshotMessage(
                has=("request", "data.id"),
                symbol=Text("request", after="currency_pair=", until="&"),
                last_id=Integer("data.id"),
                bids=Levels("data.bids"),
                asks=Levels("data.asks"),
                cut=True,
            ),
            TradeMessage(
                when={"channel": "spot.trades", "event": "update"},
                symbol=Text("result.currency_pair"),
                event_time=Millis("result.create_time_ms", text=True),
                trade_id=Integer("result.id"),
                price=Price("result.price"),
                size=Size("result.amount"),
                aggressor=Choice("result.side", values=(("buy", 1), ("sell", -1))),
                rising_ids=True,
            ),
            ControlMessage(
                has=("error.message",), kind="error", code=Integer("error.code"), text=Text("error.message")
            ),
            ControlMessage(when={"event": "subscribe"}, kind="subscription", text=Text("channel")),
        ),
        sequencing=Contiguous(),
    ),
    resync=RestSnapshot(path="/api/v4/spot/order_book?currency_pair={venue_symbol}&limit=100&with_id=true"),
    connection=Connection(
        address="wss://api.gateio.ws/ws/v4/",
        rest="https://api.gateio.ws",
        subscribe=(
            Subscribe(
                message={
                    "time": "{time_s}",
                    "channel": "spot.order_book_update",
                    "event": "subscribe",
                    "payload": ["{venue_symbol}", "100ms"],
                },
                each=True,
            ),
            Subscribe(
                message={
                    "time": "{time_s}",
                    "channel": "spot.trades",
                    "event": "subscribe",
                    "payload": ["{venue_symbol}"],
                }
            ),
        ),
        keepalive=(Ping(every_s=20, message={"time": "{time_s}", "channel": "spot.ping"}),),
    ),
    listing=Listing(tick_size=Decimal("1E-10"), lot_size=Decimal("1E-8"), separator="_"),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `gateio`."""
    catalogue.add(
        "gateio",
        GATEIO,
        summary="Gate.io spot: numbered books with REST snapshots, trades",
        capabilities={"recordings": "cryptofeed's, 249 messages"},
    )
