"""The gate: only candidates that give the default's answer race; the reasons of the others are kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from hwprofile.tune.errors import ProcessLostError, RaceError
from hwprofile.tune.processes import Course, Process

__all__ = ["NO_TIME", "Gated", "gate"]

NO_TIME: Final = "there was no time left to check its answer"
"""Why a candidate is out that the time didn't suffice for."""


@dataclass(frozen=True, kw_only=True)
class Gated:
    """The default, who may race against it, and who may not and why. `process` is the last one that was asked, and
    `starting_s` the seconds that it took to start."""

    default: str
    fit: tuple[str, ...]
    refused: dict[str, str]
    process: Process
    starting_s: float


@contextmanager
def gate(course: Course, *, until: float, within_s: float) -> Iterator[Gated]:
    """Has each candidate answer. One that ends its process is out, and the others are asked in a new process.

    A candidate that wasn't asked by `until`, on the course's clock, is out for lack of time. The last process lives
    until the block ends. Raises `RaceError` if the default has no answer, as there is nothing to compare with then.
    """
    fit: list[str] = []
    refused: dict[str, str] = {}
    right = default = ""
    waiting: list[str] | None = None
    while True:
        started = course.now()
        with course.process(within_s) as process:
            starting_s = course.now() - started
            if waiting is None:
                default, *waiting = process.names
                right = _reference(process, default, within_s)
            lost = False
            while waiting and not lost:
                name = waiting.pop(0)
                if course.now() >= until:
                    refused[name] = NO_TIME
                    continue
                try:
                    answer = process.answer(name, within_s)
                except RaceError as error:
                    refused[name] = str(error)
                    lost = isinstance(error, ProcessLostError)
                    continue
                if answer == right:
                    fit.append(name)
                else:
                    refused[name] = "its answer isn't the default's"
            if not lost:
                yield Gated(default=default, fit=tuple(fit), refused=refused, process=process, starting_s=starting_s)
                return


def _reference(process: Process, default: str, within_s: float) -> str:
    try:
        return process.answer(default, within_s)
    except RaceError as error:
        raise RaceError(f"the default, {default}, can't run here: {error}") from error
