"""The native books keep the contract, refuse rows that are none, and answer as the naive book does."""

from collections.abc import Callable
from typing import Any

import pytest

from mainspring.model import MAX_UNITS, Side
from mainspring.seams import Book
from mainspring.testing import check_book, check_order_book
from mainspring_native.books import btree, ladder, order_list, sorted_vec

BOOKS = [sorted_vec, btree, ladder, order_list]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("factory", BOOKS, ids=lambda factory: factory.__name__)
def test_keeps_the_contract(factory: Callable[..., Book], seed: int) -> None:
    """The conformance kit, on several seeds."""
    check_book(factory, seed=seed)


@pytest.mark.parametrize("seed", range(3))
def test_single_orders_keep_the_contract(seed: int) -> None:
    """The conformance kit finds nothing in what `order-list` says of queues."""
    check_order_book(order_list, seed=seed)


def test_an_order_that_is_none_changes_nothing() -> None:
    """A row that can't be one is refused, and those before it aren't taken; no odd id is found."""
    book: Any = order_list()
    book.apply_delta([(5, 3)], [])
    for row in ((1.5, 1, 5, 3), (-(2**70), 1, 5, 3), (1, 1, 5), (1, 1, "5", 3), None):
        with pytest.raises((TypeError, ValueError, OverflowError)):
            book.apply_orders([(7, 1, 5, 3), row])
    assert book.orders_at(Side.BUY, 5) == []
    assert book.queue_place(2**70) is book.queue_place(7) is None


@pytest.mark.parametrize("factory", BOOKS, ids=lambda factory: factory.__name__)
@pytest.mark.parametrize("row", [(-1, 1), (1, -1), (MAX_UNITS + 1, 1), (1, MAX_UNITS + 1), (1.5, 1), ("1", 1)])
def test_a_row_that_is_none_changes_nothing(factory: Callable[..., Book], row: Any) -> None:
    """It is refused by its place, and the rows before it aren't taken either."""
    book = factory()
    book.apply_delta([(5, 1)], [])
    for apply in (book.apply_delta, book.apply_snapshot):
        with pytest.raises(ValueError, match=r"asks\[1\] must be a price in ticks"):
            apply([(6, 1)], [(7, 1), row])
    assert book.depth(Side.BUY, 9) == [(5, 1)]
    assert book.depth(Side.SELL, 9) == []


@pytest.mark.parametrize("factory", BOOKS, ids=lambda factory: factory.__name__)
def test_a_walk_beyond_64_bits_is_exact(factory: Callable[..., Book]) -> None:
    """The cost of many lots at a high price is a whole number of any size."""
    book = factory()
    book.apply_delta([], [(MAX_UNITS, MAX_UNITS)])
    assert book.walk(Side.BUY, MAX_UNITS).cost == MAX_UNITS**2


def test_the_ladder_holds_its_memory() -> None:
    """2 x 1,000 levels stay below 64 KiB, and ten thousand books of 50 levels below 100 MiB."""
    book: Any = ladder()
    rows = [(6_000_000 - 4 * at, 1) for at in range(1_000)]
    book.apply_snapshot(rows, [(12_000_001 - price, lots) for price, lots in rows])
    assert len(book) == 2_000
    assert book.memory_bytes() < 64 * 1024
    small: Any = ladder()
    small.apply_snapshot(rows[:25], [(12_000_001 - price, lots) for price, lots in rows[:25]])
    assert small.memory_bytes() * 10_000 < 100 * 2**20
