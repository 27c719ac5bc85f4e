"""From the scores of rounds to log gains by the objective."""

import math
from collections.abc import Sequence

from hwprofile.tune.orders import Round, Trial
from hwprofile.tune.samples import Samples
from hwprofile.tune.values import Objective, Score

__all__ = ["AGAIN", "TAIL", "counted", "gains", "log_gain"]

_ENOUGH = 20

AGAIN = " again"
"""What follows the default's name for its second subject."""

TAIL = Objective(throughput=0.0, tail=1.0)
"""The 99th percentile alone."""


def log_gain(default: Score, other: Score, objective: Objective) -> float:
    """How much better the other is, as a log. Where one of the two tells of no tail, the time alone counts."""
    time = math.log(max(default.elapsed_ns, 1) / max(other.elapsed_ns, 1))
    if not objective.tail or default.tail_ns is None or other.tail_ns is None:
        return time
    tail = math.log(max(default.tail_ns, 1) / max(other.tail_ns, 1))
    return objective.throughput * time + objective.tail * tail


def gains(trials: Sequence[Trial], default: str, name: str, objective: Objective, seed: int = 1) -> Samples:
    """The log gains of a candidate, of each process in which it ran, of the rounds that count.

    The default is there as two subjects. Where the first was put aside for others in a round, the second stands for it.
    """
    processes = []
    for trial in trials:
        if name not in trial.names:
            continue
        theirs = trial.names.index(name)
        # One of them, and not their mean: times are skewed, and the median of a mean lies above that of a single one.
        ours = [trial.names.index(one) for one in (default, default + AGAIN) if one in trial.names and one != name]
        rounds = _round_gains(counted(trial), ours, theirs, objective)
        if rounds:
            processes.append(rounds)
    return Samples(tuple(processes), seed)


def counted(trial: Trial) -> list[Round]:
    """The rounds of a trial that count: those that nothing disturbed as a whole."""
    return [one for one in trial.rounds if one.dropped is None]


def _round_gains(rounds: Sequence[Round], ours: Sequence[int], theirs: int, objective: Objective) -> tuple[float, ...]:
    """The gains of the rounds in which both sides were left alone: caches are cold after it, and a tail holds the wait.

    On a crowded host, or with long rounds, hardly any pair is left alone. Then all count: it hits every candidate
    alike, and the median passes over it as far as it can.
    """
    alone = []
    for one in rounds:
        left = next((place for place in ours if place not in one.put_aside), None)
        if left is not None and theirs not in one.put_aside:
            alone.append(log_gain(one.scores[left], one.scores[theirs], objective))
    if len(alone) < _ENOUGH:
        return tuple(log_gain(one.scores[ours[0]], one.scores[theirs], objective) for one in rounds)
    return tuple(alone)
