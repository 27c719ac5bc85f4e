"""Times messages that arrive independently of the lane, waiting included."""

from collections.abc import Sequence
from itertools import accumulate
from random import Random
from time import perf_counter_ns, thread_time_ns
from typing import NamedTuple

from mainspring.seams import RawMessage
from mainspring.session.driver import Driver
from mainspring.telemetry import Histogram
from mainspring_perf.parts import CHUNK

__all__ = ["UNDISTURBED", "Ran", "arrivals", "run_open_loop"]

UNDISTURBED = 0.97
"""With less of its core than this, a thread was put aside for others, and what it measured is theirs too."""


class Ran(NamedTuple):
    """Latencies of the messages, seconds for all of them, and the share of its core that the thread had."""

    latencies: Histogram
    seconds: float
    core_share: float


def arrivals(count: int, a_second: float, seed: int = 1) -> list[int]:
    """Returns arrival times in nanoseconds from the start: a Poisson process with mean rate `a_second` per second.

    A rate of 0 means all at once.
    """
    if not a_second:
        return [0] * count
    random = Random(seed)  # noqa: S311  a study's input, no secret
    gaps = (random.expovariate(a_second) * 1e9 for _ in range(count))
    return [int(at) for at in accumulate(gaps)]


def run_open_loop(driver: Driver, messages: Sequence[RawMessage], due_ns: Sequence[int]) -> Ran:
    """Gives the lane each message when it is due.

    A latency runs from when the message was due, so that waiting behind a slow one counts (no coordinated omission), to
    the end of its chunk: the lane gets everything that has arrived, at most 512 messages. Folding is part of the work,
    as in a session.
    """
    count = len(messages)
    at = since_fold = 0
    done: list[tuple[int, int, int]] = []
    cpu_began, started = thread_time_ns(), perf_counter_ns()
    while at < count:
        now = perf_counter_ns() - started
        if due_ns[at] > now:
            continue
        end = at + 1
        last = min(count, at + CHUNK)
        while end < last and due_ns[end] <= now:
            end += 1
        driver.run(messages[at:end])
        done.append((at, end, perf_counter_ns() - started))
        since_fold += end - at
        if since_fold >= CHUNK:
            driver.lane.fold()
            since_fold = 0
        at = end
    took_ns = perf_counter_ns() - started
    # A thread that never waits, as this one doesn't, has all of a core that is its own.
    share = min((thread_time_ns() - cpu_began) / max(took_ns, 1), 1.0)
    latencies = Histogram()
    for start, end, done_ns in done:
        latencies.record_many(done_ns - due for due in due_ns[start:end])
    return Ran(latencies, took_ns / 1e9, share)
