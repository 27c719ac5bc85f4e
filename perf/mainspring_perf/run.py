"""Runs suites in interleaved rounds, and relates each figure to its baseline in the same rounds."""

import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyperf

from hwprofile.children import module_command
from mainspring.errors import MainspringError
from mainspring_perf.candidates import allowed, unusable
from mainspring_perf.harness import Benchmark, spread
from mainspring_perf.suites import choose_suites, find_suites
from mainspring_perf.targets import load_targets

__all__ = ["EFFORTS", "Timed", "choose_benchmarks", "list_suites", "run_suites", "run_tiny"]

EFFORTS: Mapping[str, int] = {"fast": 3, "normal": 7, "rigorous": 21}
"""Rounds by effort."""


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """The results of a run: a row per benchmark, and pyperf's benchmarks by suite and name, to be saved.

    `unmeasured` are the candidates that no benchmark could be made for, with the reason, by seam and name.
    """

    rows: list[dict[str, Any]]
    benchmarks: dict[tuple[str, str], Any]
    unmeasured: dict[str, str]


def list_suites() -> list[tuple[str, str]]:
    """Lists the suites with the first line of their docstrings."""
    return [(name, (module.__doc__ or "").strip().splitlines()[0]) for name, module in find_suites().items()]


def choose_benchmarks(
    suite: str, only: Sequence[str] = (), whole: Sequence[str] = (), *, tiny: bool = False
) -> list[Benchmark]:
    """The benchmarks of a suite that have one of `only` in their name, or one of `whole` for it, and their baselines.

    All of them where neither is given. `tiny` makes them short enough for a test.
    """
    every: list[Benchmark] = find_suites()[suite].benchmarks(tiny)
    if not only and not whole:
        return every
    named = [one for one in every if one.name in whole or any(part in one.name for part in only)]
    wanted = {one.name for one in named} | {one.baseline for one in named}
    return [one for one in every if one.name in wanted]


