"""The tables on the cost of fills: slippage and markouts."""

from collections.abc import Sequence

from mainspring.model import ADVERSE_SELECTION
from mainspring.report.figures import NONE, amount_decimals, bps, signed
from mainspring.report.findings import difference, markout_horizons
from mainspring.report.grid import Grid
from mainspring.report.model import SessionReport
from mainspring.report.trading import InstrumentReport, MarkoutReport, SlippageReport

__all__ = ["markouts_grid", "slippage_grid"]

_MOST_IN_FULL = 3


def slippage_grid(report: SessionReport) -> Grid | None:
    """Returns the estimated and the realised cost of fills, part by part; None if nothing was filled."""
    several = len(report.instruments) > 1
    rows = [
        ((one.symbol, *row) if several else row)
        for one in report.instruments
        for line in one.slippage
        for row in _slippage_rows(line)
    ]
    if not rows:
        return None
    titles = ("role", "cost", "fills", "estimated", "realised", "difference")
    return _named(titles, rows, several=several)


def _named(titles: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, several: bool) -> Grid:
    """Two columns of words first, and of several instruments their names before them."""
    if several:
        return Grid(("instrument", *titles), rows, frozenset({0, 1, 2}))
    return Grid(titles, rows, frozenset({0, 1}))


def _slippage_rows(line: SlippageReport) -> list[tuple[str, ...]]:
    measured = f"{line.measured_fills:,}"
    rows: list[tuple[str, ...]] = []
    for part in line.parts:
        seen = measured if part.name == ADVERSE_SELECTION else f"{line.fills:,}"
        fills = NONE if part.realised_bps is None else seen
        figures = (bps(part.estimated_bps), bps(part.realised_bps), bps(difference(part)))
        rows.append((line.role, part.name.replace("-", " "), fills, *figures))
    whole = (bps(line.estimated_bps), bps(line.realised_bps), bps(difference(line)))
    rows.append((line.role, "total", measured, *whole))
    if line.queue_risk_bps is not None:
        rows.append((line.role, "queue risk", NONE, bps(line.queue_risk_bps), NONE, NONE))
    return rows


def markouts_grid(report: SessionReport) -> Grid | None:
    """Returns how far the mid moved after fills, one column per horizon; for many instruments without the money."""
    horizons = markout_horizons(report)
    if not horizons:
        return None
    several, in_full = len(report.instruments) > 1, len(report.instruments) <= _MOST_IN_FULL
    rows = [
        ((one.symbol, role, *row) if several else (role, *row))
        for one in report.instruments
        for role in dict.fromkeys(line.role for line in one.markouts)
        for row in _markout_rows(one, [line for line in one.markouts if line.role == role], in_full=in_full)
    ]
    titles = ("role", "in", *(f"after {horizon:g} s" for horizon in horizons))
    return _named(titles, rows, several=several)


def _markout_rows(one: InstrumentReport, lines: list[MarkoutReport], *, in_full: bool) -> list[tuple[str, ...]]:
    rows = [("basis points", *(bps(line.bps) for line in lines))]
    if in_full:
        decimals = amount_decimals([line.amount for line in lines])
        rows.append((one.profit_currency, *(signed(line.amount, decimals) for line in lines)))
    if in_full or any(line.not_measurable for line in lines):
        rows.append(("not measurable", *(f"{line.not_measurable:,}" for line in lines)))
    return rows
