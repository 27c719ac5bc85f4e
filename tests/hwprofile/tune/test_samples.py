"""What samples of several processes say: the interval, the tests, and what is needed for them."""

import math
import sys
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwprofile.tune.errors import RaceError
from hwprofile.tune.samples import CONFIDENCE, Samples, need_scipy


def drawn(seed: int, *, gain: float = 0.0, layout: float = 0.01, noise: float = 0.03, processes: int = 5) -> Samples:
    """Log gains of processes, each with a layout of its own, 60 rounds each, one in fifty a spike."""
    random = Random(seed)
    rounds = []
    for _ in range(processes):
        centre = random.gauss(gain, layout)
        rounds.append(
            tuple(
                random.gauss(centre, noise) + (random.choice((-1, 1)) if random.random() < 0.02 else 0.0)
                for _ in range(60)
            )
        )
    return Samples(tuple(rounds))


def single(*ratios: float) -> Samples:
    """Processes of one sample each."""
    return Samples(tuple((math.log(ratio),) for ratio in ratios))


@pytest.mark.parametrize("layout", [0.0, 0.01, 0.03])
@pytest.mark.parametrize("processes", [4, 8, 12])
def test_the_interval_holds_the_gain_as_often_as_it_says(layout: float, processes: int) -> None:
    """With 4, 8 or 12 processes, at least 93% of 200 intervals hold the true gain, whatever the layouts do."""
    held = 0
    for seed in range(200):
        low, high = drawn(seed, gain=0.05, layout=layout, processes=processes).interval
        held += low <= 0.05 <= high
    assert held / 200 >= CONFIDENCE - 0.02


def test_one_process_bounds_nothing() -> None:
    """With a single process the interval is everything."""
    assert Samples(((0.1, 0.2, 0.3),)).interval == (-math.inf, math.inf)


def test_spikes_move_nothing() -> None:
    """Two rounds in five that take three times as long leave the centre where it is."""
    samples = Samples(((0.05, 0.05, 0.05, -1.1, -1.1),) * 3)
    assert samples.estimate == pytest.approx(0.05)
    assert samples.centres == pytest.approx((0.05, 0.05, 0.05))


def test_the_ranks_tell_a_gain_from_none() -> None:
    """5% beats a floor of 2% and doesn't miss it; 0% misses it and doesn't beat it."""
    gain, none = drawn(1, gain=0.05), drawn(1)
    assert gain.beats(0.02) < 0.001 < gain.misses(0.02)
    assert none.misses(0.02) < 0.001 < none.beats(0.02)


def test_equal_rounds_prove_nothing() -> None:
    """Where all rounds lie on the floor itself, no chance is below one."""
    assert Samples(((0.0,) * 10,) * 2).beats(0.0) == 1.0


def test_the_exact_probabilities_are_those_of_the_tables() -> None:
    """Six processes all one way: 2/64. Eight with one small one the other way: 4/256 (Hollander and Wolfe, A.4)."""
    assert single(1.1, 1.2, 1.3, 1.4, 1.5, 1.6).p_value == pytest.approx(2 / 64)
    assert single(0.99, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8).p_value == pytest.approx(4 / 256)


def test_one_disturbed_process_decides_nothing() -> None:
    """One that took a hundred times as long moves neither the estimate nor the interval nor the finding much."""
    calm = single(1.05, 1.051, 1.049, 1.05, 1.052, 1.048, 1.05, 1.051)
    disturbed = single(1.05, 1.051, 1.049, 100.0, 1.052, 1.048, 1.05, 1.051)
    assert disturbed.estimate == pytest.approx(calm.estimate, abs=0.01)
    assert disturbed.interval[0] == pytest.approx(calm.interval[0], abs=0.01)
    assert disturbed.p_value == calm.p_value


def test_of_few_processes_the_interval_is_students() -> None:
    """Five processes, whose extremes bound too little: mean and standard error, times t of four degrees (2.776)."""
    low, high = Samples(((0.01,), (0.02,), (0.03,), (0.04,), (0.05,))).interval
    reach = 2.776 * math.sqrt(0.00025 / 5)
    assert (low, high) == pytest.approx((0.03 - reach, 0.03 + reach), abs=1e-5)


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 100.0), min_size=2, max_size=14))
def test_swapping_the_sides_turns_the_ratio_over(ratios: list[float]) -> None:
    """Neither side is favoured: estimate, bounds and p are those of the sides swapped, turned over."""
    there, back = single(*ratios), single(*(1 / one for one in ratios))
    assert there.p_value == pytest.approx(back.p_value)
    assert there.estimate == pytest.approx(-back.estimate)
    assert there.interval[0] == pytest.approx(-back.interval[1])
    assert there.interval[0] <= there.interval[1]


def test_ties_favour_neither_side() -> None:
    """Two processes that cancel out are tied in rank: the sides still get the same p."""
    assert single(0.5, 0.75, 1 / 0.75).p_value == pytest.approx(single(2.0, 1 / 0.75, 0.75).p_value)


@settings(deadline=None)
@given(st.integers(2, 14), st.floats(0.5, 2.0))
def test_a_common_factor_is_found_as_it_is(processes: int, factor: float) -> None:
    """Where every process is slower by the same factor, that is the ratio, with no doubt about it."""
    found = single(*[factor] * processes)
    assert (found.estimate, *found.interval) == pytest.approx((math.log(factor),) * 3, abs=1e-9)


def test_without_scipy_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A race without SciPy is refused with the command that fixes it."""
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(RaceError, match=r"pip install 'mainspring\[tune\]'"):
        need_scipy()
