"""Scores of rounds become log gains: which of them count."""

import math

import pytest

from hwprofile.tune import Objective, Score
from hwprofile.tune.orders import Round, Stint
from hwprofile.tune.scores import counted, gains, log_gain


def stint(*rounds: Round) -> Stint:
    return Stint(names=("default", "a"), blocks=1, seconds=1.0, rounds=rounds)


def one(elapsed_ns: int, **more: object) -> Round:
    """A round in which the default takes 1,000 ns."""
    return Round(scores=(Score(elapsed_ns=1000), Score(elapsed_ns=elapsed_ns)), **more)  # type: ignore[arg-type]


def test_a_disturbed_round_does_not_count() -> None:
    """A move to another CPU and throttling drop a round for all candidates."""
    found = stint(one(500), one(9000, dropped="moved"), one(9000, dropped="throttled"))
    assert counted(found) == [one(500)]
    assert gains([found], "default", "a", Objective()).processes == ((math.log(2),),)


@pytest.mark.parametrize("place", [0, 1])
def test_who_was_put_aside_is_not_compared(place: int) -> None:
    """Where enough pairs were left alone, those in which either one waited for its CPU are passed over."""
    found = stint(*[one(500)] * 20, *[one(9000, put_aside=(place,))] * 30)
    assert gains([found], "default", "a", Objective()).processes == ((math.log(2),) * 20,)


def test_of_a_crowded_host_all_pairs_count() -> None:
    """Where hardly any pair was left alone, all are compared."""
    found = stint(*[one(500)] * 19, *[one(2000, put_aside=(0,))] * 30)
    assert gains([found], "default", "a", Objective()).rounds == 49


def test_the_objective_weighs_time_and_tail() -> None:
    """Half the time with twice the tail is no gain at even weights; without a tail the time alone counts."""
    default, other = Score(elapsed_ns=1000, tail_ns=10), Score(elapsed_ns=500, tail_ns=20)
    assert log_gain(default, other, Objective(throughput=0.5, tail=0.5)) == pytest.approx(0.0)
    assert log_gain(default, Score(elapsed_ns=500), Objective(throughput=0.5, tail=0.5)) == pytest.approx(math.log(2))
