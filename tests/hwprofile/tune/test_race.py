"""The race on a simulated course: right answers are known, and every second is made up."""

from collections.abc import Callable
from typing import Any

import pytest

from hwprofile.tune import Objective, RaceError, RaceResult, Work, race
from hwprofile.tune.errors import ProcessLostError

WORK = Work(entry="nowhere:make", argument="")
Simulated = Callable[..., Any]
SAME = {"default": 1.0, "a": 1.0, "b": 1.0, "c": 1.0}
BETTER = {"default": 1.0, "a": 1.0, "b": 1 / 1.05, "c": 1.0}


def few_or(many: int) -> list[Any]:
    """A few races in every run of the tests, and as many as a rate needs in the gates."""
    return [10, pytest.param(many, marks=pytest.mark.gate)]


def run(course: Any, seed: int = 1, budget_s: float = 8.0, **more: Any) -> RaceResult:
    return race(WORK, course=course, seed=seed, budget_s=budget_s, **more)


def standing(found: RaceResult, name: str) -> str:
    return next(one.standing for one in found.candidates if one.name == name)


@pytest.mark.parametrize("races", few_or(100))
def test_identical_candidates_are_never_switched_for(simulated: Simulated, races: int) -> None:
    """Of 100 races of four identical candidates, on a host that is loaded half of the time, at most 1 switches."""
    wrong = [seed for seed in range(races) if run(simulated(SAME, seed=seed), seed).winner != "default"]
    assert len(wrong) <= races / 100, f"seeds {wrong}"


@pytest.mark.parametrize("races", few_or(30))
def test_a_gain_of_5_percent_is_found(simulated: Simulated, races: int) -> None:
    """Of the races with one candidate that is 5% better, nine in ten find it, and no other one ever wins."""
    winners = [run(simulated(BETTER, seed=seed), seed).winner for seed in range(races)]
    assert winners.count("b") >= 0.9 * races, winners
    assert set(winners) <= {"b", "default"}


@pytest.mark.parametrize("races", few_or(30))
def test_a_slowdown_of_5_percent_is_found(simulated: Simulated, races: int) -> None:
    """Of the races with one candidate that is 5% slower, nine in ten say so, and none switches."""
    found = [run(simulated({**SAME, "b": 1.05}, seed=seed), seed) for seed in range(races)]
    assert sum(standing(one, "b") == "slower" for one in found) >= 0.9 * races
    assert {one.winner for one in found} == {"default"}


@pytest.mark.parametrize("races", few_or(30))
def test_one_percent_never_switches(simulated: Simulated, races: int) -> None:
    """No race switches to a candidate that is 1% better, which is less than the floor of 2%."""
    assert {run(simulated({**SAME, "b": 0.99}, seed=seed), seed).winner for seed in range(races)} == {"default"}


def test_a_race_is_that_of_its_seed(simulated: Simulated) -> None:
    """The same seed on the same course gives the same race to the last figure; another seed, other orders."""
    assert run(simulated(BETTER, seed=5), 5) == run(simulated(BETTER, seed=5), 5)
    one, other = simulated(BETTER, seed=5), simulated(BETTER, seed=5)
    run(one, 5)
    run(other, 6)
    assert [order.names for order in one.orders] != [order.names for order in other.orders]


@pytest.mark.parametrize("budget_s", [6.0, 12.0, pytest.param(60.0, marks=pytest.mark.gate)])
@pytest.mark.parametrize("many", [2, 4, 40])
def test_it_ends_within_its_budget(simulated: Simulated, budget_s: float, many: int) -> None:
    """With two candidates or forty, no race takes longer than it may, and all its processes have ended."""
    course = simulated({"default": 1.0, **{f"c{number}": 1.0 + number / 50 for number in range(many)}}, seed=3)
    found = run(course, budget_s=budget_s)
    assert course.now() <= budget_s
    assert found.seconds == pytest.approx(course.now())
    assert course.open == 0


def test_a_slow_race_gets_fewer_rounds_and_ends_in_time(simulated: Simulated) -> None:
    """A payload that takes a tenth of a second: nothing is begun that couldn't end in time, and that is said."""
    course = simulated(BETTER, seed=1, round_ns=100_000_000)
    found = run(course, budget_s=10.0)
    assert course.now() <= 10.0
    assert "too short for a verdict" in found.because
    assert run(simulated(BETTER, seed=1, round_ns=10_000_000), budget_s=60.0).winner == "b"


def test_of_many_candidates_the_best_few_race_on(simulated: Simulated) -> None:
    """Thirty candidates, one of them twice as good: it gets through the first look and wins; most don't get through."""
    costs = {"default": 1.0, **{f"c{number}": 1.0 + number / 100 for number in range(29)}, "best": 0.5}
    found = run(simulated(costs, seed=2), budget_s=30.0)
    assert found.winner == "best"
    assert sum("first look" in one.because for one in found.candidates) == 27


