"""The orders that wait at one price, in order of time."""

from collections.abc import Iterator

from mainspring.model import Side

__all__ = ["LevelQueue", "QueuedOrder"]


class QueuedOrder:
    """An order in a `LevelQueue`: its id, what is left of it in lots, and its neighbours.

    `queue` is the queue that it waits in, None while it waits in none. Only the queue changes any of this.
    """

    __slots__ = ("lots", "newer", "older", "order_id", "queue")

    def __init__(self, order_id: int, lots: int) -> None:
        self.order_id = order_id
        self.lots = lots
        self.queue: LevelQueue | None = None
        self.older: QueuedOrder | None = None
        self.newer: QueuedOrder | None = None

    def __repr__(self) -> str:
        return f"QueuedOrder(order_id={self.order_id}, lots={self.lots})"


class LevelQueue:
    """A price level: its orders, first come first served, and how many lots they hold together.

    A doubly linked list through the orders, so that joining, leaving from the middle and being taken from the front
    each cost the same however long the queue is. Make one with its side and price; `lots` and `orders` (how many) may
    be read and not written.
    """

    __slots__ = ("_newest", "_oldest", "lots", "orders", "price_ticks", "side")

    def __init__(self, side: Side, price_ticks: int) -> None:
        self.side = side
        self.price_ticks = price_ticks
        self.lots = 0
        self.orders = 0
        self._oldest: QueuedOrder | None = None
        self._newest: QueuedOrder | None = None

    def __repr__(self) -> str:
        return f"LevelQueue(side={self.side}, price_ticks={self.price_ticks}, lots={self.lots}, orders={self.orders})"

    def append(self, order: QueuedOrder) -> None:
        """Puts an order that waits in no queue behind all others."""
        newest = self._newest
        order.queue = self
        order.older = newest
        if newest is None:
            self._oldest = order
        else:
            newest.newer = order
        self._newest = order
        self.lots += order.lots
        self.orders += 1

    def remove(self, order: QueuedOrder) -> None:
        """Takes out an order that waits here, wherever it stands."""
        older, newer = order.older, order.newer
        if older is None:
            self._oldest = newer
        else:
            older.newer = newer
        if newer is None:
            self._newest = older
        else:
            newer.older = older
        order.queue = order.older = order.newer = None
        self.lots -= order.lots
        self.orders -= 1

    def reduce(self, order: QueuedOrder, lots: int) -> None:
        """Makes an order that waits here smaller by `lots`, fewer than it has. It keeps its place."""
        order.lots -= lots
        self.lots -= lots

    def take(self, lots: int) -> list[tuple[QueuedOrder, int]]:
        """Takes up to `lots` from the front. Gives each order met, oldest first, with the lots taken from it.

        An order of which nothing is left (its `lots` are 0) has left the queue.
        """
        taken = []
        while lots and (order := self._oldest) is not None:
            part = order.lots
            if part <= lots:
                self.remove(order)
                order.lots = 0
            else:
                part = lots
                self.reduce(order, part)
            lots -= part
            taken.append((order, part))
        return taken

    def lots_ahead(self, order: QueuedOrder) -> int:
        """The lots that must go before an order that waits here is reached. Costs a step for each order ahead."""
        lots = 0
        ahead = order.older
        while ahead is not None:
            lots += ahead.lots
            ahead = ahead.older
        return lots

    def __iter__(self) -> Iterator[QueuedOrder]:
        """The orders, oldest first. The queue must not change meanwhile."""
        order = self._oldest
        while order is not None:
            yield order
            order = order.newer
