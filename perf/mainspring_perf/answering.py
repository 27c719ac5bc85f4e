"""A process that stands ready and answers lines with lines of JSON."""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from queue import Empty, Queue
from threading import Thread
from types import TracebackType
from typing import Any, Self

__all__ = ["AnsweringProcess", "NoAnswer"]


class NoAnswer(Exception):  # noqa: N818  it is one
    """The process has ended, or says nothing. The text says why, by its own last words where it had any."""


class AnsweringProcess:
    """To be used as a context, whose end ends the process. What it writes to its standard error are its last words."""

    def __init__(self, command: Sequence[str], *, wait_s: float, environ: Mapping[str, str] | None = None) -> None:
        self._wait_s = wait_s
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  closed at the end
        self._process = subprocess.Popen(  # noqa: S603  what the user has installed, saved or built
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environ,
            text=True,
            encoding="utf-8",
        )
        self._lines: Queue[str] = Queue()
        # A pipe can't be waited for with a time limit on every system; a queue can.
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
        """The process's number."""
        return self._process.pid

    def ask(self, question: str) -> Any:
        """Sends one line and returns what is answered. Raises `NoAnswer`."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{question}\n")
            self._process.stdin.flush()
        except OSError as error:
            raise NoAnswer(self._why()) from error
        return self.hear()

    def hear(self) -> Any:
        """The next thing that it says, asked or not. Raises `NoAnswer`."""
        try:
            line = self._lines.get(timeout=self._wait_s)
        except Empty:
            raise NoAnswer(f"said nothing for {self._wait_s:.0f} s") from None
        if not line:
            raise NoAnswer(self._why())
        return json.loads(line)

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            assert stream is not None
            try:
                stream.close()
            except OSError:
                # What was still to be said to a process that is gone.
                continue

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _why(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        said = self._errors.read().strip().splitlines()
        return f"it failed: {said[-1]}" if said else f"it ended with exit code {self._process.returncode}"