def test_too_little_time_keeps_the_default_and_says_so(simulated: Simulated) -> None:
    """With a budget in which four processes can't be run, nothing is decided."""
    found = run(simulated(BETTER, seed=1, starting_s=1.0), budget_s=4.0)
    assert found.winner == "default"
    assert "too short for a verdict" in found.because


def test_who_answers_wrongly_does_not_race(simulated: Simulated, wrong: Callable[[str], RaceError]) -> None:
    """A wrong answer, an error, and a process that is lost each gate their candidate, with the reason; others race."""
    answers = {"a": "wrong", "b": wrong("ValueError: no"), "c": ProcessLostError("its process ended by signal 11")}
    found = run(simulated({**SAME, "d": 0.8}, seed=1, answers=answers))
    assert found.winner == "d"
    reasons = {one.name: one.because for one in found.candidates if one.standing == "gated"}
    assert reasons == {
        "a": "its answer isn't the default's",
        "b": "ValueError: no",
        "c": "its process ended by signal 11",
    }


def test_a_default_that_can_not_run_is_an_error(simulated: Simulated, wrong: Callable[[str], RaceError]) -> None:
    """Without a reference there is no race, and the error names the default."""
    with pytest.raises(RaceError, match=r"the default, default, can't run here: ValueError: no"):
        run(simulated(SAME, seed=1, answers={"default": wrong("ValueError: no")}))


def test_a_lone_default_stays(simulated: Simulated) -> None:
    """Nobody else is there: the default stays, and that is said."""
    found = run(simulated({"default": 1.0}, seed=1))
    assert (found.winner, found.because) == ("default", "no other candidate can race; the default stays")


def test_an_unfit_host_keeps_the_default(simulated: Simulated) -> None:
    """Where the default differs from itself by a tenth, a candidate that is twice as good isn't taken either."""
    found = run(simulated({**SAME, "a": 0.5}, seed=1, again=1.10))
    assert (found.winner, found.health.grade) == ("default", "unfit")
    assert "unfit" in found.because
    assert found.health.noise > 0.05


def test_a_gain_below_the_noise_is_none(simulated: Simulated) -> None:
    """A default that is 4% off itself makes a gain of 5% doubtful, and the words name the noise."""
    found = run(simulated(BETTER, seed=1, again=1.04, layout=0.0))
    assert found.winner == "default"


def test_what_the_race_did_not_see_has_to_confirm_it(simulated: Simulated) -> None:
    """A candidate that is better on the race's payloads alone leads and is refused."""
    found = run(simulated(BETTER, seed=1, unseen={"b": 1.0}), budget_s=12.0)
    assert found.winner == "default"
    assert standing(found, "b") == "unconfirmed"
    assert "on what the race didn't see" in found.because


def test_a_worse_tail_is_not_bought(simulated: Simulated) -> None:
    """Half again the default's 99th percentile is beyond the margin; a twentieth more isn't."""
    refused = run(simulated({**SAME, "a": 0.8}, seed=1, tails={"a": 1.5}))
    assert (refused.winner, standing(refused, "a")) == ("default", "unconfirmed")
    assert "99th percentile is 1.50 times" in refused.because
    assert run(simulated({**SAME, "a": 0.8}, seed=1, tails={"a": 1.05})).winner == "a"


def test_memory_is_not_bought_without_bound(simulated: Simulated) -> None:
    """Ten times as much memory is refused; what lies within twice the default's and some isn't."""
    refused = run(simulated({**SAME, "a": 0.8}, seed=1, memories={"default": 100 << 20, "a": 1000 << 20}))
    assert "it holds 1,000 MiB where the default holds 100" in refused.because
    assert run(simulated({**SAME, "a": 0.8}, seed=1, memories={"default": 100 << 20, "a": 200 << 20})).winner == "a"


def test_the_objective_decides(simulated: Simulated) -> None:
    """As quick as the default with half its tail: nothing by throughput, the winner by the 99th percentile."""
    tails = {"a": 0.5}
    assert run(simulated(SAME, seed=1, tails=tails)).winner == "default"
    found = run(simulated(SAME, seed=1, tails=tails), objective=Objective(throughput=0.0, tail=1.0))
    assert found.winner == "a"


def test_a_process_lost_in_its_rounds_ends_the_race(simulated: Simulated) -> None:
    """It is told whose rounds it was in, and the other processes have ended."""
    course = simulated(BETTER, seed=1, lost_in_trial=3)
    with pytest.raises(ProcessLostError, match="a process that raced a, b, c was lost: its process ended by signal 11"):
        run(course)
    assert course.open == 0
