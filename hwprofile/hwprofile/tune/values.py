"""The inputs and results of a race, as frozen values that don't depend on what is raced."""

from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = ["CandidateResult", "Grade", "Health", "Objective", "Race", "RaceResult", "Score", "Standing", "Work"]

Grade = Literal["quiet", "noisy", "unfit"]
"""A host's fitness for races: see `Health`."""

Standing = Literal["default", "winner", "tied", "slower", "left", "gated", "unconfirmed"]
"""A candidate's result.

`winner`: it replaces the default. `tied`: it showed no gain beyond the floor and the noise. `slower`: it is reliably
worse than the default. `left`: it couldn't reach the floor any more before the race's end. `gated`: it didn't race.
`unconfirmed`: it led, but was rejected for its tail, its memory, or its results on unseen payloads.
"""


@dataclass(frozen=True, kw_only=True)
class Score:
    """A candidate's time for one block of work, and the 99th percentile of its steps, or None if it has none.

    `waited_ns` is the part of the time in which others had the CPU (see `hwprofile.tune.signs.RunDelay`); it is
    subtracted. If `run` does more than is timed, the race must set it; otherwise the waiting in all of `run` is used.
    """

    elapsed_ns: int
    tail_ns: int | None = None
    waited_ns: int | None = None


class Race(Protocol):
    """The subject of a race, created in each process by the function that `Work` names.

    All candidates exist at once and take turns on the same payloads. A payload is a part of the workload: the first
    ones are for the race, and the others, which it doesn't see, for the confirmation.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """Every candidate, the default first."""
        ...

    def answer(self, name: str) -> str:
        """Returns a digest of the candidate's complete output for the workload, edge cases included.

        If it raises, the candidate doesn't race, and the error is the reason.
        """
        ...

    def start(self, names: tuple[str, ...], *, unseen: bool) -> None:
        """Prepares these candidates for the first payload of the race, or for the first unseen one.

        A candidate may have two subjects for the A/A race, named "NAME" and "NAME again".
        """
        ...

    def advance(self, blocks: int) -> None:
        """Moves to the next payload of `blocks` units of work, and to the first after the last."""
        ...

    def run(self, name: str) -> Score:
        """Runs the payload with a candidate. Called once per candidate and round."""
        ...

    def memory(self, name: str) -> int | None:
        """Bytes that the candidate holds in this process, or None if that isn't known."""
        ...


@dataclass(frozen=True, kw_only=True)
class Work:
    """Tells a fresh process how to create the race: `entry` is "package.module:function", called with `argument`."""

    entry: str
    argument: str


@dataclass(frozen=True, kw_only=True)
class Objective:
    """The weights of a block's time and of its tail in a gain. They add up to one."""

    throughput: float = 1.0
    tail: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Health:
    """The host's condition while the default raced itself.

    `noise` is the difference between two runs of one candidate (0.02 is 2%). `steal` is the fraction of CPU time that
    the hypervisor took, `pressure` the percentage of time in which tasks waited for a CPU, and `throttled` how often
    heat or a quota throttled; None if the host doesn't show it. `because` explains the grade.
    """

    grade: Grade
    noise: float
    steal: float | None
    pressure: float | None
    throttled: int | None
    because: str


@dataclass(frozen=True, kw_only=True)
class CandidateResult:
    """A candidate's result. `gain` is its performance relative to the default by the objective (1.05 is 5% better).

    `low` and `high` bound the gain with 95% confidence; `tail_gain` is the gain of the 99th percentile alone. They are
    None if it didn't race, or if there is no tail. `ratios` has its gain in each process, for the chart. `because`
    explains the result.
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
    """The decision of a race. `winner` is the default unless another candidate reliably beat it beyond floor and noise.

    `rounds` counts the valid rounds, `dropped` those with a migration or throttling. The same `seed` gives the same
    orders.
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
