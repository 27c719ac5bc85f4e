"""The studies themselves, at their tiny sizes: every answer is checked, no time is assessed."""

import pytest

from mainspring.cli.scaling_tables import tables_of
from mainspring.errors import MainspringError
from mainspring_perf.harness import WrongAnswer
from mainspring_perf.scaling import instruments, lanes, length, levels, orders, rate
from mainspring_perf.scaling.run import find_studies, run_studies
from mainspring_perf.scaling.streams import changes, snapshots
from mainspring_perf.scaling.values import Result
from mainspring_tools.scaling_figures import figures_of

# Whole sessions, several at once, and paced ones take most of a minute.
_SLOW = [pytest.param(study, marks=pytest.mark.gate) for study in (lanes, length, rate)]


@pytest.mark.parametrize("study", [instruments, levels, orders, *_SLOW], ids=lambda study: study.NAME)
def test_a_study_measures_each_of_its_cases(study) -> None:
    """Each case is measured, each table has a row for what was, and each plot of it points above zero."""
    results = [Result(case, study.measure(case)) for case in study.cases(True)]
    figures = figures_of(study.NAME, results)
    assert [figure.table for figure in figures if figure.table is not None] == tables_of(study.NAME, results)
    for table in tables_of(study.NAME, results):
        assert table.rows
        assert all(len(row) == len(table.head) for row in table.rows)
    for figure in figures:
        assert all(value > 0 for series in figure.series for _, value in series.points)
        if figure.name != "capacity":
            assert all(series.points for series in figure.series)
    assert len({figure.name for figure in figures}) == len(figures)


@pytest.mark.gate
def test_studies_are_found_and_run_in_processes() -> None:
    """By name, each case in a process of its own, with word of the progress."""
    reported = []
    results = run_studies(["levels"], tiny=True, progress=lambda *step: reported.append(step))
    assert set(find_studies()) >= {"instruments", "lanes", "length", "levels", "orders", "rate"}
    assert [step[:2] for step in reported] == [("levels", number + 1) for number in range(len(reported))]
    assert {result.case["book"] for result in results["levels"]} >= {"bisect-list", "sorted-dict"}
    with pytest.raises(MainspringError, match="there are: "):
        run_studies(["nothing"])


def test_a_lane_that_forgets_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream with a message missing leaves a gap, and no time is given for it."""
    holed = [message for place, message in enumerate(changes(1, 300)) if place != 100]
    monkeypatch.setattr(instruments, "changes", lambda *_: holed)
    with pytest.raises(WrongAnswer):
        instruments.measure({"part": "python", "instruments": 1, "messages": 300})


def test_orders_that_do_not_rest_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit that refuses them leaves none open, and no time is given for that."""
    monkeypatch.setattr(orders, "_CONFIG", (*orders._CONFIG, "risk.max_order_size=0.001"))
    with pytest.raises(WrongAnswer, match="0 orders are open"):
        orders.measure({"part": "python", "instruments": 1, "orders": 1, "messages": 300})


def test_the_stream_is_the_same_each_time_and_every_instrument_has_its_snapshot() -> None:
    """Two messages of snapshots an instrument, receive times that rise, and the same bytes again."""
    messages = [*snapshots(3), *changes(3, 50)]
    assert messages == [*snapshots(3), *changes(3, 50)]
    assert len(messages) == 56
    times = [when for when, _ in messages]
    assert times == sorted(times)


def test_only_a_judged_prediction_can_be_far_off() -> None:
    """A fifth is allowed, either way; a run that was never left alone isn't assessed."""
    cases = [(100.0, 121.0), (100.0, 79.0), (100.0, 119.0), (100.0, 81.0), (100.0, None)]
    results = [
        Result({"workload": f"w{place}", "part": "python"}, {"saturation": measured, "predicted": predicted})
        for place, (measured, predicted) in enumerate(cases)
    ]
    assert [words.partition(",")[0] for words in rate.far_off(results)] == ["w0", "w1"]
