"""Times messages that arrive independently of the lane, waiting included."""

from collections.abc import Sequence
from itertools import accumulate
from random import Random
from time import perf_counter_ns
from typing import NamedTuple

from mainspring.lane import Lane
from mainspring.seams import RawMessage
from mainspring.telemetry import Histogram
from mainspring_perf.parts import CHUNK
from mainspring_perf.scaling.core_share import CoreShare

__all__ = ["Ran", "arrivals", "run_open_loop"]


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


def run_open_loop(lane: Lane, messages: Sequence[RawMessage], due_ns: Sequence[int]) -> Ran:
    """Gives the lane each message when it is due.

    A latency runs from when the message was due, so that waiting behind a slow one counts (no coordinated omission), to
    the end of its chunk: the lane gets everything that has arrived, at most 512 messages. Folding is part of the work,
    as in a session.
    """
    count = len(messages)
    at = since_fold = 0
    done: list[tuple[int, int, int]] = []
    core = CoreShare()
    started = perf_counter_ns()
    while at < count:
        now = perf_counter_ns() - started
        if due_ns[at] > now:
            continue
        end = at + 1
        last = min(count, at + CHUNK)
        while end < last and due_ns[end] <= now:
            end += 1
        lane.run(messages[at:end])
        done.append((at, end, perf_counter_ns() - started))
        since_fold += end - at
        if since_fold >= CHUNK:
            lane.fold()
            since_fold = 0
        at = end
    seconds, share = (perf_counter_ns() - started) / 1e9, core.share()
    latencies = Histogram()
    for start, end, done_ns in done:
        latencies.record_many(done_ns - due for due in due_ns[start:end])
    return Ran(latencies, seconds, share)
