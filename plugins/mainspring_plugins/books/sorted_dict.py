"""A book of two `sortedcontainers.SortedDict`s: every level costs at most O(log n), however deep the book."""

from collections.abc import Sequence
from itertools import islice

from sortedcontainers import SortedDict

from mainspring.model import BBO, Instrument, Level, Side, Walk
from mainspring.seams import Catalogue, hookimpl

__all__ = ["SortedDictBook", "register_books"]


class SortedDictBook:
    """Each side is a SortedDict from price to lots: the best bid is its last key, the best ask its first.

    SortedDict keeps its keys in short lists, so an insert far from the best price moves no more than one near it.
    """

    __slots__ = ("_asks", "_bids")

    def __init__(self, instrument: Instrument | None = None) -> None:
        self._bids: SortedDict = SortedDict()
        self._asks: SortedDict = SortedDict()

    def apply_delta(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Sets each listed level to its new size, and removes those of 0 lots."""
        for sizes, rows in ((self._bids, bids), (self._asks, asks)):
            for price, lots in rows:
                if lots:
                    sizes[price] = lots
                elif price in sizes:
                    del sizes[price]

    def apply_snapshot(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Replaces all levels. Rows of 0 lots are ignored."""
        self._bids = _sizes(bids)
        self._asks = _sizes(asks)

    def clear(self) -> None:
        """Empties both sides."""
        self._bids.clear()
        self._asks.clear()

    def bbo(self) -> BBO:
        """Returns the best level of each side; an empty side has 0 lots."""
        bid, bid_lots = self._bids.peekitem(-1) if self._bids else (0, 0)
        ask, ask_lots = self._asks.peekitem(0) if self._asks else (0, 0)
        return BBO(bid, bid_lots, ask, ask_lots)

    def lots_at(self, side: Side, price_ticks: int) -> int:
        """Returns the size at a price on a side, or 0."""
        lots: int = (self._bids if side > 0 else self._asks).get(price_ticks, 0)
        return lots

    def depth(self, side: Side, levels: int) -> list[Level]:
        """Returns the best `levels` levels of a side, best first."""
        if levels <= 0:
            return []
        sizes = self._bids if side > 0 else self._asks
        prices = reversed(sizes) if side > 0 else iter(sizes)
        return [(price, sizes[price]) for price in islice(prices, levels)]

    def walk(self, side: Side, size_lots: int) -> Walk:
        """Returns what an order of `size_lots` on `side` would trade against, best level first."""
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
    # The later of two rows wins before empty rows are dropped; the other order would keep the earlier one.
    return SortedDict({price: lots for price, lots in dict(rows).items() if lots})


@hookimpl
def register_books(catalogue: Catalogue) -> None:
    catalogue.add("sorted-dict", SortedDictBook, summary="a sortedcontainers.SortedDict a side")
