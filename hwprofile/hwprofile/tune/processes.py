"""Runs a race's fresh processes one after the other. Ends each by its id, and no others."""

import sys
import time
from types import TracebackType
from typing import Protocol, Self

import msgspec

from hwprofile.children import module_command
from hwprofile.tune.answering import AnsweringProcess
from hwprofile.tune.errors import RaceError
from hwprofile.tune.orders import Asked, Hello, Said, Trial, TrialOrder
from hwprofile.tune.signs import Signs, read_signs
from hwprofile.tune.values import Work

__all__ = ["Course", "Process", "Processes"]

_WORKER = "hwprofile.tune.worker"


class Process(Protocol):
    """A fresh process that contains the race."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every candidate, the default first."""
        ...

    def answer(self, name: str, within_s: float) -> str:
        """Returns the candidate's digest. Raises `RaceError` if it fails, `ProcessLostError` if its process ended."""
        ...

    def memory(self, name: str, within_s: float) -> int | None:
        """Returns the candidate's memory in bytes. Raises as `answer` does."""
        ...

    def trial(self, order: TrialOrder, within_s: float) -> Trial:
        """Runs rounds. Raises as `answer` does."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Course(Protocol):
    """A race's environment: fresh processes, a clock in seconds, and the host's signs. Tests simulate it."""

    def process(self, within_s: float) -> Process:
        """Starts a process. Raises `RaceError` if the race can't be created in it."""
        ...

    def now(self) -> float:
        """Returns the clock's time in seconds."""
        ...

    def signs(self) -> Signs:
        """Returns the host's counters of disturbances."""
        ...


class Processes:
    """The `Course` of this host."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def process(self, within_s: float) -> "_Process":
        """See `Course`."""
        return _Process(self._work, within_s)

    def now(self) -> float:
        """See `Course`."""
        return time.monotonic()

    def signs(self) -> Signs:
        """See `Course`."""
        return read_signs()


class _Process:
    def __init__(self, work: Work, within_s: float) -> None:
        self._process = AnsweringProcess(module_command(_WORKER))
        hello = Hello(path=tuple(sys.path), entry=work.entry, argument=work.argument)
        try:
            self.names = self._ask(hello, within_s).names or ()
        except BaseException:
            self._process.close()
            raise

    def answer(self, name: str, within_s: float) -> str:
        """See `Process`."""
        return self._ask(Asked(answer=name), within_s).answer or ""

    def memory(self, name: str, within_s: float) -> int | None:
        """See `Process`."""
        return self._ask(Asked(memory=name), within_s).memory

    def trial(self, order: TrialOrder, within_s: float) -> Trial:
        """See `Process`."""
        trial = self._ask(Asked(trial=order), within_s).trial
        assert trial is not None
        return trial

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.close()

    def _ask(self, question: Hello | Asked, within_s: float) -> Said:
        said = msgspec.json.decode(self._process.ask(msgspec.json.encode(question), within_s), type=Said)
        if said.problem is not None:
            raise RaceError(said.problem)
        return said
