"""order-book: its C OrderBook, whole ticks and lots in it, under orjson where bytes are read.

The best level is read by `index(0)`, as its documentation has it.
"""

import orjson
from order_book import OrderBook

from mainspring_perf.peers.adapters._loop import TwoSides, from_bytes, from_deltas
from mainspring_perf.peers.contract import Candidates

__all__ = ["CANDIDATES"]


class _Book(TwoSides):
    __slots__ = ("book",)

    def __init__(self) -> None:
        self.book = OrderBook()
        super().__init__(self.book.bids, self.book.asks)

    def best(self) -> tuple[int, int, int, int]:
        return *self.bids.index(0), *self.asks.index(0)

    def sides(self) -> tuple[dict[int, int], dict[int, int]]:
        return self.bids.to_dict(), self.asks.to_dict()


CANDIDATES: Candidates = {
    "bytes": {"orjson, OrderBook": from_bytes(orjson.loads, _Book)},
    "book": {"OrderBook": from_deltas(_Book)},
}
