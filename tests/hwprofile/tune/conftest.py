"""A simulated course: candidates with known ratios, and all that makes timing hard, without a process or a clock."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

import numpy as np
import pytest

from hwprofile.tune.errors import ProcessLostError, RaceError
from hwprofile.tune.orders import Round, Trial, TrialOrder
from hwprofile.tune.signs import Signs
from hwprofile.tune.values import Score

_ROUND_NS = 400_000
_WARM_UP = 3


class SimulatedCourse:
    """Stands for `hwprofile.tune.processes.Processes`.

    `costs` has how long a payload takes each candidate, the first one's being 1. Each subject in each process has a
    layout of its own (`layout` is the standard deviation of its log), each round a noise of its own (`noise`), and the
    host is loaded in stretches (`load` is how much longer everything takes then, each candidate by chance a bit more).
    `unseen` replaces costs on the payloads of the confirmation. Every second of it is made up.
    """

    def __init__(
        self,
        costs: dict[str, float],
        *,
        seed: int,
        layout: float = 0.006,
        noise: float = 0.03,
        load: float = 0.5,
        unseen: dict[str, float] | None = None,
        tails: dict[str, float] | None = None,
        answers: dict[str, str | Exception] | None = None,
        memories: dict[str, int] | None = None,
        again: float = 1.0,
        starting_s: float = 0.3,
        answering_s: float = 0.05,
        lost_in_trial: int | None = None,
        round_ns: int = _ROUND_NS,
    ) -> None:
        self.costs = costs
        self.random = np.random.default_rng(seed)
        self.layout, self.noise, self.load = layout, noise, load
        self.unseen = unseen or {}
        self.tails = tails
        self.answers = answers or {}
        self.memories = memories or {}
        self.again = again
        self.starting_s, self.answering_s = starting_s, answering_s
        self.lost_in_trial = lost_in_trial
        self.round_ns = round_ns
        self.seconds = 0.0
        self.orders: list[TrialOrder] = []
        self.open = 0

    def process(self, within_s: float) -> "SimulatedProcess":
        """Starts one."""
        self.seconds += self.starting_s
        return SimulatedProcess(self)

    def now(self) -> float:
        """Simulated seconds."""
        return self.seconds

    def signs(self) -> Signs:
        """A host that tells of nothing."""
        return Signs()


class SimulatedProcess:
    """One of its processes."""

    def __init__(self, course: SimulatedCourse) -> None:
        self._course = course
        self.names = tuple(course.costs)

    def answer(self, name: str, within_s: float) -> str:
        """The candidate's digest, or its error."""
        self._course.seconds += self._course.answering_s
        found = self._course.answers.get(name, "right")
        if isinstance(found, Exception):
            raise found
        return found

    def memory(self, name: str, within_s: float) -> int | None:
        """What the course says."""
        return self._course.memories.get(name)

    def trial(self, order: TrialOrder, within_s: float) -> Trial:
        """Rounds, until the order's seconds are over."""
        course = self._course
        course.orders.append(order)
        if course.lost_in_trial == len(course.orders):
            raise ProcessLostError("its process ended by signal 11")
        random = course.random
        layouts = {name: random.normal(0, course.layout) for name in order.names}
        rounds: list[Round] = []
        seconds, loaded = 0.0, False
        while len(rounds) < order.least or seconds < order.seconds:
            # A stretch of load begins or ends once in twenty rounds.
            loaded = loaded != (random.random() < 0.05)
            scores = []
            for name in order.names:
                log = layouts[name] + random.normal(0, course.noise)
                if loaded:
                    log += course.load * random.random()
                nanoseconds = course.round_ns * self._cost(name, unseen=order.unseen) * np.exp(log)
                if random.random() < 0.02:
                    nanoseconds *= 3
                tail = None if course.tails is None else int(1000 * course.tails.get(name.removesuffix(" again"), 1.0))
                scores.append(Score(elapsed_ns=int(nanoseconds), tail_ns=tail))
            seconds += sum(score.elapsed_ns for score in scores) / 1e9
            moved = random.random() < 0.02
            rounds.append(Round(scores=tuple(scores), dropped="moved" if moved else None))
        course.seconds += seconds + 0.1
        return Trial(names=order.names, blocks=order.blocks or 1, seconds=seconds, rounds=tuple(rounds[_WARM_UP:]))

    def _cost(self, name: str, *, unseen: bool) -> float:
        course = self._course
        plain = name.removesuffix(" again")
        cost = course.costs[plain]
        if name != plain:
            cost *= course.again
        return course.unseen.get(plain, cost) if unseen else cost

    def __enter__(self) -> Self:
        self._course.open += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._course.open -= 1


@pytest.fixture
def simulated() -> Callable[..., SimulatedCourse]:
    """Makes a simulated course."""
    return SimulatedCourse


@pytest.fixture
def wrong() -> Callable[[str], RaceError]:
    """Makes the error of a candidate."""
    return RaceError
