"""Position, open orders and profit in one instrument, in whole numbers."""

from fractions import Fraction

from mainspring.model import Fill, Instrument
from mainspring.orders.statement import AccountStatement, profit_currency

__all__ = ["INVERSE_SCALE", "Account"]

INVERSE_SCALE = 10**30
"""Scale of an inverse contract's value: lots per tick times this, rounded to the nearest integer."""

_PPB = 10**9


class Account:
    """Position and open orders in one instrument. Implements `mainspring.seams.AccountView`.

    Money is counted in whole *value units*. For spot and linear contracts a fill of `n` lots at `p` ticks is worth `n
    * p` units, exactly, and profit is sales less purchases. For inverse contracts it is worth `n * INVERSE_SCALE / p`
    units of base currency, rounded to a whole one (an error below 1e-24 of the value for any price below a million
    ticks), and profit is purchases less sales: `value * (1 / entry - 1 / exit)`.

    Realised profit is by average cost: closing `q` lots of a position of `n` lots releases `q / n` of its cost,
    rounded down to a whole unit. The rest stays with the position, so that this holds to the unit at every moment:

        realised + (position's value - cost) = cash + position's value

    Fees are kept in parts per billion of a value unit, exact.
    """

    __slots__ = (
        "_cash_units",
        "_cost_units",
        "_fees_ppb_units",
        "_realised_units",
        "_sign",
        "bought_lots",
        "instrument",
        "open_buy_lots",
        "open_sell_lots",
        "position_lots",
        "sold_lots",
    )

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.position_lots = 0
        self.open_buy_lots = 0
        self.open_sell_lots = 0
        self.bought_lots = 0
        self.sold_lots = 0
        # +1: a higher price is worth more units (spot, linear). -1: fewer (inverse).
        self._sign = -1 if instrument.contract == "inverse" else 1
        self._cash_units = 0
        self._cost_units = 0
        self._realised_units = 0
        self._fees_ppb_units = 0

    @property
    def cash_units(self) -> int:
        """Sales less purchases, before fees, in value units (for inverse contracts, purchases less sales)."""
        return self._cash_units

    @property
    def cost_units(self) -> int:
        """Cost of the open position (proceeds if short), in value units. Never negative."""
        return self._cost_units

    @property
    def realised_units(self) -> int:
        """Realised profit by average cost, before fees, in value units."""
        return self._realised_units

    @property
    def fees_ppb_units(self) -> int:
        """Fees paid less rebates, in parts per billion of a value unit."""
        return self._fees_ppb_units

    def fill(self, fill: Fill) -> None:
        """Books a fill that the order tracker has checked."""
        side, lots, price = int(fill.side), fill.size_lots, fill.price_ticks
        held = self.position_lots
        closing = min(lots, abs(held)) if held * side < 0 else 0
        close_units = self._value(closing, price)
        open_units = self._value(lots - closing, price)
        if closing:
            released = self._cost_units * closing // abs(held)
            gained = close_units - released
            self._realised_units += gained if (held > 0) == (self._sign > 0) else -gained
            self._cost_units -= released
        self._cost_units += open_units
        self._cash_units -= self._sign * side * (close_units + open_units)
        self._fees_ppb_units += (close_units + open_units) * fill.fee_ppb
        self.position_lots = held + side * lots
        if side > 0:
            self.bought_lots += lots
        else:
            self.sold_lots += lots

    def statement(self, bid_ticks: int = 0, ask_ticks: int = 0) -> AccountStatement:
        """Returns the account in its profit currency, exact, with the position marked to the mid of the two prices.

        Pass 0 for both prices if no mid is known: unrealised profit is then None unless the position is flat.
        """
        unrealised = self._unrealised(bid_ticks + ask_ticks if bid_ticks > 0 and ask_ticks > 0 else 0)
        unit = self._unit()
        lot = Fraction(self.instrument.lot_size)
        realised = self._realised_units * unit
        fees = Fraction(self._fees_ppb_units, _PPB) * unit
        profit = None if unrealised is None else realised + unrealised * unit
        return AccountStatement(
            currency=profit_currency(self.instrument),
            bought=self.bought_lots * lot,
            sold=self.sold_lots * lot,
            position=self.position_lots * lot,
            realised=realised,
            unrealised=None if unrealised is None else unrealised * unit,
            fees=fees,
            profit=profit,
            net=None if profit is None else profit - fees,
        )

    def mid_move_half_units(self, lots: int, before_half_ticks: int, after_half_ticks: int) -> int:
        """Returns what a position gains as the mid moves, in half value units.

        `lots` is negative when short; both mids are in half ticks and above zero. Exact for spot and linear contracts;
        see `INVERSE_SCALE` for others.
        """
        if self._sign > 0:
            return lots * (after_half_ticks - before_half_ticks)
        scaled = 4 * INVERSE_SCALE
        return lots * scaled // before_half_ticks - lots * scaled // after_half_ticks

    def money(self, half_units: int) -> Fraction:
        """Converts half value units to profit currency."""
        return Fraction(half_units, 2) * self._unit()

    def _value(self, lots: int, price_ticks: int) -> int:
        if self._sign > 0:
            return lots * price_ticks
        return (2 * lots * INVERSE_SCALE + price_ticks) // (2 * price_ticks)

    def _unrealised(self, mid_half_ticks: int) -> Fraction | None:
        held = self.position_lots
        if not held:
            return Fraction(0)
        if not mid_half_ticks:
            return None
        if self._sign > 0:
            worth = Fraction(abs(held) * mid_half_ticks, 2)
        else:
            worth = Fraction(2 * abs(held) * INVERSE_SCALE, mid_half_ticks)
        gained = worth - self._cost_units
        return gained if (held > 0) == (self._sign > 0) else -gained

    def _unit(self) -> Fraction:
        """One value unit in profit currency."""
        instrument = self.instrument
        lot_worth = Fraction(instrument.lot_size) * Fraction(instrument.contract_size)
        if self._sign > 0:
            return lot_worth * Fraction(instrument.tick_size)
        return lot_worth / (Fraction(instrument.tick_size) * INVERSE_SCALE)
