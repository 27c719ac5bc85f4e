"""sortedcontainers alone: a SortedDict a side, under orjson where bytes are read."""

import orjson
from sortedcontainers import SortedDict

from mainspring_perf.peers.adapters._loop import TwoSides, from_bytes, from_deltas
from mainspring_perf.peers.contract import Candidates

__all__ = ["CANDIDATES"]


class _Book(TwoSides):
    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(SortedDict(), SortedDict())

    def best(self) -> tuple[int, int, int, int]:
        return *self.bids.peekitem(-1), *self.asks.peekitem(0)

    def sides(self) -> tuple[dict[int, int], dict[int, int]]:
        return dict(self.bids), dict(self.asks)


CANDIDATES: Candidates = {
    "bytes": {"orjson, SortedDict": from_bytes(orjson.loads, _Book)},
    "book": {"SortedDict": from_deltas(_Book)},
}
