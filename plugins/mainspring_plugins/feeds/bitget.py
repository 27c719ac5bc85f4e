"""Bitget spot, version 1 of its API: books proved by a CRC32 of 25 levels, trades. Its tickers have no sizes."""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    Checksum,
    Choice,
    Connection,
    ControlMessage,
    DeltaMessage,
    Format,
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

__all__ = ["BITGET", "register_feeds"]

_SYMBOL = Text("/arg.instId")
_BOOK = {"/arg.channel": "books"}
_CHECKSUM = Checksum("checksum", levels=25)
_BIDS, _ASKS, _TIME = Levels("bids"), Levels("asks"), Millis("ts", text=True)

BITGET = WireFeed(
    format=Format(
        messages=(
            DeltaMessage(
                when={**_BOOK, "/action": "update"},
                each="data",
                symbol=_SYMBOL,
                event_time=_TIME,
                bids=_BIDS,
                asks=_ASKS,
                checksum=_CHECKSUM,
            ),
            SnapshotMessage(
                when={**_BOOK, "/action": "snapshot"},
                each="data",
                symbol=_SYMBOL,
                event_time=_TIME,
                bids=_BIDS,
                asks=_ASKS,
                checksum=_CHECKSUM,
                restarts=True,
            ),
            TradeMessage(
                when={"/arg.channel": "trade"},
                each="data",
                symbol=_SYMBOL,
                event_time=Millis("0", text=True),
                price=Price("1"),
                size=Size("2"),
                aggressor=Choice("3", values=(("buy", 1), ("sell", -1))),
            ),
            ControlMessage(when={"event": "error"}, kind="error", text=Text("msg")),
            ControlMessage(when={"event": "subscribe"}, kind="subscription", text=Text("arg.channel")),
        ),
    ),
    connection=Connection(
        address="wss://ws.bitget.com/spot/v1/stream",
        subscribe=(
            Subscribe(
                message={
                    "op": "subscribe",
                    "args": [
                        {"instType": "SP", "channel": channel, "instId": "{venue_symbol}"}
                        for channel in ("books", "trade")
                    ],
                }
            ),
        ),
        # At most 50 channels are advised for a connection.
        instruments=25,
        messages_a_second=10,
        keepalive=(Ping(every_s=30, message="ping", answer="pong"),),
    ),
    listing=Listing(tick_size=Decimal("1E-10"), lot_size=Decimal("1E-8")),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `bitget`."""
    catalogue.add(
        "bitget",
        BITGET,
        summary="Bitget spot: books proved by checksums, trades",
        capabilities={"recordings": "cryptofeed's, 1,076 messages"},
    )
