"""A book of two `sortedcontainers.SortedDict`s: no level costs more than O(log n), however deep the book."""

from collections.abc import Sequence
from itertools import islice

from sortedcontainers import SortedDict

from mainspring.model import BBO, Instrument, Level, Side, Walk
from mainspring.seams import Catalogue, hookimpl

__all__ = ["SortedDictBook", "register_books"]


class SortedDictBook:
    """Each side is one SortedDict from price to lots: the best bid is its last key, the best ask its first.

    SortedDict keeps its keys in short lists, so that an insert far from the best moves no more than one near it.
    """

    __slots__ = ("_asks", "_bids")

    def __init__(self, instrument: Instrument | None = None) -> None:
        self._bids: SortedDict = SortedDict()
        self._asks: SortedDict = SortedDict()

    def apply_delta(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Sets each level named to its new size, and removes those of 0 lots."""
        for sizes, rows in ((self._bids, bids), (self._asks, asks)):
            for price, lots in rows:
                if lots:
                    sizes[price] = lots
                elif price in sizes:
                    del sizes[price]

    def apply_snapshot(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Replaces everything. Rows of 0 lots are left out."""
        self._bids = _sizes(bids)
        self._asks = _sizes(asks)

    def clear(self) -> None:
        """Empties both sides."""
        self._bids.clear()
        self._asks.clear()

    def bbo(self) -> BBO:
        """The best level of each side; 0 lots where a side is empty."""
        bid, bid_lots = self._bids.peekitem(-1) if self._bids else (0, 0)
        ask, ask_lots = self._asks.peekitem(0) if self._asks else (0, 0)
        return BBO(bid, bid_lots, ask, ask_lots)

    def lots_at(self, side: Side, price_ticks: int) -> int:
        """The size that stands at a price on a side; 0 if none."""
        lots: int = (self._bids if side > 0 else self._asks).get(price_ticks, 0)
        return lots

    def depth(self, side: Side, levels: int) -> list[Level]:
        """The best `levels` levels of a side, best first."""
        if levels <= 0:
            return []
        sizes = self._bids if side > 0 else self._asks
        prices = reversed(sizes) if side > 0 else iter(sizes)
        return [(price, sizes[price]) for price in islice(prices, levels)]

    def walk(self, side: Side, size_lots: int) -> Walk:
        """What an order of `size_lots` on `side` would meet, best level first."""
        left = size_lots
        cost = worst = levels = 0
        sizes = self._asks if side > 0 else self._bids
        for price in iter(sizes) if side > 0 else reversed(sizes):
            if left <= 0:
                break
            lots = sizes[price]
            if lots > left:
                lots = left
            cost += price * lots
            left -= lots
            worst = price
            levels += 1
        return Walk(size_lots - left, left, cost, worst, levels)

    def __len__(self) -> int:
        return len(self._bids) + len(self._asks)


def _sizes(rows: Sequence[Level]) -> SortedDict:
    # First the later of two rows wins, then what is empty goes: the other order would keep the earlier of the two.
    return SortedDict({price: lots for price, lots in dict(rows).items() if lots})


@hookimpl
def register_books(catalogue: Catalogue) -> None:
    catalogue.add("sorted-dict", SortedDictBook, summary="a sortedcontainers.SortedDict a side")
