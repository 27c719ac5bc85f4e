"""Runs suites in interleaved rounds, and tells each figure as a ratio to its yardstick of the same rounds."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyperf
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mainspring_perf.harness import Benchmark
from mainspring_perf.suites import find_suites

__all__ = ["UnknownSuite", "list_suites", "render", "run_suites", "run_tiny"]

_ROUNDS = 7
_ROUNDS_FAST = 3
_JUDGED = {True: "met", False: "MISSED", None: "not judged"}


class UnknownSuite(ValueError):  # noqa: N818  it is one
    """No suite has that name."""


def list_suites() -> list[tuple[str, str]]:
    """The suites, each with the first line of its docstring."""
    return [(name, (module.__doc__ or "").strip().splitlines()[0]) for name, module in find_suites().items()]


def run_suites(
    names: Sequence[str], *, fast: bool = False, progress: Callable[[str, int, int], None] | None = None
) -> list[dict[str, Any]]:
    """Times the suites of those names, all of them if there are none, and returns a row a benchmark.

    Each round times every benchmark of a suite once, in a process of its own, so that a benchmark and its yardstick
    meet the same machine. A row has the median over the rounds in nanoseconds for one operation, the spread of the
    rounds (half the distance between the quartiles, as a fraction of the median), the median of the rounds' ratios to
    the yardstick (above one: faster than it), and what was aimed for. `progress` is told of each round:
    the suite, the round, and how many there are. Raises `UnknownSuite`.
    """
    rows: list[dict[str, Any]] = []
    count = _ROUNDS_FAST if fast else _ROUNDS
    for suite in _chosen(names):
        rounds = []
        for number in range(1, count + 1):
            if progress is not None:
                progress(suite, number, count)
            rounds.append(_one_round(suite))
        rows.extend(_row(suite, benchmark, rounds) for benchmark in find_suites()[suite].benchmarks(False))
    return rows


def run_tiny(names: Sequence[str]) -> list[dict[str, Any]]:
    """Runs each benchmark once, at its tiny size, in this process: the answers are checked, the times say little."""
    rows: list[dict[str, Any]] = []
    for suite in _chosen(names):
        benchmarks = find_suites()[suite].benchmarks(True)
        timed = {}
        for benchmark in benchmarks:
            benchmark.check(benchmark.run())
            started = time.perf_counter()
            benchmark.run()
            timed[benchmark.name] = (time.perf_counter() - started) / benchmark.operations
        rows.extend(_row(suite, benchmark, [timed]) | {"met": None} for benchmark in benchmarks)
    return rows


def render(rows: Sequence[dict[str, Any]], console: Console) -> None:
    """Prints the rows as a table, with what each figure was measured on below it."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column, justify in (("suite", "left"), ("benchmark", "left"), ("one", "right"), ("a second", "right")):
        table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for column in ("± rounds", "against its yardstick", "aim"):
        table.add_column(column, justify="right", overflow="fold")
    for row in rows:
        ratio = f"{row['ratio']:.2f}x {row['yardstick']}" if row["ratio"] is not None else ""
        table.add_row(
            row["suite"],
            escape(row["benchmark"]),
            _time(row["one_ns"]),
            f"{1e9 / row['one_ns']:,.0f}",
            f"{100 * row['spread']:.1f}%",
            escape(ratio),
            _aim(row),
        )
    console.print(table)
    for text in dict.fromkeys(f"{row['suite']}: {row['input']}" for row in rows):
        console.print(escape(text), style="dim")


def _chosen(names: Sequence[str]) -> list[str]:
    there = list(find_suites())
    for name in names:
        if name not in there:
            raise UnknownSuite(f"no suite is named {name!r}; there are: {', '.join(there)}")
    return list(names) or there


def _one_round(suite: str) -> dict[str, float]:
    """The seconds that one operation of each benchmark takes, by pyperf, in one process a benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "round.json"
        command = [sys.executable, "-m", "mainspring_perf.worker", "--suite", suite, "--quiet", "--output", str(output)]
        command += ["--processes", "1", "--values", "3", "--warmups", "1", "--min-time", "0.05", "--copy-env"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  our own worker
        timed = pyperf.BenchmarkSuite.load(str(output))
    return {benchmark.get_name(): benchmark.median() for benchmark in timed}


def _row(suite: str, benchmark: Benchmark, rounds: Sequence[dict[str, float]]) -> dict[str, Any]:
    seconds = [one[benchmark.name] for one in rounds]
    ratio = None
    if benchmark.yardstick is not None:
        ratio = statistics.median(one[benchmark.yardstick] / one[benchmark.name] for one in rounds)
    one_ns = 1e9 * statistics.median(seconds)
    met = [
        ratio >= benchmark.ratio_at_least if ratio is not None and benchmark.ratio_at_least is not None else None,
        one_ns <= 1e3 * benchmark.target_us if benchmark.target_us is not None else None,
    ]
    spread = 0.0
    if len(seconds) > 1:
        first, _, third = statistics.quantiles(seconds, n=4)
        spread = (third - first) / 2 / statistics.median(seconds)
    return {
        "suite": suite,
        "benchmark": benchmark.name,
        "one_ns": one_ns,
        "spread": spread,
        "ratio": ratio,
        "yardstick": benchmark.yardstick,
        "ratio_at_least": benchmark.ratio_at_least,
        "target_us": benchmark.target_us,
        "met": all(one is not False for one in met) if any(one is not None for one in met) else None,
        "input": benchmark.input,
    }


def _time(nanoseconds: float) -> str:
    if nanoseconds < 1e3:
        return f"{nanoseconds:.0f} ns"
    if nanoseconds < 1e6:
        return f"{nanoseconds / 1e3:.2f} us"
    return f"{nanoseconds / 1e6:.1f} ms"


def _aim(row: dict[str, Any]) -> str:
    parts = []
    if row["ratio_at_least"] is not None:
        parts.append(f"{row['ratio_at_least']:.2f}x")
    if row["target_us"] is not None:
        parts.append(f"{_time(1e3 * row['target_us'])}")
    if not parts:
        return ""
    return f"{', '.join(parts)} {_JUDGED[row['met']]}"
