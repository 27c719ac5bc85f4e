"""Computes log gains from the scores of rounds, by the objective."""

import math
from collections.abc import Sequence

from hwprofile.tune.orders import Round, Trial
from hwprofile.tune.samples import Samples
from hwprofile.tune.values import Objective, Score

__all__ = ["AGAIN", "TAIL", "counted", "gains", "log_gain"]

_ENOUGH = 20

AGAIN = " again"
"""The suffix of the default's name for its second subject."""

TAIL = Objective(throughput=0.0, tail=1.0)
"""The 99th percentile alone."""


def log_gain(default: Score, other: Score, objective: Objective) -> float:
    """Returns the other's log gain. If either has no tail, only the time counts."""
    time = math.log(max(default.elapsed_ns, 1) / max(other.elapsed_ns, 1))
    if not objective.tail or default.tail_ns is None or other.tail_ns is None:
        return time
    tail = math.log(max(default.tail_ns, 1) / max(other.tail_ns, 1))
    return objective.throughput * time + objective.tail * tail


def gains(trials: Sequence[Trial], default: str, name: str, objective: Objective) -> Samples:
    """Returns a candidate's log gains in the rounds that count, for each process in which it ran.

    The default has two subjects. If the first was preempted in a round, the second is used instead.
    """
    processes = []
    for trial in trials:
        if name not in trial.names:
            continue
        theirs = trial.names.index(name)
        # One of them, not their mean: times are skewed, so the median of a mean is above that of a single time.
        ours = [trial.names.index(one) for one in (default, default + AGAIN) if one in trial.names and one != name]
        rounds = _round_gains(counted(trial), ours, theirs, objective)
        if rounds:
            processes.append(rounds)
    return Samples(tuple(processes))


def counted(trial: Trial) -> list[Round]:
    """Returns the rounds of a trial that weren't disturbed as a whole."""
    return [one for one in trial.rounds if one.dropped is None]


def _round_gains(rounds: Sequence[Round], ours: Sequence[int], theirs: int, objective: Objective) -> tuple[float, ...]:
    """Returns the gains of the rounds in which neither side was preempted, which cools caches and lengthens the tail.

    On a crowded host, or with long rounds, few pairs are undisturbed. Then all rounds count: preemption affects every
    candidate alike, and the median is robust against it.
    """
    alone = []
    for one in rounds:
        left = next((place for place in ours if place not in one.put_aside), None)
        if left is not None and theirs not in one.put_aside:
            alone.append(log_gain(one.scores[left], one.scores[theirs], objective))
    if len(alone) < _ENOUGH:
        return tuple(log_gain(one.scores[ours[0]], one.scores[theirs], objective) for one in rounds)
    return tuple(alone)
