"""What messages about single orders do to one instrument's book: levels, orders as they stand, and prints."""

from collections.abc import Sequence
from typing import NamedTuple

from mainspring.model import MAX_UNITS, BookDelta, BookSnapshot, Level, OrderId, RestingOrder
from mainspring.wire._tree_orders import OrderChange
from mainspring.wire.fields import ORDER_CHANGES, ORDER_DELETES, ORDER_EXECUTES, ORDER_SETS
from mainspring.wire.orders import OrderQueues

__all__ = ["Changed", "OrderDelta", "OrderLedger", "OrderSnapshot"]


class OrderDelta(BookDelta, frozen=True, gc=False):
    """A delta whose rows are orders, until the ledger knows the levels that they make."""

    changes: list[OrderChange]


class OrderSnapshot(BookSnapshot, frozen=True, gc=False):
    """The same of a whole book."""

    changes: list[OrderChange]


class Print(NamedTuple):
    """An execution of an order: its price, its size, the side of who took it, and the trade's id."""

    price_ticks: int
    fraction_nanoticks: int
    size_lots: int
    aggressor: int
    trade_id: int


class Changed(NamedTuple):
    """What a message changed: levels of each side, orders as they stand now, and what was printed."""

    bids: list[Level]
    asks: list[Level]
    orders: list[RestingOrder]
    prints: list[Print]


class OrderLedger:
    """The orders of one book."""

    def __init__(self) -> None:
        self.queues = OrderQueues()
        # What the present message changes: levels in the order in which they were touched, orders and prints.
        self._touched: dict[tuple[int, int], None] = {}
        self._orders: list[RestingOrder] = []
        self._prints: list[Print] = []

    def take(self, changes: Sequence[OrderChange], *, whole: bool) -> Changed | None:
        """Applies changes, of a `whole` book or to the one that there is.

        Returns None if one is about an order that should be there and isn't, or that has less than is taken off it:
        something was lost, and the book isn't to be trusted.
        """
        if whole:
            self.queues.clear()
        self._touched, self._orders, self._prints = {}, [], []
        for change in changes:
            taken = self._set(change) if change[0] == ORDER_SETS else self._change(change)
            # Whether an order that isn't there may be passed over.
            if not taken and not change[-1]:
                return None
        levels: dict[int, list[Level]] = {1: [], -1: []}
        for side, price in self._touched:
            levels[side].append((price, min(self.queues.lots_at(side, price), MAX_UNITS)))
        return Changed(levels[1], levels[-1], self._orders, self._prints)

    def _set(self, change: OrderChange) -> bool:
        """Puts an order there; False if the one that it replaces isn't, or nothing says where."""
        _, order_id, said_side, said_ticks, _, lots, replaced, _, passes = change
        known = self.queues.find(order_id if replaced is None else replaced)
        if known is None:
            if not said_side or said_ticks is None or (replaced is not None and not passes):
                return False
            self._put(order_id, said_side, said_ticks, lots)
            return True
        side, ticks, _ = known
        if replaced is not None:
            self._put(replaced, side, ticks, 0)
        self._put(order_id, said_side or side, ticks if said_ticks is None else said_ticks, lots)
        return True

    def _change(self, change: OrderChange) -> bool:
        """Changes an order that is there; False if it isn't, or has less than is taken off it."""
        action, order_id, _, said_ticks, fraction, lots, _, trade_id, _ = change
        known = self.queues.find(order_id)
        if known is None:
            return False
        side, ticks, before = known
        if action == ORDER_CHANGES:
            self._put(order_id, side, ticks if said_ticks is None else said_ticks, lots)
            return True
        left = 0 if action == ORDER_DELETES else before - lots
        if left < 0:
            return False
        if action == ORDER_EXECUTES:
            self._prints.append(Print(ticks if said_ticks is None else said_ticks, fraction, lots, -side, trade_id))
        self._put(order_id, side, ticks, left)
        return True

    def _put(self, order_id: OrderId, side: int, price: int, lots: int) -> None:
        before = self.queues.find(order_id)
        if before is not None:
            self._touched[before[:2]] = None
        self._touched[side, price] = None
        self.queues.set(order_id, side, price, lots)
        self._orders.append((order_id, side, price, lots))
