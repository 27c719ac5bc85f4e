"""One of our orders, and the events that its state allows."""

import enum

from mainspring.errors import OrderStateError
from mainspring.model import Accepted, Cancelled, Fill, NewOrder, OrderEvent, Rejected, Replaced

__all__ = ["Order", "OrderState"]


class OrderState(enum.StrEnum):
    """The state of an order. `FILLED`, `CANCELLED` and `REJECTED` are final.

    `UNKNOWN`: the venue can't be reached, so the order may or may not still be open.
    """

    PENDING_NEW = "pending-new"
    OPEN = "open"
    PENDING_CANCEL = "pending-cancel"
    PENDING_REPLACE = "pending-replace"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


_ENDS = frozenset({OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED})


class Order:
    """An order that was sent, as of the latest event. Implements `mainspring.seams.OpenOrder`.

    `price_ticks` and `size_lots` are the venue's present values, `filled_lots` the part already traded.
    `exposure_lots` is the most that the venue may still fill: the remaining size, at the largest size that a pending
    replace asks for; 0 once the order has ended. Only an `OrderTracker` changes an order.

    The state reports the first of these that applies: a final state, `unknown`, `pending-new`, `pending-cancel`,
    `pending-replace`, `open`.
    """

    __slots__ = (
        "_accepted",
        "_cancels",
        "_fill_ids",
        "_replaces",
        "_unknown",
        "exposure_lots",
        "filled_lots",
        "order",
        "price_ticks",
        "size_lots",
        "state",
    )

    def __init__(self, order: NewOrder) -> None:
        self.order = order
        self.price_ticks = order.price_ticks
        self.size_lots = order.size_lots
        self.filled_lots = 0
        self.exposure_lots = order.size_lots
        self.state: str = OrderState.PENDING_NEW
        self._accepted = False
        self._cancels = 0
        self._replaces: list[int] = []
        self._fill_ids: set[int] = set()
        self._unknown = False

    @property
    def ended(self) -> bool:
        """Whether the order is final, so that nothing more can trade."""
        return self.state in _ENDS

    @property
    def awaits_answer(self) -> bool:
        """Whether a cancel or replace is still unanswered. An order can end before the answer comes."""
        return bool(self._cancels or self._replaces)

    def request_cancel(self) -> None:
        """Records that a cancel was sent. Raises `OrderStateError` if the order has ended."""
        self._refuse_if(self.ended, "cancel request")
        self._cancels += 1
        self._settle()

    def request_replace(self, size_lots: int) -> None:
        """Records that a replace to a total size was sent. Raises `OrderStateError` if the order has ended."""
        self._refuse_if(self.ended, "replace request")
        self._refuse_if(size_lots <= self.filled_lots, f"replace request to {size_lots} lots")
        self._replaces.append(size_lots)
        self._settle()

    def mark_unknown(self) -> None:
        """Records that the venue can't be reached. Raises `OrderStateError` if the order has ended.

        The next event clears it.
        """
        self._refuse_if(self.ended, "loss of contact")
        self._unknown = True
        self._settle()

    def apply(self, event: OrderEvent) -> None:
        """Applies an event. Raises `OrderStateError`, and changes nothing, if the state doesn't allow it."""
        self._refuse_if(event.instrument != self.order.instrument, f"event of instrument {event.instrument}")
        if isinstance(event, Fill):
            self._fill(event)
        elif isinstance(event, Accepted):
            self._refuse_if(self.ended or self._accepted, "acceptance")
            self._accepted = True
            self._heard()
        elif isinstance(event, Cancelled):
            self._refuse_unless_working("cancellation")
            left = self.size_lots - self.filled_lots
            self._refuse_if(event.remaining_lots != left, f"cancellation of {event.remaining_lots} lots")
            self._end(OrderState.CANCELLED)
        elif isinstance(event, Replaced):
            self._replaced(event)
        else:
            self._rejected(event)

    def _fill(self, fill: Fill) -> None:
        self._refuse_unless_working("fill")
        left = self.size_lots - self.filled_lots
        self._refuse_if(not 0 < fill.size_lots <= left, f"fill of {fill.size_lots} lots")
        self._refuse_if(fill.side is not self.order.side, "fill on the other side")
        self._refuse_if(fill.price_ticks <= 0, f"fill at {fill.price_ticks} ticks")
        self._refuse_if(fill.fill_id in self._fill_ids, f"second fill with id {fill.fill_id}")
        self._fill_ids.add(fill.fill_id)
        self._accepted = True
        self.filled_lots += fill.size_lots
        if fill.size_lots == left:
            self._end(OrderState.FILLED)
        else:
            self._heard()

    def _replaced(self, event: Replaced) -> None:
        self._refuse_unless_working("replacement")
        self._refuse_if(not self._replaces and not self._unknown, "unsolicited replacement")
        self._refuse_if(event.size_lots <= self.filled_lots, f"replacement by {event.size_lots} lots")
        self._refuse_if(event.price_ticks <= 0, f"replacement at {event.price_ticks} ticks")
        if self._replaces:
            self._replaces.pop(0)
        self._accepted = True
        self.price_ticks = event.price_ticks
        self.size_lots = event.size_lots
        self._heard()

    def _rejected(self, event: Rejected) -> None:
        if event.request == "new":
            self._refuse_if(self.ended or self._accepted, "rejection")
            self._end(OrderState.REJECTED)
            return
        # An order can be filled or cancelled while a request is in flight, so these may come after the end.
        if event.request == "cancel":
            self._refuse_if(not self._cancels, "rejection of a cancel that wasn't requested")
            self._cancels -= 1
        else:
            self._refuse_if(not self._replaces, "rejection of a replace that wasn't requested")
            self._replaces.pop(0)
        if not self.ended:
            self._heard()

    def _heard(self) -> None:
        self._unknown = False
        self._settle()

    def _settle(self) -> None:
        if self._unknown:
            self.state = OrderState.UNKNOWN
        elif not self._accepted:
            self.state = OrderState.PENDING_NEW
        elif self._cancels:
            self.state = OrderState.PENDING_CANCEL
        elif self._replaces:
            self.state = OrderState.PENDING_REPLACE
        else:
            self.state = OrderState.OPEN
        self.exposure_lots = max(self.size_lots, *self._replaces, 0) - self.filled_lots

    def _end(self, state: OrderState) -> None:
        self.state = state
        self.exposure_lots = 0
        self._fill_ids.clear()

    def _refuse_unless_working(self, what: str) -> None:
        # While the state is unknown, the acceptance may have been lost.
        self._refuse_if(self.ended or not (self._accepted or self._unknown), what)

    def _refuse_if(self, refused: bool, what: str) -> None:
        if refused:
            raise OrderStateError(
                f"order {self.order.order_id} (instrument {self.order.instrument}) is {self.state} with "
                f"{self.filled_lots} of {self.size_lots} lots filled, which doesn't allow this: {what}"
            )
