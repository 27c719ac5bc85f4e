"""`scaling`: measures how cost grows with a lane's load, and how many lanes a load needs."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape

from mainspring.cli.output import FAILED, errors, plain_table, print_json, results
from mainspring.cli.scaling_tables import Table, tables_of
from mainspring.errors import DataError, MainspringError
from mainspring.report import SessionReport, from_json
from mainspring.report.capacity import busiest, capacity, lanes_needed
from mainspring.report.figures import latency
from mainspring_perf.scaling.calibration import calibrate
from mainspring_perf.scaling.rate import far_off
from mainspring_perf.scaling.run import run_studies

__all__ = ["scaling"]


def scaling(
    studies: Annotated[list[str] | None, typer.Argument(help="The studies to run; default: all.")] = None,
    *,
    size: Annotated[
        Path | None,
        typer.Option(metavar="REPORT", help="Size a fleet from a session's JSON report instead.", show_default=False),
    ] = None,
    peak: Annotated[
        float | None,
        typer.Option(help="With --size: messages per second at the peak; default: the report's.", show_default=False),
    ] = None,
    load: Annotated[
        float,
        typer.Option(min=0.01, max=0.99, help="With --size: how much of its saturation a lane may use, from 0 to 1."),
    ] = 0.5,
    tiny: Annotated[
        bool, typer.Option("--tiny", help="A quick check that takes seconds; its figures mean little.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Measure how cost grows with instruments, orders, levels, message rate and session length; size a fleet."""
    if size is not None:
        _size(size, peak, load, as_json)
        return
    console = errors()
    with console.status("starting") as status:
        found = run_studies(
            studies or (),
            tiny=tiny,
            progress=lambda study, number, of: status.update(f"{study}: case {number} of {of}"),
        )
    if as_json:
        print_json({name: [msgspec.to_builtins(one) for one in of] for name, of in found.items()})
    else:
        for name, of in found.items():
            for one in tables_of(name, of):
                _print(one)
    missed = far_off(found.get("rate", []))
    if missed and not tiny:
        console.print(f"[bold red]the capacity model is off:[/] {escape('; '.join(missed))}", soft_wrap=True)
        raise typer.Exit(FAILED)


def _print(found: Table) -> None:
    first, *others = found.head
    table = plain_table(first, *[f">{title}" for title in others])
    for row in found.rows:
        table.add_row(*map(escape, row))
    console = results()
    console.print(escape(found.title), style="bold")
    console.print(table)
    console.print(escape(found.note), style="dim")
    console.print()


def _size(path: Path, peak: float | None, load: float, as_json: bool) -> None:
    report = _read(path)
    try:
        found = capacity(report, calibrate())
        wanted = busiest(report) if peak is None else peak
        lanes = lanes_needed(wanted, found.saturation, load)
    except ValueError as error:
        raise MainspringError(f"{path}: {error}") from error
    if as_json:
        reported: dict[str, Any] = {"share_ns": found.share_ns, "saturation": found.saturation}
        print_json({**reported, "message_ns": found.message_ns, "peak": wanted, "load": load, "lanes": lanes})
        return
    table = plain_table("of a message", ">takes", ">share")
    for name, ns in sorted(found.share_ns.items(), key=lambda pair: -pair[1]):
        table.add_row(escape(name), latency(ns), f"{ns / found.message_ns:.0%}")
    console = results()
    console.print(table)
    console.print(f"A lane takes {found.saturation:,.0f} messages a second at most ({latency(found.message_ns)} each).")
    source = "the busiest stretch of the report" if peak is None else "as asked"
    console.print(f"{wanted:,.0f} messages a second at the peak ({source}), lanes loaded to {load:.0%}: {lanes:,}.")


def _read(path: Path) -> SessionReport:
    try:
        return from_json(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; write one with `mainspring run --json`") from error
