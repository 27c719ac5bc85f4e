"""A book that keeps single orders: dicts of queues next to the levels of `bisect-list`."""

from collections.abc import Sequence

from mainspring.model import Instrument, Level, OrderId, RestingOrder, Side
from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import OrderQueues
from mainspring_plugins.books.bisect_list import BisectListBook

__all__ = ["OrderDictBook", "register_books"]


class OrderDictBook:
    """Levels as in `BisectListBook`, and for each price a dict of its orders by arrival.

    A new, changed or removed order costs O(1) next to its level; a queue place costs the orders before it.
    """

    __slots__ = ("_levels", "_queues", "bbo", "depth", "lots_at", "queue_place", "walk")

    def __init__(self, instrument: Instrument | None = None) -> None:
        self._levels = levels = BisectListBook(instrument)
        self._queues = queues = OrderQueues()
        # Bound once: what reads the levels costs what it costs there.
        self.bbo = levels.bbo
        self.lots_at = levels.lots_at
        self.depth = levels.depth
        self.walk = levels.walk
        self.queue_place = queues.queue_place

    def apply_delta(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Sets each listed level to its new size, and removes those of 0 lots with their orders."""
        self._levels.apply_delta(bids, asks)
        for side, rows in ((1, bids), (-1, asks)):
            for price, lots in rows:
                if not lots and not self._levels.lots_at(Side(side), price):
                    self._queues.drop(side, price)

    def apply_snapshot(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Replaces all levels; the orders are gone until `apply_orders` brings them."""
        self._levels.apply_snapshot(bids, asks)
        self._queues.clear()

    def apply_orders(self, orders: Sequence[RestingOrder]) -> None:
        """Takes orders as they stand now: see `mainspring.seams.OrderBook`."""
        for order_id, side, price, lots in orders:
            self._queues.set(order_id, side, price, lots)

    def clear(self) -> None:
        """Empties both sides."""
        self._levels.clear()
        self._queues.clear()

    def orders_at(self, side: Side, price_ticks: int) -> list[tuple[OrderId, int]]:
        """Returns the orders at a price with their lots, the first in the queue first."""
        return self._queues.orders_at(1 if side > 0 else -1, price_ticks)

    def __len__(self) -> int:
        return len(self._levels)


@hookimpl
def register_books(catalogue: Catalogue) -> None:
    """Offers `order-dict`."""
    catalogue.add(
        "order-dict",
        OrderDictBook,
        summary="single orders and their queues, next to the levels of bisect-list",
        capabilities={"orders": True},
    )
