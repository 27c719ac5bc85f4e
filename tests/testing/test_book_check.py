"""Shows that check_book finds each way in which a book can break its contract, and passes the model itself."""

from typing import Any

import pytest

from mainspring.errors import ConformanceError
from mainspring.model import BBO, Side, Walk
from mainspring.testing import INSTRUMENT, NaiveBook, check_book


class ForgetsRemovals(NaiveBook):
    def apply_delta(self, bids, asks):
        super().apply_delta([row for row in bids if row[1]], [row for row in asks if row[1]])


class KeepsTheOldOnSnapshot(NaiveBook):
    def apply_snapshot(self, bids, asks):
        self.apply_delta(bids, asks)


class FirstRowCounts(NaiveBook):
    def apply_delta(self, bids, asks):
        super().apply_delta(bids[::-1], asks[::-1])


class SwapsTheBests(NaiveBook):
    def bbo(self):
        best = super().bbo()
        return BBO(best.ask_ticks, best.ask_lots, best.bid_ticks, best.bid_lots)


class WalksTheWrongSide(NaiveBook):
    def walk(self, side, size_lots):
        return super().walk(Side.SELL if side is Side.BUY else Side.BUY, size_lots)


class WalksInFloats(NaiveBook):
    def walk(self, side, size_lots):
        walk = super().walk(side, size_lots)
        return Walk(walk.filled_lots, walk.unfilled_lots, int(float(walk.cost)), walk.worst_ticks, walk.levels)


class CountsOneSide(NaiveBook):
    def __len__(self):
        return len(self.depth(Side.BUY, 10_000))


class ClearsOneSide(NaiveBook):
    def clear(self):
        self._sides[Side.BUY] = {}


class RaisesOnMissingLevels(NaiveBook):
    def apply_delta(self, bids, asks):
        for price, lots in bids:
            if not lots and not self.lots_at(Side.BUY, price):
                raise KeyError(price)
        super().apply_delta(bids, asks)


class SharesItsSides(NaiveBook):
    _shared: dict[Any, Any] = {Side.BUY: {}, Side.SELL: {}}  # noqa: RUF012  the fault

    def __init__(self, instrument=None):
        self._sides = self._shared


class KeepsTheRows(NaiveBook):
    def apply_snapshot(self, bids, asks):
        super().apply_snapshot(bids, asks)
        self._rows = bids

    def depth(self, side, levels):
        if side is Side.BUY and getattr(self, "_rows", None) == []:
            return []
        return super().depth(side, levels)


@pytest.mark.parametrize(
    ("factory", "rule"),
    [
        (ForgetsRemovals, "the levels are those that were set"),
        (KeepsTheOldOnSnapshot, "the levels are those that were set"),
        (FirstRowCounts, "the levels are those that were set"),
        (SwapsTheBests, "bbo is the best level"),
        (WalksTheWrongSide, "a walk is exact"),
        (WalksInFloats, "a walk is exact"),
        (CountsOneSide, "the length is the levels of both sides"),
        (ClearsOneSide, "the levels are those that were set"),
        (RaisesOnMissingLevels, "takes every level"),
        (SharesItsSides, "books of one factory share nothing|those that were set"),
        (KeepsTheRows, "the levels are those that were set"),
    ],
)
def test_a_broken_book_is_found(factory: Any, rule: str) -> None:
    """By the rule that it breaks, with the seed in the error."""
    with pytest.raises(ConformanceError, match=rule) as caught:
        check_book(factory, seed=3)
    assert caught.value.seed == 3
    assert caught.value.detail


def test_the_model_passes() -> None:
    """Whatever the seed."""
    for seed in range(3):
        check_book(NaiveBook, seed=seed)


def test_the_same_seed_breaks_the_same_way() -> None:
    """The detail of a failure is reproduced by its seed."""
    details = set()
    for _ in range(2):
        with pytest.raises(ConformanceError) as caught:
            check_book(ForgetsRemovals, seed=8)
        details.add(str(caught.value))
    assert len(details) == 1
    assert len(NaiveBook(INSTRUMENT)) == 0
