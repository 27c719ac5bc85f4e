"""How far a book is known whose snapshot was cut: up to the worst price of each side.

What deltas say of prices beyond isn't all that stands there, so it is kept aside. When the market comes near the edge,
the book goes on with what was kept if that joins the snapshot's levels; if it doesn't, and the price leaves what the
snapshot covers, the book isn't to be trusted.
"""

import enum
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from mainspring.model import MAX_UNITS, BookDelta, BookSnapshot, Level

__all__ = ["Covered", "Reach"]

_NEAR = 10
"""The market is near the edge where it is within a tenth of the snapshot's levels.

What was kept aside joins them where it begins within a tenth of the prices that they span, their widest gap, the spread
between the two sides, or a hundredth of the price; or as near to the levels of the other side that a delta brings.
"""

_HUNDREDTH = 100


class Covered(enum.Enum):
    """What a delta is to the reach: within it, the first for which what was kept aside is let go, or beyond it."""

    WITHIN = enum.auto()
    JOINED = enum.auto()
    LEFT = enum.auto()


class _Side:
    """One side, its prices as keys that rise towards the best: a bid's price, an offer's negated."""

    __slots__ = ("beyond", "edge", "near", "sign", "widest")

    def __init__(self, sign: int, levels: Sequence[Level], others: Sequence[Level]) -> None:
        keys = sorted({sign * price for price, lots in levels if lots})
        self.sign = sign
        # A side without levels covers all prices: there is nothing beyond.
        self.edge = keys[0] if keys else None
        self.near = keys[max(1, len(keys) // _NEAR) - 1] if keys else None
        gaps = [after - before for before, after in pairwise(keys)]
        self.widest = 0
        if keys:
            across = [-sign * price for price, lots in others if lots]
            spread = abs(max(across) + keys[-1]) if across else 0
            self.widest = max(*gaps, (keys[-1] - keys[0]) // _NEAR, abs(keys[0]) // _HUNDREDTH, spread)
        self.beyond: dict[int, int] = {}

    def known(self, rows: list[Level]) -> list[Level]:
        """The rows that are covered; the others are kept aside."""
        edge, sign = self.edge, self.sign
        if edge is None or not rows or (min(rows)[0] if sign > 0 else -max(rows)[0]) >= edge:
            return rows
        covered = []
        for price, lots in rows:
            if price * sign >= edge:
                covered.append((price, lots))
            elif lots:
                self.beyond[price] = lots
            else:
                self.beyond.pop(price, None)
        return covered

    def meets(self, others: list[Level], limit: int | None) -> bool:
        """Whether a level of the other side stands at that key or beyond, so that no better one of this side does."""
        if limit is None or not others:
            return False
        sign = self.sign
        nearest = min(others)[0] if sign > 0 else -max(others)[0]
        return nearest <= limit and any(lots and price * sign <= limit for price, lots in others)

    def joins(self, others: list[Level]) -> bool:
        """Whether what was kept aside begins near enough to the edge, or to the other side's levels in a delta."""
        assert self.edge is not None
        best = max((price * self.sign for price in self.beyond), default=None)
        if best is None:
            return False
        if self.edge - best <= self.widest:
            return True
        # What isn't known could only stand between the two, and there is no more room there than usual.
        across = min((price * self.sign for price, lots in others if lots), default=None)
        return across is not None and across - best <= self.widest


class Reach:
    """The reach of one book. `near` says that the market came near its edge, so that another snapshot is wanted."""

    __slots__ = ("_asks", "_bids", "_highest", "_lowest", "_near_high", "_near_low", "near")

    def __init__(self, snapshot: BookSnapshot) -> None:
        self._bids = _Side(1, snapshot.bids, snapshot.asks)
        self._asks = _Side(-1, snapshot.asks, snapshot.bids)
        self.near = False
        # Prices, for the first look at a delta: most lie well within.
        lowest, near_low = self._bids.edge, self._bids.near
        highest, near_high = self._asks.edge, self._asks.near
        self._lowest, self._near_low = (-1, -1) if lowest is None or near_low is None else (lowest, near_low)
        beyond = MAX_UNITS + 1
        self._highest, self._near_high = (
            (beyond, beyond) if highest is None or near_high is None else (-highest, -near_high)
        )

    def take(self, delta: BookDelta) -> tuple[Covered, BookDelta]:
        """What a delta is, and what of it the book may take."""
        rows_of_bids, rows_of_asks = delta.bids, delta.asks
        if (not rows_of_bids or (min(rows_of_bids)[0] >= self._lowest and max(rows_of_bids)[0] < self._near_high)) and (
            not rows_of_asks or (max(rows_of_asks)[0] <= self._highest and min(rows_of_asks)[0] > self._near_low)
        ):
            return Covered.WITHIN, delta
        bids, asks = self._bids, self._asks
        known = bids.known(delta.bids), asks.known(delta.asks)
        sides = ((bids, delta.asks), (asks, delta.bids))
        close = [(side, others) for side, others in sides if side.meets(others, side.near)]
        if close:
            self.near = True
            if any(side.meets(others, side.edge) and not side.joins(others) for side, others in close):
                return Covered.LEFT, delta
            if any(side.joins(others) for side, others in close):
                rows = [[*sorted(side.beyond.items()), *some] for side, some in zip((bids, asks), known, strict=True)]
                return Covered.JOINED, msgspec.structs.replace(delta, bids=rows[0], asks=rows[1])
        if known[0] is delta.bids and known[1] is delta.asks:
            return Covered.WITHIN, delta
        return Covered.WITHIN, msgspec.structs.replace(delta, bids=known[0], asks=known[1])
