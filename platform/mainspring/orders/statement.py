"""An account as a reader wants it: exact amounts, and their decimal text."""

from fractions import Fraction

import msgspec

from mainspring.model import Instrument

__all__ = ["AccountStatement", "amount_text", "profit_currency"]

_MAX_DECIMALS = 18


class AccountStatement(msgspec.Struct, frozen=True, kw_only=True):
    """What an account comes to. Every amount is an exact fraction; `amount_text` writes one as decimal text.

    `bought`, `sold` and `position` are in base currency or contracts, all else in `currency`. `profit` is realised plus
    unrealised, before fees; `net` is after them. `unrealised`, `profit` and `net` are None where the position is open
    and no mid price is known.
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
    """Plain decimal text: exact where the amount ends within `decimals` places, else rounded half to even there.

    Trailing zeros are left out, and there is no "-0".
    """
    scaled = round(amount * 10**decimals)
    digits = f"{abs(scaled):0{decimals + 1}d}"
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :].rstrip("0")
    return f"{'-' if scaled < 0 else ''}{whole}{'.' if fraction else ''}{fraction}"


def profit_currency(instrument: Instrument) -> str:
    """The currency that profit comes in: the quote of "BASE/QUOTE", or for inverse contracts the base.

    `Instrument.settle_currency` comes first. Where neither says, the name is the instrument's own ("base currency of
    XYZ_PERP"), so that two unknown currencies are never taken for one.
    """
    if instrument.settle_currency:
        return instrument.settle_currency
    base, slash, quote = instrument.symbol.partition("/")
    if instrument.contract == "inverse":
        return base if slash else f"base currency of {instrument.symbol}"
    return quote.partition(":")[0] if slash else f"quote currency of {instrument.symbol}"
