"""One of our orders, and how it follows the lifecycle."""

from mainspring.errors import OrderStateError
from mainspring.model import Accepted, Cancelled, Expired, Fill, NewOrder, OrderEvent, Rejected, Replaced
from mainspring.orders.discrepancy import (
    DUPLICATE_FILL,
    MALFORMED,
    OVERFILL,
    REMAINING_MISMATCH,
    WRONG_SIDE,
)
from mainspring.orders.lifecycle import ENDED, LIFECYCLE, LifecycleEvent, OrderState, Transition

__all__ = ["Order"]

_ACCEPTED = LIFECYCLE[LifecycleEvent.ACCEPTED]
_REJECTED = LIFECYCLE[LifecycleEvent.REJECTED]
_FILL = LIFECYCLE[LifecycleEvent.FILL]
_LAST_FILL = LIFECYCLE[LifecycleEvent.LAST_FILL]
_CANCELLED = LIFECYCLE[LifecycleEvent.CANCELLED]
_EXPIRED = LIFECYCLE[LifecycleEvent.EXPIRED]


class Order:
    """An order from its creation on, as of the latest event. Implements `mainspring.seams.OpenOrder`.

    `price_ticks` and `size_lots` are the venue's present values, `filled_lots` the part already traded.
    `exposure_lots` is the most that the venue may still fill: the remaining size, at the largest size that a pending
    replace asks for; 0 once the order has ended. Only an `OrderTracker` changes an order. `state` is an `OrderState`.
    """

    __slots__ = (
        "_acknowledged",
        "_cancels",
        "_fill_ids",
        "_replaces",
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
        self.state: str = OrderState.CREATED
        self._acknowledged = False
        self._cancels = 0
        self._replaces: tuple[int, ...] = ()
        self._fill_ids: set[int] | None = None

    @property
    def ended(self) -> bool:
        """Whether the order is final, so that nothing more can trade."""
        return self.state in ENDED

    @property
    def acknowledged(self) -> bool:
        """Whether the venue has acknowledged the order."""
        return self._acknowledged

    @property
    def pending_cancels(self) -> int:
        """How many cancels the venue hasn't answered."""
        return self._cancels

    @property
    def pending_replaces(self) -> int:
        """How many replaces the venue hasn't answered."""
        return len(self._replaces)

    def has_fill(self, fill_id: int) -> bool:
        """Whether a fill of this id was counted."""
        return self._fill_ids is not None and fill_id in self._fill_ids

    @property
    def awaits_answer(self) -> bool:
        """Whether the venue still owes an answer: to the order itself, or to a cancel or replace.

        An order can end before the answer to a request comes. Its cancellation may be the answer to one cancel.
        """
        if self.state in ENDED:
            return bool(self._cancels > (self.state is OrderState.CANCELLED) or self._replaces)
        return bool(not self._acknowledged or self._cancels or self._replaces)

    def do(self, event: LifecycleEvent) -> None:
        """Records what we do about the order: approve, send, or lose contact.

        Raises `OrderStateError`, and changes nothing, if the state doesn't allow it.
        """
        transition = LIFECYCLE[event].get(self.state)
        if transition is None:
            raise OrderStateError(
                f"order {self.order.order_id} (instrument {self.order.instrument}) is {self.state} with "
                f"{self.filled_lots} of {self.size_lots} lots filled, which doesn't allow this: "
                f"{event.name.lower().replace('_', ' ')}"
            )
        self._follow(transition)

    def request_cancel(self) -> None:
        """Records that a cancel was sent. Raises `OrderStateError` if the state doesn't allow it."""
        self._cancels += 1
        try:
            self.do(LifecycleEvent.REQUEST_CANCEL)
        except OrderStateError:
            self._cancels -= 1
            raise

    def request_replace(self, size_lots: int) -> None:
        """Records that a replace to a total size was sent. Raises `OrderStateError` if the state doesn't allow it."""
        if size_lots <= self.filled_lots:
            raise OrderStateError(
                f"order {self.order.order_id} (instrument {self.order.instrument}) is {self.state} with "
                f"{self.filled_lots} of {self.size_lots} lots filled: a replace to {size_lots} lots leaves nothing"
            )
        before = self._replaces
        self._replaces = (*before, size_lots)
        try:
            self.do(LifecycleEvent.REQUEST_REPLACE)
        except OrderStateError:
            self._replaces = before
            raise

    def apply(self, event: OrderEvent) -> tuple[bool, str]:
        """Applies a word of the venue. Returns whether it was news, and as what discrepancy to record it."""
        kind = type(event)
        if kind is Fill:
            return self._fill(event)  # type: ignore[arg-type]
        if kind is Accepted:
            transition = _ACCEPTED[self.state]
            if transition.settles:
                self._acknowledged = True
            return self._follow(transition)
        if kind is Cancelled:
            return self._end(_CANCELLED[self.state], event.remaining_lots)  # type: ignore[union-attr]
        if kind is Expired:
            return self._end(_EXPIRED[self.state], event.remaining_lots)  # type: ignore[union-attr]
        if kind is Replaced:
            return self._replaced(event)  # type: ignore[arg-type]
        return self._rejected(event)  # type: ignore[arg-type]

    def _fill(self, fill: Fill) -> tuple[bool, str]:
        lots = fill.size_lots
        if lots <= 0 or fill.price_ticks <= 0:
            return False, MALFORMED
        ids = self._fill_ids
        if ids is None:
            self._fill_ids = {fill.fill_id}
        elif fill.fill_id in ids:
            return False, DUPLICATE_FILL
        else:
            ids.add(fill.fill_id)
        if fill.side != self.order.side:
            return True, WRONG_SIDE
        leaves_lots = self.size_lots - self.filled_lots
        transition = (_FILL if lots < leaves_lots else _LAST_FILL)[self.state]
        self.filled_lots += lots
        counts = transition.settles or transition.state is not None
        if counts:
            self._acknowledged = True
        self._follow(transition)
        return True, OVERFILL if counts and lots > leaves_lots else transition.discrepancy

    def _end(self, transition: Transition, remaining_lots: int) -> tuple[bool, str]:
        outcome = self._follow(transition)
        if transition.state is not None and remaining_lots != self.size_lots - self.filled_lots:
            return True, REMAINING_MISMATCH
        return outcome

    def _replaced(self, event: Replaced) -> tuple[bool, str]:
        requested = bool(self._replaces)
        self._replaces = self._replaces[1:]
        if event.size_lots <= self.filled_lots or event.price_ticks <= 0:
            self._expose()
            return False, MALFORMED
        kind = LifecycleEvent.REPLACED if requested else LifecycleEvent.UNREQUESTED_REPLACED
        transition = LIFECYCLE[kind][self.state]
        if transition.settles:
            self._acknowledged = True
            self.price_ticks = event.price_ticks
            self.size_lots = event.size_lots
        return self._follow(transition)

    def _rejected(self, event: Rejected) -> tuple[bool, str]:
        if event.request == "new":
            return self._follow(_REJECTED[self.state])
        requested = bool(self._cancels if event.request == "cancel" else self._replaces)
        if not requested:
            return self._follow(LIFECYCLE[LifecycleEvent.UNREQUESTED_REJECTED][self.state])
        if event.request == "cancel":
            self._cancels -= 1
        else:
            self._replaces = self._replaces[1:]
        return self._follow(LIFECYCLE[LifecycleEvent.REQUEST_REJECTED][self.state])

    def _follow(self, transition: Transition) -> tuple[bool, str]:
        state, settles, discrepancy = transition
        if settles:
            self._settle()
        elif state is not None:
            self.state = state
        self._expose()
        return settles or state is not None or not discrepancy, discrepancy

    def _settle(self) -> None:
        if not self._acknowledged:
            self.state = OrderState.IN_FLIGHT
        elif self._cancels:
            self.state = OrderState.CANCEL_PENDING
        elif self._replaces:
            self.state = OrderState.REPLACE_PENDING
        else:
            self.state = OrderState.PARTIALLY_FILLED if self.filled_lots else OrderState.ACCEPTED

    def _expose(self) -> None:
        if self.state in ENDED:
            self.exposure_lots = 0
            return
        size_lots = max(self.size_lots, *self._replaces) if self._replaces else self.size_lots
        # More can only have been filled before the order was sent.
        self.exposure_lots = max(size_lots - self.filled_lots, 0)
