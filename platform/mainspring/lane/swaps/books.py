"""Exchanges book structures: a candidate takes what the control takes, and their levels are compared."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from mainspring.lane.book_slot import BookSlot
from mainspring.lane.swaps.pair_times import PairTimes
from mainspring.lane.swaps.pairs import MadePairs, describe_raised
from mainspring.lane.swaps.part import Part, SwapRefusedError
from mainspring.model import Level, RestingOrder, Side
from mainspring.plugin_calls import is_interrupt

__all__ = ["BookPairs", "difference_of"]

_WHOLE_EVERY: Final = 256
"""How many updates pass between two comparisons of all levels. Those that an update names are compared at once."""

_Levels = tuple[list[Level], list[Level]]


class BookPairs(MadePairs):
    """The slot "book" of a lane's instruments. `slots` are what readers hold, `clock` times both structures.

    A candidate that serves and comes to differ gives way to the control before anybody has read it.
    """

    def __init__(self, slots: Sequence[BookSlot], *rest: Any, clock: Callable[[], int]) -> None:
        """`rest` is as for `MadePairs`."""
        super().__init__("book", *rest)
        self._slots = slots
        self._clock = clock
        self._pairs: list[_Pair | None] = [None] * len(slots)
        self._plain = [_plain(slot) for slot in slots]

    def times(self, at: int) -> PairTimes | None:
        """See `SwapSlot.times`."""
        pair = self._pairs[at]
        return None if pair is None else pair.times

    def _begin(self, at: int, other: Part) -> None:
        candidate = BookSlot(other.made, other.candidate.plugin, other.distribution)
        control = self._plain[at]
        if (what := _hand_over(control, candidate)) is not None:
            raise SwapRefusedError(f"{other.candidate.plugin!r} doesn't keep the levels that it was given: {what}")
        self._pairs[at] = _Pair(self, at, control, candidate, self._clock)
        self._show(at)

    def _check(self, at: int, candidate: Part) -> None:
        pair = self._pairs[at]
        assert pair is not None
        if not pair.compared and (what := difference_of(pair.control, pair.candidate)) is not None:
            raise SwapRefusedError(f"{candidate.candidate.plugin!r} has other levels than the active book: {what}")

    def _show(self, at: int) -> None:
        pair = self._pairs[at]
        assert pair is not None
        pair.bind(self._slots[at], serving=self.serving[at])
        self._plain[at] = pair.candidate if self.serving[at] else pair.control

    def _end(self, at: int) -> None:
        self._pairs[at] = None
        self._slots[at].show(self._plain[at])

    def abandon(self, at: int, error: BaseException, given: object) -> None:
        """Drops a candidate that raised `at` a place, at what it was `given`."""
        if is_interrupt(error):
            raise error
        said = describe_raised(error)
        self.differ(at, "it raised", before=None, given=given, expected=None, found=said)
        self.drop(at)


class _Pair:
    """Two structures that take the same updates.

    An update costs both, a look at each level that it names before and after, and three readings of the clock.
    """

    def __init__(
        self, pairs: BookPairs, at: int, control: BookSlot, candidate: BookSlot, clock: Callable[[], int]
    ) -> None:
        self.control = control
        self.candidate = candidate
        self.times = PairTimes()
        self.compared = True
        """Whether all levels were compared since the last update."""
        self._pairs = pairs
        self._at = at
        self._clock = clock
        self._left = _WHOLE_EVERY

    def bind(self, slot: BookSlot, *, serving: bool) -> None:
        """Puts the pair behind the slot that readers hold; they read the candidate if it is `serving`."""
        slot.show(self.candidate if serving else self.control)
        slot.apply_delta = self.apply_delta
        slot.apply_snapshot = self.apply_snapshot
        slot.clear = self.clear
        slot.apply_orders = self.apply_orders

    def apply_delta(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        control, candidate, clock = self.control, self.candidate, self._clock
        self.compared = False
        lots_at = control.lots_at
        named = [(Side.BUY, row[0]) for row in bids] + [(Side.SELL, row[0]) for row in asks]
        before = [lots_at(side, price) for side, price in named]
        started = clock()
        control.apply_delta(bids, asks)
        middle = clock()
        given = ["delta", list(bids), list(asks)]
        try:
            candidate.apply_delta(bids, asks)
            ended = clock()
            self.times.add(middle - started, ended - middle)
            found = candidate.lots_at
            same = control.bbo() == candidate.bbo() and all(lots_at(*one) == found(*one) for one in named)
            self._left -= 1
            if same and not self._left:
                self._left = _WHOLE_EVERY
                same = difference_of(control, candidate) is None
            if not same:
                self._differ(_undone(_levels(control), named, before), given)
        except BaseException as error:  # noqa: BLE001  a stranger's book may raise anything
            self._pairs.abandon(self._at, error, given)

    def apply_snapshot(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        self.compared = False
        self.control.apply_snapshot(bids, asks)
        given = ["snapshot", list(bids), list(asks)]
        try:
            self.candidate.apply_snapshot(bids, asks)
            if difference_of(self.control, self.candidate) is not None:
                self._differ(([], []), given)
        except BaseException as error:  # noqa: BLE001  a stranger's book may raise anything
            self._pairs.abandon(self._at, error, given)

    def clear(self) -> None:
        self.compared = False
        self.control.clear()
        try:
            self.candidate.clear()
            if len(self.candidate):
                self._differ(([], []), ["clear"])
        except BaseException as error:  # noqa: BLE001  a stranger's book may raise anything
            self._pairs.abandon(self._at, error, ["clear"])

    def apply_orders(self, orders: Sequence[RestingOrder]) -> None:
        self.control.apply_orders(orders)
        try:
            self.candidate.apply_orders(orders)
        except BaseException as error:  # noqa: BLE001  a stranger's book may raise anything
            self._pairs.abandon(self._at, error, ["orders"])

    def _differ(self, before: _Levels, given: list[Any]) -> None:
        what = difference_of(self.control, self.candidate) or "the best prices differ from the levels"
        expected, found = _levels(self.control), _levels(self.candidate)
        self._pairs.differ(self._at, what, before=before, given=given, expected=expected, found=found)
        self._pairs.fall_back(self._at)
        # So that one wrong level is one difference, and not one with each update after it.
        _hand_over(self.control, self.candidate)


def difference_of(control: BookSlot, other: BookSlot) -> str | None:
    """Returns how another book's levels differ from the `control`'s, in words; None if they don't."""
    return _difference(control, _levels(control), other)


