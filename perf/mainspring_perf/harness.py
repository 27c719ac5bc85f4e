"""What a suite is made of, and how one is run: pyperf times, after the answer was checked."""

from collections.abc import Callable

import msgspec

__all__ = ["Benchmark", "WrongAnswer"]


class WrongAnswer(Exception):  # noqa: N818  it is one
    """A benchmark's work gave another answer than it must: there is nothing to time."""


class Benchmark(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to time.

    `run` does one whole pass and returns its answer; `check` raises `WrongAnswer` where that answer is wrong, and is
    called before anything is timed. A pass is `operations` operations (messages, updates, calls), and `input` says on
    what. `yardstick` names the benchmark of the same suite that this one is told as a ratio to; `ratio_at_least` and
    `target_us` (for one operation) are what this one is held to, where it is held to anything.
    """

    name: str
    run: Callable[[], object]
    operations: int
    check: Callable[[object], None]
    input: str
    yardstick: str | None = None
    ratio_at_least: float | None = None
    target_us: float | None = None
