"""A child process that answers each line with a line. Paired timing runs its two sides in such processes."""

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from queue import Empty, Queue
from threading import Thread
from types import TracebackType
from typing import Self

from hwprofile.tune.errors import ProcessLostError

__all__ = ["AnsweringProcess"]

_END_WITHIN_S = 0.5


class AnsweringProcess:
    """Starts a process, and ends it on exit from the context, by its id.

    The process and its children must write only answers to standard output. The last line of standard error explains
    why the process was lost.
    """

    def __init__(self, command: Sequence[str], *, environ: Mapping[str, str] | None = None) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        self._process = subprocess.Popen(  # noqa: S603  what the user has installed, saved or built
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, env=environ
        )
        self._lines: Queue[bytes] = Queue()
        # Not every system can wait for a pipe with a time limit, but a queue can.
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def ask(self, line: bytes, within_s: float) -> bytes:
        """Sends a line (without its newline) and returns the answer. Raises `ProcessLostError`."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise ProcessLostError(self._why_lost()) from error
        return self.hear(within_s)

    def hear(self, within_s: float) -> bytes:
        """Returns the next line, even one that wasn't asked for. Raises `ProcessLostError`."""
        try:
            line = self._lines.get(timeout=within_s)
        except Empty:
            raise ProcessLostError(f"it gave no answer within {within_s:.1f} s") from None
        if not line:
            raise ProcessLostError(self._why_lost())
        return line

    def close(self) -> None:
        """Ends the process, and waits until it has gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # If it has ended, unsent questions don't matter.
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        self._errors.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def _why_lost(self) -> str:
        # Every later question gets the same answer.
        self._lines.put(b"")
        code = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        how = f"by signal {-code}" if code < 0 else f"with code {code}"
        return f"its process ended {how}" + (f": {said[-1]}" if said else "")
