"""Money of several instruments in whole numbers, so that checks compare exactly and fast."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor

from mainspring.model import Instrument, decimal_text, profit_currency
from mainspring.seams import MarketView, RiskSession

__all__ = ["Money", "mid_half_ticks", "others"]

_PPB = 10**9
_INVERSE_SCALE = 10**30
# Of a value that isn't a decimal: what an inverse contract is worth.
_FINEST_DIGITS = 48


class Money:
    """Converts lots, prices and profits of a lane's instruments into quanta: a currency's smallest whole unit.

    A quantum divides half of each linear instrument's value unit into billions of whole parts, so that fees by rate
    count exactly. What an inverse contract is worth is rounded up, and its profit down.
    """

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self.currency = tuple(profit_currency(one) for one in instruments)
        self._inverse = tuple(one.contract == "inverse" for one in instruments)
        lot_worths = [Fraction(one.lot_size) * Fraction(one.contract_size) for one in instruments]
        digits: dict[str, int] = {}
        for one, currency in zip(instruments, self.currency, strict=True):
            least = _FINEST_DIGITS if one.contract == "inverse" else sum(map(_digits, _parts(one)))
            digits[currency] = max(digits.get(currency, 0), least)
        self.quantum = {currency: Fraction(1, 2 * _PPB * 10**count) for currency, count in digits.items()}
        # For a linear instrument, the quanta of one lot at half a tick; for an inverse one, times half ticks.
        self._factors = tuple(
            floor((2 * worth / Fraction(one.tick_size) if inverse else worth * Fraction(one.tick_size) / 2) / quantum)
            for one, worth, inverse, quantum in zip(
                instruments, lot_worths, self._inverse, map(self.quantum.__getitem__, self.currency), strict=True
            )
        )
        # What makes quanta of a profit in billionths of value units. An inverse contract's unit is a lot per tick over
        # the scale, and its factor twice that.
        ratios = [
            (factor, 2 * _INVERSE_SCALE * _PPB) if inverse else (2 * factor, _PPB)
            for factor, inverse in zip(self._factors, self._inverse, strict=True)
        ]
        self._profits = {
            currency: tuple((at, *ratios[at]) for at, own in enumerate(self.currency) if own == currency)
            for currency in self.currency
        }

    def quanta(self, currency: str, amount: Decimal) -> int:
        """Returns the whole quanta within an amount."""
        return floor(Fraction(amount) / self.quantum[currency])

    def text(self, currency: str, quanta: int) -> str:
        """Returns an amount as text, to nine decimals."""
        nanos = floor(quanta * self.quantum[currency] * _PPB)
        return f"{decimal_text(nanos, Decimal(1).scaleb(-9))} {currency}"

    def worth(self, instrument: int, lots: int, half_ticks: int) -> int:
        """Returns what lots are worth at a price in half ticks, in quanta. Short lots are worth less than nothing."""
        factor = self._factors[instrument]
        if not self._inverse[instrument]:
            return lots * half_ticks * factor
        value = -(-abs(lots) * factor // half_ticks)
        return value if lots >= 0 else -value

    def max_units(self, instrument: int, quanta: int) -> int | None:
        """Returns what that many quanta are in lots times half ticks, rounded down; None for an inverse contract."""
        return None if self._inverse[instrument] else quanta // self._factors[instrument]

    def linear_factors(self, instrument: int) -> tuple[int, int, int]:
        """Returns the quanta of one lot at half a tick, and what a profit in billionths of value units is multiplied
        and divided by, rounding down, to be in quanta. The instrument isn't inverse.
        """
        _, numerator, denominator = self._profits[self.currency[instrument]][0]
        return self._factors[instrument], numerator, denominator

    def factor(self, instrument: int) -> int | None:
        """Returns the quanta of one lot at half a tick; None for an inverse contract, whose lots are worth no such."""
        return None if self._inverse[instrument] else self._factors[instrument]

    def profit_shares(self, currency: str) -> tuple[tuple[int, int, int], ...]:
        """Returns each instrument of a currency, by its index, with what a profit in billionths of value units is
        multiplied and divided by, rounding down, to be in quanta.
        """
        return self._profits[currency]

    def total_profit(self, session: RiskSession, currency: str) -> int | None:
        """Returns the profit in a currency; None if something is held that has no mark."""
        total = 0
        for instrument, numerator, denominator in self.profit_shares(currency):
            ppb_units = session.net_profit_ppb(instrument)
            if ppb_units is None:
                return None
            total += ppb_units * numerator // denominator
        return total


def mid_half_ticks(market: MarketView) -> int | None:
    """Returns twice the mid in ticks; None where there is no market to take it from."""
    if market.live and market.bid_lots and market.ask_lots and market.bid_ticks < market.ask_ticks:
        return market.bid_ticks + market.ask_ticks
    return None


def others(names: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Returns the places of the others that have each one's name."""
    return tuple(
        tuple(at for at, other in enumerate(names) if other == own and at != place) for place, own in enumerate(names)
    )


def _parts(instrument: Instrument) -> tuple[Decimal, ...]:
    return instrument.tick_size, instrument.lot_size, instrument.contract_size


def _digits(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return max(-exponent, 0)
