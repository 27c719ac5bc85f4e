"""Tracks all orders of a session, and what may still be filled of them."""

from collections import OrderedDict, deque
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from mainspring.errors import OrderStateError
from mainspring.model import Discrepancy, Fill, Instrument, NewOrder, OrderEvent, Refusal, Side
from mainspring.orders.discrepancy import (
    DUPLICATE_FILL,
    MALFORMED,
    UNKNOWN_ORDER,
    WRONG_INSTRUMENT,
    describe_event,
)
from mainspring.orders.lifecycle import LifecycleEvent, OrderState
from mainspring.orders.open_lots import OpenLots
from mainspring.orders.order import Order

__all__ = ["DISCREPANCY", "ORDER_UNKNOWN", "OrderTracker"]

DISCREPANCY = "discrepancy"
"""A venue contradicted what we know of an order in this instrument, and no command has cleared it."""

ORDER_UNKNOWN = "order-state-unknown"
"""The state of an order in this instrument isn't known."""

_ENDED_KEPT = 10_000
_NEVER_NS = 2**63 - 1


class OrderTracker:
    """Tracks every order from approval to final state, and keeps `open_lots`, one per instrument.

    A word of the venue that contradicts what is known never raises: it is recorded in `discrepancies`, its fill counts
    (see `take_fills`), and the instrument gets an entry in `stops`, which the risk gate reads. So does the instrument
    of an order whose state is unknown.

    The last 10,000 ended orders are kept and older ones dropped, so that memory stays flat; an order stays while the
    venue owes it an answer. `answer_timeout_ns` is how long an answer may take before the order's state is unknown;
    unless it is positive, it may take for ever. So may one that would be overdue after what 64 bits can hold.
    """

    def __init__(self, instruments: Sequence[Instrument], *, answer_timeout_ns: int = 0) -> None:
        self.open_lots = [OpenLots() for _ in instruments]
        self.discrepancies: list[Discrepancy] = []
        """What `take_discrepancies` will hand out."""
        self.fills: list[tuple[Fill, str]] = []
        """What `take_fills` will hand out."""
        self._answer_timeout_ns = answer_timeout_ns
        self._orders: dict[int, Order] = {}
        self._open: dict[tuple[int, str], dict[int, Order]] = {}
        self._ended: deque[int] = deque()
        self._last_order_id: int | None = None
        # When the answer to each order's oldest unanswered request is overdue, soonest first. A plain dictionary would
        # search for its first entry among deleted ones.
        self._due: OrderedDict[int, int] = OrderedDict()
        self.due_ns = _NEVER_NS
        """When the next answer is overdue: `take_overdue` has nothing before."""
        # The fills of orders that aren't ours, by order and fill id.
        self._stray_fills: OrderedDict[tuple[int, int], None] = OrderedDict()
        self._unknown: dict[int, int] = {}
        self._disputed: dict[int, str] = {}
        self._stops: dict[int, Refusal] = {}
        self.stops: Mapping[int, Refusal] = MappingProxyType(self._stops)
        """Why no new order may go out, by instrument. A live view."""

    def add(self, order: NewOrder) -> Order:
        """Starts to track an approved order that is about to be sent.

        Raises `OrderStateError` if its id isn't above the last one, the session has no such instrument, or the size
        isn't positive.
        """
        if self._last_order_id is not None and order.order_id <= self._last_order_id:
            raise OrderStateError(f"order {order.order_id} comes after {self._last_order_id}: ids must increase")
        if not 0 <= order.instrument < len(self.open_lots):
            raise OrderStateError(f"order {order.order_id}: the session has no instrument {order.instrument}")
        if order.size_lots <= 0:
            raise OrderStateError(f"order {order.order_id}: a size of {order.size_lots} lots")
        self._last_order_id = order.order_id
        tracked = Order(order)
        tracked.do(LifecycleEvent.APPROVE)
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

    def find(self, order_id: int) -> Order | None:
        """Returns the order of that id, or None if none was sent, or it ended long ago."""
        return self._orders.get(order_id)

    def send(self, order_id: int, now_ns: int) -> Order:
        """Records that an approved order is sent now. Raises `OrderStateError` if it was sent before."""
        order = self.get(order_id)
        order.do(LifecycleEvent.SEND)
        self._expect_answer(order, now_ns)
        return order

    def request_cancel(self, order_id: int, now_ns: int) -> Order:
        """Records that a cancel is sent now. Raises `OrderStateError` if the order is unknown or has ended."""
        order = self.get(order_id)
        order.request_cancel()
        self._expect_answer(order, now_ns)
        return order

    def request_replace(self, order_id: int, price_ticks: int, size_lots: int, now_ns: int) -> Order:
        """Records that a replace to a price and total size is sent now.

        Until it is answered, the open lots count the larger of the two sizes. Raises `OrderStateError` if the order is
        unknown or has ended, the price is below one tick, or the size is already filled.
        """
        order = self.get(order_id)
        if price_ticks <= 0:
            raise OrderStateError(f"order {order_id}: a replace to {price_ticks} ticks")
        before = order.exposure_lots
        order.request_replace(size_lots)
        self._expose(order, order.exposure_lots - before)
        self._expect_answer(order, now_ns)
        return order

    def mark_unknown(self, order_id: int) -> Order:
        """Records that the order's state isn't known any more. It stays among the open lots.

        The venue's next word about it clears that. Raises `OrderStateError` if it is unknown, unsent or has ended.
        """
        order = self.get(order_id)
        was_unknown = order.state is OrderState.UNKNOWN
        order.do(LifecycleEvent.LOSE_CONTACT)
        self._expect_none(order_id)
        if not was_unknown:
            self._count_unknown(order.order.instrument, 1)
        return order

    def take_overdue(self, now_ns: int) -> list[Order]:
        """Marks as unknown every order whose answer is overdue, and returns them."""
        overdue = []
        while self.due_ns <= now_ns and self.due_ns != _NEVER_NS:
            overdue.append(self.mark_unknown(next(iter(self._due))))
        return overdue

    def lose_connection(self, instruments: Collection[int]) -> list[Order]:
        """Marks as unknown every order in these instruments that was sent and hasn't ended, and returns them."""
        return [
            self.mark_unknown(order.order.order_id)
            for order in self.all_open()
            if order.order.instrument in instruments and order.state is not OrderState.APPROVED
        ]

    def apply(self, event: OrderEvent, now_ns: int) -> Order | None:
        """Applies a word of the venue. Returns the updated order; None if it was no news of any order of ours.

        Never raises. A fill counts in any case, unless it is a duplicate or malformed: `take_fills` has it.
        """
        order = self._orders.get(event.order_id)
        if order is None or order.order.instrument != event.instrument:
            self._misdirected(event, order, now_ns)
            return None
        before, had_ended, was_unknown = order.exposure_lots, order.ended, order.state is OrderState.UNKNOWN
        had_answers_due = had_ended and order.awaits_answer
        is_news, what = order.apply(event)
        change = order.exposure_lots - before
        if change:
            self._expose(order, change)
        if what:
            self._dispute(what, event, order, now_ns)
        if is_news and type(event) is Fill:
            self.fills.append((event, order.order.strategy))
        if was_unknown is not (order.state is OrderState.UNKNOWN):
            self._count_unknown(event.instrument, -1 if was_unknown else 1)
        if self._answer_timeout_ns > 0:
            self._heard(event, order, was_unknown, now_ns)
        if order.ended:
            if not had_ended:
                del self._open[event.instrument, order.order.strategy][event.order_id]
            if (not had_ended or had_answers_due) and not order.awaits_answer:
                self._keep(event.order_id)
        return order if is_news else None

    def has_fill(self, order_id: int, fill_id: int) -> bool:
        """Whether a fill was counted, on an order of ours or as one of an order that isn't."""
        order = self._orders.get(order_id)
        return (order is not None and order.has_fill(fill_id)) or (order_id, fill_id) in self._stray_fills

    def dispute(self, what: str, order_id: int, instrument: int, detail: str, now_ns: int) -> None:
        """Records what the lane found wrong about an order, and lets no new order go out in the instrument.

        `what` is one of the codes of `mainspring.orders.discrepancy`, and `detail` gives the figures.
        """
        self.discrepancies.append(Discrepancy(now_ns, order_id, instrument, what, detail))
        self._disputed.setdefault(instrument, f"{what}: {detail}")
        self._set_stop(instrument)

    def clear_discrepancy(self, instrument: int) -> None:
        """Lets new orders go out again in an instrument, once a person or a reconciliation has explained it."""
        self._disputed.pop(instrument, None)
        self._set_stop(instrument)

    def take_discrepancies(self) -> list[Discrepancy]:
        """Returns the discrepancies since the last call, oldest first."""
        taken, self.discrepancies = self.discrepancies, []
        return taken

    def take_fills(self) -> list[tuple[Fill, str]]:
        """Returns the fills since the last call that move a position, oldest first, each with its order's strategy.

        The strategy is empty if the order isn't one of ours.
        """
        taken, self.fills = self.fills, []
        return taken

    def open_orders(self, instrument: int, strategy: str) -> Collection[Order]:
        """Returns a live view of a strategy's open orders in an instrument, oldest first."""
        return self._open.setdefault((instrument, strategy), {}).values()

    def all_open(self) -> list[Order]:
        """Returns every open order of the session, oldest first."""
        orders = [order for group in self._open.values() for order in group.values()]
        return sorted(orders, key=lambda order: order.order.order_id)

    def _misdirected(self, event: OrderEvent, order: Order | None, now_ns: int) -> None:
        """Takes a word about an order that isn't ours, or in another instrument than its own."""
        what = UNKNOWN_ORDER if order is None else WRONG_INSTRUMENT
        if type(event) is Fill:
            key = (event.order_id, event.fill_id)
            if event.size_lots <= 0 or event.price_ticks <= 0:
                what = MALFORMED
            elif key in self._stray_fills:
                what = DUPLICATE_FILL
            elif 0 <= event.instrument < len(self.open_lots):
                self._stray_fills[key] = None
                if len(self._stray_fills) > _ENDED_KEPT:
                    self._stray_fills.popitem(last=False)
                self.fills.append((event, ""))
        self._dispute(what, event, order, now_ns)

    def _dispute(self, what: str, event: OrderEvent, order: Order | None, now_ns: int) -> None:
        instrument = event.instrument
        known = "which isn't known" if order is None else f"now {order.state}, {order.filled_lots} of {order.size_lots}"
        detail = f"{describe_event(event)}, order {event.order_id}: {known}{'' if order is None else ' lots filled'}"
        self.discrepancies.append(Discrepancy(now_ns, event.order_id, instrument, what, detail))
        exists = 0 <= instrument < len(self.open_lots)
        stopped = {instrument} if exists else set(range(len(self.open_lots)))
        if order is not None:
            stopped.add(order.order.instrument)
        for one in stopped:
            self._disputed.setdefault(one, f"{what}: {detail}")
            self._set_stop(one)

    def _count_unknown(self, instrument: int, change: int) -> None:
        self._unknown[instrument] = self._unknown.get(instrument, 0) + change
        self._set_stop(instrument)

    def _set_stop(self, instrument: int) -> None:
        if instrument in self._disputed:
            self._stops[instrument] = Refusal(DISCREPANCY, self._disputed[instrument])
        elif count := self._unknown.get(instrument, 0):
            self._stops[instrument] = Refusal(ORDER_UNKNOWN, f"the state of {count} orders here isn't known")
        else:
            self._stops.pop(instrument, None)

    def _expect_answer(self, order: Order, now_ns: int) -> None:
        # The oldest unanswered request counts. One that waits for its order to be sent isn't at the venue yet.
        order_id = order.order.order_id
        if self._answer_timeout_ns > 0 and order_id not in self._due and order.state is not OrderState.APPROVED:
            self._due[order_id] = min(now_ns + self._answer_timeout_ns, _NEVER_NS)
            self.due_ns = next(iter(self._due.values()))

    def _expect_none(self, order_id: int) -> None:
        if self._due.pop(order_id, None) is not None:
            self.due_ns = next(iter(self._due.values()), _NEVER_NS)

    def _heard(self, event: OrderEvent, order: Order, was_unknown: bool, now_ns: int) -> None:
        """Stops waiting for an answer that came, and goes on waiting for others."""
        if order.ended or not order.awaits_answer:
            self._expect_none(event.order_id)
        elif type(event) is not Fill or was_unknown:
            self._expect_none(event.order_id)
            self._expect_answer(order, now_ns)

    def _expose(self, order: Order, change_lots: int) -> None:
        lots = self.open_lots[order.order.instrument]
        if order.order.side is Side.BUY:
            lots.buy += change_lots
        else:
            lots.sell += change_lots

    def _keep(self, order_id: int) -> None:
        """Keeps an ended order that the venue owes no answer, and drops the oldest such order instead."""
        self._ended.append(order_id)
        if len(self._ended) > _ENDED_KEPT:
            del self._orders[self._ended.popleft()]
