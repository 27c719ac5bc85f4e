"""`python -m mainspring_tools.acceptance`: is the tuner right? Full races whose right answer is known, under load.

Each race is a real one: fresh processes, the real clock, candidates that are identical but for what is injected. What
came of each is appended to a file, so that a run that was interrupted goes on where it ended.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from hwprofile.tune import RaceResult, race
from mainspring_perf.sessions import make_session
from mainspring_tools.acceptance_work import Subject, work_of
from mainspring_tools.background import background_load
from mainspring_tools.marked import describe_machine, write_between

__all__ = ["KINDS", "Kind", "Outcome", "decided", "main", "right", "table"]


_MESSAGES = 20_000


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of race. `longer` is by which part each candidate is made to take longer, the default first.

    `winner` is who has to win, and `slower` who has to be found slower; None if nobody must. `least` is the share of
    races that have to be right.
    """

    name: str
    what: str
    longer: dict[str, float]
    winner: str = "default"
    slower: str | None = None
    least: float


KINDS: Final = (
    Kind(
        name="identical",
        what="four identical candidates: nobody wins",
        longer={"default": 0.0, "a": 0.0, "b": 0.0, "c": 0.0},
        least=0.99,
    ),
    Kind(
        name="gain",
        what="one is 5% better than the default: it wins",
        longer={"default": 0.05, "a": 0.05, "b": 0.0, "c": 0.05},
        winner="b",
        least=0.90,
    ),
    Kind(
        name="slowdown",
        what="one is 5% slower than the default: it is found slower",
        longer={"default": 0.0, "a": 0.0, "b": 0.05, "c": 0.0},
        slower="b",
        least=0.90,
    ),
    Kind(
        name="one percent",
        what="one is 1% better than the default: nobody wins",
        longer={"default": 0.01, "a": 0.01, "b": 0.0, "c": 0.01},
        least=1.0,
    ),
)
"""Every kind, in the order of the table."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one race. `load` is the host's load average over its minute, the race's own process included."""

    kind: str
    seed: int
    winner: str
    because: str
    standings: dict[str, str]
    gains: dict[str, float | None]
    grade: str
    noise: float
    rounds: int
    processes: int
    seconds: float
    load: float


def right(kind: Kind, outcome: Outcome) -> bool:
    """Whether a race came to what it must come to."""
    if outcome.winner != kind.winner:
        return False
    return kind.slower is None or outcome.standings.get(kind.slower) == "slower"


