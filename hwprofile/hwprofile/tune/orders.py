"""The messages between a race and its processes: one JSON object per line, in both directions."""

from dataclasses import dataclass
from typing import Literal

from hwprofile.tune.values import Score

__all__ = ["Asked", "Disturbance", "Hello", "Round", "Said", "Trial", "TrialOrder"]

Disturbance = Literal["throttled", "moved"]
"""What disturbed a whole round: throttling, or a migration of the thread to another CPU."""


@dataclass(frozen=True, kw_only=True)
class Hello:
    """The first line to a process: its sys.path, and the race."""

    path: tuple[str, ...]
    entry: str
    argument: str


@dataclass(frozen=True, kw_only=True)
class TrialOrder:
    """Orders rounds of these candidates, in the order in which to create their subjects, for a number of seconds.

    `blocks` is how much work a payload is, 0 if that is still to be determined. At least `least` rounds are run,
    warm-up included, however long they take. `seed` determines the order of the candidates in each round.
    """

    names: tuple[str, ...]
    default: str
    seed: int
    seconds: float
    unseen: bool = False
    blocks: int = 0
    least: int


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question to a process: a candidate's answer or memory, the candidates' names, or a trial."""

    answer: str | None = None
    memory: str | None = None
    trial: TrialOrder | None = None


@dataclass(frozen=True, kw_only=True)
class Round:
    """One round: a score for each name of the trial, in the trial's order, and what disturbed the round, if anything.

    `put_aside` has the indices of the names during whose run the thread was preempted.
    """

    scores: tuple[Score, ...]
    dropped: Disturbance | None = None
    put_aside: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The result of one process: its rounds without warm-up, their duration, and the work of a payload."""

    names: tuple[str, ...]
    blocks: int
    seconds: float
    rounds: tuple[Round, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Said:
    """A process's reply: one of these, or the `problem` that prevented it."""

    names: tuple[str, ...] | None = None
    answer: str | None = None
    memory: int | None = None
    trial: Trial | None = None
    problem: str | None = None
