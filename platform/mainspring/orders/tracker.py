"""All orders of a session, and the accounts that their fills make."""

from collections.abc import Collection, Sequence

from mainspring.errors import OrderStateError
from mainspring.model import Fill, Instrument, NewOrder, OrderEvent, Side
from mainspring.orders.account import Account
from mainspring.orders.order import Order

__all__ = ["OrderTracker"]

_ENDED_KEPT = 10_000


class OrderTracker:
    """Follows every order that was sent from its request to its end, and keeps `accounts`, one for each instrument.

    An order is added after the risk gate let it pass: until then it isn't in its account. Orders that have ended are
    forgotten, oldest first, beyond the last 10,000, so that memory stays flat; one that still waits for the answer to
    a cancel or replace is kept.
    """

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self.accounts = [Account(instrument) for instrument in instruments]
        self._orders: dict[int, Order] = {}
        self._open: dict[tuple[int, str], dict[int, Order]] = {}
        self._ended: dict[int, None] = {}
        self._last_order_id: int | None = None

    def add(self, order: NewOrder) -> Order:
        """Begins to follow an order that is about to be sent.

        Raises `OrderStateError` for an id that doesn't rise, an instrument that the session doesn't have, or a size
        that isn't positive.
        """
        if self._last_order_id is not None and order.order_id <= self._last_order_id:
            raise OrderStateError(f"order {order.order_id} comes after {self._last_order_id}: ids must rise")
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
        """The order of that id. Raises `OrderStateError` where there is none."""
        order = self._orders.get(order_id)
        if order is None:
            raise OrderStateError(f"order {order_id} was never sent, or ended long ago")
        return order

    def request_cancel(self, order_id: int) -> Order:
        """Notes that a cancel is about to be sent. Raises `OrderStateError` for an unknown or ended order."""
        order = self.get(order_id)
        order.request_cancel()
        return order

    def request_replace(self, order_id: int, price_ticks: int, size_lots: int) -> Order:
        """Notes that a replace to a price and total size is about to be sent.

        Until it is answered the account counts the larger of the two sizes. Raises `OrderStateError` for an unknown or
        ended order, a price below one tick, or a size that is filled already.
        """
        order = self.get(order_id)
        if price_ticks <= 0:
            raise OrderStateError(f"order {order_id}: a replace to {price_ticks} ticks")
        before = order.exposure_lots
        order.request_replace(size_lots)
        self._expose(order, order.exposure_lots - before)
        return order

    def mark_unknown(self, order_id: int) -> Order:
        """Notes that the venue can't be asked about the order just now. It stays in the account's open lots."""
        order = self.get(order_id)
        order.mark_unknown()
        return order

    def apply(self, event: OrderEvent) -> Order:
        """Takes an event from the venue and gives the order as it leaves it.

        Raises `OrderStateError` where the order's state doesn't allow the event: a fill beyond the size, anything after
        the end but the late answer to a cancel or replace, a second acceptance, an id that was never sent. Order and
        account are then as they were before.
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
        """A strategy's unfinished orders in an instrument, oldest first. A view: it changes as the orders do."""
        return self._open.setdefault((instrument, strategy), {}).values()

    def all_open(self) -> list[Order]:
        """Every unfinished order of the session, oldest first."""
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
