"""OKX: books with a CRC32 of 25 levels, tickers, trades; spot, swaps, futures."""

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
    Millis,
    Ping,
    Price,
    QuoteMessage,
    Size,
    SnapshotMessage,
    Subscribe,
    Text,
    TradeMessage,
    Unsequenced,
    WireFeed,
)

__all__ = ["OKX", "register_feeds"]

_SYMBOL = Text("/arg.instId")
_TIME = Millis("ts", text=True)
_BOOK = {"/arg.channel": "books*"}
_CHECKSUM = Checksum("checksum", levels=25)

OKX = WireFeed(
    format=Format(
        messages=(
            DeltaMessage(
                when={**_BOOK, "/action": "update"},
                each="data",
                symbol=_SYMBOL,
                event_time=_TIME,
                bids=Levels("bids"),
                asks=Levels("asks"),
                checksum=_CHECKSUM,
            ),
            SnapshotMessage(
                when={**_BOOK, "/action": "snapshot"},
                each="data",
                symbol=_SYMBOL,
                event_time=_TIME,
                bids=Levels("bids"),
                asks=Levels("asks"),
                checksum=_CHECKSUM,
                restarts=True,
            ),
            QuoteMessage(
                when={"/arg.channel": "tickers"},
                each="data",
                symbol=_SYMBOL,
                event_time=_TIME,
                bid_price=Price("bidPx"),
                bid_size=Size("bidSz"),
                ask_price=Price("askPx"),
                ask_size=Size("askSz"),
            ),
            TradeMessage(
                when={"/arg.channel": "trades"},
                each="data",
                symbol=_SYMBOL,
                event_time=_TIME,
                trade_id=Integer("tradeId", text=True),
                price=Price("px"),
                size=Size("sz"),
                aggressor=Choice("side", values=(("buy", 1), ("sell", -1))),
                rising_ids=True,
            ),
            ControlMessage(when={"event": "error"}, kind="error", code=Text("code"), text=Text("msg")),
            ControlMessage(when={"event": "subscribe"}, kind="subscription", text=Text("arg.channel")),
        ),
        # Updates have numbers too since 2023 (seqId, prevSeqId). The checksum proves more, and old recordings have it.
        sequencing=Unsequenced(),
    ),
    connection=Connection(
        address="wss://ws.okx.com:8443/ws/v5/public",
        subscribe=(
            Subscribe(
                message={
                    "op": "subscribe",
                    "args": [
                        {"channel": channel, "instId": "{venue_symbol}"} for channel in ("books", "tickers", "trades")
                    ],
                }
            ),
        ),
        # The arguments of a request have at most 64 kB.
        instruments=200,
        messages_a_second=3,
        keepalive=(Ping(every_s=20, message="ping", answer="pong"),),
    ),
    listing=Listing(tick_size=Decimal("1E-8"), lot_size=Decimal("1E-8"), separator="-"),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `okx`."""
    catalogue.add(
        "okx",
        OKX,
        summary="OKX: books proved by checksums, tickers, trades",
        capabilities={"recordings": "cryptofeed's, 410 messages"},
    )
