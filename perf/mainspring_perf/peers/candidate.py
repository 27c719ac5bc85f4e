"""A candidate: one way of doing one work, in a process of its own, that stands ready to be timed."""

from pathlib import Path
from types import TracebackType
from typing import Self

from hwprofile.children import foreign_command
from mainspring_perf.answering import AnsweringProcess, NoAnswer
from mainspring_perf.peers.environments import find_environment, make_environment
from mainspring_perf.peers.peer import Peer, Unavailable
from mainspring_perf.peers.reason import one_line
from mainspring_perf.peers.rust import build, find_built

__all__ = ["Candidate", "command_of"]

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
    return foreign_command(python, str(_CHILD), peer.adapter), versions


class Candidate:
    """The process. Made, it prepares its work and does it once; `first` is what it says of that.

    Raises `Unavailable` where it fails. To be used as a context, whose end ends the process.
    """

    def __init__(self, command: list[str], work: str, way: str, folder: Path) -> None:
        self._process = AnsweringProcess([*command, work, way, str(folder)], wait_s=_WAIT_S)
        try:
            self.first = self._process.hear()
        except NoAnswer as error:
            self.close()
            raise Unavailable(one_line(str(error))) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def time(self) -> float:
        """The nanoseconds that a pass takes, on the mean of as many as take 50 ms. Raises `Unavailable`."""
        try:
            return float(self._process.ask("time")["pass_ns"])
        except NoAnswer as error:
            raise Unavailable(one_line(str(error))) from error

    def close(self) -> None:
        """Ends the process."""
        self._process.close()
