"""An order that a venue is asked about, and how patiently."""

from collections.abc import Iterable

import msgspec

from mainspring.model import Fill, OrderEvent
from mainspring.orders import Order
from mainspring.recovery.resolution import fitting

__all__ = ["Inquiry", "ReconcilerOptions"]


class ReconcilerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How patient reconciliation is, in nanoseconds of the lane's clock.

    `answer_ns` is how long a query may take to be answered. `settle_ns` is how long a request may take to arrive, which
    is more than its answer may take: it is given up only then, and what has left by then is on its way. `poll_ns` is
    how often the venue is asked without a reason, 0 for never. `retry_ns` is how soon it is asked again, `tries` how
    often before what it says is a difference. `lag_ns` is how far the stream of executions may be behind what a query
    says, and `hold_ns` how long a word of it that doesn't fit waits for one that was overtaken, before the venue is
    asked.
    """

    answer_ns: int = 10_000_000_000
    settle_ns: int = 20_000_000_000
    poll_ns: int = 0
    retry_ns: int = 1_000_000_000
    tries: int = 5
    lag_ns: int = 2_000_000_000
    hold_ns: int = 200_000_000


class Inquiry:
    """An order that the venue is asked about. `held` are words of the stream that don't fit what we know."""

    __slots__ = ("due_ns", "held", "tries")

    def __init__(self, due_ns: int) -> None:
        """`due_ns` is when to ask."""
        self.due_ns = due_ns
        self.held: list[OrderEvent] = []
        self.tries = 0

    def forget(self, events: Iterable[OrderEvent]) -> None:
        """Drops held words that a query has brought, fills by their ids."""
        fills = {event.fill_id for event in events if isinstance(event, Fill)}
        self.held = [one for one in self.held if not (isinstance(one, Fill) and one.fill_id in fills)]

    def release(self, order: Order) -> list[OrderEvent]:
        """Takes the first held word that fits the order by now, and returns what it leads to; nothing if none does."""
        for event in self.held:
            fits = fitting(order, event)
            if fits is not None:
                self.held.remove(event)
                return fits
        return []
