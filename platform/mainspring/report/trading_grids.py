"""The tables on what was ordered: orders and fills, refusals, open orders."""

from mainspring.report.figures import at_step, time_of_day
from mainspring.report.findings import largest_first, listed_open_orders
from mainspring.report.grid import Grid
from mainspring.report.model import SessionReport
from mainspring.report.trading import InstrumentReport

__all__ = ["differences_grid", "discrepancies_grid", "open_orders_grid", "orders_grid", "refusals_grid"]

_MOST_DIFFERENCES = 50


def orders_grid(report: SessionReport) -> Grid | None:
    """Shows what happened to the orders; those that hadn't ended are open."""
    if not report.instruments:
        return None
    titles = ("instrument", "orders", "accepted", "open", "cancelled", "replaced", "fills", "maker", "taker")
    return Grid(titles, [_orders_row(one) for one in report.instruments])


def _orders_row(one: InstrumentReport) -> tuple[str, ...]:
    ends = (one.orders, one.accepted, len(one.open_orders), one.cancelled, one.replaced)
    counts = (*ends, one.fills, one.maker_fills, one.fills - one.maker_fills)
    return one.symbol, *(f"{count:,}" for count in counts)


def refusals_grid(report: SessionReport) -> Grid | None:
    """Lists refused and rejected orders by reason; None if there are none."""
    if not report.refusals:
        return None
    return Grid(("reason", "orders"), [(reason, f"{count:,}") for reason, count in largest_first(report.refusals)])


def discrepancies_grid(report: SessionReport) -> Grid | None:
    """Lists what venues reported against what was known, by code; None if there was nothing."""
    if not report.discrepancies:
        return None
    counts = largest_first(report.discrepancies)
    return Grid(("discrepancy", "reports"), [(what, f"{count:,}") for what, count in counts])


def differences_grid(report: SessionReport) -> Grid | None:
    """Lists what reconciliation found, the unexplained first and of many the latest; None if it found nothing."""
    if not report.differences:
        return None
    ranked = sorted(report.differences[-_MOST_DIFFERENCES:], key=lambda one: bool(one.explanation))
    rows = [
        (
            time_of_day(one.time_ns, millis=True),
            one.instrument,
            f"#{one.order_id}" if one.order_id else "",
            one.what,
            one.detail,
            one.explanation or "none: a person has to resolve it",
        )
        for one in ranked
    ]
    return Grid(("time", "instrument", "order", "difference", "what the venue says", "explanation"), rows)


def open_orders_grid(report: SessionReport) -> Grid | None:
    """Lists the orders still open when the session ended, if many the newest; None if there are none."""
    listed = listed_open_orders(report)
    if not listed:
        return None
    several = len(report.instruments) > 1
    lots = [one.lot_size for one, _ in listed]
    ticks = [one.tick_size for one, _ in listed]
    rows = [
        (
            *((one.symbol,) if several else ()),
            order.strategy,
            order.side,
            order.state,
            time_of_day(order.created_ns, millis=True),
            at_step(order.size, lots),
            at_step(order.filled, lots),
            "market" if order.price is None else at_step(order.price, ticks),
        )
        for one, order in listed
    ]
    titles = (*(("instrument",) if several else ()), "strategy", "side", "state", "created", "size", "filled", "price")
    return Grid(titles, rows, frozenset(range(len(titles) - 4)))
