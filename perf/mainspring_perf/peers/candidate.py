"""A candidate: one way of doing one work, in a process that waits to be timed."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from hwprofile.children import foreign_command
from hwprofile.tune.answering import AnsweringProcess
from hwprofile.tune.errors import ProcessLostError
from mainspring_perf.peers.environments import find_environment, make_environment
from mainspring_perf.peers.peer import Peer, Unavailable, one_line

__all__ = ["Candidate", "Command", "command_of"]

_CHILD = Path(__file__).with_name("child.py")
_WAIT_S = 180.0


Command = tuple[list[str], dict[str, str]]
"""How a peer is started, and the versions of what it is made of."""


def command_of(peer: Peer, *, make: bool) -> Command:
    """How a peer is started, and its versions. Without `make`, what isn't there isn't made.

    Raises `Unavailable`.
    """
    environment = make_environment(peer) if make else find_environment(peer)
    if environment is None:
        raise Unavailable("has no environment here: `mainspring bench peers` makes it")
    python, versions = environment
    return foreign_command(python, str(_CHILD), peer.adapter), versions


class Candidate(AnsweringProcess):
    """A peer's process. When created, it prepares its work and does it once; `first` is what it reported of that.

    `way` names the variant of the work. A context manager that ends the process. Raises `Unavailable` if it fails.
    """

    def __init__(self, command: list[str], work: str, way: str, folder: Path) -> None:
        super().__init__([*command, work, way, str(folder)])
        try:
            self.first = self._decoded(self.hear)
        except Unavailable:
            self.close()
            raise

    def time(self) -> float:
        """Returns the nanoseconds of a pass, the mean of as many as take 50 ms. Raises `Unavailable`."""
        return float(self._decoded(partial(self.ask, b"time"))["pass_ns"])

    def _decoded(self, answer: Callable[[float], bytes]) -> Any:
        try:
            return json.loads(answer(_WAIT_S))
        except ProcessLostError as error:
            raise Unavailable(one_line(str(error))) from error
