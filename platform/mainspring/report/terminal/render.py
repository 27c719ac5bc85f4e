"""The report from top to bottom: title, warnings, sections, closing line."""

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from mainspring.report.cost_grids import markouts_grid, slippage_grid
from mainspring.report.figures import clock, duration
from mainspring.report.findings import (
    advice,
    describe_drift,
    format_closing,
    main_origin,
    market_seconds,
    open_orders_heading,
    slippage_notes,
    small_print,
    warnings,
)
from mainspring.report.live_grids import book_times_grid, connections_grid, lag_grid, losses_grid
from mainspring.report.messages_grid import messages_grid
from mainspring.report.model import SessionReport
from mainspring.report.money_grids import profit_grid, strategies_grid, totals_grid
from mainspring.report.terminal.look import Column, Look
from mainspring.report.terminal.machine import drift_section, lanes_section, threads_section
from mainspring.report.terminal.session import slots_section, stages_section
from mainspring.report.trading_grids import (
    differences_grid,
    discrepancies_grid,
    open_orders_grid,
    orders_grid,
    refusals_grid,
)

__all__ = ["render_text"]

_WIDEST = 100
_WARNING = (Column("", "left"), Column("", "left"))


def render_text(report: SessionReport, console: Console) -> None:
    """Prints the report to the console, at most 100 columns wide.

    Text from configs and plugins is printed literally, never as markup. Colour only repeats what the words say, so a
    file gets the same text.
    """
    width = min(console.width, _WIDEST)
    look = Look(console, width)
    for part in _parts(report, look):
        console.print(part, width=width, highlight=False)


def _parts(report: SessionReport, look: Look) -> Iterator[RenderableType]:
    yield Text()
    yield _title(report, look)
    yield from _warnings(report, look)
    origin, only = main_origin(report)
    ran = f"What ran, all from {origin}" if only else f"What ran, from {origin} unless noted"
    sections = (
        ("Profit and position", look.grid(profit_grid(report))),
        ("Totals, by currency", look.grid(totals_grid(report))),
        ("Strategies", look.grid(strategies_grid(report))),
        ("Orders and fills", look.grid(orders_grid(report))),
        ("Refused orders", look.grid(refusals_grid(report))),
        ("Discrepancies with the venue", look.grid(discrepancies_grid(report))),
        ("Reconciliation", look.grid(differences_grid(report))),
        (open_orders_heading(report), look.grid(open_orders_grid(report))),
        ("Slippage of fills, basis points; a cost is positive", _slippage(report, look)),
        ("Markouts: the mid's move after fills; above zero it went our way", look.grid(markouts_grid(report))),
        ("Latency", stages_section(report, look)),
        ("Messages", look.grid(messages_grid(report))),
        ("Connections", look.grid(connections_grid(report.timing.live))),
        ("Connections lost, gaps, and what wasn't answered", look.grid(losses_grid(report.timing.live))),
        ("Lag of messages, by the venue's own times", look.grid(lag_grid(report.timing.live))),
        ("Time without a book", look.grid(book_times_grid(report.timing.live))),
        ("Lanes", lanes_section(report, look)),
        ("Threads", threads_section(report, look)),
        (ran, slots_section(report, look)),
        (describe_drift(report), drift_section(report, look)),
    )
    for heading, section in sections:
        if section is not None:
            yield Text()
            yield look.text(heading, "bold")
            yield Padding(section, (0, 0, 0, 2))
    yield Text()
    yield look.text(format_closing(report), "bold")
    for line in small_print(report):
        yield look.text(line, "dim")
    for sentence in advice(report):
        yield look.text(sentence)


def _slippage(report: SessionReport, look: Look) -> RenderableType | None:
    table = look.grid(slippage_grid(report))
    return None if table is None else Group(table, *(look.text(note, "dim") for note in slippage_notes(report)))


def _title(report: SessionReport, look: Look) -> Text:
    feed = report.feed
    when = clock(feed.first_receive_ns) if feed.messages else "no messages"
    lasted = f", {duration(market_seconds(report))} of market time" if feed.messages else ""
    return Text.assemble(
        look.text(f"Mainspring {report.mainspring}", "bold"),
        look.text(f"  {report.mode} session, config {report.config}, seed {report.seed}"),
        "\n",
        look.text(f"{feed.source}: {when}{lasted}", "dim"),
    )


def _warnings(report: SessionReport, look: Look) -> Iterator[RenderableType]:
    found = warnings(report)
    if not found:
        return
    yield Text("\nBefore you trust the figures", style="bold yellow")
    rows = [("!", look.text(sentence, "yellow")) for sentence in found]
    yield Padding(look.table(_WARNING, rows, headed=False), (0, 0, 0, 2))
