"""`bench targets`, `bench instructions`, `bench memory`: figures that are compared with a target."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape

from mainspring.cli.bench import effort_of, progress_bar
from mainspring.cli.bench_history import bench_app
from mainspring.cli.output import FAILED, errors, plain_table, print_json, results
from mainspring_perf.instructions import Outcome, check_instructions
from mainspring_perf.memory import Memory, measure_memory
from mainspring_perf.targets import Reached, check_targets, load_targets, suites_of

__all__ = ["bench_app", "instructions", "memory", "targets"]

_MET = {True: "met", False: "MISSED", None: "not measured"}


@bench_app.command("targets")
def targets(
    *,
    only: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="Only targets whose name contains this. Repeatable.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="Read the targets from this file instead of perf/targets.toml.")
    ] = None,
    fast: Annotated[bool, typer.Option("--fast", help="Fewer rounds: quicker, and less sure.")] = False,
    rigorous: Annotated[bool, typer.Option("--rigorous", help="More rounds: slower, and more sure.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Print each target of the project with what this host reaches. A missed target is reported but isn't a failure."""
    chosen = [one for one in load_targets(file) if not only or any(part in one.name for part in only)]
    with progress_bar(suites_of(chosen)) as progress:
        reached = check_targets(chosen, effort=effort_of(fast=fast, rigorous=rigorous), progress=progress)
    if as_json:
        print_json(msgspec.to_builtins(reached))
        return
    table = plain_table("target", "what", ">aim", ">reached", "")
    for one in reached:
        table.add_row(one.target.name, escape(one.target.what), _aim(one), _figure(one), _verdict(one))
    results().print(table)


@bench_app.command("instructions")
def instructions(
    suites: Annotated[list[str] | None, typer.Argument(help="The suites to count; default: all.")] = None,
    *,
    record: Annotated[bool, typer.Option("--record", help="Record the counts for later comparison.")] = False,
    file: Annotated[Path | None, typer.Option(help="The recorded counts, instead of those of the checkout.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Count the instructions of the hot paths with valgrind's callgrind; none may take more than recorded."""
    with errors().status("counting; this takes a few minutes"):
        outcome = check_instructions(suites or (), record=record, file=file)
    if as_json:
        print_json({**msgspec.to_builtins(outcome), "states": {one.path: one.state for one in outcome.counts}})
    else:
        _show(outcome)
    if outcome.ok is False:
        raise typer.Exit(FAILED)


@bench_app.command("memory")
def memory(
    *,
    sessions: Annotated[int, typer.Option(min=1, help="How many times to run the reference session.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Measure memory: per session, per instrument by book, and what the hot path allocates."""
    with errors().status("measuring"):
        found = measure_memory(sessions=sessions)
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        _show_memory(found)


def _show(outcome: Outcome) -> None:
    table = plain_table("hot path", ">recorded", ">now", ">allocations", ">change", "")
    for one in outcome.counts:
        figures = ("" if value is None else f"{value:,.1f}" for value in (one.then, one.now))
        change = "" if one.change is None else f"{100 * one.change:+.2f}%"
        style = "red" if one.state in ("more", "gone") else "green" if one.state == "fewer" else ""
        allocations = "" if one.allocations is None else f"{one.allocations:,.2f}"
        table.add_row(escape(one.path), *figures, allocations, change, one.state, style=style)
    if outcome.counts:
        results().print(table)
    results().print(escape(outcome.said))


def _show_memory(found: Memory) -> None:
    console = results()
    first = found.resident_mb[0]
    sessions = plain_table("session", ">resident MB", ">since the first")
    for number, resident in enumerate(found.resident_mb, 1):
        sessions.add_row(str(number), f"{resident:.1f}", f"{resident - first:+.1f}")
    console.print(sessions)
    console.print(f"peak: {found.peak_mb:.1f} MB")
    books = plain_table("book of 2 x 1,000 levels", ">KiB")
    for name, kib in found.book_kib.items():
        books.add_row(name, f"{kib:.1f}")
    console.print(books)
    paths = plain_table("hot path", ">blocks kept a message", ">bytes at most")
    for name, taken in found.taken.items():
        paths.add_row(name, f"{taken.blocks_kept:.4f}", f"{taken.peak_bytes:,}")
    console.print(paths)


def _aim(one: Reached) -> str:
    target = one.target
    figure = target.at_most if target.at_most is not None else target.at_least
    return f"{'at most' if target.at_most is not None else 'at least'} {figure:,.10g} {one.target.figure_unit}".strip()


def _figure(one: Reached) -> str:
    return "" if one.reached is None else f"{one.reached:,.3g} {one.target.figure_unit}".strip()


def _verdict(one: Reached) -> str:
    return _MET[one.met] + (f": {escape(one.why)}" if one.why else "")
