"""What a slot is that can be exchanged while a lane runs: its parts, and what was found to differ between two."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from mainspring.lane.swaps.pair_times import PairTimes

__all__ = [
    "MOST_DIFFERENCES",
    "Candidate",
    "Chooser",
    "Difference",
    "Make",
    "Note",
    "Part",
    "SwapRefusedError",
    "SwapSlot",
]

MOST_DIFFERENCES: Final = 1_000
"""How many differences a lane keeps until they are taken; it counts all."""


class SwapRefusedError(ValueError):
    """Why a part can't be exchanged. What ran before runs on."""


class Candidate(NamedTuple):
    """A plugin with its options, to be made for a place in a slot."""

    plugin: str
    options: dict[str, Any]


class Part(NamedTuple):
    """What a candidate was made to, and the distribution that the plugin is of."""

    candidate: Candidate
    distribution: str
    made: Any


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Where a candidate and the active part gave different results for the same input.

    `slot`, `key`, `active` and `candidate`, with `options` and `active_options`, say between which parts. `before` is
    what both had before the input, `input` what both were given, `expected` and `found` what came of it: plain values,
    by the slot's kind.
    """

    now_ns: int
    slot: str
    key: str
    active: str
    candidate: str
    active_options: dict[str, Any] = {}
    options: dict[str, Any] = {}
    what: str
    before: Any = None
    input: Any = None
    expected: Any = None
    found: Any = None


Make = Callable[[Candidate, int], Part]
"""Makes a candidate for the key at a place. Raises `SwapRefusedError` if it can't be made there."""

Note = Callable[[Difference], None]

Chooser = Callable[[Any], bool]
"""Says of an order whether the candidate decides on it."""


class SwapSlot(Protocol):
    """A slot whose parts can be exchanged between two events, one for each of its `keys`.

    A part that runs next to the active one, on the same input, stands by. `at` is a key's place. Each method raises
    `SwapRefusedError`, with the reason, before anything has changed.
    """

    @property
    def keys(self) -> Sequence[str]:
        """What has a part of its own, such as the labels of the instruments."""
        ...

    def active(self, at: int) -> Candidate:
        """Returns what is active for the key at a place."""
        ...

    def standby(self, at: int) -> Candidate | None:
        """Returns what stands by there; None if nothing does."""
        ...

    def shadow(self, at: int, candidate: Candidate) -> None:
        """Lets a candidate stand by, with the state of the active part, instead of what does."""
        ...

    def swap(self, at: int) -> None:
        """Exchanges the active part and the one that stands by, if both have the same state."""
        ...

    def end(self, at: int) -> None:
        """Drops what stands by."""
        ...

    def times(self, at: int) -> PairTimes | None:
        """Returns how long both took for the same input; None if nothing stands by, or isn't called there."""
        ...

    def choose(self, at: int, chooser: Chooser | None) -> None:
        """Lets the candidate that stands by decide on those orders, or on none."""
        ...
