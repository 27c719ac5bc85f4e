"""Markouts: where the mid price stood some time after each fill."""

from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Protocol

from mainspring.lane.tally import HORIZONS_NS, FillRecord, InstrumentTally
from mainspring.seams import NEVER_NS

__all__ = ["Markouts"]


class _Mid(Protocol):
    @property
    def bbo_time_ns(self) -> int: ...

    def mid_half_ticks(self) -> int | None: ...


class Markouts:
    """Reads the mid at each horizon after each fill, and adds the move to the tally of the fill's instrument.

    `due_ns` is when the next reading is due. Only messages move a mid, so call `measure` before the first message of
    that time or later is applied: then the mid is the one that prevailed. A reading counts once its market has shown
    best prices again, at the horizon or later: until then, nobody knows whether the mid still holds. So what is
    measured depends on the instrument's own messages, and not on those of others in its lane. A reading costs about
    1 us, and there are four to a fill.
    """

    __slots__ = ("_markets", "_read", "_tallies", "_waiting", "due_ns")

    def __init__(self, markets: Sequence[_Mid], tallies: Sequence[InstrumentTally]) -> None:
        self.due_ns = NEVER_NS
        self._markets = markets
        self._tallies = tallies
        # A heap of due time, place among all that were added, horizon and fill.
        self._waiting: list[tuple[int, int, int, FillRecord]] = []
        # Readings of each market that don't count yet, by time: when, of which horizon and fill, and the mid.
        self._read: list[deque[tuple[int, int, FillRecord, int]]] = [deque() for _ in markets]

    def add(self, record: FillRecord) -> None:
        """Takes a fill, in the order in which fills come. One without a mid has nothing to measure from."""
        if record.mid_half_ticks is None:
            return
        waiting = self._waiting
        for horizon, after_ns in enumerate(HORIZONS_NS):
            heappush(waiting, (record.fill.time_ns + after_ns, record.number, horizon, record))
        self.due_ns = waiting[0][0]

    def measure(self, now_ns: int) -> None:
        """Takes the readings that are due by now. A market without a mid then leaves the fill unmeasured."""
        waiting = self._waiting
        while waiting and waiting[0][0] <= now_ns:
            due_ns, _, horizon, record = heappop(waiting)
            index = record.fill.instrument
            mid = self._markets[index].mid_half_ticks()
            if mid is not None:
                self._read[index].append((due_ns, horizon, record, mid))
        self.due_ns = waiting[0][0] if waiting else NEVER_NS

    def count(self) -> None:
        """Counts the readings that count by now. Called between chunks of messages, and at the end."""
        for market, read, tally in zip(self._markets, self._read, self._tallies, strict=True):
            while read and read[0][0] <= market.bbo_time_ns:
                _, horizon, record, mid = read.popleft()
                tally.add_markout(record, horizon, mid)
