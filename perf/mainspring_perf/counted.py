"""`python -m mainspring_perf.counted SUITE`: runs what callgrind counts. Not for timing.

Each hot path runs several times between calls of `getppid`, which nothing else here calls. At each call, callgrind
dumps its counts since the last one, so that starting the interpreter isn't counted. With `CONTROL` in the environment
callgrind begins to follow the program only here, since that makes imports several times slower. The names are printed
in the order of the dumps, with the number of operations in each and the relative change that passes.
"""

import gc
import json
import os
import subprocess
import sys

from mainspring.host.registry import OURS
from mainspring_perf.candidates import allow_only
from mainspring_perf.suites import load_suite

__all__ = ["CONTROL", "MARK", "SECTIONS", "main"]

MARK = "getppid"
"""The function at whose calls callgrind dumps its counts."""

CONTROL = "MAINSPRING_VGDB"
"""The environment variable with the path of `vgdb`, which gives callgrind commands."""

SECTIONS = 3
"""How often the same work is counted; the least count is used."""


def main() -> None:
    """Runs the counted benchmarks of a suite at their tiny size, with built-in plugins only."""
    suite = sys.argv[1]
    allow_only(OURS)
    chosen = [benchmark for benchmark in load_suite(suite).benchmarks(True) if benchmark.counted]
    _follow()
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
    paths = [[f"{suite}: {one.name}", one.operations * one.counted, one.counted_within] for one in chosen]
    json.dump(paths, sys.stdout)


def _follow() -> None:
    """Has callgrind follow the program from here on, if it doesn't yet."""
    control = os.environ.get(CONTROL)
    if control is None:
        return
    command = [control, f"--pid={os.getpid()}", "instrumentation", "on"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as commanding:  # noqa: S603  as the parent found it
        # Callgrind looks for commands while the program runs, not while it waits for a child.
        while commanding.poll() is None:
            pass
    if commanding.returncode:
        sys.exit(f"{control} exited with {commanding.returncode}, and callgrind counts nothing")


if __name__ == "__main__":
    main()
