"""What a person says became of an order whose state the venue doesn't tell: the events that bring it there."""

from typing import Literal, TypeAlias

from mainspring.errors import OrderStateError
from mainspring.model import Accepted, Cancelled, Expired, Fill, OrderEvent, Rejected
from mainspring.orders.order import Order

__all__ = ["Outcome", "resolved_by_person"]

Outcome: TypeAlias = Literal["open", "filled", "cancelled", "expired", "rejected"]


def resolved_by_person(
    order: Order, outcome: Outcome, now_ns: int, reason: str, price_ticks: int | None = None
) -> list[OrderEvent]:
    """Returns the events by which an order comes to what a person says of it.

    `outcome` is what became of what was left: "filled" at `price_ticks`, or at the order's limit if that is None. An
    order that is "open" waits at the venue, unchanged. Requests that weren't answered count as rejected. `reason` says
    who says so, and why.

    Raises `OrderStateError` if the order has ended, or can't have come to that.
    """
    sent, left_lots = order.order, order.size_lots - order.filled_lots
    order_id, instrument = sent.order_id, sent.instrument
    if order.ended:
        raise OrderStateError(f"order {order_id} has ended: it is {order.state}, so there is nothing to resolve")
    if outcome == "rejected":
        if order.acknowledged:
            raise OrderStateError(f"order {order_id} was accepted, so it can't have been rejected: say cancelled")
        return [Rejected(order_id, instrument, now_ns, reason)]
    events: list[OrderEvent] = []
    if not order.acknowledged or outcome == "open":
        events.append(Accepted(order_id, instrument, now_ns))
    events += [Rejected(order_id, instrument, now_ns, reason, "replace")] * order.pending_replaces
    events += [Rejected(order_id, instrument, now_ns, reason, "cancel")] * order.pending_cancels
    if outcome == "filled":
        price = price_ticks or order.price_ticks
        if not price:
            raise OrderStateError(f"order {order_id} is a market order: say at what price it was filled")
        # The venue's ids aren't below zero.
        fill_id = next(number for number in range(-1, -1_000_000, -1) if not order.has_fill(number))
        events.append(Fill(order_id, instrument, now_ns, fill_id, sent.side, price, left_lots, maker=False, fee_ppb=0))
    elif outcome != "open":
        ended = Cancelled if outcome == "cancelled" else Expired
        events.append(ended(order_id, instrument, now_ns, left_lots, reason))
    return events
