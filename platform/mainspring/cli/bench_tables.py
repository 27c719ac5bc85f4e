"""Prints the rows of a run of benchmarks, and comparisons."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mainspring.cli.output import plain_table
from mainspring.report.figures import latency
from mainspring_perf.run import Timed
from mainspring_perf.versus import Comparison

__all__ = ["render", "render_comparison"]

_JUDGED = {True: "met", False: "MISSED", None: "not assessed"}


def render(timed: Timed, console: Console) -> None:
    """Prints means, tails of single operations, and the inputs."""
    rows = timed.rows
    console.print(_means(rows))
    if any(row["tail"] for row in rows):
        console.print()
        console.print(_tails(rows))
    for text in dict.fromkeys(f"{row['suite']}: {row['input']}" for row in rows):
        console.print(escape(text), style="dim")
    for name, why in timed.unmeasured.items():
        console.print(escape(f"not measured: {name}: {why}"), style="yellow")


def _means(rows: Sequence[dict[str, Any]]) -> Table:
    table = plain_table(
        "suite", "benchmark", ">one", ">a second", ">bytes", ">± rounds", ">against its baseline", ">aim"
    )
    for row in rows:
        ratio = f"{row['ratio']:.2f}x {row['baseline']}" if row["ratio"] is not None else ""
        table.add_row(
            row["suite"],
            escape(row["benchmark"]),
            latency(row["one_ns"]),
            f"{1e9 / row['one_ns']:,.0f}",
            f"{row['size_bytes']:,}" if row["size_bytes"] else "",
            f"{100 * row['spread']:.1f}%",
            escape(ratio),
            _aim(row),
        )
    return table


def _tails(rows: Sequence[dict[str, Any]]) -> Table:
    tails = [row["tail"] for row in rows if row["tail"]]
    table = plain_table("suite", "one by one", ">mean", ">p50", ">p99", ">p99.9", ">max", ">operations", ">a second")
    for row in rows:
        tail = row["tail"]
        if tail is None:
            continue
        late = "" if tail["rate"] is None else f" of {tail['rate']:,.0f}"
        table.add_row(
            row["suite"],
            escape(row["benchmark"]),
            *(latency(tail[key]) for key in ("mean_ns", "p50_ns", "p99_ns", "p99_9_ns", "max_ns")),
            f"{tail['operations']:,}",
            f"{tail['reached']:,.0f}{late}",
        )
    rated = "from when it was due" if tails[0]["rate"] is not None else "one after the other"
    table.caption = f"each operation {rated}; reading the clock is {latency(tails[0]['clock_ns'])} of each figure"
    return table


def render_comparison(found: Comparison, console: Console) -> None:
    """Prints each difference with its interval and verdict, and how they were measured."""
    table = plain_table("suite", "benchmark", ">then", ">now", ">now to then", ">95% interval", ">verdict")
    for one in found.differences:
        style = {"slower": "red", "faster": "green"}.get(one.verdict, "")
        verdict = f"{one.verdict}, FAILS" if one.fails else one.verdict
        table.add_row(
            one.suite,
            escape(one.benchmark),
            latency(one.then_ns),
            latency(one.now_ns),
            f"{one.ratio:.3f}x",
            f"{one.low:.3f} to {one.high:.3f}",
            verdict,
            style=style,
        )
    console.print(table)
    console.print(escape(f"Against {found.against}: {found.how}. Noise here: {100 * found.noise:.1f}%."), style="dim")
    for side, names in (("only now", found.only_now), ("only then", found.only_then)):
        for name in names:
            console.print(escape(f"{side}: {name}"), style="dim")


def _aim(row: dict[str, Any]) -> str:
    parts = []
    if row["ratio_at_least"] is not None:
        parts.append(f"{row['ratio_at_least']:.2f}x")
    if row["target_us"] is not None:
        parts.append(latency(1e3 * row["target_us"]))
    return f"{', '.join(parts)} {_JUDGED[row['met']]}" if parts else ""
