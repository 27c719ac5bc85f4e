"""Latencies under arrivals that don't wait for the lane, with a lane and a clock of our own."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest

from mainspring_perf.scaling import open_loop
from mainspring_perf.scaling.open_loop import arrivals, run_open_loop


class Clock:
    """Moves on by a nanosecond a reading, and by what the lane takes."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        self.now += 1
        return self.now


class SlowLane:
    """Drives itself, and takes 100 ns a message; `stall` of them takes as long as it says."""

    def __init__(self, clock: Clock, stall: dict[int, int] | None = None) -> None:
        self.clock = clock
        self.stall = stall or {}
        self.chunks: list[list[int]] = []
        self.folds = 0
        self.lane = self

    def run(self, messages: Sequence[int]) -> None:
        self.chunks.append(list(messages))
        self.clock.now += sum(self.stall.get(message, 100) for message in messages)

    def fold(self) -> None:
        self.folds += 1


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    def run(due_ns: list[int], stall: dict[int, int] | None = None) -> tuple[SlowLane, Any]:
        clock = Clock()
        monkeypatch.setattr(open_loop, "perf_counter_ns", clock)
        lane = SlowLane(clock, stall)
        return lane, run_open_loop(lane, list(range(len(due_ns))), due_ns)  # type: ignore[arg-type]

    return run


def test_messages_that_come_apart_take_their_own_time(timed: Callable[..., Any]) -> None:
    """A message every microsecond in a lane of 100 ns: each is alone, and none waits."""
    lane, ran = timed([number * 1_000 for number in range(50)])
    assert lane.chunks == [[number] for number in range(50)]
    assert 100 <= ran.latencies.percentile(50) <= ran.latencies.max < 110


def test_a_stall_is_felt_by_all_that_were_due_meanwhile(timed: Callable[..., Any]) -> None:
    """One message of 10 µs: the nine that come in that time wait for it, counted from when they were due.

    A measure that omits the wait would see one slow message of fifty.
    """
    _, ran = timed([number * 1_000 for number in range(50)], {10: 10_000})
    assert ran.latencies.count_above(1_500) == 10
    assert ran.latencies.max >= 10_000


def test_what_has_come_goes_in_one_chunk_of_512_at_most(timed: Callable[..., Any]) -> None:
    """A thousand at once are two chunks, in order, and each chunk is folded after."""
    lane, ran = timed([0] * 1_000)
    assert [len(chunk) for chunk in lane.chunks] == [512, 488]
    assert [message for chunk in lane.chunks for message in chunk] == list(range(1_000))
    assert lane.folds == 1
    assert ran.latencies.count == 1_000
    assert ran.seconds == pytest.approx(100e-6, rel=0.01)


def test_arrivals_have_their_rate_and_are_the_same_each_time() -> None:
    """20,000 arrivals at 50,000 a second take 0.4 seconds within two percent, seed 1; rate 0 is all at once."""
    due = arrivals(20_000, 50_000)
    assert due == sorted(due) == arrivals(20_000, 50_000)
    assert due[-1] / 1e9 == pytest.approx(0.4, rel=0.02)
    # Of a Poisson process, 63% of the gaps are below their mean.
    gaps = [later - sooner for sooner, later in pairwise(due)]
    assert sum(gap < 20_000 for gap in gaps) / len(gaps) == pytest.approx(0.632, abs=0.02)
    assert arrivals(3, 0) == [0, 0, 0]
