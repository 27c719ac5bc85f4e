"""Native books: integer ticks and lots in Rust, read from Python without copying more than is asked for."""

from mainspring.model import Instrument
from mainspring.seams import Book, Catalogue, OrderBook, hookimpl
from mainspring_native import BUILD, NEEDS

__all__ = ["btree", "ladder", "order_list", "register_books", "sorted_vec"]


def sorted_vec(_instrument: Instrument | None = None) -> Book:
    """A sorted vector a side, the best level last: least memory, fastest for short books."""
    return _book("sorted-vec")


def btree(_instrument: Instrument | None = None) -> Book:
    """A B-tree a side: the structure that is usually taken, and the baseline of the others."""
    return _book("btree")


def ladder(_instrument: Instrument | None = None) -> Book:
    """Pages of 64 ticks, those around the touch in a dense window: an update costs the same at any depth."""
    return _book("ladder")


def order_list(_instrument: Instrument | None = None) -> OrderBook:
    """Single orders in linked queues, next to the levels of `ladder`: queue places of venues that send orders."""
    return _book("order-list")


def _book(structure: str) -> OrderBook:
    from mainspring_native._native import Book as NativeBook

    return NativeBook(structure)


@hookimpl
def register_books(catalogue: Catalogue) -> None:
    """Offers `sorted-vec`, `btree`, `ladder` and `order-list`."""
    for name, factory, rank, summary in (
        ("sorted-vec", sorted_vec, 0, "Rust: a sorted vector a side"),
        ("btree", btree, 0, "Rust: a B-tree a side"),
        ("ladder", ladder, 20, "Rust: a dense window around the touch, the rest in a tree"),
        ("order-list", order_list, 0, "Rust: single orders and their queues, next to a ladder"),
    ):
        capabilities = {"in_runs": True, "orders": name == "order-list"}
        catalogue.add(name, factory, rank=rank, summary=summary, needs=NEEDS, build=BUILD, capabilities=capabilities)
