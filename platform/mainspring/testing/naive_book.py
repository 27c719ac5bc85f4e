"""The simplest possible book: the reference with which every other book is compared."""

from collections.abc import Sequence

from mainspring.model import BBO, Instrument, Level, Side, Walk

__all__ = ["NaiveBook"]


class NaiveBook:
    """Two dicts from price to lots, sorted again for each query. Slow, and correct by inspection."""

    def __init__(self, instrument: Instrument | None = None) -> None:
        self._sides: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}

    def apply_delta(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Sets each listed level to its new size. 0 lots removes the level."""
        for side, rows in ((Side.BUY, bids), (Side.SELL, asks)):
            for price_ticks, lots in rows:
                self._sides[side][price_ticks] = lots
            self._sides[side] = {price: lots for price, lots in self._sides[side].items() if lots > 0}

    def apply_snapshot(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Replaces all levels."""
        self.clear()
        self.apply_delta(bids, asks)

    def clear(self) -> None:
        """Empties both sides."""
        self._sides = {Side.BUY: {}, Side.SELL: {}}

    def bbo(self) -> BBO:
        """Returns the best level of each side; an empty side has 0 lots."""
        bid_ticks, bid_lots = next(iter(self.depth(Side.BUY, 1)), (0, 0))
        ask_ticks, ask_lots = next(iter(self.depth(Side.SELL, 1)), (0, 0))
        return BBO(bid_ticks, bid_lots, ask_ticks, ask_lots)

    def lots_at(self, side: Side, price_ticks: int) -> int:
        """Returns the size at a price on a side, or 0."""
        return self._sides[side].get(price_ticks, 0)

    def depth(self, side: Side, levels: int) -> list[Level]:
        """Returns the best `levels` levels of a side, best first."""
        return sorted(self._sides[side].items(), reverse=side is Side.BUY)[: max(levels, 0)]

    def walk(self, side: Side, size_lots: int) -> Walk:
        """Returns what an order of `size_lots` on `side` would trade against, best level first."""
        other = Side.SELL if side is Side.BUY else Side.BUY
        taken: list[Level] = []
        left = size_lots
        for price_ticks, lots in self.depth(other, len(self._sides[other])):
            if left > 0:
                taken.append((price_ticks, min(lots, left)))
                left -= min(lots, left)
        return Walk(
            filled_lots=size_lots - left,
            unfilled_lots=left,
            cost=sum(price_ticks * lots for price_ticks, lots in taken),
            worst_ticks=taken[-1][0] if taken else 0,
            levels=len(taken),
        )

    def __len__(self) -> int:
        return sum(len(side) for side in self._sides.values())
