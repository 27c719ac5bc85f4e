"""Runs the works: checks every candidate's answer, then times all of them in rounds."""

import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Literal

import msgspec

from mainspring_perf.harness import spread
from mainspring_perf.peers.candidate import Candidate, command_of
from mainspring_perf.peers.catalogue import PEERS
from mainspring_perf.peers.inputs import Inputs
from mainspring_perf.peers.peer import MAINSPRING, Peer, Unavailable
from mainspring_perf.peers.works import WORKS, Given, Made, Work, agrees
from mainspring_perf.sessions import sessions

__all__ = ["Outcome", "Row", "Verdict", "race"]

_ROUNDS = 9
_ROUNDS_FAST = 3
_FAST_MESSAGES = 10_000

Verdict = Literal["faster", "slower", "even", "ours"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A candidate's results, or the reason why there are none.

    `one_ns` is the median over the rounds for one operation, `spread` half the distance between the quartiles of the
    rounds as a fraction of it. `ratio` is how many times as fast as Mainspring's fastest here it is, the median of the
    rounds' ratios; the verdict is "even" if their quartiles lie on both sides of 1. If it can't run or answers wrongly,
    `reason` says why.
    """

    peer: str
    way: str
    versions: str
    python: str = ""
    detail: str = ""
    one_ns: float | None = None
    spread: float = 0.0
    ratio: float | None = None
    verdict: Verdict | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A work's rows, fastest first; those without results are last."""

    work: str
    title: str
    operation: str
    input: str
    session: str
    rounds: int
    rows: tuple[Row, ...]


def race(*, fast: bool = False, progress: Callable[[str], None] = lambda _: None) -> list[Outcome]:
    """Runs every work with every peer that does it, after making missing environments and programs.

    `fast` takes fewer rounds and a shorter session; `progress` is called with what is being done. A peer that can't run
    gets a row with the reason.
    """
    commands: dict[int, tuple[list[str], dict[str, str]] | str] = {}
    for number, peer in enumerate(PEERS):
        progress(f"{peer.name}: making it ready")
        try:
            commands[number] = command_of(peer, make=True)
        except Unavailable as error:
            commands[number] = str(error)
    # The last is the recorded session, where it is here.
    name, plan, messages = sessions(tiny=False)[-1]
    messages = messages[:_FAST_MESSAGES] if fast else messages
    outcomes = []
    for work in WORKS:
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            inputs = Inputs(Path(folder))
            inputs.write("instrument", msgspec.to_builtins(plan.instruments[0]))
            progress(f"{work.name}: making its input")
            made = work.make(inputs, Given(messages=messages, instrument=plan.instruments[0], fast=fast))
            race = _Race(work, made, inputs.folder, _ROUNDS_FAST if fast else _ROUNDS, progress, stack)
            for number, peer in enumerate(PEERS):
                for way in peer.ways.get(work.name, ()):
                    race.enter(peer, way, commands[number])
            outcomes.append(race.run(name))
    return outcomes


class _Race:
    """One work: who enters it, and what came of it. The stack that it is given ends the processes."""

    def __init__(
        self,
        work: Work,
        made: Made,
        folder: Path,
        rounds: int,
        progress: Callable[[str], None],
        stack: ExitStack,
    ) -> None:
        self._work = work
        self._made = made
        self._folder = folder
        self._rounds = rounds
        self._progress = progress
        self._rows: list[Row] = []
        self._running: list[tuple[Row, Candidate]] = []
        self._stack = stack

    def enter(self, peer: Peer, way: str, command: tuple[list[str], dict[str, str]] | str) -> None:
        """Starts a candidate and checks its answer; or notes why it doesn't take part."""
        self._progress(f"{self._work.name}: {peer.name}, {way}")
        if isinstance(command, str):
            self._rows.append(Row(peer=peer.name, way=way, versions="", reason=command))
            return
        versions = ", ".join(f"{name} {number}" for name, number in command[1].items())
        row = Row(peer=peer.name, way=way, versions=versions)
        try:
            candidate = Candidate(command[0], self._work.name, way, self._folder)
        except Unavailable as error:
            self._rows.append(replace(row, reason=str(error)))
            return
        self._stack.enter_context(candidate)
        first = candidate.first
        row = replace(row, python=first.get("python", ""), detail=first["detail"])
        wrong = agrees(first["answer"], self._made.right)
        if wrong:
            self._rows.append(replace(row, reason=f"its answer is wrong, so it isn't timed: {wrong}"))
            return
        self._running.append((row, candidate))

    def run(self, session: str) -> Outcome:
        """Times the candidates that entered."""
        figures = _assess(self._time(), self._made.operations)
        return Outcome(
            work=self._work.name,
            title=self._work.title,
            operation=self._work.operation,
            input=self._made.input,
            session=session,
            rounds=self._rounds,
            rows=(*sorted(figures, key=lambda row: row.one_ns or 0.0), *self._rows),
        )

    def _time(self) -> list[tuple[Row, list[float]]]:
        draw = Random(1)  # noqa: S311  an order, no secret
        timed: dict[int, list[float]] = {number: [] for number in range(len(self._running))}
        # The first round warms up and finds how many passes are to be timed at once.
        for number in range(self._rounds + 1):
            self._progress(f"{self._work.name}: round {number} of {self._rounds}")
            order = list(timed)
            draw.shuffle(order)
            for place in order:
                row, candidate = self._running[place]
                try:
                    pass_ns = candidate.time()
                except Unavailable as error:
                    del timed[place]
                    self._rows.append(replace(row, reason=str(error)))
                    continue
                if number:
                    timed[place].append(pass_ns)
        return [(self._running[place][0], values) for place, values in timed.items()]


def _assess(timed: Sequence[tuple[Row, list[float]]], operations: int) -> list[Row]:
    """The rows with their figures, each against the fastest of ours."""
    ours = [values for row, values in timed if row.peer == MAINSPRING]
    best = min(ours, key=statistics.median, default=None)
    rows = []
    for row, values in timed:
        one_ns = statistics.median(values) / operations
        row = replace(row, one_ns=one_ns, spread=spread(values))
        if best is not None:
            ratios = [our / their for our, their in zip(best, values, strict=True)]
            row = replace(row, ratio=statistics.median(ratios), verdict=_verdict(row, ratios))
        rows.append(row)
    return rows


def _verdict(row: Row, ratios: Sequence[float]) -> Verdict:
    if row.peer == MAINSPRING:
        return "ours"
    first, _, third = statistics.quantiles(ratios, n=4)
    return "faster" if first > 1 else "slower" if third < 1 else "even"
