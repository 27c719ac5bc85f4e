"""Funding of perpetual contracts at the paper venue: what their mark prices announce, settled at its time."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from mainspring.model import Instrument, MarkPrice
from mainspring.seams import NEVER_NS

__all__ = ["PaperFunding", "funding_amount"]

_DECIMALS = 8
"""How exact the amounts are, as at the venues."""


class PaperFunding:
    """Knows what each contract's last mark price announced, and when it is due: `due_ns` is the next time.

    It is settled at the time that was announced, or before it once the venue's own clock, in a later message, has
    passed that time: ours may be behind.
    """

    __slots__ = ("_announced", "_instruments", "_settled_ns", "due_ns")

    def __init__(self, instruments: Mapping[int, Instrument]) -> None:
        """`instruments` are by their index; those that aren't contracts have no funding."""
        self.due_ns = NEVER_NS
        self._instruments = {index: one for index, one in instruments.items() if one.contract != "spot"}
        self._announced: dict[int, MarkPrice] = {}
        self._settled_ns = dict.fromkeys(self._instruments, 0)

    def announce(self, mark: MarkPrice) -> MarkPrice | None:
        """Takes a mark price; returns the one before it if its funding is due by the venue's clock."""
        index = mark.instrument
        if index not in self._instruments:
            return None
        due = self._announced.pop(index, None)
        if due is not None:
            if due.funding_time_ns <= mark.event_time_ns:
                self._settled_ns[index] = due.funding_time_ns
            else:
                due = None
        if mark.funding_rate is not None and mark.funding_time_ns > max(mark.event_time_ns, self._settled_ns[index]):
            self._announced[index] = mark
        self._set_due()
        return due

    def take(self) -> MarkPrice:
        """The mark price whose funding is due next, of several the one of the first instrument. It is due no more."""
        index = min(index for index, mark in self._announced.items() if mark.funding_time_ns == self.due_ns)
        mark = self._announced.pop(index)
        self._settled_ns[index] = mark.funding_time_ns
        self._set_due()
        return mark

    def amount(self, mark: MarkPrice, position_lots: int) -> Decimal:
        """What a position, negative if it is short, receives of the funding that a mark price announced."""
        return funding_amount(self._instruments[mark.instrument], mark, position_lots)

    def _set_due(self) -> None:
        self.due_ns = min((mark.funding_time_ns for mark in self._announced.values()), default=NEVER_NS)


def funding_amount(instrument: Instrument, mark: MarkPrice, position_lots: int) -> Decimal:
    """What a position receives, below zero if it pays: the rate of its value at the mark price, paid by longs.

    In the currency of the instrument's profit, to eight decimals, half to even.
    """
    size = position_lots * Fraction(instrument.lot_size) * Fraction(instrument.contract_size)
    price, rate = Fraction(mark.mark_price), Fraction(mark.funding_rate or 0)
    value = size / price if instrument.contract == "inverse" else size * price
    units = round(-value * rate * 10**_DECIMALS)
    # Not by arithmetic, which the decimal context would round.
    return Decimal((int(units < 0), tuple(map(int, str(abs(units)))), -_DECIMALS))
