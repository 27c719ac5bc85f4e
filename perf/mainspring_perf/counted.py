"""`python -m mainspring_perf.counted SUITE`: what callgrind counts the instructions of. Not for timing.

Each hot path is run a few times over between marks at which callgrind writes down what it has counted since the last
one: calls of `getppid`, which nothing else here makes. So the start of the interpreter counts for nothing. The names
are printed in the order of the marks, with how many operations lie between two of them.
"""

import gc
import json
import os
import sys

from mainspring.host.registry import OURS
from mainspring_perf.candidates import allow_only
from mainspring_perf.suites import load_suite

__all__ = ["MARK", "SECTIONS", "main"]

MARK = "getppid"
"""The function at which callgrind is told to write down its counts."""

SECTIONS = 3
"""How often the same work is counted: the least of them is what it takes."""


def main() -> None:
    """Runs the benchmarks of a suite that are counted, of our own plugins, at their tiny size."""
    suite = sys.argv[1]
    allow_only(OURS)
    chosen = [benchmark for benchmark in load_suite(suite).benchmarks(True) if benchmark.counted]
    mark = os.getppid
    for benchmark in chosen:
        run = benchmark.run
        benchmark.check(run())
        # The interpreter makes code faster after it has run a few times; that is done with before the counting.
        for _ in range(2):
            run()
        # When garbage is looked for hangs on everything before; it isn't part of a path's own work.
        gc.collect()
        gc.disable()
        passes = range(benchmark.counted)
        for _ in range(SECTIONS):
            mark()
            for _ in passes:
                run()
        mark()
        gc.enable()
    json.dump([[f"{suite}: {one.name}", one.operations * one.counted] for one in chosen], sys.stdout)


if __name__ == "__main__":
    main()
