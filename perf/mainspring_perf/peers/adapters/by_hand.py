"""What is written by hand with a good JSON library: orjson or msgspec, a dict and a sorted list of prices a side."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from functools import partial
from typing import Any

import msgspec
import orjson

from mainspring_perf.peers.adapters._loop import from_bytes, from_deltas, read_grid, session_answer
from mainspring_perf.peers.adapters._typed import follow_typed
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


def _bytes_msgspec(inputs: Inputs) -> Prepared:
    messages, levels = inputs.messages(), read_grid(inputs)
    return Prepared(lambda: follow_typed(messages, BisectBook, levels), session_answer)


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
