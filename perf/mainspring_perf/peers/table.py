"""The outcomes as tables on a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mainspring_perf.peers.describe import against, time_text
from mainspring_perf.peers.race import Outcome

__all__ = ["render"]

_STYLES = {"ours": "bold", "faster": "yellow", "slower": "", "even": "", None: "dim"}


def render(outcomes: Sequence[Outcome], console: Console) -> None:
    """Prints a table a work, with its input below it."""
    for outcome in outcomes:
        table = Table(box=None, pad_edge=False, header_style="bold", title=outcome.title, title_justify="left")
        table.add_column("peer", overflow="fold")
        table.add_column("how", overflow="fold")
        table.add_column(f"one {outcome.operation}", justify="right", no_wrap=True)
        table.add_column("± rounds", justify="right", no_wrap=True)
        table.add_column("against Mainspring's fastest", overflow="fold")
        for row in outcome.rows:
            way = f"{row.way} ({row.detail})" if row.detail else row.way
            figures = ("", "") if row.one_ns is None else (time_text(row.one_ns), f"{100 * row.spread:.1f}%")
            table.add_row(
                escape(row.peer),
                escape(way),
                *figures,
                escape(row.reason or against(row)),
                style=_STYLES[row.verdict],
            )
        console.print(table)
        console.print(escape(f"{outcome.session}: {outcome.input}; {outcome.rounds} rounds"), style="dim")
        console.print()
