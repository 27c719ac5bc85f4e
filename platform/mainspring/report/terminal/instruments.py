"""The sections with a row or column for each instrument: orders, fills and profit, slippage."""

from rich.table import Table

from mainspring.report.figures import NONE, amount, amount_decimals, bps, same_decimals
from mainspring.report.findings import format_net, slippage_difference
from mainspring.report.model import InstrumentReport, SessionReport, SlippageReport
from mainspring.report.terminal.look import Column, Look

__all__ = ["fills_section", "orders_section", "slippage_section"]

_MOST_COLUMNS = 3


def orders_section(report: SessionReport, look: Look) -> Table | None:
    """What became of the orders."""
    if not report.instruments:
        return None
    titles = ("orders", "accepted", "cancelled", "replaced", "fills", "maker", "taker")
    columns = (Column("instrument", "left"), *(Column(title) for title in titles))
    rows = []
    for one in report.instruments:
        taker_fills = one.fills - one.maker_fills
        counts = (one.orders, one.accepted, one.cancelled, one.replaced, one.fills, one.maker_fills, taker_fills)
        rows.append((one.symbol, *(f"{count:,}" for count in counts)))
    return look.table(columns, rows)


def fills_section(report: SessionReport, look: Look) -> Table | None:
    """What was traded and what it made: a column for each of a few instruments, a short row for each of many."""
    if not report.instruments:
        return None
    if len(report.instruments) > _MOST_COLUMNS:
        return _many(report.instruments, look)
    columns = (Column("", "left"), *(Column(one.symbol) for one in report.instruments))
    lines = [dict(_profit_lines(one)) for one in report.instruments]
    rows = [(label, *(line[label] for line in lines)) for label in lines[0]]
    return look.table(columns, rows)


def _many(instruments: list[InstrumentReport], look: Look) -> Table:
    columns = (
        Column("instrument", "left"),
        *(Column(title) for title in ("bought", "sold", "position", "net")),
    )
    rows = [(one.symbol, *same_decimals([one.bought, one.sold, one.position]), format_net(one)) for one in instruments]
    return look.table(columns, rows)


def _profit_lines(one: InstrumentReport) -> list[tuple[str, str]]:
    decimals = amount_decimals([one.realised, one.unrealised, one.profit, one.fees, one.net])
    return [
        *zip(("bought", "sold", "position"), same_decimals([one.bought, one.sold, one.position]), strict=True),
        ("realised", amount(one.realised, decimals)),
        ("unrealised", amount(one.unrealised, decimals)),
        ("profit before fees", amount(one.profit, decimals)),
        ("fees", amount(one.fees, decimals)),
        ("net", amount(one.net, decimals)),
        ("in", one.profit_currency),
        ("best bid at the end", amount(one.book.bid)),
        ("best ask at the end", amount(one.book.ask)),
    ]


def slippage_section(report: SessionReport, look: Look) -> Table | None:
    """The estimated cost against the realised one, and what the estimate is made of."""
    several = len(report.instruments) > 1
    rows = [
        (*((one.symbol,) if several else ()), *_slippage_row(line))
        for one in report.instruments
        for line in one.slippage
    ]
    if not rows:
        return None
    columns = (
        *((Column("instrument", "left"),) if several else ()),
        Column("role", "left"),
        *(Column(title) for title in ("fills", "estimated", "realised", "difference")),
        Column("the estimate is made of", "left"),
    )
    return look.table(columns, rows)


def _slippage_row(line: SlippageReport) -> tuple[str, ...]:
    causes = ", ".join(f"{name} {bps(value)}" for name, value in line.causes_bps.items()) or NONE
    difference = bps(slippage_difference(line))
    return line.role, f"{line.fills:,}", bps(line.estimated_bps), bps(line.realised_bps), difference, causes
