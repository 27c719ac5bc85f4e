"""One instrument's book: what the lane writes and others read, whichever structure is behind it."""

from collections.abc import Sequence

from mainspring.model import OrderId, QueuePlace, RestingOrder, Side
from mainspring.plugin_calls import guarded, guarded_getter, guarded_pair
from mainspring.seams import Book, OrderBook

__all__ = ["BookSlot", "orders_of"]


class BookSlot:
    """Holds an instrument's book structure, and implements `mainspring.seams.BookView` over it.

    Readers keep the slot, never the structure, so that `exchange` can put another in its place between two events. What
    the structure raises names its plugin.
    """

    __slots__ = (
        "_owner",
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

    def __init__(self, book: Book, plugin: str, distribution: str) -> None:
        """`plugin` and `distribution` name the structure's plugin in errors."""
        self._owner = (plugin, distribution)
        self._bind(book)

    def exchange(self, book: Book, plugin: str, distribution: str) -> None:
        """Puts an empty structure in the place of the present one, and copies the levels into it.

        Orders aren't copied: another structure knows none before the venue's next snapshot.

        `plugin` and `distribution` name its plugin in errors.
        """
        most = self.length()
        bids, asks = self.depth(Side.BUY, most), self.depth(Side.SELL, most)
        self._owner = (plugin, distribution)
        self._bind(book)
        self.apply_snapshot(bids, asks)

    def __len__(self) -> int:
        return self.length()

    def _bind(self, book: Book) -> None:
        self.apply_delta = guarded_pair(book.apply_delta, "book", *self._owner)
        self.apply_snapshot = guarded_pair(book.apply_snapshot, "book", *self._owner)
        self.clear = guarded_getter(book.clear, "book", *self._owner)
        self.bbo = guarded_getter(book.bbo, "book", *self._owner)
        self.lots_at = guarded_pair(book.lots_at, "book", *self._owner)
        self.depth = guarded(book.depth, "book", *self._owner)
        self.walk = guarded(book.walk, "book", *self._owner)
        self.length = guarded(book.__len__, "book", *self._owner)
        orders = orders_of(book)
        self.apply_orders = guarded(orders.apply_orders, "book", *self._owner)
        self.queue_place = guarded(orders.queue_place, "book", *self._owner)
        self.orders_at = guarded_pair(orders.orders_at, "book", *self._owner)


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
