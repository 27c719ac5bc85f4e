"""Samples of a session's progress."""

from mainspring.report import PacePoint
from mainspring.report.stretches import has_market_time, stretches
from mainspring.session.pace import Pace


def test_all_samples_are_kept_while_they_are_few():
    """Each sample is what was done by then, in nanoseconds."""
    pace = Pace()
    pace.add(0.5, 512, 7)
    pace.add(1.0, 700, 9)
    assert pace.points() == [PacePoint(500_000_000, 512, 7), PacePoint(1_000_000_000, 700, 9)]
    assert Pace().points() == []


def test_however_long_the_session_few_samples_are_kept_and_the_last_is_among_them():
    """Of 100,000 samples at most 2,000 and the last, which no thinning takes away."""
    pace = Pace()
    for number in range(1, 100_001):
        pace.add(number / 1000, number * 512, number)
    points = pace.points()
    assert 900 < len(points) <= 2_001
    assert points[-1] == PacePoint(100_000_000_000, 51_200_000, 100_000)
    assert points == sorted(points, key=lambda point: point.messages)


def test_rates_are_those_of_the_whole_however_few_stretches():
    """Taken together, the stretches have all messages and all time, and a stretch's rate is its own."""
    pace = [PacePoint(second * 10**9, second * second * 10, second * 2 * 10**9) for second in range(1, 101)]
    for at_most in (7, 100, 1000):
        found = stretches(pace, 0, at_most)
        assert len(found) == min(at_most, 100)
        assert sum(one.messages for one in found) == 100_000
        assert (found[0].wall_from_ns, found[-1].wall_to_ns) == (0, 100 * 10**9)
        for one in found:
            assert one.processed == one.messages * 1e9 / (one.wall_to_ns - one.wall_from_ns)
            assert one.arrived == one.processed / 2


def test_without_market_time_there_is_no_rate_of_arrival():
    """Messages of one time, or of a time before the last, have none; a clock that stands still has no stretch."""
    still = stretches([PacePoint(10, 5, 100), PacePoint(20, 9, 90)], 100, 10)
    assert [one.arrived for one in still] == [None, None]
    assert not has_market_time(still)
    assert not has_market_time([])
    assert stretches([PacePoint(0, 5, 100)], 90, 10) == []
