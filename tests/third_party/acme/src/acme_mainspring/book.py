"""Acme's book: a dict a side, and the best price remembered."""

from collections.abc import Callable, Sequence

from mainspring.model import BBO, Instrument, Level, Side, Walk
from mainspring.seams import Catalogue, hookimpl


class AcmeBook:
    """The best price of a side is looked for only after it was removed."""

    def __init__(self, instrument: Instrument) -> None:
        self._lots: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
        self._best: dict[Side, int | None] = {Side.BUY: None, Side.SELL: None}

    def apply_delta(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        self._apply(Side.BUY, bids)
        self._apply(Side.SELL, asks)

    def apply_snapshot(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        self.clear()
        self.apply_delta(bids, asks)

    def clear(self) -> None:
        for side in Side:
            self._lots[side].clear()
            self._best[side] = None

    def bbo(self) -> BBO:
        bid, ask = self._best_of(Side.BUY), self._best_of(Side.SELL)
        return BBO(bid, self._lots[Side.BUY].get(bid, 0), ask, self._lots[Side.SELL].get(ask, 0))

    def lots_at(self, side: Side, price_ticks: int) -> int:
        return self._lots[side].get(price_ticks, 0)

    def depth(self, side: Side, levels: int) -> list[Level]:
        return sorted(self._lots[side].items(), reverse=side is Side.BUY)[: max(levels, 0)]

    def walk(self, side: Side, size_lots: int) -> Walk:
        left, cost, worst, taken = size_lots, 0, 0, 0
        for price, lots in self.depth(Side(-side), len(self)):
            if left <= 0:
                break
            cost += price * min(lots, left)
            left -= min(lots, left)
            worst = price
            taken += 1
        return Walk(size_lots - left, left, cost, worst, taken)

    def __len__(self) -> int:
        return sum(map(len, self._lots.values()))

    def _apply(self, side: Side, rows: Sequence[Level]) -> None:
        sizes, best, better = self._lots[side], self._best[side], _BETTER[side]
        for price, lots in rows:
            if lots:
                sizes[price] = lots
                if best is not None and better(price, best) == price:
                    best = price
            elif sizes.pop(price, 0) and price == best:
                best = None
        self._best[side] = best

    def _best_of(self, side: Side) -> int:
        best = self._best[side]
        if best is None:
            best = _BETTER[side](self._lots[side], default=0)
            self._best[side] = best if self._lots[side] else None
        return best


_BETTER: dict[Side, Callable[..., int]] = {Side.BUY: max, Side.SELL: min}


@hookimpl
def register_books(catalogue: Catalogue) -> None:
    """Offers `acme-dicts`."""
    catalogue.add("acme-dicts", AcmeBook, summary="a dict a side, the best price remembered")
