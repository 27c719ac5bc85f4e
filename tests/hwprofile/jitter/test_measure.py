"""Interruptions that were put into a simulated clock are found, in number and in length."""

import json

import pytest

from hwprofile.jitter import Causes, Counted, JitterError, measure

MILLI = 1_000_000
# Calibrating reads the clock for 3.3 ms at 100 ns a reading.
CALIBRATED = 4 * MILLI


def test_count_and_length(clock, kernel, blind):
    """Each interruption is found, as long as it was; the loop's own cost isn't part of it."""
    lengths = [2_000, 5_000, 5_000, 70_000, 1_234_567]
    ticking = clock(100, [(CALIBRATED + number * MILLI + 50, length) for number, length in enumerate(lengths)])
    found = measure(1, 0.01, clock=ticking, look=blind, pin=kernel([1]).pin).target
    assert (found.cpu, found.floor_ns, found.threshold_ns) == (1, 100, 1000)
    assert (found.lengths.count, found.lengths.total, found.lengths.longest) == (5, sum(lengths), 1_234_567)
    assert found.observed_ns == pytest.approx(10 * MILLI, rel=0.25)
    assert found.per_second == pytest.approx(5e9 / found.observed_ns)
    assert found.lost_percent == pytest.approx(100 * sum(lengths) / found.observed_ns)
    quantiles = found.quantiles()
    assert quantiles["p50_ns"] == pytest.approx(5_000, rel=1 / 32)
    assert quantiles["p99_ns"] == quantiles["max_ns"] == 1_234_567


def test_nothing_interrupts(clock, kernel, blind):
    """An undisturbed loop has no interruptions, and no lengths to speak of."""
    found = measure(0, 0.001, clock=clock(100), look=blind, pin=kernel([0]).pin).target
    assert found.lengths.count == 0
    assert found.quantiles() == {"p50_ns": None, "p90_ns": None, "p99_ns": None, "p999_ns": None, "max_ns": None}
    assert (found.per_second, found.lost_percent) == (0, 0)


def test_interrupted_calibration(clock, kernel, blind):
    """The floor is that of the loop undisturbed, even if most of the calibration is disturbed."""
    often = [(at, 3_000) for at in range(0, 3 * MILLI, 20_000)]
    assert measure(0, 0.001, clock=clock(100, often), look=blind, pin=kernel([0]).pin).target.floor_ns == 100


def test_threshold(clock, kernel, blind):
    """Gaps up to the threshold don't count; by default it is ten floors on a slow clock."""
    lengths = [1_500, 2_900, 3_000, 9_000]
    interruptions = [(CALIBRATED + number * MILLI + 50, length) for number, length in enumerate(lengths)]

    def count(**more):
        ticking = clock(100, interruptions)
        return measure(0, 0.01, clock=ticking, look=blind, pin=kernel([0]).pin, **more).target.lengths.count

    assert count() == 4
    assert count(threshold_ns=3_000) == 2
    assert count(threshold_ns=50_000) == 0
    assert measure(0, 0.001, clock=clock(400), look=blind, pin=kernel([0]).pin).target.threshold_ns == 4_000


def test_threshold_that_cannot_be_seen(clock, kernel, blind):
    """A threshold near the loop's own cost would count the loop itself."""
    with pytest.raises(JitterError, match="threshold 150 ns: a pass of the loop alone takes 100 ns; give at least"):
        measure(0, 1, threshold_ns=150, clock=clock(100), look=blind, pin=kernel([0]).pin)


def test_more_interruptions_than_the_buffer_holds(clock, kernel, blind):
    """With more interruptions than are noted at a time, none is lost."""
    every = [(18 * MILLI + number * 5_000, 3_000) for number in range(30_000)]
    found = measure(0, 0.5, threshold_ns=1_200, clock=clock(500, every), look=blind, pin=kernel([0]).pin).target
    assert found.lengths.count == 30_000
    assert found.lengths.total == 30_000 * 3_000


def test_turns(clock, kernel, blind):
    """Target and control take turns, the control a quarter as long, and the thread is put back after each."""
    machine, rounds = kernel([0, 1]), []
    jitter = measure(
        1,
        0.01,
        control=0,
        clock=clock(100),
        look=blind,
        pin=machine.pin,
        on_round=lambda number, of: rounds.append((number, of, machine.at)),
    )
    assert machine.asked == [1, 0] * 6
    assert machine.at is None
    assert rounds == [(number, 5, None) for number in (1, 2, 3, 4, 5)]
    assert jitter.control is not None
    assert (jitter.control.cpu, jitter.target.cpu) == (0, 1)
    assert jitter.target.observed_ns == pytest.approx(4 * jitter.control.observed_ns, rel=0.01)
    assert [action.holds for action in jitter.actions] == ["CPU 1", "CPU 0"]


