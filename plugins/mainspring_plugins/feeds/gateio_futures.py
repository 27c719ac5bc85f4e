"""Gate.io futures: numbered updates with REST snapshots, the book ticker, trades."""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
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
    QuoteMessage,
    Range,
    RestSnapshot,
    Seconds,
    Size,
    SnapshotMessage,
    Subscribe,
    Text,
    TradeMessage,
    WireFeed,
)

__all__ = ["GATEIO_FUTURES", "register_feeds"]

GATEIO_FUTURES = WireFeed(
    format=Format(
        messages=(
            DeltaMessage(
                when={"channel": "futures.order_book_update", "event": "update"},
                symbol=Text("result.s"),
                event_time=Millis("result.t"),
                sequence=Range(first="result.U", last="result.u"),
                bids=Levels("result.b", price="p", size="s"),
                asks=Levels("result.a", price="p", size="s"),
            ),
            SnapshotMessage(
                has=("request", "data.id"),
                symbol=Text("request", after="contract=", until="&"),
                event_time=Seconds("data.update"),
                last_id=Integer("data.id"),
                bids=Levels("data.bids", price="p", size="s"),
                asks=Levels("data.asks", price="p", size="s"),
                cut=True,
            ),
            QuoteMessage(
                when={"channel": "futures.book_ticker", "event": "update"},
                symbol=Text("result.s"),
                event_time=Millis("result.t"),
                update_id=Integer("result.u"),
                bid_price=Price("result.b"),
                bid_size=Size("result.B"),
                ask_price=Price("result.a"),
                ask_size=Size("result.A"),
            ),
            TradeMessage(
                when={"/channel": "futures.trades", "/event": "update"},
                each="result",
                symbol=Text("contract"),
                event_time=Millis("create_time_ms"),
                trade_id=Integer("id"),
                price=Price("price"),
                size=Size("size", number=True),
                rising_ids=True,
                signed=True,
            ),
            ControlMessage(
                has=("error.message",), kind="error", code=Integer("error.code"), text=Text("error.message")
            ),
            ControlMessage(when={"event": "subscribe"}, kind="subscription", text=Text("channel")),
        ),
        sequencing=Contiguous(),
    ),
    resync=RestSnapshot(path="/api/v4/futures/usdt/order_book?contract={venue_symbol}&limit=100&with_id=true"),
    connection=Connection(
        address="wss://fx-ws.gateio.ws/v4/ws/usdt",
        rest="https://api.gateio.ws",
        subscribe=(
            Subscribe(
                message={
                    "time": "{time_s}",
                    "channel": "futures.order_book_update",
                    "event": "subscribe",
                    "payload": ["{venue_symbol}", "100ms"],
                },
                each=True,
            ),
            *(
                Subscribe(
                    message={
                        "time": "{time_s}",
                        "channel": channel,
                        "event": "subscribe",
                        "payload": ["{venue_symbol}"],
                    }
                )
                for channel in ("futures.book_ticker", "futures.trades")
            ),
        ),
        keepalive=(Ping(every_s=20, message={"time": "{time_s}", "channel": "futures.ping"}),),
    ),
    listing=Listing(tick_size=Decimal("1E-8"), lot_size=Decimal(1), contract="linear", separator="_"),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `gateio-futures`."""
    catalogue.add(
        "gateio-futures",
        GATEIO_FUTURES,
        summary="Gate.io futures: numbered books with REST snapshots, book ticker, trades",
        capabilities={"recordings": "cryptofeed's, 460 messages"},
    )
