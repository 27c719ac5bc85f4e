"""Money: what an account holds and has made, as exact amounts, and their decimal text."""

from fractions import Fraction
from typing import Final, Literal, TypeAlias

import msgspec

from mainspring.model.instrument import Instrument

__all__ = ["MARK_SOURCES", "AccountStatement", "Mark", "MarkSource", "OtherAmount", "amount_text", "profit_currency"]

_MAX_DECIMALS = 18

MarkSource: TypeAlias = Literal["mid", "last", "venue"]

MARK_SOURCES: Final[tuple[MarkSource, ...]] = ("mid", "last", "venue")
"""What a position can be marked at: the mid price, or the last public trade."""


class Mark(msgspec.Struct, frozen=True):
    """The price that a position is valued at, in ticks, which may be between two, and where it is from."""

    price_ticks: Fraction
    source: MarkSource


class OtherAmount(msgspec.Struct, frozen=True):
    """Fees and funding in another currency than the instrument's profit, such as fees paid in the venue's own coin."""

    currency: str
    fees: Fraction
    funding: Fraction


class AccountStatement(msgspec.Struct, frozen=True, kw_only=True):
    """The state of an account: of an instrument, or of one strategy in it. `amount_text` formats its exact amounts.

    `bought`, `sold` and `position` are in base currency or contracts, all amounts in `currency`. `average_buy` and
    `average_sell` are the mean prices of what was bought and sold, `average_entry` that of the open position by average
    cost; for inverse contracts, whose value goes with 1 / price, they are harmonic means. Each is None if there is
    nothing to average.

    `realised` is the profit of closed positions by average cost, `unrealised` that of the open one at `mark`;
    `profit` is both, before fees. `fees` are those paid less `rebates`, the part that the venue paid us. `funding` is
    what was received less what was paid. `net` is profit less fees plus funding. `cash` is what the balance in
    `currency` has gained: for spot sales less purchases, for contracts the realised profit; less fees, plus funding.
    `exposure` is the value of the position at the mark, negative when short.

    `unrealised`, `profit`, `net` and `exposure` are None if the position is open and no mark is known. `mark_source` is
    empty if `mark` is None. `others` are fees and funding in other currencies.
    """

    currency: str
    bought: Fraction
    sold: Fraction
    position: Fraction
    average_buy: Fraction | None
    average_sell: Fraction | None
    average_entry: Fraction | None
    mark: Fraction | None
    mark_source: MarkSource | Literal[""]
    cash: Fraction
    realised: Fraction
    unrealised: Fraction | None
    profit: Fraction | None
    fees: Fraction
    rebates: Fraction
    funding: Fraction
    net: Fraction | None
    exposure: Fraction | None
    others: tuple[OtherAmount, ...] = ()


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
