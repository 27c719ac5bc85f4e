"""Compares what a venue says that an account holds, positions and balances, with what all fills make of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from mainspring.model import Fill, OrderEvent, QuerySubject
from mainspring.recovery.differences import BALANCE, POSITION
from mainspring.recovery.round import Round

__all__ = ["Holdings", "Mismatch"]

_COARSEST: Final = -2


class Mismatch(NamedTuple):
    """A difference in an instrument: its code, and the figures for a person."""

    instrument: int
    what: str
    detail: str


class Holdings:
    """What of the account differs, and by how much a person has been shown that it does.

    Positions begin at nothing, and venues say them in whole lots: fees in what was bought may leave a part of one,
    which they leave out. A balance begins at what the venue says first: from one round to the next it changes by what
    fills, fees and funding amount to, to within half of its last digit for each fill, since venues round. Nothing is a
    difference before the venue has said it `tries` times, nor if a fill has come since it was asked.
    """

    def __init__(
        self,
        instruments: Iterable[int],
        held_lots: Callable[[int], int | Fraction],
        tries: int,
        gained: Callable[[], Mapping[str, Fraction]] | None = None,
    ) -> None:
        """`held_lots` returns the lots that all fills, less such fees, add up to, and `gained` what they have added to
        the balance of each currency that is to be compared; None compares no balances.
        """
        self._instruments = tuple(sorted(instruments))
        self._held_lots = held_lots
        self._tries = tries
        self._gained = gained
        self.subjects: tuple[QuerySubject, ...] = ("positions",) if gained is None else ("positions", "balances")
        """What to ask the venue."""
        self._offsets = dict.fromkeys(self._instruments, Fraction(0))
        # By currency, and how many fills there were then.
        self._balance_offsets: dict[str, tuple[Fraction, int]] = {}
        self._mismatches: Counter[int | str] = Counter()
        self._fills = 0

    @property
    def settled(self) -> bool:
        """Whether nothing differs that wasn't said yet."""
        return not self._mismatches

    def on_events(self, events: Iterable[OrderEvent]) -> None:
        """Takes what the lane is fed."""
        self._fills += sum(isinstance(one, Fill) for one in events)

    def compare(self, one: Round) -> list[Mismatch]:
        """Compares the answers of a round, and returns what is a difference by now."""
        found = []
        for instrument, report in one.positions.items():
            if instrument not in self._offsets or instrument in one.moved:
                continue
            ours = self._held_lots(instrument)
            offset = Fraction(report.position_lots) - ours
            if self._differs(instrument, equal=abs(offset - self._offsets[instrument]) < 1):
                self._offsets[instrument] = offset
                whole = ours.denominator == 1
                expected = f"all fills add up to {ours}" if whole else f"all fills, less fees, to {float(ours):.10g}"
                detail = f"the venue has {report.position_lots} lots, and {expected}"
                found.append(Mismatch(instrument, POSITION, detail))
        if self._gained is not None and one.balances and not one.moved:
            found += self._compare_balances(self._gained(), {report.currency: report.amount for report in one.balances})
        return found

    def _compare_balances(self, gained: Mapping[str, Fraction], reported: Mapping[str, Decimal]) -> list[Mismatch]:
        found = []
        for currency, ours in gained.items():
            # A venue may leave out what is nothing.
            amount = reported.get(currency, Decimal(0))
            offset = Fraction(amount) - ours
            known, fills = self._balance_offsets.setdefault(currency, (offset, self._fills))
            rounded = (self._fills - fills) * _last_digit(amount) / 2
            equal = abs(offset - known) <= rounded
            differs = self._differs(currency, equal=equal)
            if equal or differs:
                self._balance_offsets[currency] = offset, self._fills
            if differs:
                expected = f"{float(known + ours):.10g}"
                detail = f"the venue has {amount} {currency}, and all fills, fees and funding make it {expected}"
                found += [Mismatch(place, BALANCE, detail) for place in self._instruments]
        return found

    def _differs(self, key: int | str, *, equal: bool) -> bool:
        """Whether it has differed often enough."""
        if equal:
            del self._mismatches[key]
            return False
        self._mismatches[key] += 1
        if self._mismatches[key] < self._tries:
            return False
        del self._mismatches[key]
        return True


def _last_digit(amount: Decimal) -> Fraction:
    """What the last digit counts, or a hundredth if it counts more: zeros at the end may be left out."""
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int)
    return Fraction(10) ** min(exponent, _COARSEST)
