"""The parts of a suite: benchmarks, their answers and their calls."""

import statistics
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec

from mainspring.host.offers import Offer

__all__ = ["Benchmark", "Calls", "WrongAnswer", "again", "each", "expect", "repeat", "same_call", "spread"]

Calls = Callable[[], tuple[Callable[[Any], object], Sequence[Any]]]
"""Makes a fresh subject of a benchmark: what is called for one operation, and what it is called with, in order.

What is called may have an attribute `after`: it is called without arguments between two operations, and isn't timed.
"""


class WrongAnswer(Exception):  # noqa: N818  it is one
    """A benchmark gave a wrong answer, so it isn't timed."""


class Benchmark(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to time.

    `run` does one pass and returns its answer; `check` raises `WrongAnswer` if that answer is wrong, and is called
    before anything is timed. A pass is `operations` operations (messages, updates, calls), and `input` names their
    input. `baseline` names the benchmark of the same suite that this one is compared with. Its target, if it has one,
    is in `perf/targets.toml`.

    `offer` is the plugin that is measured, if it is a candidate's. `calls` does the same operations one by one, so that
    each can be timed alone; with `rate`, they are due at that many a second. `size_bytes` is the size of one result, if
    that matters. `counted` is the number of tiny passes over which its instructions are counted, or 0: it is for hot
    paths that take the same instructions each time; `counted_within` is the relative change of the count that passes,
    wider where the path times itself, since what it keeps of its times depends on them. `timed` does a number of passes
    and returns the seconds that count, where these aren't what `run` takes; it checks its answers itself.
    """

    name: str
    run: Callable[[], object]
    operations: int
    check: Callable[[object], None]
    input: str
    baseline: str | None = None
    offer: Offer | None = None
    calls: Calls | None = None
    rate: float | None = None
    size_bytes: int | None = None
    counted: int = 0
    counted_within: float = 0.01
    timed: Callable[[int], float] | None = None


def repeat(times: int, call: Callable[[], object]) -> object:
    """Calls `call` `times` times, and returns the last answer."""
    answer = None
    for _ in range(times):
        answer = call()
    return answer


def expect(name: str, right: object, answer: object) -> None:
    """Raises `WrongAnswer` unless the answer is the right one."""
    if answer != right:
        raise WrongAnswer(f"{name} gave {str(answer)[:200]}, not {str(right)[:200]}")


def same_call(times: int, call: Callable[[], object]) -> Calls:
    """Returns the `calls` of a benchmark that repeats one call `times` times."""
    return lambda: (lambda _: call(), range(times))


def again(times: int, call: Callable[[], object]) -> dict[str, Any]:
    """Returns the fields of a benchmark that repeats one call `times` times, whose answer is the last."""
    return {"run": partial(repeat, times, call), "operations": times, "calls": same_call(times, call)}


def each(call: Callable[[Any], object], inputs: Sequence[Any]) -> dict[str, Any]:
    """Returns the fields of a benchmark that makes a call with each of `inputs`, whose answer lists all answers."""
    return {"run": lambda: [call(one) for one in inputs], "operations": len(inputs), "calls": lambda: (call, inputs)}


def spread(values: Sequence[float]) -> float:
    """Half the distance between the quartiles, as a fraction of the median; 0 for a single value."""
    if len(values) < 2:
        return 0.0
    first, _, third = statistics.quantiles(values, n=4)
    return (third - first) / 2 / statistics.median(values)
