"""One instrument's book: what the lane writes and others read, whichever structure is behind it."""

from collections.abc import Sequence

from mainspring.model import OrderId, QueuePlace, RestingOrder, Side
from mainspring.plugin_calls import guarded, guarded_getter, guarded_pair
from mainspring.seams import Book, OrderBook

__all__ = ["BookSlot", "orders_of"]


class BookSlot:
    """Holds an instrument's book structure, and implements `mainspring.seams.BookView` over it.

    Readers keep the slot, never the structure, so that another can take its place between two events. What the
    structure raises names its plugin.
    """

    _CALLS = (
        "apply_delta",
        "apply_orders",
        "apply_snapshot",
        "bbo",
        "clear",
        "depth",
        "length",
        "lots_at",
        "orders_at",
        "queue_place",
        "walk",
    )
    __slots__ = _CALLS

    def __init__(self, book: Book, plugin: str, distribution: str) -> None:
        """`plugin` and `distribution` name the structure's plugin in errors."""
        owner = ("book", plugin, distribution)
        self.apply_delta = guarded_pair(book.apply_delta, *owner)
        self.apply_snapshot = guarded_pair(book.apply_snapshot, *owner)
        self.clear = guarded_getter(book.clear, *owner)
        self.bbo = guarded_getter(book.bbo, *owner)
        self.lots_at = guarded_pair(book.lots_at, *owner)
        self.depth = guarded(book.depth, *owner)
        self.walk = guarded(book.walk, *owner)
        self.length = guarded(book.__len__, *owner)
        orders = orders_of(book)
        self.apply_orders = guarded(orders.apply_orders, *owner)
        self.queue_place = guarded(orders.queue_place, *owner)
        self.orders_at = guarded_pair(orders.orders_at, *owner)

    def show(self, other: "BookSlot") -> None:
        """Reads and writes another slot's structure from now on."""
        for name in self._CALLS:
            setattr(self, name, getattr(other, name))

    def __len__(self) -> int:
        return self.length()


class _NoOrders:
    """The orders of a structure that keeps levels only."""

    def apply_orders(self, orders: Sequence[RestingOrder]) -> None:
        """Keeps none."""

    def queue_place(self, _order_id: OrderId) -> QueuePlace | None:
        """Finds none."""
        return None

    def orders_at(self, _side: Side, _price_ticks: int) -> list[tuple[OrderId, int]]:
        """Finds none."""
        return []


_NO_ORDERS = _NoOrders()


def orders_of(book: object) -> OrderBook | _NoOrders:
    """The single orders of a book, as far as its structure keeps them."""
    return book if hasattr(book, "apply_orders") else _NO_ORDERS  # type: ignore[return-value]  # what takes them is one
