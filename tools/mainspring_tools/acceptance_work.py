"""What the tuner's acceptance races: one loop from bytes to book, done by every candidate, with injected differences.

The candidates are identical but for how much longer they are made to take, so that the right answer is known.
"""

from pathlib import Path
from time import perf_counter_ns, thread_time_ns

import msgspec
import orjson

from hwprofile.tune.values import Score, Work
from mainspring.model import Level
from mainspring_plugins.books.bisect_list import BisectListBook

__all__ = ["LoopRace", "Subject", "make", "work_of"]

_ENTRY = "mainspring_tools.acceptance_work:make"
_AGAIN = " again"
_UNIT = 50
_ANSWERED = 2_000
_SEEN = 0.7
_TICKS, _LOTS = 100, 100_000


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The path of the messages, one a line, and by which part each candidate is made to take longer (0.05 is 5%)."""

    messages: str
    longer: dict[str, float]


def work_of(subject: Subject) -> Work:
    """The work of a race of these candidates, the default first."""
    return Work(entry=_ENTRY, argument=msgspec.json.encode(subject).decode())


def make(argument: str) -> "LoopRace":
    """The race, in a fresh process."""
    return LoopRace(msgspec.json.decode(argument, type=Subject))


class _Loop:
    """The loop and its book."""

    def __init__(self) -> None:
        self.book = BisectListBook()

    def run(self, messages: list[bytes]) -> int:
        """From bytes to book, best prices read after each delta; the sum of the best bids."""
        book, best = self.book, 0
        for raw in messages:
            message = orjson.loads(raw)
            data = message.get("data")
            if data is not None and data.get("e") == "depthUpdate":
                book.apply_delta(_levels(data["b"]), _levels(data["a"]))
                best += book.bbo().bid_ticks
        return best


class LoopRace:
    """A `hwprofile.tune.Race`: the messages of the reference session through orjson and a book."""

    def __init__(self, subject: Subject) -> None:
        self._longer = subject.longer
        self._messages = Path(subject.messages).read_bytes().splitlines()
        self._seen = int(_SEEN * len(self._messages))
        self._loops: dict[str, _Loop] = {}
        self._first, self._last = 0, self._seen
        self._begin = self._end = 0

    @property
    def names(self) -> tuple[str, ...]:
        """See `Race`."""
        return tuple(self._longer)

    def answer(self, name: str) -> str:
        """See `Race`."""
        # All do the same: a look at the beginning leaves the time to the race.
        return str(_Loop().run(self._messages[:_ANSWERED]))

    def start(self, names: tuple[str, ...], *, unseen: bool) -> None:
        """See `Race`."""
        self._first, self._last = (self._seen, len(self._messages)) if unseen else (0, self._seen)
        self._loops = {name: _Loop() for name in names}
        self._end = self._first

    def advance(self, blocks: int) -> None:
        """See `Race`."""
        size = min(blocks * _UNIT, self._last - self._first)
        self._begin = self._end if self._end + size <= self._last else self._first
        self._end = self._begin + size

    def run(self, name: str) -> Score:
        """See `Race`."""
        loop = self._loops[name]
        payload = self._messages[self._begin : self._end]
        longer = self._longer[name.removesuffix(_AGAIN)]
        started, worked = perf_counter_ns(), thread_time_ns()
        loop.run(payload)
        # By the thread's own time, so that every payload takes so much longer, and waiting for a CPU isn't part of it.
        now = thread_time_ns()
        until = now + longer * (now - worked)
        while now < until:
            now = thread_time_ns()
        return Score(elapsed_ns=perf_counter_ns() - started)

    def memory(self, name: str) -> int | None:
        """See `Race`: all hold the same."""
        return None


def _levels(rows: list[list[str]]) -> list[Level]:
    return [(round(float(price) * _TICKS), round(float(size) * _LOTS)) for price, size in rows]
