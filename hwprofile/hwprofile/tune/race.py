"""Runs a race: from candidates to a decision that is reliable on a noisy machine. See `docs/tune-method.md`."""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from random import Random
from typing import Protocol

from hwprofile.tune.errors import ProcessLostError, RaceError
from hwprofile.tune.gate import gate
from hwprofile.tune.health import grade_of
from hwprofile.tune.orders import Trial, TrialOrder
from hwprofile.tune.processes import Course, Process, Processes
from hwprofile.tune.samples import Samples, need_scipy
from hwprofile.tune.scores import AGAIN, TAIL, counted, gains
from hwprofile.tune.signs import Signs
from hwprofile.tune.values import CandidateResult, Health, Objective, RaceResult, Work
from hwprofile.tune.verdict import Bar, candidate, figures, leader, out_of_reach, times

__all__ = ["FLOOR", "TAIL_MARGIN", "Progress", "race"]

FLOOR = 0.02
"""The smallest gain that is worth a switch."""

TAIL_MARGIN = 0.10
"""How much worse than the default's a winner's 99th percentile may be."""

MEMORY_FACTOR, MEMORY_SLACK = 2.0, 64 << 20
"""A winner may use at most this many times the memory of the default plus this many bytes."""

_GATE, _HEALTH, _SCREEN, _CONFIRM = 0.35, 0.08, 0.15, 0.25
_KEPT = 3
_PROCESSES = (8, 6, 5, 4)
_LEAST_PROCESSES = _PROCESSES[-1]
_LOOKS = 3
_CONFIRMING = 3
_CONFIRM_ALPHA = 0.05
_LEAST_TRIAL_S = 0.05
_LEAST_ROUNDS = 8
_GRACE_S = 10.0
_OVERHEAD_PARTS = 2.0


class Progress(Protocol):
    """Receives the progress of a race."""

    def __call__(self, step: str, done: float) -> None:
        """Called with the current step, and how much of the race is done, from 0 to 1."""
        ...


def race(
    work: Work,
    *,
    objective: Objective = Objective(),  # noqa: B008  frozen
    seed: int = 1,
    budget_s: float = 60.0,
    floor: float = FLOOR,
    course: Course | None = None,
    progress: Progress | None = None,
) -> RaceResult:
    """Races candidates and decides which to use: the default, unless another is reliably better.

    Args:
        seed: Determines the orders and choices of the race, but not the measured times.
        budget_s: Seconds that the race may take. If they are too few for a verdict, the default stays, and the result's
            `because` says so.
        floor: The smallest gain worth a switch (0.02 is 2%).
        course: Runs the processes; by default on this host.

    Raises:
        RaceError: The race can't be created, its default can't run, or SciPy isn't installed.
    """
    need_scipy()
    reported = progress if progress is not None else _nobody
    return _Run(course or Processes(work), objective, seed, budget_s, floor, reported).race()


def _nobody(step: str, done: float) -> None:
    """Ignores the progress."""


