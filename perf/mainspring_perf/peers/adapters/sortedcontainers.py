"""sortedcontainers alone: a SortedDict a side, under orjson where bytes are read."""

from collections.abc import Iterable

import orjson
from sortedcontainers import SortedDict

from mainspring_perf.peers.adapters._loop import from_bytes, from_deltas
from mainspring_perf.peers.contract import Candidates
from mainspring_perf.peers.inputs import Level

__all__ = ["RACEANTS"]


class _Book:
    __slots__ = ("asks", "bids")

    def __init__(self) -> None:
        self.bids = SortedDict()
        self.asks = SortedDict()

    def apply(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        for side, rows in ((self.bids, bids), (self.asks, asks)):
            for price, size in rows:
                if size:
                    side[price] = size
                elif price in side:
                    del side[price]

    def best(self) -> tuple[int, int, int, int]:
        return *self.bids.peekitem(-1), *self.asks.peekitem(0)

    def sides(self) -> tuple[dict[int, int], dict[int, int]]:
        return dict(self.bids), dict(self.asks)


RACEANTS: Candidates = {
    "bytes": {"orjson, SortedDict": from_bytes(orjson.loads, _Book)},
    "book": {"SortedDict": from_deltas(_Book)},
}
