"""Runs the works: checks every candidate's answer, then times all of them in rounds."""

import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Literal

import msgspec

from mainspring.errors import MainspringError
from mainspring_perf.harness import spread
from mainspring_perf.peers.candidate import Candidate, Command, command_of
from mainspring_perf.peers.catalogue import PEERS
from mainspring_perf.peers.contract import Inputs
from mainspring_perf.peers.peer import MAINSPRING, Peer, Unavailable
from mainspring_perf.peers.works import WORKS, Given, Made, agrees
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
    """A work's rows, fastest first; those without results are last. There are none where `input` says why not."""

    work: str
    title: str
    operation: str
    input: str
    session: str
    rounds: int
    rows: tuple[Row, ...]


def race(
    *,
    fast: bool = False,
    only: Sequence[str] = (),
    more: Sequence[tuple[Peer, Command | str]] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> list[Outcome]:
    """Runs every work with every peer that does it, after making missing environments.

    `fast` takes fewer rounds and a shorter session. `only` are parts of the names of works; without any, all are run.
    `more` are peers that aren't in the catalogue, with how each is
    started or why it can't be. `progress` is called with what is being done. A peer that can't run gets a row with the
    reason. Raises `MainspringError` if no work has such a name.
    """
    works = [work for work in WORKS if not only or any(part in work.name for part in only)]
    if not works:
        names, asked = ", ".join(work.name for work in WORKS), " or ".join(map(repr, only))
        raise MainspringError(f"no work of the peers has {asked} in its name; there are: {names}")
    wanted = {work.name for work in works}
    starts: list[tuple[Peer, Command | str]] = []
    for peer in PEERS:
        if not wanted & set(peer.ways):
            continue
        progress(f"{peer.name}: making it ready")
        try:
            starts.append((peer, command_of(peer, make=True)))
        except Unavailable as error:
            starts.append((peer, str(error)))
    starts += more
    # The last is the recorded session, where it is here.
    name, plan, messages = sessions(tiny=False)[-1]
    messages = messages[:_FAST_MESSAGES] if fast else messages
    rounds = _ROUNDS_FAST if fast else _ROUNDS
    outcomes = []
    for work in works:
        with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
            inputs = Inputs(Path(folder))
            inputs.write("instrument", msgspec.to_builtins(plan.instruments[0]))
            progress(f"{work.name}: making its input")
            session = work.session or name
            outcome = partial(Outcome, work=work.name, title=work.title, operation=work.operation, session=session)
            try:
                made = work.make(inputs, Given(messages=messages, instrument=plan.instruments[0], fast=fast))
            except Unavailable as error:
                outcomes.append(outcome(input=f"not run: {error}", rounds=0, rows=()))
                continue
            entered = []
            for peer, start in starts:
                for way in peer.ways.get(work.name, ()):
                    progress(f"{work.name}: {peer.name}, {way}")
                    entered.append(_enter(peer, way, start, work.name, made, inputs.folder, running))
            timed, failed = _time(entered, rounds, work.name, progress)
            figures = sorted(_assess(timed, made.operations), key=lambda row: row.one_ns or 0.0)
            outcomes.append(outcome(input=made.input, rounds=rounds, rows=(*figures, *failed)))
    return outcomes


def _enter(
    peer: Peer, way: str, start: Command | str, work: str, made: Made, folder: Path, running: ExitStack
) -> tuple[Row, Candidate | None]:
    """Starts a candidate and checks its answer; one that doesn't take part has the reason in its row, and is None."""
    if isinstance(start, str):
        return Row(peer=peer.name, way=way, versions="", reason=start), None
    command, versions = start
    row = Row(peer=peer.name, way=way, versions=", ".join(f"{name} {number}" for name, number in versions.items()))
    try:
        candidate = running.enter_context(Candidate(command, work, way, folder))
    except Unavailable as error:
        return replace(row, reason=str(error)), None
    first = candidate.first
    row = replace(row, python=first.get("python", ""), detail=first["detail"])
    if wrong := agrees(first["answer"], made.right):
        return replace(row, reason=f"its answer is wrong, so it isn't timed: {wrong}"), None
    return row, candidate


def _time(
    entered: Sequence[tuple[Row, Candidate | None]], rounds: int, work: str, progress: Callable[[str], None]
) -> tuple[list[tuple[Row, list[float]]], list[Row]]:
    """Times those that take part, in a new order each round. Returns their times, and the rows of the others."""
    draw = Random(1)  # noqa: S311  an order, no secret
    failed = [row for row, candidate in entered if candidate is None]
    timed: list[tuple[Row, Candidate, list[float]]] = [(row, one, []) for row, one in entered if one is not None]
    # The first round warms up and finds how many passes are to be timed at once.
    for number in range(rounds + 1):
        progress(f"{work}: round {number} of {rounds}")
        for one in draw.sample(timed, len(timed)):
            row, candidate, times = one
            try:
                times.append(candidate.time())
            except Unavailable as error:
                timed.remove(one)
                failed.append(replace(row, reason=str(error)))
    return [(row, times[1:]) for row, _, times in timed], failed


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
