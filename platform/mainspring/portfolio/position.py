"""One position: its size, its cost, and what it has made, exactly."""

from collections.abc import Iterator
from fractions import Fraction
from math import floor

from mainspring.model import AccountStatement, Fill, Mark, OtherAmount
from mainspring.portfolio.position_units import FINE_BITS, PositionUnits
from mainspring.portfolio.valuation import INVERSE_SCALE, Valuation

__all__ = ["Position"]

_PPB = 10**9

_FINE = 1 << FINE_BITS


class Position:
    """The position of an instrument, or of one strategy in it, by average cost.

    `units` counts it in whole numbers: see `PositionUnits`, which says how closes are costed. Fees and funding that a
    venue reports are kept here as exact fractions, by currency.
    """

    __slots__ = ("_reported_fees", "_reported_funding", "_reported_rebates", "units", "valuation")

    def __init__(self, valuation: Valuation, units: PositionUnits | None = None) -> None:
        """`units` are of the same valuation, and nothing was booked in them; None for those in Python."""
        self.valuation = valuation
        self.units = PositionUnits(valuation) if units is None else units
        self._reported_fees: dict[str, Fraction] = {}
        self._reported_rebates: dict[str, Fraction] = {}
        self._reported_funding: dict[str, Fraction] = {}

    @property
    def position_lots(self) -> int:
        """What was bought less what was sold, in lots."""
        return self.units.position_lots

    @property
    def cash_units(self) -> int:
        """Sales less purchases, before fees, in value units (for inverse contracts, purchases less sales)."""
        return self.valuation.sign * (self.units.sold_units - self.units.bought_units)

    @property
    def cost_units(self) -> int:
        """Cost of the open position (proceeds if short), in value units, to the nearest. Never negative."""
        return (self.units.cost_fine + (_FINE >> 1)) >> FINE_BITS

    @property
    def realised_units(self) -> int:
        """Realised profit by average cost, before fees, in value units, to the nearest."""
        cost = self.cost_units
        return self.cash_units + self.valuation.sign * (cost if self.position_lots > 0 else -cost)

    @property
    def fees_ppb_units(self) -> int:
        """Fees by rate, paid less rebates, in parts per billion of a value unit."""
        return self.units.fees_ppb_units

    @property
    def untouched(self) -> bool:
        """Whether nothing was ever booked."""
        return not (self.units.bought_lots or self.units.sold_lots or self._reported_funding)

    def reported_fees(self, currency: str) -> Fraction:
        """Returns what a venue has reported as fees in a currency, less rebates."""
        return self._reported_fees.get(currency, Fraction(0))

    def on_fill(self, fill: Fill) -> None:
        """Books a fill."""
        reported = fill.fee_amount is not None
        self.units.on_fill(fill.side > 0, fill.size_lots, fill.price_ticks, 0 if reported else fill.fee_ppb)
        if fill.fee_amount is not None:
            self._on_reported_fee(fill.fee_currency or self.valuation.currency, Fraction(fill.fee_amount))

    def on_funding(self, amount: Fraction, currency: str = "") -> None:
        """Books a funding payment; below zero it was paid. An empty `currency` is the instrument's profit currency."""
        _add(self._reported_funding, currency or self.valuation.currency, amount)
        self._count_reported()

    def net_ppb(self, half_ticks: int | Fraction) -> int:
        """Returns the profit after fees and funding, in billionths of a value unit, rounded down.

        What is reported in another currency than the profit's doesn't count.

        `half_ticks` is twice the mark; it doesn't count if nothing is held. It is the statement's `net`, in a
        hundredth of its time.
        """
        units, sign, held = self.units, self.valuation.sign, self.units.position_lots
        half_units = 2 * sign * (units.sold_units - units.bought_units)
        if held:
            if sign > 0:
                half_units += held * half_ticks  # type: ignore[assignment]
            else:
                half_units += floor(-4 * held * INVERSE_SCALE / Fraction(half_ticks))
        net = half_units * (_PPB // 2) - units.fees_ppb_units
        if type(net) is int:
            return net + units.reported_ppb_units
        # Of a mark between two ticks.
        return floor(net + self._reported_ppb())

    def statement(self, mark: Mark | None) -> AccountStatement:
        """Returns the position in its profit currency, valued at the mark."""
        valuation, units = self.valuation, self.units
        held, bought_lots, sold_lots = units.position_lots, units.bought_lots, units.sold_lots
        sign, unit, lot, currency = valuation.sign, valuation.unit, valuation.lot, valuation.currency
        cost = Fraction(units.cost_fine, _FINE)
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
            bought=bought_lots * lot,
            sold=sold_lots * lot,
            position=held * lot,
            average_buy=valuation.average_price(bought_lots, units.bought_units),
            average_sell=valuation.average_price(sold_lots, units.sold_units),
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
        self._count_reported()

    def _count_reported(self) -> None:
        """Counts what was reported in the profit's currency among the whole numbers."""
        self.units.reported_ppb_units = floor(self._reported_ppb())

    def _reported_ppb(self) -> Fraction:
        """Funding less fees that were reported in the profit's currency, in billionths of a value unit."""
        currency, nothing = self.valuation.currency, Fraction(0)
        reported = self._reported_funding.get(currency, nothing) - self._reported_fees.get(currency, nothing)
        return reported * _PPB / self.valuation.unit

    def _fees(self, currency: str) -> Fraction:
        by_rate = Fraction(self.units.fees_ppb_units, _PPB) * self.valuation.unit
        return by_rate + self._reported_fees.get(currency, 0)

    def _rebates(self, currency: str) -> Fraction:
        by_rate = Fraction(self.units.rebates_ppb_units, _PPB) * self.valuation.unit
        return by_rate + self._reported_rebates.get(currency, 0)

    def _others(self) -> Iterator[OtherAmount]:
        nothing = Fraction(0)
        for currency in sorted({*self._reported_fees, *self._reported_funding} - {self.valuation.currency}):
            fees = self._reported_fees.get(currency, nothing)
            yield OtherAmount(currency, fees, self._reported_funding.get(currency, nothing))


def _add(amounts: dict[str, Fraction], currency: str, amount: Fraction) -> None:
    amounts[currency] = amounts.get(currency, Fraction(0)) + amount
