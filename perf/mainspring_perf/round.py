"""`python -m mainspring_perf.round --suite NAME`: one round of a suite, in one process, printed as JSON.

What two versions of the code are compared by: each runs its own copy of this file, so what it prints stays as it is.
Time is the CPU time of this process: what others take of a shared machine isn't counted, and neither would be time
that a benchmark slept or waited, which none does. The least of a few passes counts, the one that was disturbed least.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable

from mainspring_perf.candidates import allow_only
from mainspring_perf.harness import Benchmark
from mainspring_perf.suites import load_suite

__all__ = ["PROTOCOL", "main"]

PROTOCOL = 1
_PASSES = 5
_PASS_S = 0.02


def main() -> None:
    """Checks each answer, times each benchmark, and prints the seconds that one operation takes."""
    parser = argparse.ArgumentParser(prog="python -m mainspring_perf.round")
    parser.add_argument("--suite", required=True)
    parser.add_argument("--only", action="append", default=[], help="a part of a benchmark's name")
    parser.add_argument("--name", action="append", default=[], help="a benchmark's whole name")
    parser.add_argument("--allow", action="append", default=[])
    arguments = parser.parse_args()
    allow_only(arguments.allow)
    told = {}
    for benchmark in load_suite(arguments.suite).benchmarks(False):
        if arguments.name and benchmark.name not in arguments.name:
            continue
        if arguments.only and not any(part in benchmark.name for part in arguments.only):
            continue
        benchmark.check(benchmark.run())
        told[benchmark.name] = {"input": benchmark.input, "seconds": _least(benchmark)}
    json.dump({"protocol": PROTOCOL, "benchmarks": told}, sys.stdout)


def _least(benchmark: Benchmark) -> float:
    run, clock = benchmark.run, time.process_time
    loops = 1
    while (took := _timed(run, clock, loops)) < _PASS_S:
        loops *= 2 if took > _PASS_S / 16 else 8
    took = min(took, *(_timed(run, clock, loops) for _ in range(_PASSES - 1)))
    return took / loops / benchmark.operations


def _timed(run: Callable[[], object], clock: Callable[[], float], loops: int) -> float:
    started = clock()
    for _ in range(loops):
        run()
    return clock() - started


if __name__ == "__main__":
    main()
