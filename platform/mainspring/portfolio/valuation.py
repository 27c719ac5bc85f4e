"""What sizes and prices of one instrument are worth, in whole value units."""

from fractions import Fraction

from mainspring.model import Instrument, profit_currency

__all__ = ["INVERSE_SCALE", "Valuation"]

INVERSE_SCALE = 10**30
"""Scale of an inverse contract's value: lots per tick times this, rounded to the nearest integer."""


class Valuation:
    """Values sizes of one instrument at prices.

    A *value unit* is what one lot is worth at one tick. For spot and linear contracts, `n` lots at `p` ticks are worth
    `n * p` units, exactly, and profit is sales less purchases. For inverse contracts they are worth
    `n * INVERSE_SCALE / p` units of base currency, rounded to a whole one (an error below 1e-24 of the value for any
    price below a million ticks), and profit is purchases less sales: `value * (1 / entry - 1 / exit)`.

    `currency` is that of profit, `unit` one value unit in it. `sign` is +1 if a higher price is worth more units (spot,
    linear) and -1 if it is worth fewer (inverse).
    """

    __slots__ = ("currency", "instrument", "lot", "sign", "tick", "unit")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.currency = profit_currency(instrument)
        self.sign = -1 if instrument.contract == "inverse" else 1
        self.lot = Fraction(instrument.lot_size)
        self.tick = Fraction(instrument.tick_size)
        lot_worth = self.lot * Fraction(instrument.contract_size)
        self.unit = lot_worth * self.tick if self.sign > 0 else lot_worth / (self.tick * INVERSE_SCALE)

    def units(self, lots: int, price_ticks: int) -> int:
        """Returns the value of some lots at a price in whole units."""
        if self.sign > 0:
            return lots * price_ticks
        return (2 * lots * INVERSE_SCALE + price_ticks) // (2 * price_ticks)

    def exact_units(self, lots: int, price_ticks: Fraction) -> Fraction:
        """Returns the value of some lots at a price that may be between two ticks, unrounded."""
        return lots * price_ticks if self.sign > 0 else lots * INVERSE_SCALE / price_ticks

    def average_price(self, lots: int, units: Fraction | int) -> Fraction | None:
        """Returns the price at which some lots are worth that many units; None without lots."""
        if not lots or not units:
            return None
        each = Fraction(units) / lots
        return (each if self.sign > 0 else INVERSE_SCALE / each) * self.tick

    def mid_move_half_units(self, lots: int, before_half_ticks: int, after_half_ticks: int) -> int:
        """Returns what a position gains as the mid moves, in half value units.

        `lots` is negative when short; both mids are in half ticks and above zero. Exact for spot and linear contracts;
        see `INVERSE_SCALE` for others.
        """
        if self.sign > 0:
            return lots * (after_half_ticks - before_half_ticks)
        scaled = 4 * INVERSE_SCALE
        return lots * scaled // before_half_ticks - lots * scaled // after_half_ticks

    def money(self, half_units: int) -> Fraction:
        """Converts half value units to profit currency."""
        return Fraction(half_units, 2) * self.unit
