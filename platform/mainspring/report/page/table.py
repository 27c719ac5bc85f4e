"""Tables of the page."""

from collections.abc import Sequence

from mainspring.report.figures import NONE
from mainspring.report.grid import Grid
from mainspring.report.page.markup import Child, Html, tag

__all__ = ["NO_FIGURE", "grid_table", "table"]

NO_FIGURE = "\N{EN DASH}"
"""Shown in a table if there is no figure."""


def table(name: str, titles: Sequence[str], rows: Sequence[Sequence[Child]], *, words: frozenset[int]) -> Html:
    """A table that scrolls on its own on a narrow screen. `titles` head the columns; those in `words` hold text."""

    def kind(column: int) -> str | None:
        return "words" if column in words else None

    head = [tag("th", title, scope="col", class_=kind(column)) for column, title in enumerate(titles)]
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row", class_="words"),
            *[tag("td", cell, class_=kind(column)) for column, cell in enumerate(row[1:], start=1)],
        )
        for row in rows
    ]
    shown = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *body))
    return tag("div", shown, class_="scroll", role="region", aria_label=name, tabindex=0)


def grid_table(name: str, grid: Grid | None) -> Html | None:
    """Returns the grid as a table; None for None."""
    if grid is None:
        return None
    rows = [[NO_FIGURE if cell == NONE else cell for cell in row] for row in grid.rows]
    return table(name, grid.titles, rows, words=grid.words)
