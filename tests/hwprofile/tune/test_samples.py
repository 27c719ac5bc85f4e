"""What samples of several processes say: the interval, the tests, and what is needed for them."""

import math
import sys
from random import Random

import pytest

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
    return Samples(tuple(rounds), seed)


@pytest.mark.parametrize("layout", [0.0, 0.01, 0.03])
@pytest.mark.parametrize("processes", [4, 8])
def test_the_interval_holds_the_gain_as_often_as_it_says(layout: float, processes: int) -> None:
    """Of 200 intervals with four or eight processes, at least 93% hold the true gain, whatever the layouts do."""
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
    assert samples.mean == pytest.approx(0.05)
    assert samples.centres == pytest.approx((0.05, 0.05, 0.05))


def test_the_ranks_tell_a_gain_from_none() -> None:
    """5% beats a floor of 2% and doesn't miss it; 0% misses it and doesn't beat it."""
    gain, none = drawn(1, gain=0.05), drawn(1)
    assert gain.beats(0.02) < 0.001 < gain.misses(0.02)
    assert none.misses(0.02) < 0.001 < none.beats(0.02)


def test_equal_rounds_prove_nothing() -> None:
    """Where all rounds lie on the floor itself, no chance is below one."""
    assert Samples(((0.0,) * 10,) * 2).beats(0.0) == 1.0


def test_the_seed_gives_the_interval() -> None:
    """The same rounds and seed give the same bounds; another seed draws otherwise."""
    samples = drawn(3)
    assert Samples(samples.processes, 3).interval == samples.interval
    assert Samples(samples.processes, 4).interval != samples.interval


def test_without_scipy_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A race without SciPy is refused with the command that fixes it."""
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(RaceError, match=r"pip install 'mainspring\[tune\]'"):
        need_scipy()
