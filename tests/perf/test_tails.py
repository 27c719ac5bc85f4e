import pytest

from mainspring_perf.tails import measure_tail


class Clock:
    """Nanoseconds that pass as the test says: reading takes `step`."""

    def __init__(self, step=1):
        self.now = 0
        self.step = step

    def __call__(self):
        self.now += self.step
        return self.now


def calls_of(clock, took):
    """Operations that take so many nanoseconds each."""

    def work(nanoseconds):
        clock.now += nanoseconds

    return lambda: (work, took)


def test_percentiles_are_those_of_the_operations():
    """998 operations of 100 ns and two of 10,000: the median is the one, the maximum the other."""
    clock = Clock()
    tail = measure_tail(calls_of(clock, [100] * 998 + [10_000] * 2), operations=1_000, clock=clock)
    assert tail.operations == 1_000
    assert tail.p50_ns == pytest.approx(101, abs=1)
    assert tail.p99_ns == pytest.approx(101, abs=1)
    assert tail.p99_9_ns == pytest.approx(10_001, rel=0.001)
    assert tail.max_ns == pytest.approx(10_001, rel=0.001)
    assert tail.clock_ns == 1
    assert tail.rate is None


def test_at_a_rate_a_stall_is_told_by_all_that_it_delays():
    """One operation in 1,000 stalls for 100 ms at 1,000 a second: the hundred that were due meanwhile say so.

    Timed one after the other, the same work shows a single late operation: that is the coordinated omission.
    """
    took = [1_000] * 500 + [100_000_000] + [1_000] * 499
    clock = Clock()
    omitted = measure_tail(calls_of(clock, took), operations=1_000, max_s=10, clock=clock)
    clock = Clock(step=10_000)
    rated = measure_tail(calls_of(clock, took), operations=1_000, max_s=10, rate=1_000, clock=clock)
    assert omitted.p99_ns < 2_000
    assert rated.p99_ns > 80_000_000
    assert rated.p50_ns < 20_000
    assert rated.rate == 1_000
    assert rated.reached == pytest.approx(1_000, rel=0.01)


def test_a_rate_that_cannot_be_kept_is_seen():
    """Work of 2 us due every us falls behind: what is reached is half the rate, and the tail grows to the end."""
    clock = Clock()
    tail = measure_tail(calls_of(clock, [2_000] * 1_000), operations=1_000, rate=1_000_000, clock=clock)
    assert tail.reached == pytest.approx(500_000, rel=0.01)
    assert tail.max_ns == pytest.approx(1_000_000, rel=0.02)


def test_inputs_that_run_out_are_made_afresh():
    """A subject with a hundred inputs is made again for each hundred operations, outside the time."""
    clock, made = Clock(), []

    def calls():
        made.append(1)
        return (lambda nanoseconds: setattr(clock, "now", clock.now + nanoseconds)), [100] * 100

    tail = measure_tail(calls, operations=1_000, clock=clock)
    assert tail.operations == 1_000
    assert len(made) == 11, "one to warm up, ten to time"


def test_what_comes_after_an_operation_is_not_timed():
    """It is called once for each, warm-up included; at a rate the time that it takes delays the next one."""
    clock, after = Clock(), []

    class Work:
        def __call__(self, nanoseconds):
            clock.now += nanoseconds

        def after(self):
            after.append(clock.now)
            clock.now += 5_000

    tail = measure_tail(lambda: (Work(), [100] * 1_000), operations=1_000, clock=clock)
    assert tail.max_ns == pytest.approx(101, abs=1)
    assert len(after) == 2_000
    tail = measure_tail(lambda: (Work(), [100] * 1_000), rate=500_000.0, operations=1_000, clock=clock)
    # One is due each 2,000 ns.
    assert tail.max_ns > 1_000_000
