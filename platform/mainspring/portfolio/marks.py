"""Marks: the prices that positions are valued at."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

from mainspring.model import Instrument, Mark, MarkPrice, MarkSource

__all__ = ["MarkedMarket", "Marks"]


class MarkedMarket(Protocol):
    """What is read of a market. `last_ticks` is the price of the last public trade, 0 if none was seen."""

    @property
    def instrument(self) -> Instrument: ...

    @property
    def last_ticks(self) -> int: ...

    def mid_half_ticks(self) -> int | None: ...


class Marks:
    """Finds the mark of each instrument, by the session's choice.

    If the chosen price isn't known, the mid is taken, and if that isn't either, the last trade; `Mark.source` says
    which it was.
    """

    __slots__ = ("_markets", "_source", "_venue")

    def __init__(self, markets: Sequence[MarkedMarket], source: MarkSource = "mid") -> None:
        """`markets` are those of the instruments, by their index, and may still be added to."""
        self._markets = markets
        self._source = source
        # By instrument, in ticks: a venue's mark is finer than those.
        self._venue: dict[int, Fraction] = {}

    def note(self, event: MarkPrice) -> None:
        """Takes a mark price of the venue."""
        if self._source == "venue":
            tick_size = self._markets[event.instrument].instrument.tick_size
            self._venue[event.instrument] = Fraction(event.mark_price) / Fraction(tick_size)

    def mark(self, instrument: int) -> Mark | None:
        """Returns the mark of an instrument; None if no price of it is known."""
        if (venue := self._venue.get(instrument)) is not None:
            return Mark(venue, "venue")
        market = self._markets[instrument]
        mid, last = market.mid_half_ticks(), market.last_ticks
        if last and (self._source == "last" or mid is None):
            return Mark(Fraction(last), "last")
        return None if mid is None else Mark(Fraction(mid, 2), "mid")
