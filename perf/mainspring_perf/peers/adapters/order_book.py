"""order-book: its C OrderBook, whole ticks and lots in it, under orjson where bytes are read.

The best level is read by `index(0)`, as its documentation has it.
"""

from collections.abc import Iterable

import orjson
from order_book import OrderBook

from mainspring_perf.peers.adapters._loop import from_bytes, from_deltas
from mainspring_perf.peers.contract import Candidates
from mainspring_perf.peers.inputs import Level

__all__ = ["RACEANTS"]


class _Book:
    __slots__ = ("asks", "bids", "book")

    def __init__(self) -> None:
        self.book = OrderBook()
        self.bids = self.book.bids
        self.asks = self.book.asks

    def apply(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        for side, rows in ((self.bids, bids), (self.asks, asks)):
            for price, size in rows:
                if size:
                    side[price] = size
                elif price in side:
                    del side[price]

    def best(self) -> tuple[int, int, int, int]:
        return *self.bids.index(0), *self.asks.index(0)

    def sides(self) -> tuple[dict[int, int], dict[int, int]]:
        return self.bids.to_dict(), self.asks.to_dict()


RACEANTS: Candidates = {
    "bytes": {"orjson, OrderBook": from_bytes(orjson.loads, _Book)},
    "book": {"OrderBook": from_deltas(_Book)},
}
