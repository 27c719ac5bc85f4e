"""Shows what the built-in books answer in the cases that a reader would ask about."""

from collections.abc import Callable

import pytest

from mainspring.model import BBO, EMPTY_BBO, Side, Walk
from mainspring.seams import Book
from mainspring.testing import INSTRUMENT, check_book, check_order_book
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.books.order_dict import OrderDictBook
from mainspring_plugins.books.sorted_dict import SortedDictBook

Factory = Callable[..., Book]


@pytest.fixture(params=[BisectListBook, SortedDictBook, OrderDictBook])
def factory(request: pytest.FixtureRequest) -> Factory:
    chosen: Factory = request.param
    return chosen


@pytest.fixture
def book(factory: Factory) -> Book:
    book = factory(INSTRUMENT)
    book.apply_snapshot([(99, 10), (98, 20), (95, 5)], [(103, 7), (101, 1), (102, 2)])
    return book


@pytest.mark.parametrize("seed", range(3))
def test_keeps_the_contract(factory: Factory, seed: int) -> None:
    """The conformance kit finds nothing."""
    check_book(factory, seed=seed)


@pytest.mark.parametrize("seed", range(3))
def test_single_orders_keep_the_contract(seed: int) -> None:
    """The conformance kit finds nothing in what `order-dict` says of queues."""
    check_order_book(OrderDictBook, seed=seed)


def test_a_new_book_is_empty(factory: Factory) -> None:
    """No level, no best price, and a walk that fills nothing."""
    book = factory(INSTRUMENT)
    assert book.bbo() == EMPTY_BBO
    assert len(book) == 0
    assert book.depth(Side.BUY, 5) == []
    assert book.walk(Side.BUY, 3) == Walk(0, 3, 0, 0, 0)


def test_one_empty_side(book: Book) -> None:
    """With a side gone, its size is 0 and the other side's best stays."""
    book.apply_delta([], [(101, 0), (102, 0), (103, 0)])
    best = book.bbo()
    assert (best.bid_ticks, best.bid_lots, best.ask_lots) == (99, 10, 0)
    book.apply_snapshot([], [(101, 4)])
    best = book.bbo()
    assert (best.bid_lots, best.ask_ticks, best.ask_lots) == (0, 101, 4)


def test_delta_sets_changes_and_removes(book: Book) -> None:
    """A row's size is the level's new size, and 0 takes the level away; what isn't there can be removed."""
    book.apply_delta([(99, 0), (97, 3), (50, 0)], [(101, 8)])
    assert book.bbo() == BBO(98, 20, 101, 8)
    assert book.depth(Side.BUY, 10) == [(98, 20), (97, 3), (95, 5)]
    assert book.lots_at(Side.BUY, 99) == 0


def test_the_later_row_of_a_price_counts(book: Book) -> None:
    """In a delta and in a snapshot, and where the later row removes the level."""
    book.apply_delta([(99, 1), (99, 2), (98, 9), (98, 0)], [])
    assert book.depth(Side.BUY, 10) == [(99, 2), (95, 5)]
    book.apply_snapshot([(10, 1), (10, 0), (9, 0), (9, 4)], [])
    assert book.depth(Side.BUY, 10) == [(9, 4)]


def test_walk_takes_the_best_first(book: Book) -> None:
    """A buy walks up the asks, a sell down the bids, and the last level may be taken in part."""
    assert book.walk(Side.BUY, 5) == Walk(5, 0, 101 * 1 + 102 * 2 + 103 * 2, 103, 3)
    assert book.walk(Side.SELL, 10) == Walk(10, 0, 990, 99, 1)
    assert book.walk(Side.SELL, 100) == Walk(35, 65, 99 * 10 + 98 * 20 + 95 * 5, 95, 3)


def test_a_crossed_book_is_kept(book: Book) -> None:
    """The book stores what the venue says."""
    book.apply_delta([(105, 1)], [])
    assert book.bbo() == BBO(105, 1, 101, 1)


def test_clear_empties_both_sides(book: Book) -> None:
    """And the book goes on working."""
    book.clear()
    assert book.bbo() == EMPTY_BBO
    book.apply_delta([(1, 1)], [(2, 2)])
    assert book.bbo() == BBO(1, 1, 2, 2)
