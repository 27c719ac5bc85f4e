"""What a race and its processes say to each other: one JSON object a line, in both directions."""

from dataclasses import dataclass
from typing import Literal

from hwprofile.tune.values import Score

__all__ = ["Asked", "Disturbance", "Hello", "Round", "Said", "Trial", "TrialOrder"]

Disturbance = Literal["throttled", "moved"]
"""What disturbed a whole round: a CPU was throttled, or the thread was moved to another one."""


@dataclass(frozen=True, kw_only=True)
class Hello:
    """The first line to a process: where it finds modules, and the race."""

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
    """One question to a process: the answer or the memory of a candidate, the candidates' names, or a trial."""

    answer: str | None = None
    memory: str | None = None
    trial: TrialOrder | None = None


@dataclass(frozen=True, kw_only=True)
class Round:
    """One round: a score for each name of the trial, in the trial's order; and what disturbed it, if anything did.

    `put_aside` are the places of the names during whose run the thread had to give its CPU to others.
    """

    scores: tuple[Score, ...]
    dropped: Disturbance | None = None
    put_aside: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What one process did: its rounds, warm-up left out, how long they took, and the work of a payload."""

    names: tuple[str, ...]
    blocks: int
    seconds: float
    rounds: tuple[Round, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a process says: one of these, or the `problem` that kept it from saying it."""

    names: tuple[str, ...] | None = None
    answer: str | None = None
    memory: int | None = None
    trial: Trial | None = None
    problem: str | None = None
