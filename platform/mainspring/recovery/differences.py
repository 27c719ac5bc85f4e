"""What reconciliation found, by name: what a missed event explains, and what only a person can."""

from typing import Final

import msgspec

from mainspring.model import Accepted, Cancelled, Expired, Fill, OrderEvent, Rejected, Replaced

__all__ = [
    "BALANCE",
    "FILLED_LESS",
    "FILL_MISSING",
    "MISSED",
    "NEVER_ARRIVED",
    "NOT_APPLIED",
    "NO_ANSWER",
    "OPEN_AFTER_END",
    "ORDER_MISSING",
    "OTHER_TERMS",
    "POSITION",
    "UNFAMILIAR_FILL",
    "UNFAMILIAR_ORDER",
    "Difference",
    "explain",
]

MISSED: Final = "missed"
"""An execution that the stream never brought; it was applied. The code goes on with its kind: "missed-fill"."""

NEVER_ARRIVED: Final = "never-arrived"
"""The venue doesn't know an order of which it was never heard, long after it was sent: it counts as rejected."""

NOT_APPLIED: Final = "not-applied"
"""An order stands unchanged, long after a cancel or replace of it was sent: that counts as rejected."""

ORDER_MISSING: Final = "order-missing"
"""The venue doesn't know an order that it had accepted or filled."""

FILL_MISSING: Final = "fill-missing"
"""The venue says that more of an order was filled than its executions add up to."""

FILLED_LESS: Final = "filled-less"
"""The venue says that less of an order was filled than it has reported."""

OTHER_TERMS: Final = "other-terms"
"""An order at the venue has another side or instrument than ours of that id."""

OPEN_AFTER_END: Final = "open-after-end"
"""An order that has ended, as far as we know, is open at the venue."""

UNFAMILIAR_ORDER: Final = "unfamiliar-order"
"""An order is open in one of our instruments that this lane didn't send, or that its journal doesn't have."""

UNFAMILIAR_FILL: Final = "unfamiliar-fill"
"""An execution of an order that this lane didn't send; it moves the account's position."""

POSITION: Final = "position"
"""The account's position is another one than that of all fills."""

BALANCE: Final = "balance"
"""The account's balance of a currency has changed by another amount than fills, fees and funding come to."""

NO_ANSWER: Final = "no-answer"
"""The venue didn't answer a query, or ended it by a problem, as often as it was asked."""


class Difference(msgspec.Struct, frozen=True, gc=False):
    """What the venue says against what we knew.

    `what` is one of the codes of this module. `explanation` says which missed event explains it; it is empty if
    none does, and then no new order goes out in the instrument until a person has resolved it. `order_id` is 0 if it is
    of no order of ours.
    """

    time_ns: int
    instrument: int
    order_id: int
    what: str
    detail: str
    explanation: str = ""

    @property
    def resolved(self) -> bool:
        """Whether a missed event explains it."""
        return bool(self.explanation)


_KINDS: Final[dict[type, str]] = {
    Accepted: "acceptance",
    Rejected: "rejection",
    Fill: "fill",
    Cancelled: "cancellation",
    Expired: "expiry",
    Replaced: "replacement",
}


def explain(event: OrderEvent) -> tuple[str, str]:
    """Returns the code of a missed event, and what it explains."""
    if isinstance(event, Rejected) and event.reason == NEVER_ARRIVED:
        return NEVER_ARRIVED, "the venue never had the order"
    if isinstance(event, Rejected) and event.reason == NOT_APPLIED:
        return NOT_APPLIED, f"the {event.request} never took effect"
    kind = _KINDS[type(event)]
    figures = f" of {event.size_lots} lots at {event.price_ticks} ticks" if isinstance(event, Fill) else ""
    return f"{MISSED}-{kind}", f"the {kind}{figures} was missed"
