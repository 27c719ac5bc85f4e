"""A format with every kind of message and every kind of field, and feeds that read it."""

from decimal import Decimal
from typing import Any

import msgspec
import orjson
import pytest

from mainspring.errors import CodecError
from mainspring.model import Instrument
from mainspring.seams import FeedContext
from mainspring.wire import (
    BarMessage,
    Chained,
    Choice,
    Connection,
    Contiguous,
    ControlMessage,
    DeltaMessage,
    Flag,
    Format,
    Integer,
    Levels,
    Listing,
    MarkMessage,
    Message,
    Millis,
    Nanos,
    Number,
    Price,
    QuoteMessage,
    Range,
    RestSnapshot,
    Rfc3339,
    Size,
    SnapshotMessage,
    StatusMessage,
    StreamName,
    Subscribe,
    Text,
    TradeMessage,
    WireFeed,
)


class PlainJson:
    """JSON by orjson, with its errors mapped."""

    def decode(self, data: bytes) -> Any:
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise CodecError("plain", str(error)) from error

    def encode(self, value: Any) -> bytes:
        return orjson.dumps(value)


def _messages(sequence: Range) -> tuple[Message, ...]:
    return (
        QuoteMessage(
            has=("A",),
            symbol=Text("s"),
            update_id=Integer("u"),
            bid_price=Price("b"),
            bid_size=Size("B"),
            ask_price=Price("a"),
            ask_size=Size("A"),
        ),
        DeltaMessage(
            when={"e": "depth"},
            symbol=Text("s"),
            event_time=Millis("E"),
            sequence=sequence,
            bids=Levels("b"),
            asks=Levels("a"),
        ),
        SnapshotMessage(
            has=("lastUpdateId",),
            last_id=Integer("lastUpdateId"),
            bids=Levels("bids"),
            asks=Levels("asks"),
        ),
        TradeMessage(
            when={"e": "trade"},
            symbol=Text("s"),
            event_time=Rfc3339("T"),
            trade_id=Integer("t"),
            price=Price("p", number=True),
            size=Size("q", number=True),
            aggressor=Choice("m", values=((True, -1), (False, 1))),
        ),
        BarMessage(
            when={"e": "bar"},
            symbol=Text("s"),
            event_time=Nanos("T"),
            open=Price("o"),
            high=Price("h"),
            low=Price("l"),
            close=Price("c"),
            volume=Size("v"),
            trades=Integer("n", optional=True),
            vwap=Number("w", optional=True),
        ),
        StatusMessage(
            when={"e": "status"},
            symbol=Text("s"),
            code=Text("c"),
            text=Text("x", optional=True),
            trading=Choice("c", values=(("H", 0), ("T", 1)), otherwise=-1),
        ),
        MarkMessage(
            when={"e": "mark"},
            symbol=Text("s"),
            event_time=Millis("E"),
            mark_price=Text("p"),
            funding_rate=Text("r", optional=True),
            funding_time=Millis("T"),
        ),
        ControlMessage(when={"e": "error"}, kind="error", code=Integer("code"), text=Text("msg")),
    )


def _feed(sequence: Range, rule: Contiguous | Chained) -> WireFeed:
    return WireFeed(
        format=Format(
            messages=_messages(sequence),
            unwrap="data",
            stream=StreamName(key="stream", until="@"),
            sequencing=rule,
        ),
        resync=RestSnapshot(path="/depth?symbol={venue_symbol}"),
        connection=Connection(
            address="wss://stream.invalid",
            subscribe=(Subscribe(message={"op": "sub", "args": ["{venue_symbol_lower}@depth"]}),),
        ),
        listing=Listing(tick_size=Decimal("0.01"), lot_size=Decimal("0.001"), quotes=("USD", "USDT")),
    )


@pytest.fixture
def codec() -> PlainJson:
    return PlainJson()


@pytest.fixture
def contiguous() -> WireFeed:
    """A feed numbered as Binance spot's is."""
    return _feed(Range(first="U", last="u"), Contiguous())


@pytest.fixture
def chained() -> WireFeed:
    """A feed numbered as Binance futures' are."""
    return _feed(Range(first="U", last="u", previous="pu"), Chained())


@pytest.fixture
def books_by_rows() -> WireFeed:
    """A feed of batches, whose levels are objects of numbers and whose snapshots are marked by a flag."""
    return WireFeed(
        format=Format(
            messages=(
                DeltaMessage(
                    when={"T": "o"},
                    symbol=Text("S"),
                    event_time=Rfc3339("t"),
                    reset=Flag("r", optional=True),
                    bids=Levels("b", price="p", size="s", number=True),
                    asks=Levels("a", price="p", size="s", number=True),
                ),
                ControlMessage(when={"T": "success"}, kind="success", text=Text("msg")),
            ),
            batch=True,
        )
    )


@pytest.fixture
def instruments() -> tuple[Instrument, ...]:
    return tuple(
        Instrument(symbol=name, venue_symbol=name, tick_size=Decimal("0.01"), lot_size=Decimal("0.001"))
        for name in ("BTCUSD", "ETHUSD")
    )


@pytest.fixture
def opened(codec, instruments):
    """Opens a feed over two instruments, or over the first one alone; its `send` takes objects instead of bytes."""

    class Opened:
        def __init__(self, declared: WireFeed, count: int) -> None:
            self.feed = declared(FeedContext(instruments[:count], codec))
            self.now = 1_000

        def send(self, message: object) -> list[Any]:
            self.now += 1
            return list(self.feed.on_message(msgspec.json.encode(message), self.now))

        def causes(self) -> dict[str, int]:
            return dict(self.feed.statistics().by_cause)

    return lambda declared, count=2: Opened(declared, count)


def _row(n: int) -> list[str]:
    return [f"{n}.50", "1.000"]


@pytest.fixture
def make():
    """Makes messages: a delta, a snapshot, a quote, a trade."""

    class Make:
        @staticmethod
        def delta(
            first: int, last: int, previous: int | None = None, symbol: str = "BTCUSD", **extra: object
        ) -> dict[str, Any]:
            ids = {"U": first, "u": last} | ({} if previous is None else {"pu": previous})
            return {"e": "depth", "E": 5, "s": symbol, **ids, "b": [_row(last)], "a": []} | extra

        @staticmethod
        def snapshot(last: int, symbol: str = "BTCUSD") -> dict[str, Any]:
            data = {"lastUpdateId": last, "bids": [["1.50", "2.000"]], "asks": [["9.25", "0.500"]]}
            return {"stream": f"{symbol.lower()}@snapshot", "data": data}

        @staticmethod
        def quote(update_id: int = 7, symbol: str = "BTCUSD", **extra: object) -> dict[str, Any]:
            return {"s": symbol, "u": update_id, "b": "1.50", "B": "2.000", "a": "9.25", "A": "0.500"} | extra

        @staticmethod
        def trade(symbol: str = "BTCUSD", **extra: object) -> dict[str, Any]:
            time = "2024-08-09T00:00:00.5Z"
            return {"e": "trade", "T": time, "s": symbol, "t": 3, "p": 1.5, "q": 2, "m": True} | extra

        @staticmethod
        def bar(symbol: str = "BTCUSD", **extra: object) -> dict[str, Any]:
            prices = {"o": "1.5", "h": "2", "l": "1.25", "c": "1.75"}
            return {"e": "bar", "T": 60_000_000_000, "s": symbol, **prices, "v": "12.5", "n": 4, "w": 1.6} | extra

    return Make
