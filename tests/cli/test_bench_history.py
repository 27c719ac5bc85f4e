"""A host's series as a user sees it: the words for a move, and the page."""

import pytest

from mainspring.cli.bench_history import format_change, history_page
from mainspring_perf.history import Series, make_series
from mainspring_perf.host import Code
from mainspring_perf.store import SavedRun


@pytest.fixture
def series() -> list[Series]:
    """Ten runs of a benchmark whose name holds markup, 30% slower from the sixth on."""
    runs = []
    for number in range(10):
        code = Code(version="0.1.0", commit=f"{number:040x}")
        one_ns = {"book": {"<b>walk": 100.0 if number < 5 else 130.0}}
        runs.append(SavedRun(name=f"r{number}", saved=f"2026-11-{number + 1:02}T00:00:00", code=code, one_ns=one_ns))
    return make_series(runs)


def test_a_move_is_told_with_its_day_and_its_code(series):
    """How much, from when, and with which commit."""
    (change,) = series[0].changes
    assert format_change(change).startswith("30.0% slower from 2026-11-06 on, with 0.1.0 at ")


def test_the_page_needs_nothing_else_and_runs_nothing(series):
    """No address, no script; names that hold markup are text; a change is drawn and named."""
    page = history_page(series, "<i>host")
    assert "http:" not in page
    assert "https:" not in page
    assert "<script" not in page
    assert "<b>walk" not in page
    assert "&lt;b&gt;walk" in page
    assert "&lt;i&gt;host" in page
    assert page.count("<circle") == 10
    assert page.count('<line class="same"') == 1
    assert "30.0% slower" in page
