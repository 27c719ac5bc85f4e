"""The paired check of the whole lane, on a clock that is given."""

from typing import Any

import pytest

from hwprofile.tune.values import Objective
from mainspring.tuning.budget import Budget
from mainspring.tuning.paired import assess, check_paired
from mainspring.tuning.whole import WholeRun

SUBJECT: Any = None  # The `run` that each test gives doesn't look at it.


def whole(elapsed_ns, tail_ns=100, **stages_ns):
    return WholeRun(elapsed_ns=elapsed_ns, tail_ns=tail_ns, grown_bytes=0, stages_ns=stages_ns)


def pairs(*elapsed):
    return [(whole(one), whole(other)) for one, other in elapsed]


@pytest.mark.parametrize(
    ("elapsed", "said"),
    [
        ([(200, 100), (210, 101), (199, 99), (205, 100), (201, 102)], "faster than the default beyond the noise"),
        ([(100, 110), (101, 112), (99, 109), (100, 110), (102, 113)], "slower than the default beyond the noise"),
        ([(100, 90), (90, 100), (105, 100), (100, 106), (100, 99)], "no difference beyond the noise"),
    ],
)
def test_the_verdict_is_the_intervals(elapsed, said):
    """Faster or slower where the whole interval lies on one side of one, else neither."""
    paired = assess(pairs(*elapsed), Objective())
    assert said in paired.because
    assert paired.low <= paired.gain <= paired.high
    assert "of the 5 pairs" not in paired.because


def test_few_pairs_are_said():
    """A verdict of two pairs says that it is one, and its bounds are wide."""
    paired = assess(pairs((200, 100), (120, 100)), Objective())
    assert "with 2 of the 5 pairs that are wanted" in paired.because
    assert paired.low < 1 < paired.high


def test_equal_ratios_have_no_width():
    """Ratios without any spread are their own bounds."""
    paired = assess(pairs((200, 100), (200, 100), (200, 100)), Objective())
    assert paired.low == pytest.approx(2.0)
    assert paired.high == pytest.approx(2.0)


def test_the_tail_counts_by_the_objective():
    """With p99 as the objective, a lane of half the tail is twice as good whatever its throughput."""
    found = [(whole(100, 200), whole(150, 100)), (whole(100, 202), whole(150, 101))]
    assert assess(found, Objective(throughput=0.0, tail=1.0)).gain == pytest.approx(2.0)


def test_pairs_are_run_until_the_time_is_out():
    """Pairs in random order for as long as another one fits, with the tuned lane's medians."""
    now, order = [0.0], []
    budget = Budget(20, clock=lambda: now[0])

    def run(_subject, name, _within_s):
        now[0] += 1.0
        order.append(name)
        return whole(100 if name == "default" else 50, book=float(len(order)))

    reported = []
    paired, stages = check_paired(
        SUBJECT, Objective(), seed=1, until_s=11, budget=budget, progress=lambda *one: reported.append(one), run=run
    )
    assert paired.rounds == 5
    assert {tuple(order[at : at + 2]) for at in range(0, 10, 2)} == {("default", "tuned"), ("tuned", "default")}
    assert stages["book"] in range(1, 11)
    assert reported[-1][1] == pytest.approx(10 / 11)


def test_without_the_time_there_is_no_verdict():
    """One pair is no check, and none at all isn't either."""
    now = [9.0]
    budget = Budget(10, clock=lambda: now[0])

    def run(_subject, _name, _within_s):
        now[0] += 5.0
        return whole(100, book=3.0)

    now[0] = 15.0
    found = check_paired(SUBJECT, Objective(), seed=1, until_s=7, budget=budget, progress=lambda *one: None, run=run)
    assert found == (None, {"book": 3.0})
    found = check_paired(SUBJECT, Objective(), seed=1, until_s=7, budget=budget, progress=lambda *one: None, run=run)
    assert found == (None, {})
