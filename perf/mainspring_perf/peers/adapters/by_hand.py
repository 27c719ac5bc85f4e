"""What is written by hand with a good JSON library: orjson or msgspec, a dict and a sorted list of prices a side."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import msgspec
import orjson

from mainspring_perf.peers.adapters._loop import (
    Book,
    Decoded,
    Levels,
    from_bytes,
    from_deltas,
    read_grid,
    session_answer,
)
from mainspring_perf.peers.contract import RECORDS_A_BATCH, Answer, Candidates, Inputs, Level, Prepared

__all__ = ["CANDIDATES", "BisectBook"]


class BisectBook:
    """A dict of sizes and a sorted list of prices for each side."""

    __slots__ = ("ask_prices", "asks", "bid_prices", "bids")

    def __init__(self) -> None:
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self.bid_prices: list[int] = []
        self.ask_prices: list[int] = []

    def apply(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Sets levels."""
        _change(self.bids, self.bid_prices, bids)
        _change(self.asks, self.ask_prices, asks)

    def best(self) -> tuple[int, int, int, int]:
        """The best levels."""
        bid, ask = self.bid_prices[-1], self.ask_prices[0]
        return bid, self.bids[bid], ask, self.asks[ask]

    def sides(self) -> tuple[dict[int, int], dict[int, int]]:
        """Every level."""
        return self.bids, self.asks


def _change(sizes: dict[int, int], prices: list[int], rows: Iterable[Level]) -> None:
    for price, size in rows:
        if size:
            if price not in sizes:
                insort(prices, price)
            sizes[price] = size
        elif price in sizes:
            del sizes[price]
            del prices[bisect_left(prices, price)]


_Rows = list[tuple[str, str]]


class _Data(msgspec.Struct, gc=False):
    """All fields of a depth message, a bookTicker and a trade. `b` and `a` are rows in one, and text in another."""

    e: str | None = None
    first: int = msgspec.field(name="U", default=0)
    last: int = msgspec.field(name="u", default=0)
    b: _Rows | str | int = ""
    a: _Rows | str | int = ""
    bid_size: str = msgspec.field(name="B", default="")
    ask_size: str = msgspec.field(name="A", default="")
    p: str = ""
    q: str = ""
    m: bool = False
    trade_time: int = msgspec.field(name="T", default=0)


class _Message(msgspec.Struct, gc=False):
    data: _Data | None = None
    last_update_id: int = msgspec.field(name="lastUpdateId", default=-1)
    bids: _Rows = []
    asks: _Rows = []


def _follow_typed(messages: Sequence[tuple[int, bytes]], make_book: Callable[[], Book], levels: Levels) -> Decoded:
    """Does what `follow` does, each message decoded straight into a typed struct, as msgspec has it fastest."""
    decode = msgspec.json.Decoder(_Message).decode
    waiting: list[_Data] = []
    book = make_book()
    last_id = -1
    quotes = trades = 0

    for _, raw in messages:
        message = decode(raw)
        data = message.data
        if data is None:
            last_id = message.last_update_id
            book = make_book()
            book.apply(levels(message.bids), levels(message.asks))
            for late in waiting:
                if late.last > last_id:
                    last_id = late.last
                    book.apply(levels(late.b), levels(late.a))
            waiting.clear()
        elif data.e == "depthUpdate":
            if last_id < 0:
                waiting.append(data)
            elif data.last > last_id:
                if data.first > last_id + 1:
                    raise ValueError(f"a gap after update {last_id}")
                last_id = data.last
                book.apply(levels(data.b), levels(data.a))
                book.best()
        elif data.e == "trade":
            trades += 1
            _ = levels(((data.p, data.q),)), data.m, data.trade_time
        else:
            quotes += 1
            levels(((data.b, data.bid_size), (data.a, data.ask_size)))
    return Decoded(book, quotes, trades)


def _bytes_msgspec(inputs: Inputs) -> Prepared:
    messages, levels = inputs.messages(), read_grid(inputs)
    return Prepared(lambda: _follow_typed(messages, BisectBook, levels), session_answer)


class _Fill(msgspec.Struct, frozen=True, array_like=True, gc=False):
    order_id: int
    instrument: int
    time_ns: int
    fill_id: int
    side: int
    price_ticks: int
    size_lots: int
    maker: bool
    fee_ppb: int


def _records(encode: Any, decode: Any, fills: list[Any]) -> Prepared:
    batches = [fills[at : at + RECORDS_A_BATCH] for at in range(0, len(fills), RECORDS_A_BATCH)]

    def run() -> list[list[Any]]:
        return [decode(encode(batch)) for batch in batches]

    def answer(decoded: list[list[Any]]) -> Answer:
        return {"fills": [list(msgspec.to_builtins(fill)) for batch in decoded for fill in batch]}

    return Prepared(run, answer, f"{sum(map(len, map(encode, batches))) / len(fills):.0f} bytes a record")


def _records_msgspec(coder: Any, inputs: Inputs) -> Prepared:
    fills = [_Fill(*one) for one in inputs.read("fills")]
    return _records(coder.Encoder().encode, coder.Decoder(list[_Fill]).decode, fills)


def _records_orjson(inputs: Inputs) -> Prepared:
    return _records(orjson.dumps, orjson.loads, inputs.read("fills"))


CANDIDATES: Candidates = {
    "bytes": {
        "orjson, dict, bisect": from_bytes(orjson.loads, BisectBook),
        "msgspec typed, dict, bisect": _bytes_msgspec,
    },
    "book": {"dict, bisect": from_deltas(BisectBook)},
    "records": {
        "msgspec to JSON arrays": partial(_records_msgspec, msgspec.json),
        "msgspec to msgpack arrays": partial(_records_msgspec, msgspec.msgpack),
        "orjson to JSON arrays": _records_orjson,
    },
}
