"""Kraken spot, version 2 of its API: books proved by a CRC32 of ten levels, tickers, trades."""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    Checksum,
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

__all__ = ["KRAKEN", "register_feeds"]

_SYMBOL, _TIME = Text("symbol"), Rfc3339("timestamp")
_BIDS = Levels("bids", price="price", size="qty", number=True)
_ASKS = Levels("asks", price="price", size="qty", number=True)
_CHECKSUM = Checksum("checksum", levels=10, layout="asks-bids", separator="", text="digits")
# The depth that a subscription has if it asks for no other. A message doesn't say it.
_DEPTH = 10

KRAKEN = WireFeed(
    format=Format(
        messages=(
            DeltaMessage(
                when={"/channel": "book", "/type": "update"},
                each="data",
                symbol=_SYMBOL,
                event_time=_TIME,
                bids=_BIDS,
                asks=_ASKS,
                checksum=_CHECKSUM,
                depth=_DEPTH,
            ),
            SnapshotMessage(
                when={"/channel": "book", "/type": "snapshot"},
                each="data",
                symbol=_SYMBOL,
                bids=_BIDS,
                asks=_ASKS,
                checksum=_CHECKSUM,
                depth=_DEPTH,
                restarts=True,
            ),
            QuoteMessage(
                when={"/channel": "ticker"},
                each="data",
                symbol=_SYMBOL,
                bid_price=Price("bid", number=True),
                bid_size=Size("bid_qty", number=True),
                ask_price=Price("ask", number=True),
                ask_size=Size("ask_qty", number=True),
            ),
            TradeMessage(
                when={"/channel": "trade"},
                each="data",
                symbol=_SYMBOL,
                event_time=_TIME,
                trade_id=Integer("trade_id"),
                price=Price("price", number=True),
                size=Size("qty", number=True),
                aggressor=Choice("side", values=(("buy", 1), ("sell", -1))),
                rising_ids=True,
            ),
            ControlMessage(when={"method": "subscribe", "success": False}, kind="error", text=Text("error")),
            ControlMessage(
                when={"method": "subscribe", "success": True}, kind="subscription", text=Text("result.channel")
            ),
        ),
    ),
    connection=Connection(
        address="wss://ws.kraken.com/v2",
        subscribe=tuple(
            Subscribe(
                message={
                    "method": "subscribe",
                    "params": {**wanted, "symbol": ["{venue_symbol}"]},
                    "req_id": "{number}",
                }
            )
            for wanted in (
                {"channel": "book", "depth": 10},
                {"channel": "ticker", "event_trigger": "bbo"},
                {"channel": "trade", "snapshot": False},
            )
        ),
        keepalive=(Ping(every_s=30, message={"method": "ping"}),),
    ),
    # The checksum is of all the decimals that the venue keeps: tick and lot size have to be the venue's own.
    listing=Listing(tick_size=Decimal("0.1"), lot_size=Decimal("1E-8"), separator="/"),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `kraken`."""
    catalogue.add(
        "kraken",
        KRAKEN,
        summary="Kraken spot: books proved by checksums, tickers, trades",
        capabilities={"recordings": "Tickvault's and the venue's own example, 9 messages"},
    )
