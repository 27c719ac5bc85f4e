"""Shows that every book and the naive model are the same book: the same operations, the whole state compared."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.model import MAX_UNITS, Side
from mainspring.seams import Book
from mainspring.testing import INSTRUMENT, NaiveBook
from mainspring_native import why_missing
from mainspring_native.books import btree, ladder, sorted_vec
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.books.sorted_dict import SortedDictBook

BOOKS: list[Any] = [BisectListBook, SortedDictBook] + [
    pytest.param(factory, marks=pytest.mark.skipif(why_missing() is not None, reason=str(why_missing())))
    for factory in (sorted_vec, btree, ladder)
]

# Prices crowd together, so that levels are hit again; the ends of the range are among them.
_PRICES = st.one_of(st.integers(0, 12), st.integers(0, MAX_UNITS), st.sampled_from([0, 1, MAX_UNITS - 1, MAX_UNITS]))
_SIZES = st.one_of(st.just(0), st.integers(0, 9), st.integers(0, MAX_UNITS))
_ROWS = st.lists(st.tuples(_PRICES, _SIZES), max_size=12)
_OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["apply_delta", "apply_delta", "apply_snapshot"]), _ROWS, _ROWS),
        st.tuples(st.just("clear")),
    ),
    max_size=25,
)


@pytest.mark.parametrize("factory", BOOKS, ids=lambda factory: factory.__name__)
@given(operations=_OPERATIONS, walks=st.lists(st.integers(0, MAX_UNITS), max_size=3), probe=_PRICES)
@settings(deadline=None, derandomize=True)
def test_a_book_is_the_naive_model(factory: Any, operations: Any, walks: list[int], probe: int) -> None:
    """After each operation bests, depths, sizes, walks and lengths are those of the naive model."""
    book, naive = factory(INSTRUMENT), NaiveBook()
    for name, *rows in operations:
        getattr(book, name)(*rows)
        getattr(naive, name)(*rows)
        assert _state(book, walks, probe) == _state(naive, walks, probe)


def _state(book: Book, walks: list[int], probe: int) -> dict[str, object]:
    """Everything that a book can be asked."""
    best = book.bbo()
    return {
        "bid": best.bid_lots and (best.bid_ticks, best.bid_lots),
        "ask": best.ask_lots and (best.ask_ticks, best.ask_lots),
        "levels": len(book),
        **{f"{side.name} depth": book.depth(side, 10_000) for side in Side},
        **{f"{side.name} best two": book.depth(side, 2) for side in Side},
        **{f"{side.name} at {probe}": book.lots_at(side, probe) for side in Side},
        **{f"{side.name} walk {size}": book.walk(side, size) for side in Side for size in (1, 10, *walks)},
    }
