"""Tracks all orders of a session, and the accounts that result from their fills."""

from collections.abc import Collection, Sequence

from mainspring.errors import OrderStateError
from mainspring.model import Fill, Instrument, NewOrder, OrderEvent, Side
from mainspring.orders.account import Account
from mainspring.orders.order import Order

__all__ = ["OrderTracker"]

_ENDED_KEPT = 10_000


class OrderTracker:
    """Tracks every order from request to final state, and keeps `accounts`, one per instrument.

    An order is added after the risk gate has approved it; until then it isn't in its account. The last 10,000 ended
    orders are kept and older ones are dropped, so that memory stays flat; an order with an unanswered cancel or
    replace stays.
    """

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self.accounts = [Account(instrument) for instrument in instruments]
        self._orders: dict[int, Order] = {}
        self._open: dict[tuple[int, str], dict[int, Order]] = {}
        self._ended: dict[int, None] = {}
        self._last_order_id: int | None = None

    def add(self, order: NewOrder) -> Order:
        """Starts to track an order that is about to be sent.

        Raises `OrderStateError` if its id isn't above the last one, the session has no such instrument, or the size
        isn't positive.
        """
        if self._last_order_id is not None and order.order_id <= self._last_order_id:
            raise OrderStateError(f"order {order.order_id} comes after {self._last_order_id}: ids must increase")
        if not 0 <= order.instrument < len(self.accounts):
            raise OrderStateError(f"order {order.order_id}: the session has no instrument {order.instrument}")
        if order.size_lots <= 0:
            raise OrderStateError(f"order {order.order_id}: a size of {order.size_lots} lots")
        self._last_order_id = order.order_id
        tracked = Order(order)
        self._orders[order.order_id] = tracked
        self._open.setdefault((order.instrument, order.strategy), {})[order.order_id] = tracked
        self._expose(tracked, tracked.exposure_lots)
        return tracked

    def get(self, order_id: int) -> Order:
        """Returns the order of that id. Raises `OrderStateError` if there is none."""
        order = self._orders.get(order_id)
        if order is None:
            raise OrderStateError(f"order {order_id} was never sent, or ended long ago")
        return order

    def request_cancel(self, order_id: int) -> Order:
        """Records that a cancel is about to be sent. Raises `OrderStateError` if the order is unknown or has ended."""
        order = self.get(order_id)
        order.request_cancel()
        return order

    def request_replace(self, order_id: int, price_ticks: int, size_lots: int) -> Order:
        """Records that a replace to a price and total size is about to be sent.

        Until it is answered, the account counts the larger of the two sizes. Raises `OrderStateError` if the order is
        unknown or has ended, the price is below one tick, or the size is already filled.
        """
        order = self.get(order_id)
        if price_ticks <= 0:
            raise OrderStateError(f"order {order_id}: a replace to {price_ticks} ticks")
        before = order.exposure_lots
        order.request_replace(size_lots)
        self._expose(order, order.exposure_lots - before)
        return order

    def mark_unknown(self, order_id: int) -> Order:
        """Records that the venue can't be reached about the order. It stays in the account's open lots."""
        order = self.get(order_id)
        order.mark_unknown()
        return order

    def apply(self, event: OrderEvent) -> Order:
        """Applies an event from the venue and returns the updated order.

        Raises `OrderStateError`, and changes neither order nor account, if the order's state doesn't allow the event:
        a fill above the size, anything after the end except the late answer to a cancel or replace, a second
        acceptance, or an unknown id.
        """
        order = self.get(event.order_id)
        before, had_ended = order.exposure_lots, order.ended
        order.apply(event)
        self._expose(order, order.exposure_lots - before)
        if isinstance(event, Fill):
            self.accounts[event.instrument].fill(event)
        if order.ended:
            if not had_ended:
                del self._open[order.order.instrument, order.order.strategy][event.order_id]
                self._ended[event.order_id] = None
            self._forget()
        return order

    def open_orders(self, instrument: int, strategy: str) -> Collection[Order]:
        """Returns a live view of a strategy's open orders in an instrument, oldest first."""
        return self._open.setdefault((instrument, strategy), {}).values()

    def all_open(self) -> list[Order]:
        """Returns every open order of the session, oldest first."""
        orders = [order for group in self._open.values() for order in group.values()]
        return sorted(orders, key=lambda order: order.order.order_id)

    def _expose(self, order: Order, change_lots: int) -> None:
        account = self.accounts[order.order.instrument]
        if order.order.side is Side.BUY:
            account.open_buy_lots += change_lots
        else:
            account.open_sell_lots += change_lots

    def _forget(self) -> None:
        if len(self._ended) > _ENDED_KEPT:
            oldest = next(iter(self._ended))
            del self._ended[oldest]
            if self._orders[oldest].awaits_answer:
                self._ended[oldest] = None
            else:
                del self._orders[oldest]