def _difference(control: BookSlot, levels: _Levels, other: BookSlot) -> str | None:
    """As `difference_of`, where the control's levels were read already."""
    # One more than there are, so that a level too many is seen.
    most = len(levels[0]) + len(levels[1]) + 1
    for side, name, expected in ((Side.BUY, "bids", levels[0]), (Side.SELL, "asks", levels[1])):
        found = other.depth(side, most)
        if expected != found:
            # Structures may return rows of any kind.
            wrong = sorted(set(map(tuple, expected)) ^ set(map(tuple, found)))
            if not wrong:
                return f"the {name} differ in order"
            return f"{len(wrong)} rows of the {name} differ, the first at {wrong[0][0]} ticks"
    return None if control.bbo() == other.bbo() else "the best prices differ"


def _plain(slot: BookSlot) -> BookSlot:
    """Returns another slot with the same structure."""
    other: BookSlot = BookSlot.__new__(BookSlot)
    other.show(slot)
    return other


def _levels(book: BookSlot) -> _Levels:
    most = book.length()
    return book.depth(Side.BUY, most), book.depth(Side.SELL, most)


def _hand_over(book: BookSlot, other: BookSlot) -> str | None:
    """Gives another book the levels of one; returns how they differ afterwards, None if they don't."""
    levels = _levels(book)
    other.apply_snapshot(*levels)
    return _difference(book, levels, other)


def _undone(levels: _Levels, named: Sequence[tuple[Side, int]], before: Sequence[int]) -> _Levels:
    """Returns the levels before an update, of which it is known what stood at the prices that it names."""
    sides = {Side.BUY: dict(levels[0]), Side.SELL: dict(levels[1])}
    # The first look at a price that is named twice is the same as the second.
    for (side, price), lots in zip(named, before, strict=True):
        sides[side][price] = lots
    bids, asks = (sorted((price, lots) for price, lots in side.items() if lots) for side in sides.values())
    return bids[::-1], asks
