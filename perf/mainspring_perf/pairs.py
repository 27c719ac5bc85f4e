"""Times two versions of the code in turn, a pass of one and then a pass of the other.

A disturbance on a shared machine lasts for many passes. It affects consecutive passes on the same CPU alike and leaves
their ratio unchanged; passes a second apart, or on different CPUs, can't be compared.
"""

import json
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from hwprofile.children import module_command
from hwprofile.tune.answering import AnsweringProcess
from hwprofile.tune.errors import ProcessLostError
from mainspring.errors import MainspringError
from mainspring_perf.round import PROTOCOL

__all__ = ["PAIRS", "Pair", "Round", "Version", "pairs_of", "run_round", "take_turns"]

PAIRS: Final = 15
"""How many pairs a benchmark has in a round, where a pass takes a tenth of a second or less."""

_PAIRS_AT_LEAST = 5
_SIDE_S = 1.5

_WAIT_S = 600.0

Pair = tuple[float, float]
"""The seconds of one operation then and now, from two passes that followed each other."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One of two versions: an interpreter, and the folder of a copy of the code. `reported` names it in messages."""

    reported: str
    python: str
    folder: Path


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a round: each version's inputs by benchmark, and the pairs of benchmarks that both have."""

    inputs: tuple[dict[str, str], dict[str, str]]
    pairs: dict[str, list[Pair]]


def run_round(
    versions: tuple[Version, Version],
    suite: str,
    number: int,
    *,
    names: Sequence[str] = (),
    only: Sequence[str] = (),
    allow: Sequence[str] = (),
) -> Round:
    """Runs one round of both versions in two fresh processes.

    `number` is the index of the round. It selects the CPU and hash seed that both processes share, and which of them
    goes first. `names` selects whole names, `only` parts of names; both empty: all. `allow` lists the distributions to
    measure. Raises `MainspringError` if a version can't run.
    """
    cpu = _cpu(number)
    chosen = [*_options("--name", names), *([] if names else _options("--only", only)), *_options("--allow", allow)]
    with ExitStack() as stack:
        then, now = (stack.enter_context(_Side(version, suite, chosen, number)) for version in versions)
        reported = then.ready(), now.ready()
        pairs = {}
        for name in reported[0]:
            if name in reported[1]:
                for side in (then, now):
                    side.move_to(cpu)
                pairs[name] = take_turns(
                    partial(then.time, name),
                    partial(now.time, name),
                    count=pairs_of(max(one[name].pass_s for one in reported)),
                    now_first=number % 2 == 0,
                )
        then_inputs, now_inputs = ({name: one.input for name, one in side.items()} for side in reported)
        return Round(inputs=(then_inputs, now_inputs), pairs=pairs)


def pairs_of(pass_s: float) -> int:
    """Returns how many pairs to time for passes of `pass_s` seconds: fewer of long ones."""
    return min(PAIRS, max(_PAIRS_AT_LEAST, int(_SIDE_S / pass_s)))


def take_turns(then: Callable[[], float], now: Callable[[], float], *, count: int, now_first: bool) -> list[Pair]:
    """Times `count` pairs of the calls `then` and `now`. Each pair begins with the side that ended the one before.

    So neither side always goes first. `now_first` says which side begins the first pair.
    """
    pairs = []
    for number in range(count):
        if now_first is (number % 2 == 0):
            after, before = now(), then()
        else:
            before, after = then(), now()
        pairs.append((before, after))
    return pairs


def _cpu(number: int) -> int | None:
    """Returns a usable CPU, a different one each round; None if the system can't bind processes."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    usable = sorted(os.sched_getaffinity(0))
    return usable[number % len(usable)]


def _options(option: str, values: Sequence[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


class _Reported(msgspec.Struct, frozen=True):
    """What a side reports about one of its benchmarks."""

    input: str
    pass_s: float


class _Side(AnsweringProcess):
    """A process that serves one side of a round. Raises `MainspringError` if it can't."""

    def __init__(self, version: Version, suite: str, chosen: Sequence[str], seed: int) -> None:
        path = os.pathsep.join(filter(None, (str(version.folder), os.environ.get("PYTHONPATH"))))
        # Where names lie in Python's tables differs from seed to seed, and with it the time to find them.
        environ = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": str(seed)}
        self._reported, self._suite = version.reported, suite
        command = module_command("mainspring_perf.round", "--suite", suite, *chosen, python=version.python)
        super().__init__(command, environ=environ)

    def ready(self) -> dict[str, _Reported]:
        """Waits until it has checked its answers, and returns what it says of its benchmarks. To be called first."""
        reported = self._decoded(self.hear)
        if reported["protocol"] != PROTOCOL:
            raise MainspringError(
                f"{self._reported} speaks another version of this comparison; save the baseline again"
            )
        return msgspec.convert(reported["benchmarks"], dict[str, _Reported])

    def move_to(self, cpu: int | None) -> None:
        """Binds it to a CPU, if the system can."""
        if cpu is not None:
            os.sched_setaffinity(self.pid, {cpu})

    def time(self, name: str) -> float:
        """Runs one pass, and returns the seconds of one operation."""
        return float(self._decoded(partial(self.ask, json.dumps(name).encode())))

    def _decoded(self, answer: Callable[[float], bytes]) -> Any:
        try:
            return json.loads(answer(_WAIT_S))
        except ProcessLostError as error:
            raise MainspringError(f"{self._reported} can't run the suite {self._suite!r}: {error}") from error
