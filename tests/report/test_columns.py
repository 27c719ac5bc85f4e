"""The tables' columns: figures of one column have as many decimals as the finest step in it."""

from mainspring.report import SessionReport
from mainspring.report.grid import Grid
from mainspring.report.money_grids import profit_grid
from mainspring.report.trading_grids import open_orders_grid

from .samples import changed, sample_open_orders

FINE = {"lot_size": "0.00001", "tick_size": "0.01"}


def column(grid: Grid | None, title: str) -> list[str]:
    assert grid is not None
    return [row[grid.titles.index(title)] for row in grid.rows]


def row(grid: Grid | None, title: str) -> str:
    assert grid is not None
    return next(cells[1] for cells in grid.rows if cells[0] == title)


def test_nothing_has_the_decimals_of_something(report: SessionReport) -> None:
    """A position of none next to what was bought: "0.00000" like the rest, whatever text says it."""
    one = changed(report.instruments[0], **FINE, position="0.0", bought="1.5", sold="1.50000", average_entry="7")
    grid = profit_grid(changed(report, instruments=[one]))
    assert [row(grid, title) for title in ("position", "bought", "sold")] == ["0.00000", "1.50000", "1.50000"]
    assert row(grid, "average entry") == "7.000", "a mid may lie between two ticks"


def test_rows_of_many_instruments_are_alike(many_report: SessionReport) -> None:
    """An instrument of coarse steps is written with the decimals of its column."""
    coarse = {"lot_size": "1", "tick_size": "0.5", "position": "0", "average_entry": "12.5"}
    fine = {**FINE, "position": "0.1", "average_entry": "61880.06"}
    first, *others = many_report.instruments
    grid = profit_grid(
        changed(many_report, instruments=[changed(first, **fine), *(changed(one, **coarse) for one in others)])
    )
    assert column(grid, "position") == ["0.10000", *["0.00000"] * len(others)]
    assert column(grid, "avg entry") == ["61,880.060", *["12.500"] * len(others)]


def test_open_orders_are_alike(report: SessionReport) -> None:
    """Sizes, what of them is filled, and prices of orders that are still open."""
    sizes = [changed(order, size="2", filled="0", price="7") for order in sample_open_orders()]
    grid = open_orders_grid(changed(report, instruments=[changed(report.instruments[0], **FINE, open_orders=sizes)]))
    assert column(grid, "size") == ["2.00000"] * 2
    assert column(grid, "filled") == ["0.00000"] * 2
    assert column(grid, "price") == ["7.00"] * 2
