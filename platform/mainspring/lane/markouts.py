"""Markouts: where the mid price stood some time after each fill."""

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Protocol

from mainspring.lane.tally import HORIZONS_NS, FillRecord, InstrumentTally
from mainspring.seams import NEVER_NS

__all__ = ["Markouts"]


class _Mid(Protocol):
    def mid_half_ticks(self) -> int | None: ...


class Markouts:
    """Reads the mid at each horizon after each fill, and adds the move to the tally of the fill's instrument.

    `due_ns` is when the next reading is due. Call `measure` no later than that and before the message of that time is
    applied: then the mid is the one that prevailed. Fills whose horizon lies beyond the end of the session are never
    measured. A reading costs about 1 us, and there are four to a fill.
    """

    __slots__ = ("_markets", "_tallies", "_waiting", "due_ns")

    def __init__(self, markets: Sequence[_Mid], tallies: Sequence[InstrumentTally]) -> None:
        self.due_ns = NEVER_NS
        self._markets = markets
        self._tallies = tallies
        # A heap of due time, place among all that were added, horizon and fill.
        self._waiting: list[tuple[int, int, int, FillRecord]] = []

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
            _, _, horizon, record = heappop(waiting)
            index = record.fill.instrument
            mid = self._markets[index].mid_half_ticks()
            if mid is not None:
                self._tallies[index].add_markout(record, horizon, mid)
        self.due_ns = waiting[0][0] if waiting else NEVER_NS
