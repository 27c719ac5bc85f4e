"""The orders of one book: by their ids, and in the order in which each price's queue is filled."""

from itertools import takewhile

from mainspring.model import OrderId, QueuePlace

__all__ = ["OrderQueues"]


class OrderQueues:
    """The plain twin of `book/queues.rs`. A side is 1 for bids and -1 for offers; a queue is a dict by arrival."""

    __slots__ = ("_levels", "_places", "_queues")

    def __init__(self) -> None:
        self._places: dict[OrderId, tuple[int, int]] = {}
        self._queues: dict[tuple[int, int], dict[OrderId, int]] = {}
        self._levels: dict[tuple[int, int], int] = {}

    def find(self, order_id: OrderId) -> tuple[int, int, int] | None:
        """Returns side, price and lots of an order; None if it isn't there."""
        place = self._places.get(order_id)
        return None if place is None else (*place, self._queues[place][order_id])

    def set(self, order_id: OrderId, side: int, price_ticks: int, lots: int) -> None:
        """Sets an order; 0 lots removes it.

        One that keeps its price and doesn't grow keeps its place. Any other goes to the end of its price's queue.
        """
        place = (side, price_ticks)
        known = self._places.get(order_id)
        if known is not None:
            queue = self._queues[known]
            before = queue[order_id]
            if known == place and 0 < lots <= before:
                queue[order_id] = lots
                self._levels[place] += lots - before
                return
            del queue[order_id], self._places[order_id]
            self._levels[known] -= before
            if not queue:
                del self._queues[known], self._levels[known]
        if lots:
            self._places[order_id] = place
            self._queues.setdefault(place, {})[order_id] = lots
            self._levels[place] = self._levels.get(place, 0) + lots

    def drop(self, side: int, price_ticks: int) -> None:
        """Removes all orders at a price."""
        place = (side, price_ticks)
        for order_id in self._queues.pop(place, ()):
            del self._places[order_id]
        self._levels.pop(place, None)

    def clear(self) -> None:
        """Removes all orders."""
        for part in (self._places, self._queues, self._levels):
            part.clear()

    def lots_at(self, side: int, price_ticks: int) -> int:
        """Returns the lots of all orders at a price."""
        return self._levels.get((side, price_ticks), 0)

    def orders_at(self, side: int, price_ticks: int) -> list[tuple[OrderId, int]]:
        """Returns the orders at a price with their lots, the first in the queue first."""
        return list(self._queues.get((side, price_ticks), {}).items())

    def queue_place(self, order_id: OrderId) -> QueuePlace | None:
        """Returns where an order waits; None if it isn't there."""
        place = self._places.get(order_id)
        if place is None:
            return None
        ahead = list(takewhile(lambda one: one[0] != order_id, self._queues[place].items()))
        return QueuePlace(place[1], self._queues[place][order_id], len(ahead), sum(lots for _, lots in ahead))

    def __len__(self) -> int:
        return len(self._places)
