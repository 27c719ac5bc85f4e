"""Shows a host's series: bars in a terminal, charts on an HTML page."""

import math
from collections.abc import Sequence
from html import escape

from rich.console import Console
from rich.markup import escape as plain

from mainspring_perf.history import Change, Series
from mainspring_perf.terminal import format_time, plain_table

__all__ = ["history_page", "render_history"]

_BARS = "▁▂▃▄▅▆▇█"
_LAST = 60
_WIDTH, _HEIGHT, _MARGIN = 640, 120, 8


def render_history(series: Sequence[Series], console: Console) -> None:
    """Prints each series as bars, oldest first, with `|` before a run at which it moved, and lists the moves."""
    table = plain_table("suite", "benchmark", "oldest to newest", right=("runs", "first", "last"))
    for one in series:
        figures = (str(len(one.one_ns)), format_time(one.one_ns[0]), format_time(one.one_ns[-1]))
        table.add_row(one.suite, plain(one.benchmark), _bars(one), *figures)
    console.print(table)
    moved = [(one, change) for one in series for change in one.changes]
    for one, change in moved:
        style = "red" if change.ratio > 1 else "green"
        console.print(plain(f"{one.suite}, {one.benchmark}: {format_change(change)}"), style=style)
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
    """Returns a self-contained page, light or dark, with a chart of each benchmark and its moves.

    `host` names the machine in the page's title.
    """
    charts = "\n".join(_chart(one) for one in series) or "<p>No run has been saved on this host.</p>"
    return _PAGE.replace("{{host}}", escape(host)).replace("{{charts}}", charts)


def _chart(one: Series) -> str:
    low, high = min(one.one_ns), max(one.one_ns)
    points = [(_x(place, len(one.one_ns)), _y(value, low, high)) for place, value in enumerate(one.one_ns)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"><title>{escape(format_time(value))}: {escape(run)}</title></circle>'
        for (x, y), value, run in zip(points, one.one_ns, one.runs, strict=True)
    )
    marks = "".join(
        f'<line class="{_side(change)}" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_HEIGHT}">'
        f"<title>{escape(format_change(change))}</title></line>"
        for change in one.changes
        for x in ((_x(change.at, len(one.one_ns)) + _x(change.at - 1, len(one.one_ns))) / 2,)
    )
    moved = "".join(f'<li class="{_side(change)}">{escape(format_change(change))}</li>' for change in one.changes)
    return (
        f"<figure><figcaption><b>{escape(one.suite)}</b> {escape(one.benchmark)}"
        f" <span>{format_time(low)} to {format_time(high)}, now {format_time(one.one_ns[-1])}</span></figcaption>"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">{marks}<polyline points="{line}"/>{dots}</svg>'
        f"<ul>{moved}</ul></figure>"
    )


def _side(change: Change) -> str:
    return "slower" if change.ratio > 1 else "faster"


def _x(place: int, count: int) -> float:
    return _WIDTH / 2 if count == 1 else _MARGIN + place * (_WIDTH - 2 * _MARGIN) / (count - 1)


def _y(value: float, low: float, high: float) -> float:
    """Maps to a log scale, on which a step of 5% has the same height everywhere."""
    span = math.log(high) - math.log(low)
    up = 0.5 if span == 0 else (math.log(value) - math.log(low)) / span
    return _HEIGHT - _MARGIN - up * (_HEIGHT - 2 * _MARGIN)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mainspring: benchmarks over time</title>
<style>
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #6a737d; --line: #0b5fad; --bad: #b3261e;
  --good: #1a7f37; --rule: #d0d7de }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --soft: #8b949e; --line: #58a6ff;
  --bad: #ff7b72; --good: #3fb950; --rule: #30363d } }
body { margin: 1rem auto; max-width: 46rem; padding: 0 1rem; font: 15px/1.45 system-ui, sans-serif; color: var(--ink);
  background: var(--paper) }
figure { margin: 1.5rem 0; border-top: 1px solid var(--rule); padding-top: .6rem }
figcaption span, .host { color: var(--soft) }
svg { width: 100%; height: auto } polyline { fill: none; stroke: var(--line); stroke-width: 2 }
circle { fill: var(--line) } line { stroke-width: 2; stroke-dasharray: 4 3 }
line.slower { stroke: var(--bad) } line.faster { stroke: var(--good) }
li.slower { color: var(--bad) } li.faster { color: var(--good) } ul { margin: .2rem 0; padding-left: 1.2rem }
</style></head><body>
<h1>Benchmarks over time</h1><p class="host">{{host}}. One run a dot, oldest first, on a log scale.
A dashed line is where a figure moved and stayed.</p>
{{charts}}
</body></html>
"""
