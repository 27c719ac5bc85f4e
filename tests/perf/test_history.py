import math
from random import Random

import pytest

from mainspring_perf.history import change_points, make_series
from mainspring_perf.host import Code
from mainspring_perf.store import SavedRun


def noisy(levels, seed=3, scatter=0.01):
    """Figures about these levels, with a seeded scatter."""
    random = Random(seed)
    return [level * math.exp(random.gauss(0, scatter)) for level in levels]


def test_a_step_is_found_where_it_is():
    """Ten runs at 100 ns and ten at 110: one change, at the eleventh, of about 10%."""
    found = change_points(noisy([100] * 10 + [110] * 10))
    assert list(found) == [10]
    assert found[10] == pytest.approx(1.1, rel=0.02)


def test_two_steps_are_found():
    """Slower, and then fixed."""
    assert list(change_points(noisy([100] * 8 + [120] * 8 + [100] * 8))) == [8, 16]


def test_noise_is_no_change():
    """Of 200 seeded series of twenty runs that never move, hardly any shows a change point."""
    false = sum(bool(change_points(noisy([100] * 20, seed=seed, scatter=0.02))) for seed in range(200))
    assert false <= 8


def test_one_odd_run_is_no_change():
    """A single run that was disturbed isn't a move that stayed."""
    assert change_points(noisy([100] * 9 + [160] + [100] * 9)) == {}


def test_a_move_within_two_percent_is_left_alone():
    """However sure it is: noise that repeats can look like it."""
    assert change_points([100.0] * 10 + [101.5] * 10) == {}


def test_few_runs_say_nothing():
    """Below three on a side there is no change point."""
    assert change_points([100.0, 100.0, 200.0, 200.0]) == {}
    assert change_points([]) == {}


def run(number, one_ns):
    code = Code(version="0.1.0", commit=f"{number:040x}")
    return SavedRun(name=f"r{number}", saved=f"2026-11-{number + 1:02}T00:00:00", code=code, one_ns=one_ns)


def test_the_commit_where_it_moved_is_named():
    """A change names the code of the run that was first slower, and that of the run before."""
    runs = [run(number, {"book": {"walk": 100.0 if number < 5 else 130.0}}) for number in range(10)]
    (series,) = make_series(runs)
    (change,) = series.changes
    assert change.at == 5
    assert change.code == "0.1.0 at 0000000000"
    assert change.ratio == pytest.approx(1.3)


def test_series_are_chosen_by_suite_and_name():
    """Only what was asked for is shown; a benchmark that some runs lack has the others."""
    runs = [run(0, {"book": {"walk": 1.0}}), run(1, {"book": {"walk": 1.0, "depth": 2.0}, "risk": {"gate": 3.0}})]
    assert [(one.suite, one.benchmark, len(one.one_ns)) for one in make_series(runs)] == [
        ("book", "depth", 1),
        ("book", "walk", 2),
        ("risk", "gate", 1),
    ]
    assert [one.benchmark for one in make_series(runs, ["book"], ["wal"])] == ["walk"]
