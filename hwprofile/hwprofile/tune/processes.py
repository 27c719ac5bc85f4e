"""The real course: fresh processes, one after the other, and their answers. Each is ended by its id, and only these."""

import select
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

import msgspec

from hwprofile.children import module_command
from hwprofile.tune.errors import ProcessLostError, RaceError
from hwprofile.tune.orders import Asked, Hello, Said, Trial, TrialOrder
from hwprofile.tune.signs import Signs, read_signs
from hwprofile.tune.values import Work

__all__ = ["Course", "Process", "Processes"]

_WORKER = "hwprofile.tune.worker"
_END_WITHIN_S = 5.0
_READ_BYTES = 1 << 16


class Process(Protocol):
    """A fresh process with the race in it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every candidate, the default first."""
        ...

    def answer(self, name: str, within_s: float) -> str:
        """The candidate's digest. Raises `RaceError` with why not, `ProcessLostError` where the process is gone."""
        ...

    def memory(self, name: str, within_s: float) -> int | None:
        """Bytes of the candidate. Raises as `answer` does."""
        ...

    def trial(self, order: TrialOrder, within_s: float) -> Trial:
        """Runs rounds. Raises as `answer` does."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Course(Protocol):
    """Where a race is held: fresh processes, a clock in seconds, and the host's signs. Tests have a simulated one."""

    def process(self, within_s: float) -> Process:
        """Starts one. Raises `RaceError` where the race can't be made in it."""
        ...

    def now(self) -> float:
        """Seconds."""
        ...

    def signs(self) -> Signs:
        """How the host fares."""
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
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        self._process = subprocess.Popen(  # noqa: S603  our own worker
            module_command(_WORKER),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
        )
        self._read = b""
        hello = Hello(path=tuple(sys.path), entry=work.entry, argument=work.argument)
        try:
            self.names = self._ask(hello, within_s).names or ()
        except BaseException:
            self._end()
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
        self._end()

    def _ask(self, question: Hello | Asked, within_s: float) -> Said:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(msgspec.json.encode(question) + b"\n")
            stdin.flush()
        except OSError as error:
            raise ProcessLostError(self._describe_death()) from error
        said = msgspec.json.decode(self._line(time.monotonic() + within_s, within_s), type=Said)
        if said.problem is not None:
            raise RaceError(said.problem)
        return said

    def _line(self, until: float, within_s: float) -> bytes:
        stdout = self._process.stdout
        assert stdout is not None
        while b"\n" not in self._read:
            ready, _, _ = select.select([stdout], [], [], max(until - time.monotonic(), 0.0))
            if not ready:
                raise ProcessLostError(f"it gave no answer within {within_s:.1f} s")
            data = stdout.read(_READ_BYTES)
            if not data:
                raise ProcessLostError(self._describe_death())
            self._read += data
        line, _, self._read = self._read.partition(b"\n")
        return line

    def _describe_death(self) -> str:
        code = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        how = f"by signal {-code}" if code < 0 else f"with code {code}"
        return f"its process ended {how}" + (f": {said[-1]}" if said else "")

    def _end(self) -> None:
        """Ends it, and waits until it has gone."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        # Where it has ended already, what was still to be said to it doesn't matter.
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(0.5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_END_WITHIN_S)
        process.stdout.close()
        self._errors.close()
