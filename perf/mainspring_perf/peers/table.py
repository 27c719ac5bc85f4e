"""Prints outcomes as tables, and says figures in words for these, the page and the picture."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mainspring_perf.peers.race import Outcome, Row

__all__ = ["against", "render", "time_text"]

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


def time_text(nanoseconds: float) -> str:
    """A time in three figures: "33.6 ns", "1.02 us"."""
    for unit, size in (("ns", 1.0), ("us", 1e3), ("ms", 1e6)):
        if nanoseconds < 999.5 * size or unit == "ms":
            return f"{_three(nanoseconds / size)} {unit}"
    raise AssertionError(nanoseconds)


def against(row: Row) -> str:
    """How fast a row is, held to Mainspring's fastest of the same work."""
    if row.ratio is None:
        return ""
    if row.ratio == 1.0 and row.verdict == "ours":
        return "Mainspring's fastest"
    times = f"{_three(row.ratio)}x as fast" if row.ratio >= 1 else f"{_three(1 / row.ratio)}x slower"
    if row.verdict == "even":
        return f"even, within the noise ({times})"
    return f"{times}: faster than Mainspring" if row.verdict == "faster" else times


def _three(value: float) -> str:
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"
