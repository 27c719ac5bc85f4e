"""Marks: the prices that positions are valued at."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

from mainspring.model import NANOTICKS, Instrument, Mark, MarkPrice, MarkSource

__all__ = ["MarkFinder", "MarkedMarket", "Marks"]


class MarkedMarket(Protocol):
    """What is read of a market.

    `last_ticks` and `last_fraction_nanoticks` are the price of the last public trade, both 0 if none was seen.
    """

    @property
    def instrument(self) -> Instrument: ...

    @property
    def last_ticks(self) -> int: ...

    @property
    def last_fraction_nanoticks(self) -> int: ...

    def mid_half_ticks(self) -> int | None: ...


class MarkFinder(Protocol):
    """Finds the mark of an instrument by its index. `at_mid` says whether that is the mid wherever there is one."""

    @property
    def at_mid(self) -> bool: ...

    def mark(self, instrument: int, /) -> Mark | None:
        """Returns the mark; None if no price is known."""
        ...

    def half_ticks(self, instrument: int, /) -> int | Fraction | None:
        """Returns twice the mark in ticks; None if no price is known."""
        ...


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

    @property
    def at_mid(self) -> bool:
        """Whether the mark is the mid, wherever there is one."""
        return self._source == "mid"

    def note(self, event: MarkPrice) -> None:
        """Takes a mark price of the venue."""
        if self._source == "venue":
            tick_size = self._markets[event.instrument].instrument.tick_size
            self._venue[event.instrument] = Fraction(event.mark_price) / Fraction(tick_size)

    def half_ticks(self, instrument: int) -> int | Fraction | None:
        """Returns twice the mark of an instrument, in ticks; None if no price of it is known."""
        if self._source == "mid":
            mid = self._markets[instrument].mid_half_ticks()
            if mid is not None:
                return mid
        mark = self.mark(instrument)
        return None if mark is None else 2 * mark.price_ticks

    def mark(self, instrument: int) -> Mark | None:
        """Returns the mark of an instrument; None if no price of it is known."""
        if (venue := self._venue.get(instrument)) is not None:
            return Mark(venue, "venue")
        market = self._markets[instrument]
        mid = market.mid_half_ticks()
        last = market.last_ticks + Fraction(market.last_fraction_nanoticks, NANOTICKS)
        if last and (self._source == "last" or mid is None):
            return Mark(last, "last")
        return None if mid is None else Mark(Fraction(mid, 2), "mid")
