"""What a venue's report of one order leads to: the executions that were missed, or what contradicts what we know."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from mainspring.model import (
    Accepted,
    Cancelled,
    Expired,
    Fill,
    OrderEvent,
    OrderReport,
    Rejected,
    Replaced,
    ReportedStatus,
    RequestKind,
)
from mainspring.orders import Order, OrderState
from mainspring.recovery.differences import (
    FILL_MISSING,
    FILLED_LESS,
    NEVER_ARRIVED,
    NOT_APPLIED,
    OPEN_AFTER_END,
    ORDER_MISSING,
    OTHER_TERMS,
)

__all__ = ["Resolution", "fitting", "oldest", "resolve"]

REPLACED_TO_FILLED: Final = "replaced to what was filled"


class Resolution(NamedTuple):
    """`events` bring the order to what the venue says.

    `again` says that the venue is to be asked again: what it said is older than what we know, or absence may still be
    delay. `contradiction` is the code and the figures of what no event explains, empty if nothing is.
    """

    events: list[OrderEvent]
    again: bool = False
    contradiction: tuple[str, str] = ("", "")


_AGAIN: Final = Resolution([], again=True)


def fitting(order: Order, event: OrderEvent) -> list[OrderEvent] | None:
    """Returns what the event leads to if nothing is missing before it; None if something is, or it contradicts.

    A fill, cancellation, expiry or replacement of an order shows that the order was accepted.
    """
    kind = type(event)
    if kind is Accepted:
        return None if order.acknowledged or order.ended else [event]
    if isinstance(event, Rejected):
        return [event] if _fits_rejected(order, event.request) else None
    if order.ended:
        return None
    leaves_lots = order.size_lots - order.filled_lots
    if isinstance(event, Fill):
        # A pending replace may have enlarged the order, so that this isn't its end.
        most_lots = leaves_lots - 1 if order.pending_replaces else leaves_lots
        fits = event.side == order.order.side and 0 < event.size_lots <= most_lots and event.price_ticks > 0
    elif isinstance(event, Cancelled | Expired):
        fits = event.remaining_lots == leaves_lots
    else:
        assert isinstance(event, Replaced)
        fits = order.pending_replaces > 0 and event.size_lots > order.filled_lots
    if not fits:
        return None
    if order.acknowledged:
        return [event]
    return [Accepted(event.order_id, event.instrument, event.time_ns), event]


def oldest(order: Order, missing: Sequence[Fill], before_ns: int) -> list[OrderEvent]:
    """Returns what the first of the missing fills leads to that fits and is from `before_ns`; nothing if none is.

    Whatever has happened to an order since, an execution stays one. The stream is no longer about to bring it, and an
    order that is asked about while requests go on would otherwise never get it.
    """
    fits = (fitting(order, fill) for fill in missing if fill.time_ns <= before_ns)
    return next((events for events in fits if events is not None), [])


def _fits_rejected(order: Order, request: RequestKind) -> bool:
    if request == "new":
        return not order.acknowledged and not order.ended
    return (order.pending_cancels if request == "cancel" else order.pending_replaces) > 0


def resolve(order: Order, report: OrderReport, missing: Sequence[Fill], *, settled: bool, last: bool) -> Resolution:
    """Returns what follows from the venue's report of an order and from its fills that we hadn't counted.

    The fills were asked for after the report. `settled` says that the report was asked for so long after our last
    request that the request has arrived or never will. `last` says that the venue won't be asked again.
    """
    if report.status == "not-found":
        return _not_found(order, missing, settled=settled, last=last)
    sent = order.order
    if report.side != sent.side or report.instrument != sent.instrument:
        detail = f"at the venue it is a {report.side.name.lower()} order in instrument {report.instrument}"
        return Resolution([], contradiction=(OTHER_TERMS, detail))
    if order.ended and report.status == "open":
        detail = f"it is {order.state}, and open at the venue with {report.filled_lots} lots filled"
        return Resolution([], contradiction=(OPEN_AFTER_END, detail)) if last else _AGAIN
    filled_lots = order.filled_lots + sum(fill.size_lots for fill in missing)
    if filled_lots < report.filled_lots or (filled_lots > report.filled_lots and report.status != "open"):
        if not last:
            return _AGAIN
        what = FILL_MISSING if filled_lots < report.filled_lots else FILLED_LESS
        detail = f"its executions add up to {filled_lots} lots, and the venue says {report.filled_lots}"
        return Resolution([], contradiction=(what, detail))
    if report.status == "open" and filled_lots >= report.size_lots:
        # It was filled after the report, which is of no use any more.
        return _AGAIN
    return Resolution(_events(order, report, missing, filled_lots, settled=settled))


def _not_found(order: Order, missing: Sequence[Fill], *, settled: bool, last: bool) -> Resolution:
    if order.ended and not missing:
        return Resolution([])
    if order.acknowledged or order.filled_lots or missing:
        if not last:
            return _AGAIN
        detail = f"it is {order.state} with {order.filled_lots} lots filled, and the venue doesn't know it"
        return Resolution([], contradiction=(ORDER_MISSING, detail))
    if not settled:
        return _AGAIN
    sent = order.order
    return Resolution([Rejected(sent.order_id, sent.instrument, sent.created_ns, NEVER_ARRIVED)])


def _events(
    order: Order, report: OrderReport, missing: Sequence[Fill], filled_lots: int, *, settled: bool
) -> list[OrderEvent]:
    order_id, instrument, time_ns = order.order.order_id, order.order.instrument, report.time_ns
    events: list[OrderEvent] = []
    status = _status(order, report)
    if order.ended:
        # Both say so; the answers to its requests are on their way.
        return list(missing)
    if status == "rejected":
        return [Rejected(order_id, instrument, time_ns, report.reason)]
    if not order.acknowledged:
        events.append(Accepted(order_id, instrument, min([time_ns, *(fill.time_ns for fill in missing)])))
    size_lots, replaces = order.size_lots, order.pending_replaces
    if _other_terms(order, report) and report.size_lots > order.filled_lots:
        size_lots = report.size_lots
        events += _refused(order, "replace", replaces - 1, time_ns)
        events.append(Replaced(order_id, instrument, time_ns, report.price_ticks, size_lots))
        replaces = 0
    events += missing
    ended = status != "open"
    cancels = order.pending_cancels - (status == "cancelled")
    if ended or settled:
        # It has ended unchanged, or stands unchanged so long after the request.
        events += _refused(order, "replace", replaces, time_ns)
        events += _refused(order, "cancel", cancels, time_ns)
    left_lots = size_lots - filled_lots
    if status == "expired":
        events.append(Expired(order_id, instrument, time_ns, left_lots, report.reason))
    elif status == "cancelled":
        events.append(Cancelled(order_id, instrument, time_ns, left_lots, report.reason))
    elif status == "filled" and left_lots:
        events.append(Cancelled(order_id, instrument, time_ns, left_lots, REPLACED_TO_FILLED))
    elif not events and order.state == OrderState.UNKNOWN:
        events.append(Accepted(order_id, instrument, time_ns))
    return events


def _status(order: Order, report: OrderReport) -> ReportedStatus:
    """An order that was accepted can only be cancelled, whatever the venue calls it."""
    return "cancelled" if report.status == "rejected" and order.acknowledged else report.status


def _other_terms(order: Order, report: OrderReport) -> bool:
    other_price = order.order.kind == "limit" and report.price_ticks != order.price_ticks
    return other_price or report.size_lots != order.size_lots


def _refused(order: Order, request: RequestKind, count: int, time_ns: int) -> list[OrderEvent]:
    sent = order.order
    return [Rejected(sent.order_id, sent.instrument, time_ns, NOT_APPLIED, request)] * max(count, 0)
