"""What an adapter gets and holds. It imports the standard library only: a peer's environment has nothing of ours.

An adapter holds, for each work that its peer can do and each way of doing it, a function that prepares it:

    CANDIDATES: Candidates = {"book": {"the way's name": prepare}}

`prepare` takes the inputs, does all that isn't to be timed, and returns a `Prepared`. The inputs are files that every
peer can read: text, JSON, and rows of 64-bit integers.
"""

import json
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

__all__ = [
    "BUY",
    "CLEAR",
    "EVENT_FIELDS",
    "LEVEL",
    "RECORDS_A_BATCH",
    "SELL",
    "TRADE",
    "Answer",
    "Candidates",
    "Delta",
    "Event",
    "Inputs",
    "Level",
    "Prepare",
    "Prepared",
    "books_answer",
]

BUY, SELL = 1, -1
LEVEL, CLEAR, TRADE = 1, 2, 3
"""The kinds of an event: a level has a new size (0 lots: it is gone), the book is empty, or a trade was printed."""

RECORDS_A_BATCH = 100
"""How many records are encoded at once, and decoded at once."""

EVENT_FIELDS = ("time_ns", "price_ticks", "size_lots", "kind", "side", "last")

Level: TypeAlias = tuple[int, int]
"""A price in ticks and a size in lots."""

Event: TypeAlias = tuple[int, ...]
"""The values of `EVENT_FIELDS`; `last` is 1 where the message ends."""

Delta: TypeAlias = tuple[list[Level], list[Level]]
"""What one message changes: bids, asks."""


class Inputs:
    """A folder of inputs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, value: Any) -> None:
        """Keeps a value as JSON."""
        (self.folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")

    def read(self, name: str) -> Any:
        """The value kept under that name."""
        return json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))

    def write_messages(self, messages: Iterable[tuple[int, bytes]]) -> None:
        """Keeps raw messages, each a line, behind its time of receipt."""
        lines = (b"%d %b\n" % (time_ns, raw) for time_ns, raw in messages)
        (self.folder / "messages.txt").write_bytes(b"".join(lines))

    def messages(self) -> list[tuple[int, bytes]]:
        """The raw messages with their times of receipt."""
        lines = (self.folder / "messages.txt").read_bytes().splitlines()
        return [(int(time_ns), raw) for time_ns, _, raw in (line.partition(b" ") for line in lines)]

    @property
    def events_path(self) -> Path:
        """The file of the events: rows of `EVENT_FIELDS`, each value 8 bytes, as the processor has them."""
        return self.folder / "events.i64"

    def write_events(self, events: Sequence[Event]) -> None:
        """Keeps the events."""
        values = array("q", [value for event in events for value in event])
        self.events_path.write_bytes(values.tobytes())

    def events(self) -> list[Event]:
        """The events, in order."""
        values = array("q", self.events_path.read_bytes())
        width = len(EVENT_FIELDS)
        return list(zip(*(values[field::width] for field in range(width)), strict=True))

    def deltas(self) -> list[Delta]:
        """The levels of the events, a pair of bids and asks a message. The first is the whole book."""
        deltas: list[Delta] = []
        bids: list[Level] = []
        asks: list[Level] = []
        for _, price_ticks, size_lots, kind, side, last in self.events():
            if kind == LEVEL:
                (bids if side == BUY else asks).append((price_ticks, size_lots))
            if last and (bids or asks):
                deltas.append((bids, asks))
                bids, asks = [], []
        return deltas


Answer: TypeAlias = dict[str, Any]
"""What a pass came to, as JSON holds it. `works` says which keys a work's answer may have."""


def books_answer(books: Mapping[str, tuple[Mapping[int, int], Mapping[int, int]]]) -> Answer:
    """The answer that books are: every level of each, best first, and the ten best of each side.

    `books` has the bids and asks of each instrument, sizes by price.
    """
    found = []
    for symbol, (bids, asks) in sorted(books.items()):
        found.append([symbol, sorted(map(list, bids.items()), reverse=True), sorted(map(list, asks.items()))])
    return {"books": found, "tops": [[symbol, bids[:10], asks[:10]] for symbol, bids, asks in found]}


class Prepared(NamedTuple):
    """Work that is ready to run.

    `run` is one whole pass, which is timed. `answer` extracts from its result the answer that is compared. `detail` is
    shown next to the figure ("75 bytes a record"). `make`, if there is one, makes what a pass runs on, which isn't
    timed: `run` is called with it.
    """

    run: Callable[..., Any]
    answer: Callable[[Any], Answer]
    detail: str = ""
    make: Callable[[], Any] | None = None


Prepare: TypeAlias = Callable[[Inputs], Prepared]
Candidates: TypeAlias = Mapping[str, Mapping[str, Prepare]]
