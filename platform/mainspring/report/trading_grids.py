"""The tables on what was traded: profit and position, totals, orders and fills."""

from collections.abc import Sequence

from mainspring.report.figures import amount, amount_decimals, at_step, signed, time_of_day
from mainspring.report.findings import largest_first, listed_open_orders
from mainspring.report.grid import Grid
from mainspring.report.model import SessionReport
from mainspring.report.trading import CurrencyTotal, InstrumentReport

__all__ = ["open_orders_grid", "orders_grid", "profit_grid", "refusals_grid", "totals_grid"]

_MOST_COLUMNS = 3


def profit_grid(report: SessionReport) -> Grid | None:
    """Shows profit, position and prices: a column for each of a few instruments, a row for each of many."""
    instruments = report.instruments
    if not instruments:
        return None
    if len(instruments) > _MOST_COLUMNS:
        return _many(instruments)
    lines = [dict(_profit_lines(one)) for one in instruments]
    rows = [(label, *(line[label] for line in lines)) for label in lines[0]]
    return Grid(("", *(one.symbol for one in instruments)), rows)


def _profit_lines(one: InstrumentReport) -> list[tuple[str, str]]:
    decimals = amount_decimals([one.realised, one.unrealised, one.profit, one.fees, one.net])
    return [
        ("currency", one.profit_currency),
        ("net profit", signed(one.net, decimals)),
        ("fees", amount(one.fees, decimals)),
        ("profit before fees", signed(one.profit, decimals)),
        ("realised", signed(one.realised, decimals)),
        ("unrealised", signed(one.unrealised, decimals)),
        ("position", at_step(one.position, [one.lot_size])),
        ("bought", at_step(one.bought, [one.lot_size])),
        ("sold", at_step(one.sold, [one.lot_size])),
        ("bid at the end", at_step(one.book.bid, [one.tick_size])),
        ("ask at the end", at_step(one.book.ask, [one.tick_size])),
        ("mid, the mark", at_step(one.book.mid, [one.tick_size], halves=True)),
    ]


def _many(instruments: Sequence[InstrumentReport]) -> Grid:
    lots = [one.lot_size for one in instruments]
    rows = []
    for one in instruments:
        peers = [other for other in instruments if other.profit_currency == one.profit_currency]
        decimals = amount_decimals([text for other in peers for text in (other.net, other.fees)])
        sizes = (at_step(text, lots) for text in (one.position, one.bought, one.sold))
        rows.append((one.symbol, signed(one.net, decimals), amount(one.fees, decimals), one.profit_currency, *sizes))
    titles = ("instrument", "net profit", "fees", "currency", "position", "bought", "sold")
    return Grid(titles, rows, frozenset({0, 3}))


def totals_grid(report: SessionReport) -> Grid | None:
    """Shows the sums over instruments, one row per currency; None with one instrument."""
    if len(report.instruments) < 2:
        return None
    titles = ("currency", "net profit", "fees", "profit before fees", "realised", "unrealised")
    return Grid(titles, [_total_row(total) for total in report.totals])


def _total_row(total: CurrencyTotal) -> tuple[str, ...]:
    decimals = amount_decimals([total.net, total.fees, total.profit, total.realised, total.unrealised])
    gains = (signed(text, decimals) for text in (total.profit, total.realised, total.unrealised))
    return total.currency, signed(total.net, decimals), amount(total.fees, decimals), *gains


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
