"""Compares the orders that are open at a venue with ours."""

from collections.abc import Callable, Collection

from mainspring.model import OrderReport
from mainspring.orders import OrderTracker
from mainspring.recovery.round import Round

__all__ = ["compare_open", "describe_stranger"]


def compare_open(
    one: Round, tracker: OrderTracker, instruments: Collection[int], has_arrived: Callable[[int], bool]
) -> tuple[list[int], list[OrderReport]]:
    """Returns the orders that the venue is to be asked about, and the open ones that aren't tracked.

    Of `instruments` those orders are doubtful that are open on one side only, or on other terms there than here. What
    has happened to an order since the round began decides nothing. `has_arrived` says whether the last request about an
    order has had the time to arrive.
    """
    doubtful: list[int] = []
    strangers: list[OrderReport] = []
    there: set[int] = set()
    for report in one.open:
        order = None if report.order_id is None else tracker.find(report.order_id)
        if order is None:
            strangers.append(report)
            continue
        order_id = order.order.order_id
        there.add(order_id)
        other = (report.price_ticks, report.size_lots) != (order.price_ticks, order.size_lots)
        doubt = order.ended or report.filled_lots > order.filled_lots or (other and not order.pending_replaces)
        if doubt and order_id not in one.touched:
            doubtful.append(order_id)
    for order in tracker.all_open():
        order_id = order.order.order_id
        known = order_id in there or order_id in one.touched or order.order.instrument not in instruments
        if not known and (order.acknowledged or has_arrived(order_id)):
            doubtful.append(order_id)
    return doubtful, strangers


def describe_stranger(report: OrderReport) -> str:
    """Says what an order is that isn't tracked."""
    side, left_lots = report.side.name.lower(), report.size_lots - report.filled_lots
    return f"{report.client_order_id}, {side} {left_lots} lots at {report.price_ticks} ticks, is open at the venue"