def decided(outcome: Outcome) -> bool:
    """Whether a race came to a verdict: the host was fit, and the time sufficed."""
    return any(gain is not None for name, gain in outcome.gains.items() if name != "default")


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """The counts as a table in Markdown: of each kind how many were right, with bounds (Clopper and Pearson, 95%)."""
    from scipy import stats

    lines = [
        "| races | number | with a verdict | right | wrong switches | right, 95% | graded | seconds | load | held to |",
        "| --- | ---: | ---: | ---: | ---: | --- | --- | ---: | ---: | --- |",
    ]
    for kind in KINDS:
        ours = [one for one in outcomes if one.kind == kind.name]
        if not ours:
            continue
        good = sum(right(kind, one) for one in ours)
        wrong = sum(one.winner not in ("default", kind.winner) for one in ours)
        bounds = stats.binomtest(good, len(ours)).proportion_ci(0.95, "exact")
        grades = {grade: sum(one.grade == grade for one in ours) for grade in ("quiet", "noisy", "unfit")}
        reported = ", ".join(f"{count} {grade}" for grade, count in grades.items() if count)
        seconds, load = (median(figures) for figures in zip(*((one.seconds, one.load) for one in ours), strict=True))
        met = "met" if good >= kind.least * len(ours) else "MISSED"
        lines.append(
            f"| {kind.what} | {len(ours)} | {sum(map(decided, ours))} | {good} | {wrong} | "
            f"{bounds.low:.1%} to {bounds.high:.1%} | {reported} | {seconds:.1f} | {load:.1f} | "
            f"{kind.least:.0%}: {met} |"
        )
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what is missing of the races asked for, and prints the table. 1 where a kind isn't right often enough."""
    parser = argparse.ArgumentParser(prog="python -m mainspring_tools.acceptance", description=__doc__)
    parser.add_argument("--identical", type=int, default=200, metavar="N", help="races between identical candidates")
    parser.add_argument("--injected", type=int, default=50, metavar="N", help="races of each other kind")
    parser.add_argument("--budget", type=float, default=6.0, metavar="SECONDS", help="of each race")
    parser.add_argument(
        "--load", type=int, default=os.cpu_count() or 1, metavar="N", help="other processes during the races"
    )
    parser.add_argument("--seed", type=int, default=1, help="the first race's; each has one of its own")
    parser.add_argument("--file", type=Path, required=True, help="where outcomes are appended, one a line")
    parser.add_argument("--write", type=Path, help="write the table into this page, between its marks")
    asked = parser.parse_args(arguments)
    done = _read(asked.file)
    counts = {kind.name: asked.identical if kind.name == "identical" else asked.injected for kind in KINDS}
    # Interleaved, so that a run that is cut short has some of each.
    waiting = [
        (number / counts[kind.name], kind, asked.seed + number) for kind in KINDS for number in range(counts[kind.name])
    ]
    known = {(one.kind, one.seed) for one in done}
    with tempfile.TemporaryDirectory() as folder, background_load(asked.load, asked.seed):
        messages = _messages(Path(folder) / "messages")
        for _, kind, seed in sorted(waiting, key=lambda one: one[0]):
            if (kind.name, seed) in known:
                continue
            outcome = _outcome(kind, seed, _race(kind, seed, asked.budget, messages))
            done.append(outcome)
            with asked.file.open("ab") as file:
                file.write(msgspec.json.encode(outcome) + b"\n")
            sys.stderr.write(f"{'right' if right(kind, outcome) else 'WRONG'} {kind.name} {seed}: {outcome.because}\n")
    lines = table(done)
    print("\n".join(lines))
    if asked.write is not None:
        _write(asked.write, lines, asked.load, asked.budget)
    return 0 if all("MISSED" not in line for line in lines) else 1


def _messages(file: Path) -> Path:
    """The beginning of the reference session, a message a line."""
    _, _, messages = make_session("reference session", (f"feed.messages={_MESSAGES}",), tiny=False)
    file.write_bytes(b"\n".join(raw for _, raw in messages))
    return file


def _race(kind: Kind, seed: int, budget_s: float, messages: Path) -> tuple[RaceResult, float]:
    started = time.monotonic()
    found = race(work_of(Subject(messages=str(messages), longer=kind.longer)), seed=seed, budget_s=budget_s)
    return found, time.monotonic() - started


def _outcome(kind: Kind, seed: int, raced: tuple[RaceResult, float]) -> Outcome:
    found, seconds = raced
    return Outcome(
        kind=kind.name,
        seed=seed,
        winner=found.winner,
        because=found.because,
        standings={one.name: one.standing for one in found.candidates},
        gains={one.name: one.gain for one in found.candidates},
        grade=found.health.grade,
        noise=found.health.noise,
        rounds=found.rounds,
        processes=found.processes,
        seconds=round(seconds, 2),
        load=round(os.getloadavg()[0], 2),
    )


def _read(file: Path) -> list[Outcome]:
    if not file.is_file():
        return []
    return [msgspec.json.decode(line, type=Outcome) for line in file.read_bytes().splitlines()]


def _write(page: Path, lines: Sequence[str], load: int, budget_s: float) -> None:
    said = (
        f"{describe_machine()} {load} other processes ran during the races, each busy half of the time; a race had "
        f"{budget_s:g} s."
    )
    write_between(page, "outcomes", "\n".join([said, "", *lines, ""]))


if __name__ == "__main__":
    sys.exit(main())