def test_refused(clock, kernel, blind):
    """A CPU that may not be used is an error that says why and what it needs, and nothing is measured."""
    ticking, machine = clock(100), kernel([0])
    expected = "pinning to CPU 7 is refused: CPU 7 may not be used; it needs a wider mask"
    with pytest.raises(JitterError, match=expected):
        measure(7, 1, clock=ticking, look=blind, pin=machine.pin)
    assert ticking.now == 0
    with pytest.raises(JitterError, match=expected):
        measure(0, 1, control=7, clock=ticking, look=blind, pin=machine.pin)
    assert machine.at is None


def test_put_back_after_an_error(clock, kernel):
    """The thread is put back whatever happens."""
    machine = kernel([0])

    def fails(cpu):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(0, 1, clock=clock(100), look=fails, pin=machine.pin)
    assert machine.at is None


def test_unpinned(clock, kernel, blind):
    """Without a CPU nothing is pinned."""
    machine = kernel([])
    jitter = measure(None, 0.001, clock=clock(100), look=blind, pin=machine.pin)
    assert (machine.asked, jitter.target.cpu, jitter.actions) == ([], None, ())


@pytest.mark.parametrize("seconds", [0, -1])
def test_no_time(clock, kernel, blind, seconds):
    """Nothing can be seen in no time."""
    with pytest.raises(JitterError, match="give more than none"):
        measure(0, seconds, clock=clock(100), look=blind, pin=kernel([0]).pin)


def counts(timer, involuntary):
    """Counters as they stand at some moment."""
    return Causes(
        interrupts=(Counted("LOC", "Local timer interrupts", timer),),
        softirqs=(),
        voluntary_switches=0,
        involuntary_switches=involuntary,
        run_delay_ns=timer * 10,
        steal_ns=0,
    )


def test_causes_add_up_over_rounds(clock, kernel):
    """What the kernel counted in each round is added up, without what it counted between the rounds."""
    readings = iter([counts(timer, timer // 100) for timer in (100, 107, 500, 507, 600, 607, 700, 707, 900, 907)])
    found = measure(0, 0.01, clock=clock(100), look=lambda cpu: next(readings), pin=kernel([0]).pin).target
    assert found.causes.interrupts == (Counted("LOC", "Local timer interrupts", 35),)
    assert (found.causes.involuntary_switches, found.causes.run_delay_ns) == (0, 350)


@pytest.mark.parametrize(("interruptions", "explained"), [(3, 3), (60, 36)])
def test_explained(clock, kernel, interruptions, explained):
    """No more interruptions are explained than there were, nor than the kernel counted."""
    ticking = clock(100, [(CALIBRATED + number * 100_000 + 50, 5_000) for number in range(interruptions)])
    readings = iter([counts(timer, timer // 106) for timer in (100, 107, 500, 507, 600, 607, 700, 707, 900, 907)])
    found = measure(0, 0.01, clock=ticking, look=lambda cpu: next(readings), pin=kernel([0]).pin).target
    assert (found.lengths.count, found.explained) == (interruptions, explained)


def test_explained_is_unknown(clock, kernel, blind):
    """Where the kernel shows no counters nothing is said to be explained, or unexplained."""
    assert measure(0, 0.001, clock=clock(100), look=blind, pin=kernel([0]).pin).target.explained is None


def test_json(clock, kernel, blind):
    """The JSON has the figures of both runs, lengths in nanoseconds."""
    ticking = clock(100, [(8 * MILLI + 50, 5_000)])
    jitter = measure(1, 0.01, control=0, clock=ticking, look=blind, pin=kernel([0, 1]).pin)
    reported = json.loads(jitter.to_json())
    assert reported["target"]["count"] == 1
    assert reported["target"]["max_ns"] == 5_000
    assert reported["target"]["buckets"] == [[4992, 5119, 1]]
    assert reported["target"]["causes"]["interrupts"] is None
    assert reported["control"]["count"] == 0
    assert [action["outcome"] for action in reported["actions"]] == ["applied", "applied"]
