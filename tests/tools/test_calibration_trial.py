"""The trial of calibration on generated markets."""

import pytest

from mainspring_tools.calibration_trial import main, trial


@pytest.mark.parametrize("seeds", [range(1_000, 1_060), pytest.param(range(1_000, 3_000), marks=pytest.mark.gate)])
def test_known_parameters_lie_within_their_intervals(seeds):
    """In 95% of the markets, or what chance makes of that in a few."""
    missed = trial(seeds)
    assert len(missed) <= max(0.05 * len(seeds), 8), missed


def test_it_says_how_often(capsys):
    """And ends by it."""
    assert main(["--seeds", "200:240"]) == 0
    assert "40 seeds, " in capsys.readouterr().out
