"""The change-point check: that it tells, when, and that it is silent about what only fluctuates.

Windows' medians are simulated as docs/tune.md states: log ratios that follow one another (a first-order
autoregression), with a spread of 15%, a correlation of 0.3, and one in fifty innovations four times as large.
"""

import math
from collections.abc import Iterator
from itertools import islice
from random import Random

import pytest

from mainspring.telemetry import Cusum

SPREAD, CORRELATION, ODD = 0.15, 0.3, 0.02


def ratios(seed: int, factor: float = 1.0) -> Iterator[float]:
    """Ratios of windows' medians to the expected one, around a factor."""
    random = Random(seed)
    innovation = SPREAD * math.sqrt(1 - CORRELATION**2)
    at = 0.0
    while True:
        scale = 4 if random.random() < ODD else 1
        at = CORRELATION * at + random.gauss(0, innovation * scale)
        yield factor * math.exp(at)


def reported_at(values: Iterator[float], most: int) -> int | None:
    """How many values it took until a change was told; None where none was by `most`."""
    cusum: Cusum[int] = Cusum()
    return next((number for number, one in enumerate(islice(values, most), 1) if cusum.add(one, number)), None)


def test_what_fluctuates_is_no_change() -> None:
    """Of 2,000 stages watched for 200 windows each, at most 2 are told of by mistake."""
    reported = [seed for seed in range(2_000) if reported_at(ratios(seed), 200) is not None]
    assert len(reported) <= 2, reported


@pytest.mark.parametrize("factor", [1.5, 1 / 1.5])
def test_a_factor_of_one_and_a_half_is_told(factor: float) -> None:
    """Slower or faster: within 12 windows on average, within 29 in 99 of 100 cases."""
    took = [reported_at(ratios(seed, factor), 1_000) for seed in range(1_000)]
    waits = sorted(one for one in took if one is not None)
    assert len(waits) == 1_000
    assert sum(waits) / 1_000 <= 12.3
    assert waits[989] <= 29


def test_a_factor_of_two_is_told_sooner() -> None:
    """Within 5 windows on average."""
    waits = [reported_at(ratios(seed, 2.0), 1_000) or 1_000 for seed in range(1_000)]
    assert sum(waits) / 1_000 <= 5


def test_small_factors_are_within_the_allowance() -> None:
    """20% slower is told of in less than a fifth of stages in 200 windows; a change has to matter to be told."""
    reported = [seed for seed in range(500) if reported_at(ratios(seed, 1.2), 200) is not None]
    assert len(reported) < 100, len(reported)


def test_a_change_is_dated_and_measured() -> None:
    """It is dated to the first value after it, with the mean ratio since; what came before counts for nothing."""
    cusum: Cusum[str] = Cusum()
    for number in range(50):
        assert cusum.add(1.0 if number % 2 else 1.15, f"before {number}") is None
    shift = None
    number = 0
    while shift is None:
        shift = cusum.add(1.8, f"after {number}")
        number += 1
    assert (shift.since, shift.values) == ("after 0", number)
    assert shift.factor == pytest.approx(1.8)


def test_one_odd_window_is_no_change() -> None:
    """A window a thousand times as slow, among windows as expected, is forgotten."""
    cusum: Cusum[int] = Cusum()
    for number in range(100):
        assert cusum.add(1_000.0 if number % 10 == 0 else 1.0, number) is None
    shifts = [cusum.add(1_000.0, number) for number in range(10)]
    assert shifts.index(next(one for one in shifts if one)) == 3
