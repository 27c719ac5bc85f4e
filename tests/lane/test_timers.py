"""The timers of a lane."""

import pytest

from mainspring.lane.clock import LaneClock
from mainspring.lane.timers import Timers
from mainspring.seams import NEVER_NS


@pytest.fixture
def clock() -> LaneClock:
    return LaneClock(1_000)


@pytest.fixture
def timers(clock: LaneClock) -> Timers:
    return Timers(clock)


def fire(timers: Timers, clock: LaneClock, now_ns: int) -> None:
    clock.now_ns = now_ns
    while timers.fire_next():
        pass


def test_fires_by_due_time_and_then_by_age(clock: LaneClock, timers: Timers) -> None:
    """What is due earlier is called earlier; of one instant, what was added first, also after it has fired before."""
    calls: list[str] = []
    timers.add(1_010, 10, lambda: calls.append("a"))
    timers.add(1_020, 20, lambda: calls.append("b"))
    timers.add(1_005, 0, lambda: calls.append("c"))
    assert clock.timer_ns == 1_005
    for now_ns in (1_005, 1_010, 1_020, 1_030, 1_040):
        fire(timers, clock, now_ns)
    assert calls == ["c", "a", "a", "b", "a", "a", "b"]
    assert clock.timer_ns == 1_050


def test_a_late_periodic_timer_skips_to_its_next_instant(clock: LaneClock, timers: Timers) -> None:
    """Late by several periods, it is called once, and stays on its own grid."""
    calls: list[int] = []
    timer = timers.add(1_100, 100, lambda: calls.append(clock.now_ns))
    fire(timers, clock, 1_450)
    assert calls == [1_450]
    assert timer.due_ns == clock.timer_ns == 1_500


def test_nothing_is_due_without_timers(clock: LaneClock, timers: Timers) -> None:
    """Without a timer, and after the last one has fired, the time that is due never comes."""
    assert clock.timer_ns == NEVER_NS
    timer = timers.add(1_001, 0, lambda: None)
    fire(timers, clock, 2_000)
    assert clock.timer_ns == timer.due_ns == NEVER_NS
    assert not timers.fire_next()


def test_a_time_that_has_passed_is_the_next_nanosecond(clock: LaneClock, timers: Timers) -> None:
    """A timer for the past fires at once, but not within the instant at which it was added."""
    assert timers.add(3, 0, lambda: None).due_ns == 1_001


def test_a_cancelled_timer_never_fires(clock: LaneClock, timers: Timers) -> None:
    """It doesn't fire even if a timer of the same instant cancels it; the due time moves on."""
    calls: list[str] = []
    first = timers.add(1_010, 0, lambda: second.cancel())
    second = timers.add(1_010, 10, lambda: calls.append("second"))
    third = timers.add(1_015, 0, lambda: calls.append("third"))
    assert clock.timer_ns == first.due_ns
    clock.now_ns = 1_010
    assert timers.fire_next()
    assert clock.timer_ns == 1_015
    assert not timers.fire_next()
    third.cancel()
    third.cancel()
    assert clock.timer_ns == NEVER_NS
    fire(timers, clock, 5_000)
    assert calls == []


def test_a_periodic_timer_can_cancel_itself(clock: LaneClock, timers: Timers) -> None:
    """A timer that cancels itself while it is called isn't called again."""
    calls: list[int] = []

    def call() -> None:
        calls.append(clock.now_ns)
        timer.cancel()

    timer = timers.add(1_010, 10, call)
    fire(timers, clock, 1_010)
    fire(timers, clock, 9_000)
    assert calls == [1_010]


def test_a_silent_timer_passes_without_a_call(clock: LaneClock, timers: Timers) -> None:
    """While strategies aren't called, a periodic timer keeps its grid, and a single one waits until they are again."""
    calls: list[str] = []
    timers.add(1_010, 0, lambda: calls.append("once"))
    cancelled = timers.add(1_010, 0, lambda: calls.append("cancelled"))
    timers.add(1_010, 10, lambda: calls.append("periodic"))
    clock.now_ns = 1_012
    for _ in range(3):
        assert timers.fire_next(silent=True)
    assert not timers.fire_next(silent=True)
    cancelled.cancel()
    assert clock.timer_ns == 1_020
    timers.resume()
    timers.resume()
    assert clock.timer_ns == 1_013
    fire(timers, clock, 1_013)
    assert calls == ["once"]
    fire(timers, clock, 1_020)
    assert calls == ["once", "periodic"]


def test_a_timer_that_raises_is_scheduled_all_the_same(clock: LaneClock, timers: Timers) -> None:
    """The next instant is known before the call, so an exception leaves nothing half done."""

    def fail() -> None:
        raise RuntimeError("broken")

    timer = timers.add(1_010, 10, fail)
    clock.now_ns = 1_010
    with pytest.raises(RuntimeError, match="broken"):
        timers.fire_next()
    assert timer.due_ns == clock.timer_ns == 1_020
