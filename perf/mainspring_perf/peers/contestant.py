"""A contestant: one way of doing one work, in a process of its own, that stands ready to be timed."""

import json
import subprocess
import tempfile
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from types import TracebackType
from typing import Any, Self

from mainspring_perf.peers.environments import find_environment, make_environment
from mainspring_perf.peers.peer import Peer, Unavailable
from mainspring_perf.peers.reason import one_line
from mainspring_perf.peers.rust import build, find_built

__all__ = ["Contestant", "command_of"]

_CHILD = Path(__file__).with_name("child.py")
_WAIT_S = 180.0


def command_of(peer: Peer, *, make: bool) -> tuple[list[str], dict[str, str]]:
    """How a peer is started, and its versions. Without `make`, what isn't there isn't made.

    Raises `Unavailable`.
    """
    if peer.adapter is None:
        program = build() if make else find_built()
        if program is None:
            raise Unavailable("isn't built here: `mainspring bench peers` does that")
        return [program[0]], program[1]
    environment = make_environment(peer) if make else find_environment(peer)
    if environment is None:
        raise Unavailable("has no environment here: `mainspring bench peers` makes it")
    python, versions = environment
    return [python, "-I", str(_CHILD), peer.adapter], versions


class Contestant:
    """The process. Made, it prepares its work and does it once; `first` is what it says of that.

    Raises `Unavailable` where it fails. To be used as a context, whose end ends the process.
    """

    def __init__(self, command: list[str], work: str, way: str, folder: Path) -> None:
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  closed at the end
        self._process = subprocess.Popen(  # noqa: S603  the peer's own interpreter or program
            [*command, work, way, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
        )
        self._lines: Queue[str] = Queue()
        # A pipe can't be waited for with a time limit on every system; a queue can.
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.first = self._next()
        except Unavailable:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def time(self) -> float:
        """The nanoseconds that a pass takes, on the mean of as many as take 50 ms. Raises `Unavailable`."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write("time\n")
            self._process.stdin.flush()
        except OSError as error:
            raise Unavailable(self._why()) from error
        return float(self._next()["pass_ns"])

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

    def _next(self) -> Any:
        try:
            line = self._lines.get(timeout=_WAIT_S)
        except Empty:
            raise Unavailable(f"said nothing for {_WAIT_S:.0f} s") from None
        if not line:
            raise Unavailable(self._why())
        return json.loads(line)

    def _why(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        said = self._errors.read().strip().splitlines()
        return f"it failed: {one_line(said[-1])}" if said else f"it ended with exit code {self._process.returncode}"
