"""What an adapter holds: for each work that its peer can do, and each way of doing it, a function that prepares it.

    RACEANTS: Candidates = {"book": {"the way's name": prepare}}

`prepare` takes the inputs, does all that isn't to be timed, and returns a `Prepared`.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from mainspring_perf.peers.inputs import Inputs

__all__ = ["Answer", "Candidates", "Prepare", "Prepared"]

Answer: TypeAlias = dict[str, Any]
"""What a pass came to, as JSON holds it. `works` says which keys a work's answer may have."""


class Prepared(NamedTuple):
    """Work that is ready to run.

    `run` is one whole pass, which is timed. `answer` extracts from its result the answer that is compared. `detail` is
    shown next to the figure ("75 bytes a record").
    """

    run: Callable[[], Any]
    answer: Callable[[Any], Answer]
    detail: str = ""


Prepare: TypeAlias = Callable[[Inputs], Prepared]
Candidates: TypeAlias = Mapping[str, Mapping[str, Prepare]]
