"""`bench peers`: compares with other libraries on the same work."""

import dataclasses
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from mainspring.cli.output import errors, plain_table, print_json, results
from mainspring.report.figures import fine_latency, three_digits
from mainspring_perf.peers.race import Outcome, Row, race

__all__ = ["against", "render", "run_peers"]

_STYLES = {"ours": "bold", "faster": "yellow", "slower": "", "even": "", None: "dim"}


def run_peers(*, fast: bool, only: Sequence[str] = (), as_json: bool) -> None:
    """Runs the works by every peer, and prints the tables.

    `fast` runs fewer rounds, `only` are parts of the names of works (all without any), `as_json` prints JSON.
    """
    with errors().status("starting") as status:
        outcomes = race(fast=fast, only=only, progress=status.update)
    if as_json:
        print_json([dataclasses.asdict(outcome) for outcome in outcomes])
    else:
        render(outcomes, results())


def render(outcomes: Sequence[Outcome], console: Console) -> None:
    """Prints a table for each work, with its input below it."""
    for outcome in outcomes:
        if not outcome.rows:
            console.print(f"{outcome.title}: {escape(outcome.input)}\n", style="dim")
            continue
        table = plain_table("peer", "how", f">one {outcome.operation}", ">± rounds", "against Mainspring's fastest")
        table.title, table.title_justify = outcome.title, "left"
        for row in outcome.rows:
            way = f"{row.way} ({row.detail})" if row.detail else row.way
            figures = ("", "") if row.one_ns is None else (fine_latency(row.one_ns), f"{100 * row.spread:.1f}%")
            words = (escape(row.peer), escape(way), *figures, escape(row.reason or against(row)))
            table.add_row(*words, style=_STYLES[row.verdict])
        console.print(table)
        console.print(escape(f"{outcome.session}: {outcome.input}; {outcome.rounds} rounds"), style="dim")
        console.print()


def against(row: Row) -> str:
    """How fast a row is, held to Mainspring's fastest of the same work."""
    if row.ratio is None:
        return ""
    if row.ratio == 1.0 and row.verdict == "ours":
        return "Mainspring's fastest"
    times = f"{three_digits(row.ratio)}x as fast" if row.ratio >= 1 else f"{three_digits(1 / row.ratio)}x slower"
    if row.verdict == "even":
        return f"even, within the noise ({times})"
    return f"{times}: faster than Mainspring" if row.verdict == "faster" else times
