"""What the capacity model is held to: the workload whose prediction is furthest off."""

import pytest

from mainspring_perf.scaling.values import Result
from mainspring_tools import probes
from mainspring_tools.probes import capacity_error_percent


def found(monkeypatch, *rates):
    """Stands for the processes: each workload's measured rate, and the predicted one."""
    asked = []

    def run_cases(name, cases):
        asked.extend(cases)
        return [Result(cases[0], {"saturation": measured, "predicted": predicted}) for measured, predicted in rates]

    monkeypatch.setattr(probes, "run_cases", run_cases)
    return asked


def test_the_worst_counts_in_either_direction(monkeypatch):
    """Too low counts as much as too high; what couldn't be judged counts for nothing."""
    asked = found(monkeypatch, (100.0, 95.0), (100.0, 88.0), (100.0, 110.0), (100.0, None))
    assert capacity_error_percent() == pytest.approx(12.0)
    assert asked
    assert not any(case["loads"] for case in asked), "no latencies are measured for it"


def test_nothing_judged_is_no_figure(monkeypatch):
    """A machine whose threads never had a core gives a reason."""
    found(monkeypatch, (100.0, None))
    assert capacity_error_percent() == "not here: a core to itself, which no run had"


@pytest.mark.gate
def test_it_is_measured_by_the_study_itself():
    """No stand-in: the study's tiny cases run, and give a figure or the reason why there is none."""
    reported = capacity_error_percent(tiny=True)
    assert isinstance(reported, str) or 0 <= reported < 1_000
