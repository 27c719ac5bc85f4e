"""Logarithm, exponential and power: right to a few units in the last place, and the same on every machine."""

import hashlib
import math
from random import Random

import pytest

from mainspring.venue.elementary import exp, log, power


def floats(seed, count=5_000):
    random = Random(seed)
    return [math.ldexp(random.random() + 0.5, random.randint(-60, 60)) for _ in range(count)]


def test_they_agree_with_the_c_library():
    """Within 4 units in the last place; the logarithm near 1 within as many of the result."""
    for x in floats(1):
        assert log(x) == pytest.approx(math.log(x), rel=1e-15, abs=1e-16)
    random = Random(2)
    for _ in range(5_000):
        x = random.uniform(-700, 700)
        assert exp(x) == pytest.approx(math.exp(x), rel=1e-15)
        ratio, n = random.random(), random.uniform(0.01, 100)
        assert power(ratio, n) == pytest.approx(ratio**n, rel=1e-13, abs=1e-300)
        assert power(ratio, float(round(n) or 1)) == pytest.approx(ratio ** (round(n) or 1), rel=1e-13, abs=1e-300)


def test_their_ends():
    """Where results are exact, or leave the floats."""
    assert (log(1.0), exp(0.0), power(0.0, 0.5), power(1.0, 0.5), exp(-746.0)) == (0.0, 1.0, 0.0, 1.0, 0.0)
    with pytest.raises(OverflowError, match="beyond a float"):
        exp(710.0)


def test_they_are_the_same_on_every_machine():
    """A recorded digest of their bits."""
    values = floats(3)
    bits = [f(x).hex() for x in values for f in (log, lambda x: exp(-min(x, 700.0)), lambda x: power(1 / (1 + x), 0.3))]
    assert hashlib.sha256("".join(bits).encode()).hexdigest()[:16] == "fba8b956acd97df9"
