"""What a race is asked, and what it found: frozen values. Names and numbers only; nothing here knows what was raced."""

from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = ["CandidateResult", "Grade", "Health", "Objective", "Race", "RaceResult", "Score", "Standing", "Work"]

Grade = Literal["quiet", "noisy", "unfit"]
"""How fit a host is to be raced on: see `Health`."""

Standing = Literal["default", "winner", "tied", "slower", "left", "gated", "unconfirmed"]
"""What became of a candidate.

`winner`: it takes the default's place. `tied`: no gain beyond the floor and the noise was shown. `slower`: it is worse
than the default beyond doubt. `left`: it was out of reach of the floor before the race's end. `gated`: it didn't race.
`unconfirmed`: it led, and was refused for its tail, its memory, or what it did on payloads that the race didn't see.
"""


@dataclass(frozen=True, kw_only=True)
class Score:
    """One block of work of one candidate: how long it took, and the 99th percentile of its steps where it tells.

    `waited_ns` is the part of that time in which others had the CPU (see `hwprofile.tune.signs.RunDelay`): it is taken
    off. A race that does more in `run` than is timed has to tell; else it is what was waited in all of `run`.
    """

    elapsed_ns: int
    tail_ns: int | None = None
    waited_ns: int | None = None


class Race(Protocol):
    """What is raced, made in each process again by the function that `Work` names.

    All candidates are there at once and are run in turns on the same payloads. A payload is a part of the workload;
    the first ones are for the race, the others, which it doesn't see, for the confirmation.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """Every candidate, the default first."""
        ...

    def answer(self, name: str) -> str:
        """A digest of all that the candidate makes of the workload, edge cases included.

        Whatever it raises is why the candidate doesn't race.
        """
        ...

    def start(self, names: tuple[str, ...], *, unseen: bool) -> None:
        """Makes these candidates ready at the first payload of the race, or at the first of the unseen ones.

        A name may stand there twice, as "NAME" and "NAME again": two subjects of one candidate, for the A/A race.
        """
        ...

    def advance(self, blocks: int) -> None:
        """Takes up the next payload of `blocks` units of work. After the last one it begins again."""
        ...

    def run(self, name: str) -> Score:
        """Does the payload's work with a candidate, once in a round."""
        ...

    def memory(self, name: str) -> int | None:
        """Bytes that the candidate holds in this process, or None if that isn't known."""
        ...


@dataclass(frozen=True, kw_only=True)
class Work:
    """Where a fresh process finds the race: `entry` is "package.module:function", called with `argument`."""

    entry: str
    argument: str


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What counts as better: the weights of the time of a block and of its tail. They add up to one."""

    throughput: float = 1.0
    tail: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Health:
    """How the host fared while the default raced itself.

    `noise` is how far apart two runs of one candidate were (0.02 is 2%). `steal` is the share of CPU time that the
    hypervisor took, `pressure` the percent of time in which tasks waited for a CPU, `throttled` how often a CPU or a
    quota throttled; None if the host doesn't tell. `because` says the grade in words.
    """

    grade: Grade
    noise: float
    steal: float | None
    pressure: float | None
    throttled: int | None
    because: str


@dataclass(frozen=True, kw_only=True)
class CandidateResult:
    """One candidate. `gain` is how many times as good as the default it was by the objective (1.05 is 5% better).

    `low` and `high` bound the gain with 95% confidence; `tail_gain` is that of the 99th percentile alone. They are None
    if it didn't race, or nothing tells of the tail. `ratios` are its gain in each process, for the chart.
    `because` says in words what became of it.
    """

    name: str
    standing: Standing
    because: str
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    tail_gain: float | None = None
    memory_bytes: int | None = None
    rounds: int = 0
    ratios: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RaceResult:
    """A race and its decision. `winner` is the default unless another one beat it beyond floor, noise and doubt.

    `rounds` are those that counted, `dropped` those that a migration or throttling hit. `seed` gives the same orders.
    """

    default: str
    winner: str
    because: str
    health: Health
    floor: float
    seed: int
    processes: int
    rounds: int
    dropped: int
    seconds: float
    candidates: tuple[CandidateResult, ...]
