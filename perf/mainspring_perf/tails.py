"""`python -m mainspring_perf.tails --suite NAME`: times single operations, and prints the percentiles.

Without a rate, operations follow one another and each is timed alone. With a rate, operations are due at regular
intervals, and a time starts when the operation is *due*, so that a late operation delays those behind it. Leaving that
out would be coordinated omission (Tene, "How NOT to Measure Latency"). Times are recorded in a `Histogram`, to three
significant digits.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from mainspring.telemetry import Histogram
from mainspring_perf.harness import Calls
from mainspring_perf.suites import add_options, chosen_benchmarks

__all__ = ["Tail", "main", "measure_tail"]

_OPERATIONS = 20_000
_WARM_UP = 1_000
_MAX_S = 3.0


class Tail(msgspec.Struct, frozen=True, kw_only=True):
    """How long single operations took, in nanoseconds. `operations` were timed.

    `rate` is how many a second were due (None: one after the other) and `reached` how many a second were done.
    `clock_ns` is what an operation that does nothing takes here: it is in every figure.
    """

    mean_ns: float
    p50_ns: int
    p99_ns: int
    p99_9_ns: int
    max_ns: int
    operations: int
    clock_ns: int
    reached: float
    rate: float | None = None


def measure_tail(
    calls: Calls,
    *,
    rate: float | None = None,
    operations: int = _OPERATIONS,
    max_s: float = _MAX_S,
    clock: Callable[[], int] = time.perf_counter_ns,
) -> Tail:
    """Times `operations` operations, or stops after `max_s`; with `rate`, they are due at that many a second.

    What an operation's `after` takes isn't timed, but delays the next one. `clock` returns nanoseconds. When the inputs
    are used up, a fresh subject is made, outside the measured time.
    """
    call, inputs = calls()
    _in_turn(call, inputs[:_WARM_UP], clock)
    histogram = Histogram()
    began, busy_ns, count = clock(), 0, 0
    until = began + int(max_s * 1e9)
    while count < operations and clock() < until:
        call, inputs = calls()
        chosen = inputs[: operations - count]
        started = clock()
        took = _at_rate(call, chosen, rate, clock) if rate else _in_turn(call, chosen, clock)
        busy_ns += clock() - started
        count += len(took)
        histogram.record_many(took)
    p50_ns, p99_ns, p99_9_ns = histogram.percentiles([50, 99, 99.9])
    return Tail(
        mean_ns=histogram.mean,
        p50_ns=p50_ns,
        p99_ns=p99_ns,
        p99_9_ns=p99_9_ns,
        max_ns=histogram.max,
        operations=count,
        clock_ns=sorted(_in_turn(_nothing, range(1_001), clock))[500],
        reached=count * 1e9 / busy_ns if busy_ns else 0.0,
        rate=rate,
    )


def _in_turn(call: Callable[[Any], object], inputs: Sequence[Any], clock: Callable[[], int]) -> list[int]:
    took: list[int] = []
    add, after = took.append, _after(call)
    for one in inputs:
        started = clock()
        call(one)
        add(clock() - started)
        after()
    return took


def _at_rate(call: Callable[[Any], object], inputs: Sequence[Any], rate: float, clock: Callable[[], int]) -> list[int]:
    took: list[int] = []
    add, after = took.append, _after(call)
    every_ns = 1e9 / rate
    began = clock()
    for number, one in enumerate(inputs):
        due = began + int(number * every_ns)
        while clock() < due:
            pass
        call(one)
        add(clock() - due)
        after()
    return took


def _after(call: Callable[[Any], object]) -> Callable[[], object]:
    return getattr(call, "after", _no_more)


def _no_more() -> None:
    pass


def _nothing(_: object) -> None:
    pass


def main() -> None:
    """Prints the tails of a suite's benchmarks as JSON, by name, after checking the answers."""
    parser = argparse.ArgumentParser(prog="python -m mainspring_perf.tails", description=__doc__)
    add_options(parser)
    parser.add_argument("--rate", type=float, help="operations a second")
    arguments = parser.parse_args()
    tails = {}
    for benchmark in chosen_benchmarks(arguments):
        if benchmark.calls is None:
            continue
        benchmark.check(benchmark.run())
        rate = arguments.rate or benchmark.rate
        tails[benchmark.name] = msgspec.to_builtins(measure_tail(benchmark.calls, rate=rate))
    json.dump(tails, sys.stdout)


if __name__ == "__main__":
    main()
