"""One position: its size, its cost, and what it has made, in whole numbers."""

from collections.abc import Iterator
from fractions import Fraction

from mainspring.model import AccountStatement, Fill, Mark, OtherAmount
from mainspring.portfolio.valuation import Valuation

__all__ = ["Position"]

_PPB = 10**9

_FINE_BITS = 64
_FINE = 1 << _FINE_BITS
"""Parts of a value unit in which the cost is kept, so that no close loses the remainder of its division."""


class Position:
    """The position of an instrument, or of one strategy in it, by average cost.

    Closing `q` lots of a position of `n` releases `q / n` of its cost. The cost is kept in 2**64 parts of a value unit
    (see `Valuation`) and each release is rounded to the nearest part, so that a billion closes are off by less than a
    billionth of a unit. Whatever isn't released stays with the position: at every moment, exactly,

        realised + (position's value - cost) = cash + position's value

    where cash is sales less purchases. Realised profit isn't added up at all: it is what makes this hold. Fees by rate
    are kept in parts per billion of a value unit, fees and funding that a venue reports as exact fractions. A fill
    costs about a microsecond.
    """

    __slots__ = (
        "_bought_units",
        "_cost_fine",
        "_fees_ppb_units",
        "_rebates_ppb_units",
        "_reported_fees",
        "_reported_funding",
        "_reported_rebates",
        "_sold_units",
        "bought_lots",
        "position_lots",
        "sold_lots",
        "valuation",
    )

    def __init__(self, valuation: Valuation) -> None:
        self.valuation = valuation
        self.position_lots = 0
        self.bought_lots = 0
        self.sold_lots = 0
        self._bought_units = 0
        self._sold_units = 0
        self._cost_fine = 0
        self._fees_ppb_units = 0
        self._rebates_ppb_units = 0
        self._reported_fees: dict[str, Fraction] = {}
        self._reported_rebates: dict[str, Fraction] = {}
        self._reported_funding: dict[str, Fraction] = {}

    @property
    def cash_units(self) -> int:
        """Sales less purchases, before fees, in value units (for inverse contracts, purchases less sales)."""
        return self.valuation.sign * (self._sold_units - self._bought_units)

    @property
    def cost_units(self) -> int:
        """Cost of the open position (proceeds if short), in value units, to the nearest. Never negative."""
        return (self._cost_fine + (_FINE >> 1)) >> _FINE_BITS

    @property
    def realised_units(self) -> int:
        """Realised profit by average cost, before fees, in value units, to the nearest."""
        cost = self.cost_units
        return self.cash_units + self.valuation.sign * (cost if self.position_lots > 0 else -cost)

    @property
    def fees_ppb_units(self) -> int:
        """Fees by rate, paid less rebates, in parts per billion of a value unit."""
        return self._fees_ppb_units

    @property
    def untouched(self) -> bool:
        """Whether nothing was ever booked."""
        return not (self.bought_lots or self.sold_lots or self._reported_funding)

    def on_fill(self, fill: Fill) -> None:
        """Books a fill."""
        lots, price_ticks, held = fill.size_lots, fill.price_ticks, self.position_lots
        units = self.valuation.units(lots, price_ticks)
        if fill.side > 0:
            self.bought_lots += lots
            self._bought_units += units
            self.position_lots = held + lots
            closes = held < 0
        else:
            self.sold_lots += lots
            self._sold_units += units
            self.position_lots = held - lots
            closes = held > 0
        if not closes:
            self._cost_fine += units << _FINE_BITS
        elif lots < (size := abs(held)):
            self._cost_fine -= (2 * self._cost_fine * lots + size) // (2 * size)
        else:
            self._cost_fine = self.valuation.units(lots - size, price_ticks) << _FINE_BITS
        if fill.fee_amount is not None:
            self._on_reported_fee(fill.fee_currency or self.valuation.currency, Fraction(fill.fee_amount))
        elif fee_ppb := fill.fee_ppb:
            self._fees_ppb_units += units * fee_ppb
            if fee_ppb < 0:
                self._rebates_ppb_units -= units * fee_ppb

    def on_funding(self, amount: Fraction, currency: str = "") -> None:
        """Books a funding payment; below zero it was paid. An empty `currency` is the instrument's profit currency."""
        _add(self._reported_funding, currency or self.valuation.currency, amount)

    def statement(self, mark: Mark | None) -> AccountStatement:
        """Returns the position in its profit currency, valued at the mark."""
        valuation, held = self.valuation, self.position_lots
        sign, unit, lot, currency = valuation.sign, valuation.unit, valuation.lot, valuation.currency
        cost = Fraction(self._cost_fine, _FINE)
        # Of a short position, cost and worth count the other way.
        way = sign if held > 0 else -sign
        realised = (self.cash_units + way * cost) * unit
        unrealised = exposure = None if held else Fraction(0)
        if held and mark is not None:
            worth = valuation.exact_units(abs(held), mark.price_ticks)
            unrealised = way * (worth - cost) * unit
            exposure = (worth if held > 0 else -worth) * unit
        fees = self._fees(currency)
        funding = self._reported_funding.get(currency, Fraction(0))
        profit = None if unrealised is None else realised + unrealised
        spot = valuation.instrument.contract == "spot"
        return AccountStatement(
            currency=currency,
            bought=self.bought_lots * lot,
            sold=self.sold_lots * lot,
            position=held * lot,
            average_buy=valuation.average_price(self.bought_lots, self._bought_units),
            average_sell=valuation.average_price(self.sold_lots, self._sold_units),
            average_entry=valuation.average_price(abs(held), cost),
            mark=None if mark is None else mark.price_ticks * valuation.tick,
            mark_source="" if mark is None else mark.source,
            cash=(self.cash_units * unit if spot else realised) - fees + funding,
            realised=realised,
            unrealised=unrealised,
            profit=profit,
            fees=fees,
            rebates=self._rebates(currency),
            funding=funding,
            net=None if profit is None else profit - fees + funding,
            exposure=exposure,
            others=tuple(self._others()),
        )

    def _on_reported_fee(self, currency: str, amount: Fraction) -> None:
        _add(self._reported_fees, currency, amount)
        if amount < 0:
            _add(self._reported_rebates, currency, -amount)

    def _fees(self, currency: str) -> Fraction:
        by_rate = Fraction(self._fees_ppb_units, _PPB) * self.valuation.unit
        return by_rate + self._reported_fees.get(currency, 0)

    def _rebates(self, currency: str) -> Fraction:
        by_rate = Fraction(self._rebates_ppb_units, _PPB) * self.valuation.unit
        return by_rate + self._reported_rebates.get(currency, 0)

    def _others(self) -> Iterator[OtherAmount]:
        nothing = Fraction(0)
        for currency in sorted({*self._reported_fees, *self._reported_funding} - {self.valuation.currency}):
            fees = self._reported_fees.get(currency, nothing)
            yield OtherAmount(currency, fees, self._reported_funding.get(currency, nothing))


def _add(amounts: dict[str, Fraction], currency: str, amount: Fraction) -> None:
    amounts[currency] = amounts.get(currency, Fraction(0)) + amount
