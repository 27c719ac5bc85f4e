"""Book structures side by side: the same levels, what differs, and who is active."""

from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from mainspring.lane import BookSlot
from mainspring.lane.swaps import BookPairs, Candidate, Difference, Part, SwapRefusedError
from mainspring.model import Side
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.books.sorted_dict import SortedDictBook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

USUAL, OTHER = Candidate("usual", {}), Candidate("other", {})


class Wrong(SortedDictBook):
    """Gets the lots of one price wrong."""

    def apply_delta(self, bids: Any, asks: Any) -> None:
        super().apply_delta([(price, lots + (price == 7 and lots > 0)) for price, lots in bids], asks)


class Raises(SortedDictBook):
    """Raises at its first delta."""

    def apply_delta(self, bids: Any, asks: Any) -> None:
        raise RuntimeError("no more")


class Forgets(SortedDictBook):
    """Keeps no snapshot."""

    def apply_snapshot(self, bids: Any, asks: Any) -> None:
        """Does nothing."""


class Drifts(SortedDictBook):
    """Loses a level far from the ones that an update names."""

    def apply_delta(self, bids: Any, asks: Any) -> None:
        super().apply_delta([*bids, (1, 0)], asks)


class Table:
    """A slot of one book, whose candidates are made by `make`."""

    def __init__(self) -> None:
        self.slot = BookSlot(BisectListBook(None), "usual", "acme")
        self.found: list[Difference] = []
        self.make: Callable[[Any], Any] = SortedDictBook
        ticks: Iterator[int] = count(step=1_000)
        self.pairs = BookPairs(
            [self.slot],
            ["BTC/USDT"],
            [Part(USUAL, "acme", None)],
            lambda candidate, _: Part(candidate, "acme", self.make(None)),
            self.found.append,
            lambda: 5,
            clock=lambda: next(ticks),
        )
        self.slot.apply_snapshot([(9, 1), (7, 2), (1, 4)], [(11, 3)])

    def levels(self) -> tuple[list[Any], list[Any]]:
        return self.slot.depth(Side.BUY, 99), self.slot.depth(Side.SELL, 99)


@pytest.fixture
def table() -> Table:
    return Table()


def test_a_candidate_has_the_levels_and_follows(table: Table) -> None:
    """It begins with what is there, takes every update, and can take over and return at any time."""
    table.pairs.shadow(0, OTHER)
    random = Random(7)
    for number in range(2_000):
        if number % 500 == 499:
            table.slot.apply_snapshot([(random.randrange(1, 20), 5)], [(random.randrange(20, 40), 5)])
        rows = [(random.randrange(1, 20), random.randrange(4)) for _ in range(3)]
        table.slot.apply_delta(rows, [(price + 20, lots) for price, lots in rows])
        if number % 7 == 0:
            before = table.levels()
            table.pairs.swap(0)
            assert table.levels() == before
    assert not table.found
    assert table.pairs.times(0).count == 2_000


def test_a_wrong_level_is_found_with_the_update_that_made_it(table: Table) -> None:
    """Once, with the levels before it; the candidate goes on from the right ones."""
    table.make = Wrong
    table.pairs.shadow(0, OTHER)
    table.slot.apply_delta([(9, 5)], [])
    table.slot.apply_delta([(7, 3)], [(11, 0)])
    table.slot.apply_delta([(9, 6)], [])
    (found,) = table.found
    assert (found.slot, found.key, found.active, found.candidate) == ("book", "BTC/USDT", "usual", "other")
    assert found.before == ([(9, 5), (7, 2), (1, 4)], [(11, 3)])
    assert found.input == ["delta", [(7, 3)], [(11, 0)]]
    assert found.expected == ([(9, 5), (7, 3), (1, 4)], [])
    assert found.found == ([(9, 5), (7, 4), (1, 4)], [])
    assert table.levels() == ([(9, 6), (7, 3), (1, 4)], [])
    table.pairs.swap(0)


def test_a_level_that_no_update_names_is_found_soon(table: Table) -> None:
    """All levels are compared every 256 updates."""
    table.make = Drifts
    table.pairs.shadow(0, OTHER)
    for number in range(256):
        table.slot.apply_delta([(9, 1 + number % 2)], [])
    assert [one.what for one in table.found] == ["1 rows of the bids differ, the first at 1 ticks"]


def test_a_candidate_that_raises_is_dropped(table: Table) -> None:
    """What is active took the update, and runs on alone."""
    table.make = Raises
    table.pairs.shadow(0, OTHER)
    table.slot.apply_delta([(9, 5)], [])
    assert table.slot.lots_at(Side.BUY, 9) == 5
    assert [(one.what, one.found) for one in table.found] == [("it raised", "RuntimeError: no more")]
    assert table.pairs.standby(0) is None


def test_a_candidate_with_other_levels_takes_nothing_over(table: Table) -> None:
    """Neither one that doesn't keep what it was given, nor one whose levels have come to differ."""
    table.make = Forgets
    with pytest.raises(SwapRefusedError, match="doesn't keep the levels"):
        table.pairs.shadow(0, OTHER)
    assert table.pairs.standby(0) is None
    table.make = Drifts
    table.pairs.shadow(0, OTHER)
    table.slot.apply_delta([(9, 5)], [])
    with pytest.raises(SwapRefusedError, match="other levels than the active book: 1 rows of the bids"):
        table.pairs.swap(0)
    assert table.pairs.active(0) == USUAL
    assert table.slot.lots_at(Side.BUY, 1) == 4


@pytest.mark.parametrize("kind", [Wrong, Drifts, Raises])
def test_a_candidate_that_serves_gives_way_before_anybody_has_read_it(table: Table, kind: type) -> None:
    """Within the update at which it comes to differ, whatever is wrong with it; readers have the right levels."""
    table.make = kind
    table.pairs.shadow(0, OTHER)
    table.pairs.swap(0)
    assert table.pairs.active(0) == OTHER
    for _ in range(256):
        table.slot.apply_delta([(7, 3)], [(11, 1)])
        assert (table.slot.lots_at(Side.BUY, 7), table.slot.bbo().ask_lots) == (3, 1)
        if table.found:
            break
    assert table.pairs.active(0) == USUAL
    assert len(table.found) == 1
    assert table.levels() == ([(9, 1), (7, 3), (1, 4)], [(11, 1)])
    # And for good: another exchange needs the same levels first.
    assert table.pairs.standby(0) == (None if kind is Raises else OTHER)


def test_what_was_active_takes_the_updates_meanwhile(table: Table) -> None:
    """So the return copies nothing; and after the end nothing else is called."""
    table.pairs.shadow(0, OTHER)
    table.pairs.swap(0)
    assert (table.pairs.active(0), table.pairs.standby(0)) == (OTHER, USUAL)
    table.slot.apply_delta([(9, 8)], [])
    table.pairs.swap(0)
    assert table.slot.lots_at(Side.BUY, 9) == 8
    table.pairs.end(0)
    assert (table.pairs.active(0), table.pairs.standby(0)) == (USUAL, None)
    with pytest.raises(SwapRefusedError, match="nothing stands by"):
        table.pairs.swap(0)
    table.slot.clear()
    assert len(table.slot) == 0
