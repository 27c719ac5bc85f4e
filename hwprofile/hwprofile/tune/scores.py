"""From the scores of rounds to log gains by the objective."""

import math
from collections.abc import Sequence

from hwprofile.tune.orders import Round, Stint
from hwprofile.tune.samples import Samples
from hwprofile.tune.values import Objective, Score

__all__ = ["TAIL", "counted", "gains", "log_gain"]

_ENOUGH = 20

TAIL = Objective(throughput=0.0, tail=1.0)
"""The 99th percentile alone."""


def log_gain(default: Score, other: Score, objective: Objective) -> float:
    """How much better the other is, as a log. Where one of the two tells of no tail, the time alone counts."""
    time = math.log(max(default.elapsed_ns, 1) / max(other.elapsed_ns, 1))
    if not objective.tail or default.tail_ns is None or other.tail_ns is None:
        return time
    tail = math.log(max(default.tail_ns, 1) / max(other.tail_ns, 1))
    return objective.throughput * time + objective.tail * tail


def gains(stints: Sequence[Stint], default: str, name: str, objective: Objective, seed: int = 1) -> Samples:
    """The log gains of a candidate, of each process in which it ran, of the rounds that count."""
    processes = []
    for stint in stints:
        if name not in stint.names:
            continue
        ours, theirs = stint.names.index(default), stint.names.index(name)
        rounds = tuple(log_gain(one.scores[ours], one.scores[theirs], objective) for one in _alone(stint, ours, theirs))
        if rounds:
            processes.append(rounds)
    return Samples(tuple(processes), seed)


def counted(stint: Stint) -> list[Round]:
    """The rounds of a stint that count: those that nothing disturbed as a whole."""
    return [one for one in stint.rounds if one.dropped is None]


def _alone(stint: Stint, *places: int) -> list[Round]:
    """The rounds in which neither of a pair was put aside for others: caches are cold after it, and a tail holds it.

    On a crowded host, or with long rounds, hardly any pair is left alone. Then all count: it hits every candidate
    alike, and the median passes over it as far as it can.
    """
    every = counted(stint)
    alone = [one for one in every if not set(places) & set(one.put_aside)]
    return alone if len(alone) >= _ENOUGH else every