def run_suites(
    names: Sequence[str],
    *,
    effort: str = "normal",
    only: Sequence[str] = (),
    whole_names: Sequence[str] = (),
    rate: float | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Timed:
    """Times the named suites, or all of them if none is named.

    Each round times every benchmark of a suite once, in a process of its own, so that a benchmark and its baseline
    meet the same machine. A row has the median over the rounds in nanoseconds for one operation, the spread of the
    rounds (half the distance between the quartiles, as a fraction of the median), the median of the rounds' ratios to
    the baseline (above one: faster than it), what was aimed for, and under "tail" how single operations are spread
    (`mainspring_perf.tails.Tail`; None if a benchmark can't be cut into them). With `rate`, they are due at that
    many per second.

    `effort` is a key of `EFFORTS`, `only` are parts of names, `whole_names` names. `progress` is called for each round:
    the suite, the round, and how many there are. Raises `MainspringError` for an unknown suite, and where a benchmark
    can't be run.
    """
    rows: list[dict[str, Any]] = []
    kept: dict[tuple[str, str], Any] = {}
    unmeasured: dict[str, str] = {}
    for suite in choose_suites(names):
        # A suite may have rounds of its own for an effort.
        count = getattr(find_suites()[suite], "ROUNDS", EFFORTS).get(effort, EFFORTS[effort])
        benchmarks = choose_benchmarks(suite, only, whole_names)
        unmeasured |= _unmeasured(suite)
        if not benchmarks:
            continue
        chosen = [word for one in benchmarks for word in ("--name", one.name)] if only or whole_names else []
        rounds: list[dict[str, Any]] = []
        for number in range(1, count + 1):
            if progress is not None:
                progress(suite, number, count + 1)
            rounds.append(_one_round(suite, chosen, rounds[0] if rounds else {}))
        if progress is not None:
            progress(suite, count + 1, count + 1)
        tails = _tails(suite, chosen, rate)
        medians = [{name: one.median() for name, one in timed.items()} for timed in rounds]
        for benchmark in benchmarks:
            tail = tails.get(benchmark.name)
            row = _row(suite, benchmark, medians) | (tail or {}) | {"tail": tail}
            rows.append(row)
            kept[suite, benchmark.name] = _joined([timed[benchmark.name] for timed in rounds], row)
    if only and not rows:
        raise MainspringError(f"no benchmark of {', '.join(choose_suites(names))} has {' or '.join(only)} in its name")
    return Timed(rows=rows, benchmarks=kept, unmeasured=unmeasured)


def run_tiny(names: Sequence[str], only: Sequence[str] = ()) -> Timed:
    """Runs each benchmark once, at its tiny size, in this process: the answers are checked, the times say little.

    `only` are parts of names, as in `run_suites`.
    """
    rows: list[dict[str, Any]] = []
    unmeasured: dict[str, str] = {}
    for suite in choose_suites(names):
        benchmarks = choose_benchmarks(suite, only, tiny=True)
        unmeasured |= _unmeasured(suite)
        timed = {}
        for benchmark in benchmarks:
            benchmark.check(benchmark.run())
            started = time.perf_counter()
            benchmark.run()
            timed[benchmark.name] = (time.perf_counter() - started) / benchmark.operations
        rows.extend(_row(suite, benchmark, [timed]) | {"met": None, "tail": None} for benchmark in benchmarks)
    return Timed(rows=rows, benchmarks={}, unmeasured=unmeasured)


def _one_round(suite: str, chosen: Sequence[str], first: Mapping[str, Any]) -> dict[str, Any]:
    """Pyperf's benchmarks of one round, by name: a process for each, with the loops that the first round found."""
    with tempfile.TemporaryDirectory() as folder:
        output, loops = Path(folder) / "round.json", Path(folder) / "loops.json"
        loops.write_bytes(msgspec.json.encode({name: benchmark.get_loops() for name, benchmark in first.items()}))
        command = ["mainspring_perf.worker", "--suite", suite, "--quiet", "--output", str(output), *chosen]
        command += ["--known-loops", str(loops)]
        command += ["--processes", "1", "--values", "3", "--warmups", "1", "--min-time", "0.05", "--copy-env"]
        _run(suite, command)
        timed = pyperf.BenchmarkSuite.load(str(output))
    return {benchmark.get_name(): benchmark for benchmark in timed}


def _tails(suite: str, chosen: Sequence[str], rate: float | None) -> dict[str, Any]:
    rated = [] if rate is None else ["--rate", str(rate)]
    tails: dict[str, Any] = msgspec.json.decode(
        _run(suite, ["mainspring_perf.tails", "--suite", suite, *chosen, *rated])
    )
    return tails


def _run(suite: str, command: Sequence[str]) -> str:
    """Runs a process of ours, and returns what it prints. Raises `MainspringError` with its last line."""
    whole = [*module_command(*command), *(word for name in allowed() for word in ("--allow", name))]
    done = subprocess.run(whole, capture_output=True, text=True, check=False)  # noqa: S603  our own worker
    if done.returncode:
        said = [line for line in done.stderr.strip().splitlines() if not line.startswith((" ", "Error when"))]
        raise MainspringError(
            f"the suite {suite!r} can't be run: {said[-1] if said else 'no word of why'}. "
            "--allow DISTRIBUTION measures only the plugins of those that you name."
        )
    return done.stdout


def _joined(rounds: Sequence[Any], row: Mapping[str, Any]) -> Any:
    """Joins the rounds of a benchmark into one pyperf benchmark, with our metadata."""
    first = rounds[0]
    for later in rounds[1:]:
        first.add_runs(later)
    more: dict[str, Any] = {"mainspring_spread": row["spread"]}
    if row["tail"] is not None:
        more |= {f"mainspring_{key}": row["tail"][key] for key in ("p50_ns", "p99_ns", "p99_9_ns", "max_ns")}
    first.update_metadata(more)
    return first


def _unmeasured(suite: str) -> dict[str, str]:
    module = find_suites()[suite]
    seams: Sequence[str] = getattr(module, "SEAMS", ())
    left = {f"{seam} {name}": why for seam in seams for name, why in unusable(seam).items()}
    return left | {f"{seams[0]} {name}": why for name, why in getattr(module, "unmeasured", dict)().items()}


def _row(suite: str, benchmark: Benchmark, rounds: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    seconds = [one[benchmark.name] for one in rounds]
    ratio = None
    baseline = benchmark.baseline
    if baseline is not None and baseline in rounds[0]:
        ratio = statistics.median(one[baseline] / one[benchmark.name] for one in rounds)
    one_ns = 1e9 * statistics.median(seconds)
    ratio_at_least, target_us = _aims(f"{suite}: {benchmark.name}", baseline)
    met = [
        ratio >= ratio_at_least if ratio is not None and ratio_at_least is not None else None,
        one_ns <= 1e3 * target_us if target_us is not None else None,
    ]
    return {
        "suite": suite,
        "benchmark": benchmark.name,
        "one_ns": one_ns,
        "spread": spread(seconds),
        "ratio": ratio,
        "baseline": benchmark.baseline,
        "seam": benchmark.offer.seam if benchmark.offer else None,
        "candidate": benchmark.offer.name if benchmark.offer else None,
        "distribution": benchmark.offer.distribution if benchmark.offer else None,
        "size_bytes": benchmark.size_bytes,
        "ratio_at_least": ratio_at_least,
        "target_us": target_us,
        "met": all(one is not False for one in met) if any(one is not None for one in met) else None,
        "input": benchmark.input,
    }


def _aims(benchmark: str, baseline: str | None) -> tuple[float | None, float | None]:
    """The least ratio to its baseline, and the most microseconds of an operation, that a benchmark aims for."""
    ratio_at_least = target_us = None
    for target in load_targets():
        if target.benchmark == benchmark and target.baseline and target.baseline == baseline:
            ratio_at_least = target.at_least
        elif target.benchmark == benchmark and not target.baseline:
            target_us = target.at_most if target.at_least is None else 1e6 / target.at_least
    return ratio_at_least, target_us
