"""The gate: only candidates with the default's answer race. Keeps the reasons for excluding the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from hwprofile.tune.errors import ProcessLostError, RaceError
from hwprofile.tune.processes import Course, Process

__all__ = ["NO_TIME", "Gated", "gate"]

NO_TIME: Final = "there was no time left to check its answer"
"""The reason for excluding a candidate for lack of time."""


@dataclass(frozen=True, kw_only=True)
class Gated:
    """The default, the candidates that may race, and the excluded ones with reasons.

    `process` is the last process that was asked, and `starting_s` the seconds that it took to start.
    """

    default: str
    fit: tuple[str, ...]
    refused: dict[str, str]
    process: Process
    starting_s: float


@contextmanager
def gate(course: Course, *, until: float, within_s: float) -> Iterator[Gated]:
    """Asks each candidate for its answer. One that ends its process is excluded; the others continue in a new one.

    A candidate that wasn't asked by `until`, on the course's clock, is excluded for lack of time. The last process
    lives until the block ends. Raises `RaceError` if the default has no answer to compare with.
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
