"""Scores of rounds become log gains: which of them count."""

import math
from random import Random

import pytest

from hwprofile.tune import Objective, Score
from hwprofile.tune.orders import Round, Trial
from hwprofile.tune.scores import counted, gains, log_gain


def trial(*rounds: Round) -> Trial:
    return Trial(names=("default", "a"), blocks=1, seconds=1.0, rounds=rounds)


def one(elapsed_ns: int, **more: object) -> Round:
    """A round in which the default takes 1,000 ns."""
    return Round(scores=(Score(elapsed_ns=1000), Score(elapsed_ns=elapsed_ns)), **more)  # type: ignore[arg-type]


def test_a_disturbed_round_does_not_count() -> None:
    """A move to another CPU and throttling drop a round for all candidates."""
    found = trial(one(500), one(9000, dropped="moved"), one(9000, dropped="throttled"))
    assert counted(found) == [one(500)]
    assert gains([found], "default", "a", Objective()).processes == ((math.log(2),),)


@pytest.mark.parametrize("place", [0, 1])
def test_who_was_put_aside_is_not_compared(place: int) -> None:
    """Where enough pairs were left alone, those in which either one waited for its CPU are passed over."""
    found = trial(*[one(500)] * 20, *[one(9000, put_aside=(place,))] * 30)
    assert gains([found], "default", "a", Objective()).processes == ((math.log(2),) * 20,)


def test_of_a_crowded_host_all_pairs_count() -> None:
    """Where hardly any pair was left alone, all are compared."""
    found = trial(*[one(500)] * 19, *[one(2000, put_aside=(0,))] * 30)
    assert gains([found], "default", "a", Objective()).rounds == 49


def test_the_objective_weighs_time_and_tail() -> None:
    """Half the time with twice the tail is no gain at even weights; without a tail the time alone counts."""
    default, other = Score(elapsed_ns=1000, tail_ns=10), Score(elapsed_ns=500, tail_ns=20)
    assert log_gain(default, other, Objective(throughput=0.5, tail=0.5)) == pytest.approx(0.0)
    assert log_gain(default, Score(elapsed_ns=500), Objective(throughput=0.5, tail=0.5)) == pytest.approx(math.log(2))


def test_the_second_subject_stands_for_the_first() -> None:
    """Where the default's first subject was put aside and its second one wasn't, that one is compared."""
    scores = Score(elapsed_ns=9000), Score(elapsed_ns=1000), Score(elapsed_ns=500)
    rounds = (Round(scores=scores, put_aside=(0,)),) * 20
    found = Trial(names=("default", "default again", "a"), blocks=1, seconds=1.0, rounds=rounds)
    assert gains([found], "default", "a", Objective()).processes == ((math.log(2),) * 20,)


def test_skewed_noise_favours_nobody() -> None:
    """Of identical candidates with skewed times, the median of 4,000 rounds is off by half a percent at most."""
    random = Random(1)
    rounds = tuple(
        Round(scores=tuple(Score(elapsed_ns=int(1e6 * (1 + random.expovariate(10)))) for _ in range(3)))
        for _ in range(4000)
    )
    found = Trial(names=("default", "default again", "a"), blocks=1, seconds=1.0, rounds=rounds)
    assert abs(gains([found], "default", "a", Objective()).estimate) < 0.005
