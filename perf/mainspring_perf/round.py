"""`python -m mainspring_perf.round --suite NAME`: one side of a round, a process that times a pass on request.

Two versions of the code are compared with it: each runs its own copy of this file, and the parent asks both in turn.
First it checks each answer, finds how many runs make a pass, and prints its benchmarks as a line of JSON. Then each
line that it reads is a benchmark's name in JSON, answered by a line with the seconds that one operation took in one
pass. It ends when its input does.

Time is the CPU time of this process: what others take of a shared machine isn't counted. Nor is time that a benchmark
sleeps or waits, but none does.
"""

import argparse
import json
import os
import sys
import time

from mainspring_perf.harness import Benchmark
from mainspring_perf.suites import add_options, chosen_benchmarks

__all__ = ["PROTOCOL", "main"]

PROTOCOL = 2
_PASS_S = 0.005


def main() -> None:
    """Answers one side of a comparison until its input ends."""
    parser = argparse.ArgumentParser(prog="python -m mainspring_perf.round")
    add_options(parser)
    parser.add_argument("--only", action="append", default=[], help="a part of a benchmark's name")
    arguments = parser.parse_args()
    # What a benchmark prints is no answer.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    passes: dict[str, tuple[Benchmark, int]] = {}
    reported = {}
    for benchmark in chosen_benchmarks(arguments):
        if arguments.only and not any(part in benchmark.name for part in arguments.only):
            continue
        benchmark.check(benchmark.run())
        loops, took = _calibrated(benchmark)
        passes[benchmark.name] = benchmark, loops
        reported[benchmark.name] = {"input": benchmark.input, "pass_s": took}
    print(json.dumps({"protocol": PROTOCOL, "benchmarks": reported}), file=answers, flush=True)
    for line in sys.stdin:
        benchmark, loops = passes[json.loads(line)]
        seconds = _timed(benchmark, loops) / loops / benchmark.operations
        print(json.dumps(seconds), file=answers, flush=True)


def _calibrated(benchmark: Benchmark) -> tuple[int, float]:
    """How many runs make a pass, and how long that takes."""
    loops = 1
    while (took := _timed(benchmark, loops)) < _PASS_S:
        loops *= 2 if took > _PASS_S / 16 else 8
    return loops, took


def _timed(benchmark: Benchmark, loops: int) -> float:
    run, clock = benchmark.run, time.process_time
    started = clock()
    for _ in range(loops):
        run()
    return clock() - started


if __name__ == "__main__":
    main()