class _Run:
    """The state of one race."""

    def __init__(
        self, course: Course, objective: Objective, seed: int, budget_s: float, floor: float, progress: Progress
    ) -> None:
        self._course = course
        self._objective = objective
        self._seed = seed
        self._random = Random(seed)  # noqa: S311  orders, no secret
        self._budget_s = budget_s
        self._floor = floor
        self._progress = progress
        self._began = course.now()
        self._default = ""
        self._blocks = 0
        self._overhead_s = 0.0
        self._run_s = 0.0
        self._trials: list[Trial] = []
        self._candidates: list[CandidateResult] = []
        self._memory: dict[str, int | None] = {}

    def race(self) -> RaceResult:
        """Runs all steps."""
        self._report("checking answers")
        until = self._began + _GATE * self._budget_s
        with gate(self._course, until=until, within_s=self._within()) as gated:
            self._default = gated.default
            self._candidates += [
                CandidateResult(name=name, standing="gated", because=why) for name, why in gated.refused.items()
            ]
            self._report("racing the default against itself")
            before, started = self._course.signs(), self._course.now()
            first = self._trial((self._default,), _HEALTH * self._budget_s, process=gated.process)
            self._overhead_s += gated.starting_s
        health, (winner, because) = self._held(gated.fit, first, before, started)
        default = CandidateResult(
            name=self._default, standing="default", because="the baseline of the others", gain=1.0
        )
        return RaceResult(
            default=self._default,
            winner=winner,
            because=because,
            health=health,
            floor=self._floor,
            seed=self._seed,
            processes=len(self._trials),
            rounds=sum(len(counted(trial)) for trial in self._trials),
            dropped=sum(len(trial.rounds) - len(counted(trial)) for trial in self._trials),
            seconds=self._course.now() - self._began,
            candidates=(default, *self._candidates),
        )

    def _held(
        self, fit: tuple[str, ...], first: Trial, before: Signs, started: float
    ) -> tuple[Health, tuple[str, str]]:
        """Returns the host's health, and the winner with the reason."""
        health = self._health([first], before, started)
        if health.grade == "unfit":
            return health, self._unfit(fit, health)
        if not fit:
            return health, (self._default, "no other candidate can race; the default stays")
        names = self._screened(fit)
        left = self._run_trials(names)
        if self._trials:
            health = self._health(self._trials, before, started)
        if health.grade == "unfit":
            return health, self._unfit(names, health)
        if len(self._trials) < _LEAST_PROCESSES and len(left) < len(names):
            why = (
                f"{self._budget_s:.0f} s are too short for a verdict: {len(self._trials)} processes were run, and it "
                f"takes {_LEAST_PROCESSES}"
            )
            self._all_out(names, why)
            return health, (self._default, f"{why}; the default stays")
        return health, self._decided(names, left, health)

    def _health(self, trials: Sequence[Trial], before: Signs, started: float) -> Health:
        again = gains(trials, self._default, self._default + AGAIN, self._objective)
        if not again.processes:
            raise RaceError("no round of the default counted: all were moved or throttled; free a CPU for the race")
        return grade_of(again, before, self._course.signs(), self._course.now() - started)

    def _screened(self, names: Sequence[str]) -> tuple[str, ...]:
        """Selects the best few of many candidates in a first look, whose data isn't used for anything else."""
        if len(names) <= _KEPT + 1:
            return tuple(names)
        self._report(f"a first look at {len(names)} candidates")
        look = self._trial(names, _SCREEN * self._budget_s)
        first = {name: gains([look], self._default, name, self._objective) for name in names}
        order = sorted(
            names, key=lambda name: first[name].estimate if first[name].processes else -math.inf, reverse=True
        )
        kept = order[:_KEPT]
        for name in order[_KEPT:]:
            seen = times(first[name].estimate) if first[name].processes else "nothing"
            self._candidates.append(
                CandidateResult(
                    name=name,
                    standing="left",
                    because=f"{seen} in a first look, and the best {_KEPT} raced on",
                    gain=math.exp(first[name].estimate) if first[name].processes else None,
                    rounds=first[name].rounds,
                )
            )
        return tuple(kept)

    def _run_trials(self, names: tuple[str, ...]) -> set[str]:
        """Runs the race's processes. Returns the candidates that have left."""
        until = self._began + (1 - _CONFIRM) * self._budget_s
        wanted = self._wanted(until)
        left: set[str] = set()
        number = 0
        while number < wanted:
            number += 1
            running = tuple(name for name in names if name not in left)
            room = until - self._course.now()
            if not running or room < self._needed_s(len(running) + 2):
                break
            seconds = room / (wanted - number + 1) - self._overhead_s
            self._report(f"process {number} of {wanted}: {', '.join(running)}")
            self._trials.append(self._trial(running, max(seconds, _LEAST_TRIAL_S), whole=False))
            if number == 1:
                # The cost of a process is now known, and no result has been looked at yet.
                wanted = self._wanted(until, after=1)
            if number in {math.ceil(wanted * (at + 1) / _LOOKS) for at in range(_LOOKS)}:
                bar = self._bar(names)
                left |= {name for name in running if out_of_reach(self._gains(name), bar)}
        return left

    def _wanted(self, until: float, after: int = 0) -> int:
        """Returns how many processes to run in total, so that each has time for rounds after its start-up."""
        room = until - self._course.now()
        return next(
            (one for one in _PROCESSES if room / (one - after) >= _OVERHEAD_PARTS * self._overhead_s), _LEAST_PROCESSES
        )

    def _decided(self, names: tuple[str, ...], left: set[str], health: Health) -> tuple[str, str]:
        bar = self._bar(names, health.noise)
        found = {name: self._gains(name) for name in names}
        best = leader({name: one for name, one in found.items() if name not in left}, bar)
        verdict = (self._default, self._nobody_won(found, bar))
        for name in names:
            tail = gains(self._trials, self._default, name, TAIL)
            tail = tail if self._tells_tail(name) else Samples(())
            if name != best:
                one = candidate(name, found[name], tail, bar=bar, left=name in left, memory=None)
                self._candidates.append(one)
                continue
            samples = found[name]
            low, high = samples.interval
            reported = f"{times(samples.estimate)} [{math.exp(low):.2f}, {math.exp(high):.2f}]"
            doubt = self._doubt(name, tail, bar)
            if doubt is None:
                because = f"{reported} over the default, confirmed on what the race didn't see"
                verdict = (name, f"{name} is {because}")
                self._candidates.append(figures(name, "winner", because, samples, tail, self._memory.get(name)))
            else:
                verdict = (self._default, f"{name} led with {reported}, and {doubt}; the default stays")
                self._candidates.append(
                    figures(name, "unconfirmed", f"{reported}, but {doubt}", samples, tail, self._memory.get(name))
                )
        return verdict

    def _doubt(self, name: str, tail: Samples, bar: Bar) -> str | None:
        """Returns why the leader doesn't win; None if it does."""
        if tail.processes and tail.estimate < -math.log1p(TAIL_MARGIN):
            return f"its 99th percentile is {math.exp(-tail.estimate):.2f} times the default's"
        self._report(f"{name} on what the race didn't see")
        unseen, heavy = self._confirming(name)
        if heavy is not None:
            return heavy
        samples = gains(unseen, self._default, name, self._objective)
        if len(samples.processes) < 2:
            return "there was no time left to confirm it"
        if samples.estimate < math.log1p(bar.floor):
            return f"on what the race didn't see it was {times(samples.estimate)} only"
        if samples.beats(0.0) > _CONFIRM_ALPHA:
            return f"on what the race didn't see {samples.rounds} rounds didn't show a gain beyond doubt"
        return None

    def _confirming(self, name: str) -> tuple[list[Trial], str | None]:
        """Returns rounds on unseen payloads, or why there are none."""
        trials: list[Trial] = []
        with self._course.process(self._within()) as process:
            if (heavy := self._too_heavy(name, process)) is not None:
                return [], heavy
            # The first of them runs in this process, to save the time of another start.
            trials += self._confirm(name, _CONFIRMING, process)
        for left in range(_CONFIRMING - 1, 0, -1):
            trials += self._confirm(name, left)
        return trials, None

    def _confirm(self, name: str, left: int, process: Process | None = None) -> list[Trial]:
        """Runs one of the remaining trials, if it can end in time."""
        room = self._began + self._budget_s - self._course.now()
        if room < self._needed_s(2):
            return []
        seconds = max(room / left - self._overhead_s, _LEAST_TRIAL_S)
        return [self._trial((name,), seconds, unseen=True, again=False, whole=False, process=process)]

    def _too_heavy(self, name: str, process: Process) -> str | None:
        for one in (self._default, name):
            self._memory[one] = process.memory(one, self._within())
        ours, theirs = self._memory[self._default], self._memory[name]
        if ours is None or theirs is None or theirs <= MEMORY_FACTOR * ours + MEMORY_SLACK:
            return None
        return f"it holds {theirs / 2**20:,.0f} MiB where the default holds {ours / 2**20:,.0f}"

    def _trial(
        self,
        names: Sequence[str],
        seconds: float,
        *,
        unseen: bool = False,
        again: bool = True,
        whole: bool = True,
        process: Process | None = None,
    ) -> Trial:
        """Runs rounds in a fresh process, or in `process`. `whole`: the seconds include start-up and preparation.

        Raises `ProcessLostError` if the process was lost.
        """
        started = self._course.now()
        subjects = list(dict.fromkeys([self._default, *([self._default + AGAIN] if again else []), *names]))
        self._random.shuffle(subjects)
        order = TrialOrder(
            names=tuple(subjects),
            default=self._default,
            seed=self._random.randrange(1 << 32),
            seconds=max(seconds - self._overhead_s, _LEAST_TRIAL_S) if whole else seconds,
            unseen=unseen,
            blocks=self._blocks,
            least=_LEAST_ROUNDS,
        )
        try:
            with ExitStack() as ending:
                where = process or ending.enter_context(self._course.process(self._within()))
                trial = where.trial(order, self._within() + order.seconds)
        except ProcessLostError as error:
            raise ProcessLostError(f"a process that raced {', '.join(names)} was lost: {error}") from error
        self._blocks = trial.blocks
        overhead_s = max(self._course.now() - started - trial.seconds, 0.0)
        # A process that was already running cost less than the next one will.
        self._overhead_s = overhead_s if process is None else max(overhead_s, self._overhead_s)
        self._run_s = trial.seconds / max(len(trial.rounds) * len(subjects), 1)
        return trial

    def _needed_s(self, subjects: int) -> float:
        """Seconds that a process with this number of subjects takes at least, estimated from the last one."""
        return self._overhead_s + max(_LEAST_ROUNDS * subjects * self._run_s, _LEAST_TRIAL_S)

    def _gains(self, name: str) -> Samples:
        return gains(self._trials, self._default, name, self._objective)

    def _tells_tail(self, name: str) -> bool:
        return all(
            score.tail_ns is not None
            for trial in self._trials
            if name in trial.names
            for one in trial.rounds
            for score in (one.scores[trial.names.index(name)], one.scores[trial.names.index(self._default)])
        )

    def _bar(self, names: Sequence[str], noise: float = 0.0) -> Bar:
        return Bar(floor=self._floor, noise=noise, tests=len(names) * _LOOKS)

    def _nobody_won(self, found: dict[str, Samples], bar: Bar) -> str:
        name = max(found, key=lambda one: found[one].estimate)
        low, high = found[name].interval
        reported = f"{times(found[name].estimate)} [{math.exp(low):.2f}, {math.exp(high):.2f}]"
        return f"nothing beat the default by more than {max(bar.floor, bar.noise):.1%}; the best was {name}, {reported}"

    def _unfit(self, names: Sequence[str], health: Health) -> tuple[str, str]:
        self._all_out(names, f"the host is unfit to race on: {health.because}")
        return self._default, f"the host is unfit to race on, and the default stays: {health.because}"

    def _all_out(self, names: Sequence[str], why: str) -> None:
        self._candidates += [CandidateResult(name=name, standing="tied", because=why) for name in names]

    def _within(self) -> float:
        """Returns how long an answer may take: the remaining time, plus some for a busy machine."""
        return max(self._began + self._budget_s - self._course.now(), 0.0) + _GRACE_S

    def _report(self, step: str) -> None:
        self._progress(step, min((self._course.now() - self._began) / self._budget_s, 1.0))
