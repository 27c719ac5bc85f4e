"""The histogram of lengths, held against sorted lists."""

import random

import pytest

from hwprofile.jitter import JitterHistogram

SEED = 20260801


def filled(values):
    """A histogram of the values."""
    histogram = JitterHistogram()
    histogram.add(values)
    return histogram


def test_quantiles_against_a_sorted_list():
    """Quantiles are those of the sorted values, to one part in 32, whatever the size."""
    generator = random.Random(SEED)
    values = sorted(int(10 ** generator.uniform(0, 11)) for _ in range(5_000))
    histogram = filled(values)
    assert (histogram.count, histogram.total, histogram.longest) == (5_000, sum(values), values[-1])
    for share in (0.0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0):
        exact = values[max(0, -(-round(share * 1000) * 5 // 1) - 1)]
        found = histogram.quantile(share)
        assert exact <= found <= exact * (1 + 1 / 32), (SEED, share)


@pytest.mark.parametrize("value", [0, 1, 63, 64, 65, 127, 128, 1023, 1024, 10**6, 2**40, 2**40 + 2**34])
def test_buckets_hold_their_values(value):
    """Each value lies in its bucket, which is no wider than one part in 32 of it; small ones are exact."""
    ((lowest, highest, count),) = filled([value]).buckets()
    assert lowest <= value <= highest
    assert highest - lowest <= value / 32
    assert count == 1


def test_buckets_meet_without_a_gap():
    """From 0 to 5000 every value has one bucket, and each begins where the one before ends."""
    buckets = list(filled(range(5_000)).buckets())
    assert [lowest for lowest, _, _ in buckets[1:]] == [highest + 1 for _, highest, _ in buckets[:-1]]
    assert all(count == highest - lowest + 1 for lowest, highest, count in buckets[:-1])


def test_octaves():
    """Counts by powers of two, 0 and 1 together."""
    assert filled([0, 1, 2, 3, 1023, 1024, 2047]).octaves() == {0: 2, 1: 2, 9: 1, 10: 2}


def test_empty():
    """Nothing has no quantile."""
    assert JitterHistogram().quantile(0.5) is None


def test_wrong_values():
    """A negative length says that the clock went backwards; a share lies between 0 and 1."""
    with pytest.raises(ValueError, match="the clock went backwards"):
        filled([-1])
    with pytest.raises(ValueError, match="a share lies between"):
        filled([1]).quantile(1.1)
