"""Random delays: their distribution, and that a seed means the same everywhere."""

import hashlib
from decimal import Decimal
from statistics import fmean, median

import pytest

from mainspring.venue.jitter import JitteredDelay


def draws(jitter, jitter_us, *, sigma=1, seed=5, count=20_000):
    latency = JitteredDelay(Decimal(250), jitter, Decimal(jitter_us), Decimal(sigma), seed=seed)
    return [latency.draw_ns() for _ in range(count)]


def test_a_constant_latency_is_constant():
    """Without jitter every request takes as long."""
    assert set(draws("lognormal", 0)) == {250_000}


def test_uniform_jitter_lies_within_its_width():
    """From the base to the base plus the width, evenly."""
    values = draws("uniform", 100)
    assert 250_000 <= min(values) < max(values) <= 350_000
    assert fmean(values) == pytest.approx(300_000, rel=0.01)


def test_exponential_jitter_has_its_mean():
    """The mean is the base plus the jitter, the median the base plus ln 2 of it."""
    values = draws("exponential", 100)
    assert fmean(values) == pytest.approx(350_000, rel=0.01)
    assert median(values) == pytest.approx(250_000 + 69_315, rel=0.01)


def test_lognormal_jitter_has_its_median_and_tail():
    """The median is the base plus the jitter; a larger sigma makes a longer tail."""
    assert median(draws("lognormal", 100)) == pytest.approx(350_000, rel=0.01)
    assert max(draws("lognormal", 100, sigma=2)) > 2 * max(draws("lognormal", 100))


@pytest.mark.parametrize(
    ("jitter", "digest"),
    [("uniform", "b80b410045e9d7b2"), ("exponential", "5fc261ffc921e9a5"), ("lognormal", "e9b2d815b8221372")],
)
def test_a_seed_gives_the_same_nanoseconds_on_every_machine(jitter, digest):
    """A recorded digest of twenty thousand draws."""
    values = draws(jitter, 100)
    assert hashlib.sha256(repr(values).encode()).hexdigest()[:16] == digest
    assert values != draws(jitter, 100, seed=6)
