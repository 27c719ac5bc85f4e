"""The building blocks of every section of the terminal report."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mainspring.report.grid import Grid
from mainspring.report.printable import printable

__all__ = ["Column", "Look"]


class Column(msgspec.Struct, frozen=True):
    """A column of a table."""

    title: str
    justify: Literal["left", "right"] = "right"


class Look:
    """Makes text and tables that print literally what they are given, within the console's encoding."""

    def __init__(self, console: Console, width: int) -> None:
        self._encoding = console.encoding
        self._bar_cells = 8 if width >= 88 else 4 if width >= 80 else 0
        self._full, self._empty = ("#", ".") if console.options.ascii_only else ("█", "░")

    def text(self, value: str, style: str = "") -> Text:
        """Text in a `style` of rich that is never taken for markup, without control characters."""
        safe = printable(value).encode(self._encoding, "replace").decode(self._encoding)
        return Text(safe, style=style)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Text | str]], *, headed: bool = True) -> Table:
        """A table without lines, with a header row if `headed`. Cells are aligned by column; strings go through `text`.

        If it is too wide, the cells of its widest columns are folded; no figure loses a digit.
        """
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_header=headed)
        for column in columns:
            table.add_column(
                self.text(column.title),
                justify=column.justify,
                overflow="fold",
            )
        for row in rows:
            table.add_row(*[cell if isinstance(cell, Text) else self.text(cell) for cell in row])
        return table

    def grid(self, grid: Grid | None) -> Table | None:
        """Returns the grid as a table; None for None."""
        if grid is None:
            return None
        columns = [Column(title, "left" if at in grid.words else "right") for at, title in enumerate(grid.titles)]
        return self.table(columns, grid.rows)

    def bar(self, share: float) -> Text:
        """Returns a bar that is full at a share of 1 and red above it; empty if the console has no room for one."""
        cells = min(self._bar_cells, max(round(share * self._bar_cells), 1))
        style = "red" if share > 1 else "green"
        return Text.assemble((self._full * cells, style), (self._empty * (self._bar_cells - cells), "dim"))
