"""The histogram against sorted lists."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.telemetry import Histogram

HOUR_NS = 3_600_000_000_000
latencies = st.one_of(st.integers(0, 5000), st.integers(0, HOUR_NS), st.integers(1, 42).map(lambda bits: 2**bits - 1))
percents = st.one_of(st.sampled_from([0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0]), st.floats(0, 100))


def made(values: list[int]) -> Histogram:
    histogram = Histogram()
    histogram.record_many(values)
    return histogram


@given(st.lists(latencies, min_size=1, max_size=300), percents)
def test_percentile_is_within_a_thousandth_of_the_sorted_lists(values: list[int], p: float) -> None:
    """A percentile is never below the value of that rank in the sorted list, and at most 0.1% above it."""
    rank = max(ceil(Fraction(repr(p)) * len(values) / 100), 1)
    exact = sorted(values)[rank - 1]
    assert exact <= made(values).percentile(p) <= exact + exact / 1000


@given(st.lists(latencies, max_size=300))
def test_count_max_and_mean_are_exact(values: list[int]) -> None:
    """What needs no bucket is exact, of nothing too."""
    histogram = made(values)
    assert histogram.count == len(values)
    assert histogram.max == max(values, default=0)
    assert histogram.mean == (sum(values) / len(values) if values else 0.0)


@given(st.lists(st.lists(latencies, max_size=50), max_size=6))
def test_merging_parts_is_recording_the_whole(parts: list[list[int]]) -> None:
    """However the values are split over histograms, the merged one answers as one that saw them all."""
    merged = Histogram()
    for part in parts:
        other = made(part)
        merged.merge(other)
        assert other.count == len(part)
    whole = made([value for part in parts for value in part])
    ps = [0, 10, 50, 99, 99.9, 100]
    assert merged.percentiles(ps) == whole.percentiles(ps)
    assert (merged.count, merged.max, merged.mean) == (whole.count, whole.max, whole.mean)


@given(st.lists(latencies, max_size=200), latencies)
def test_count_above_is_off_only_by_the_values_own_bucket(values: list[int], limit: int) -> None:
    """Values clearly above the limit are counted and values below it never are."""
    above = made(values).count_above(limit)
    assert above <= sum(value > limit for value in values)
    assert above >= sum(value > limit + limit / 1000 for value in values)


def test_count_above_is_exact_below_two_microseconds() -> None:
    """Each of the small values has a bucket of its own."""
    histogram = made(list(range(2048)))
    assert [histogram.count_above(limit) for limit in (-1, 0, 1000, 2046, 2047)] == [2048, 2047, 1047, 1, 0]


def test_many_distinct_values_are_folded_on_the_way() -> None:
    """More distinct values than are held back unfolded give the same figures, in no more memory than the buckets."""
    histogram = Histogram()
    for start in range(0, 300_000, 10_000):
        histogram.record_many(range(start, start + 10_000))
    assert len(histogram._distinct) <= 2**14
    assert (histogram.count, histogram.max, histogram.mean) == (300_000, 299_999, 149_999.5)
    assert len(histogram._buckets) < 10_000
    assert histogram.percentile(50) == pytest.approx(149_999, rel=1e-3)


def test_an_hour_of_latencies_keeps_to_the_stated_number_of_buckets() -> None:
    """No value from 0 to an hour is put beyond bucket 33,791, so memory is bounded."""
    histogram = made([0, 1, 2047, 2048, HOUR_NS])
    histogram.percentile(50)
    assert max(histogram._buckets) < 33_792


def test_a_percentile_is_the_highest_value_of_its_bucket() -> None:
    """10,000 shares its bucket with the values up to 10,007, and the maximum is never exceeded."""
    assert made([10_000, 100_000]).percentiles([50, 100]) == [10_007, 100_000]


def test_rank_doesnt_suffer_from_binary_fractions() -> None:
    """99.9% of a thousand values is the 999th, though 0.999 isn't a binary fraction."""
    histogram = made(list(range(1, 1001)))
    assert histogram.percentiles([0, 29, 57, 99.9, 100]) == [1, 290, 570, 999, 1000]


def test_chart_pairs_rise_to_the_maximum() -> None:
    """The pairs rise in both coordinates, start at 0%, end at the maximum and stop where no value is left to tell."""
    pairs = made(list(range(1, 5001))).percentiles_for_chart()
    ps = [p for p, _ in pairs]
    assert ps == sorted(set(ps))
    assert [value for _, value in pairs] == sorted(value for _, value in pairs)
    assert ps[0] == 0
    assert {50, 90, 99, 99.9} < set(ps)
    assert pairs[-1] == (100, 5000)
    assert 99.95 < ps[-2] < 99.99
    assert Histogram().percentiles_for_chart() == []


def test_an_empty_histogram_answers_zero() -> None:
    """A stage that never ran has figures of 0, not an error at the end of a session."""
    assert Histogram().percentiles([50, 99]) == [0, 0]
    assert Histogram().count_above(0) == 0


@pytest.mark.parametrize("p", [-0.1, 100.1, float("nan")])
def test_a_percentile_outside_0_to_100_is_refused(p: float) -> None:
    """No figure is made up for a percentile that can't be."""
    with pytest.raises(ValueError, match="percentile"):
        made([1]).percentile(p)


def test_percentiles_in_falling_order_are_refused() -> None:
    """One walk over the buckets can't go back."""
    with pytest.raises(ValueError, match="must be ascending"):
        made([1]).percentiles([99, 50])


def test_a_negative_latency_is_refused() -> None:
    """A clock that ran backwards is an error, not a small latency."""
    with pytest.raises(ValueError, match="negative"):
        _ = made([1, -1]).count
