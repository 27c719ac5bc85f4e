import math
import sys
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.errors import MainspringError
from mainspring_perf.ranks import compare_rounds, need_scipy

TIMES = st.lists(st.floats(1e-9, 1.0), min_size=2, max_size=14)


def test_the_exact_probabilities_are_those_of_the_tables():
    """Six rounds all one way: 2/64. Eight with one small one the other way: 4/256 (Hollander and Wolfe, table A.4)."""
    assert compare_rounds([1.1, 1.2, 1.3, 1.4, 1.5, 1.6]).p == pytest.approx(2 / 64)
    mixed = compare_rounds([0.99, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8])
    assert mixed.p == pytest.approx(4 / 256)


def test_one_disturbed_round_decides_nothing():
    """A round that took a hundred times as long moves neither the estimate nor the finding much."""
    calm = compare_rounds([1.05, 1.051, 1.049, 1.05, 1.052, 1.048, 1.05, 1.051])
    disturbed = compare_rounds([1.05, 1.051, 1.049, 100.0, 1.052, 1.048, 1.05, 1.051])
    assert disturbed.ratio == pytest.approx(calm.ratio, rel=0.01)
    assert disturbed.p == calm.p


def test_the_interval_holds_the_truth_as_often_as_it_says():
    """Of 400 seeded comparisons with a true ratio of 1.03, about 95% of the intervals hold it, and none much fewer."""
    random = Random(7)
    held = 0
    for _ in range(400):
        before = [math.exp(random.gauss(0, 0.02)) for _ in range(12)]
        after = [1.03 * math.exp(random.gauss(0, 0.02)) for _ in range(12)]
        found = compare_rounds([later / earlier for earlier, later in zip(before, after, strict=True)])
        held += found.low <= 1.03 <= found.high
    assert 0.93 <= held / 400 <= 0.99


@settings(deadline=None)
@given(TIMES, st.floats(0.5, 2.0))
def test_a_common_factor_is_found_as_it_is(times, factor):
    """Where every round is slower by the same factor, that is the ratio, and the interval is around it."""
    found = compare_rounds([one * factor / one for one in times])
    assert found.ratio == pytest.approx(factor, rel=1e-6)
    assert found.low <= found.ratio * (1 + 1e-9)
    assert found.high >= found.ratio * (1 - 1e-9)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(1e-9, 1.0), st.floats(1e-9, 1.0)), min_size=2, max_size=14))
def test_swapping_the_sides_turns_the_ratio_over(pairs):
    """Neither side is favoured."""
    there = compare_rounds([after / before for before, after in pairs])
    back = compare_rounds([before / after for before, after in pairs])
    assert there.p == pytest.approx(back.p)
    assert there.ratio == pytest.approx(1 / back.ratio)
    assert there.low == pytest.approx(1 / back.high)


def test_ties_favour_neither_side():
    """Two rounds that cancel out are tied in rank: the sides still get the same p."""
    there, back = compare_rounds([0.5, 0.75, 1 / 0.75]), compare_rounds([2.0, 1 / 0.75, 0.75])
    assert there.p == pytest.approx(back.p)


def test_too_few_rounds_are_refused():
    """One round says nothing about its own noise."""
    with pytest.raises(ValueError, match="two rounds or more"):
        compare_rounds([1.0])


def test_without_scipy_the_remedy_is_named(monkeypatch):
    """SciPy is an extra: a comparison says which, before anything is timed."""
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    with pytest.raises(MainspringError, match=r"pip install 'mainspring\[tune\]'"):
        need_scipy()
