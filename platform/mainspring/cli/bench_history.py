"""`bench history`: shows a host's series, as bars in a terminal and as charts on an HTML page."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from mainspring.cli.bench import bench_app
from mainspring.cli.output import errors, plain_table, print_json, results, write_file
from mainspring.data import check_outputs
from mainspring.report.figures import latency
from mainspring.report.page import Html, log_scale, page, scale, section, tag
from mainspring_perf.history import Change, Series, make_series
from mainspring_perf.host import host_profile
from mainspring_perf.store import load_runs
from mainspring_perf.suites import choose_suites

__all__ = ["bench_app", "format_change", "history", "history_page"]

_BARS = "▁▂▃▄▅▆▇█"
_LAST = 60
_WIDTH, _HEIGHT, _MARGIN = 640, 120, 8


@bench_app.command("history")
def history(
    suites: Annotated[
        list[str] | None, typer.Argument(help="The suites to show; all of them if none is named.")
    ] = None,
    *,
    only: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="Only benchmarks whose name contains this. Repeatable.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write an HTML page of charts.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Plot this host's saved runs over time, and name the commit or version where a figure changed."""
    names = choose_suites(suites or ()) if suites else ()
    host = host_profile()
    series = make_series(load_runs(host.fingerprint), names, only or ())
    if html is not None:
        check_outputs({"--html": html})
        name = f"{host.cpu.model_name or 'this host'}, host {host.fingerprint}"
        write_file(html, history_page(series, name).encode())
        errors().print(f"written: {html}")
    if as_json:
        print_json(msgspec.to_builtins(series))
    elif series:
        _render(series, results())
    else:
        errors().print(f"no run is saved on this host ({host.fingerprint}); save one with `bench --save NAME`")


def _render(series: Sequence[Series], console: Console) -> None:
    """Prints each series as bars, oldest first, with `|` before a run at which it moved, and lists the moves."""
    table = plain_table("suite", "benchmark", "oldest to newest", ">runs", ">first", ">last")
    for one in series:
        figures = (str(len(one.one_ns)), latency(one.one_ns[0]), latency(one.one_ns[-1]))
        table.add_row(one.suite, escape(one.benchmark), _bars(one), *figures)
    console.print(table)
    moved = [(one, change) for one in series for change in one.changes]
    for one, change in moved:
        style = "red" if change.ratio > 1 else "green"
        console.print(escape(f"{one.suite}, {one.benchmark}: {format_change(change)}"), style=style)
    if not moved:
        console.print("nothing moved", style="dim")


def format_change(change: Change) -> str:
    """Describes a move: by how much, when, and with which code."""
    how = "slower" if change.ratio > 1 else "faster"
    by = f"{100 * abs(change.ratio - 1):.1f}% {how}"
    return f"{by} from {change.saved[:10]} on, with {change.code}; before it was {change.code_before}"


def _bars(one: Series) -> str:
    shown = one.one_ns[-_LAST:]
    offset = len(one.one_ns) - len(shown)
    low, high = min(shown), max(shown)
    cuts = {change.at - offset for change in one.changes}
    drawn = []
    for place, value in enumerate(shown):
        height = 0.0 if high == low else (value - low) / (high - low)
        drawn.append(("|" if place in cuts else "") + _BARS[round(height * (len(_BARS) - 1))])
    return "".join(drawn)


def history_page(series: Sequence[Series], host: str) -> str:
    """Returns a page with a chart of each benchmark and its moves. `host` names the machine at its top."""
    note = f"{host}. One run a dot, oldest first, on a log scale. A dashed line is where a figure moved and stayed."
    charts = [section(suite, *map(_chart, of)) for suite, of in groupby(series, key=lambda one: one.suite)]
    nothing = None if charts else tag("p", "No run has been saved on this host.")
    header = tag("header", tag("h1", "Benchmarks over time"), tag("p", note, class_="soft"))
    return page("Mainspring: benchmarks over time", header, nothing, *charts)


def _chart(one: Series) -> Html:
    low, high = min(one.one_ns), max(one.one_ns)
    x = scale((-0.5, len(one.one_ns) - 0.5), (0, _WIDTH))
    # A step of 5% has the same height everywhere, and a series that stands still is in the middle.
    y = log_scale((low / 1.01, high * 1.01), (_HEIGHT - _MARGIN, _MARGIN))
    points = [(x(place), y(value)) for place, value in enumerate(one.one_ns)]
    dots = [
        tag("circle", tag("title", f"{latency(value)}: {run}"), class_="timed", cx=at, cy=height, r=3)
        for (at, height), value, run in zip(points, one.one_ns, one.runs, strict=True)
    ]
    marks = [
        tag("line", tag("title", format_change(change)), class_="same", x1=at, x2=at, y1=0, y2=_HEIGHT)
        for change in one.changes
        for at in (x(change.at - 0.5),)
    ]
    line = tag("polyline", class_="line processed", points=" ".join(f"{at:.1f},{height:.1f}" for at, height in points))
    title = f"{one.benchmark}: {latency(low)} to {latency(high)}, now {latency(one.one_ns[-1])}"
    moved = [tag("li", format_change(change)) for change in one.changes]
    drawn = tag("svg", *marks, line, *dots, class_="chart", viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img")
    return tag("figure", tag("figcaption", title), drawn, tag("ul", *moved) if moved else None)
