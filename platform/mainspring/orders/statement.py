"""Account statements: exact amounts and their decimal text."""

from fractions import Fraction

import msgspec

from mainspring.model import Instrument

__all__ = ["AccountStatement", "amount_text", "profit_currency"]

_MAX_DECIMALS = 18


class AccountStatement(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an account. Every amount is an exact fraction; `amount_text` formats one.

    `bought`, `sold` and `position` are in base currency or contracts, all others in `currency`. `profit` is realised
    plus unrealised, before fees; `net` is after fees. `unrealised`, `profit` and `net` are None if the position is
    open and no mid price is known.
    """

    currency: str
    bought: Fraction
    sold: Fraction
    position: Fraction
    realised: Fraction
    unrealised: Fraction | None
    fees: Fraction
    profit: Fraction | None
    net: Fraction | None


def amount_text(amount: Fraction, decimals: int = _MAX_DECIMALS) -> str:
    """Formats an amount as plain decimal text with at most `decimals` decimals.

    It is exact if the amount ends within that many decimals, otherwise rounded half to even. Trailing zeros are
    dropped, and there is no "-0".
    """
    scaled = round(amount * 10**decimals)
    digits = f"{abs(scaled):0{decimals + 1}d}"
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :].rstrip("0")
    return f"{'-' if scaled < 0 else ''}{whole}{'.' if fraction else ''}{fraction}"


def profit_currency(instrument: Instrument) -> str:
    """Returns the currency of profit: the quote of "BASE/QUOTE", or the base for inverse contracts.

    `Instrument.settle_currency` takes precedence. If neither is known, the name includes the instrument's own ("base
    currency of XYZ_PERP"), so that two unknown currencies are never mistaken for the same one.
    """
    if instrument.settle_currency:
        return instrument.settle_currency
    base, slash, quote = instrument.symbol.partition("/")
    if instrument.contract == "inverse":
        return base if slash else f"base currency of {instrument.symbol}"
    return quote.partition(":")[0] if slash else f"quote currency of {instrument.symbol}"
