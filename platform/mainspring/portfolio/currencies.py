"""What positions come to in each currency. Amounts of different currencies are never added up."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

import msgspec

from mainspring.model import AccountStatement

__all__ = ["CurrencyStatement", "converted", "currency_statements"]


class CurrencyStatement(msgspec.Struct, frozen=True, kw_only=True):
    """The sums over all statements in one currency, as `mainspring.model.AccountStatement` names them.

    `exposure` is long less short positions, `gross_exposure` both added up. What includes an unknown amount is None.
    """

    currency: str
    cash: Fraction
    realised: Fraction
    unrealised: Fraction | None
    profit: Fraction | None
    fees: Fraction
    rebates: Fraction
    funding: Fraction
    net: Fraction | None
    exposure: Fraction | None
    gross_exposure: Fraction | None


def currency_statements(statements: Iterable[AccountStatement]) -> dict[str, CurrencyStatement]:
    """Returns the sums by currency, in the order in which currencies are met: profit's first, then others'."""
    given = list(statements)
    others = [other for one in given for other in one.others]
    groups: dict[str, list[AccountStatement]] = {}
    for one in given:
        groups.setdefault(one.currency, []).append(one)
    for other in others:
        groups.setdefault(other.currency, [])
    found = {}
    for currency, group in groups.items():
        extra_fees = _known(other.fees for other in others if other.currency == currency)
        extra_funding = _known(other.funding for other in others if other.currency == currency)
        net = _sum(one.net for one in group)
        exposures = [one.exposure for one in group]
        found[currency] = CurrencyStatement(
            currency=currency,
            cash=_known(one.cash for one in group) - extra_fees + extra_funding,
            realised=_known(one.realised for one in group),
            unrealised=_sum(one.unrealised for one in group),
            profit=_sum(one.profit for one in group),
            fees=_known(one.fees for one in group) + extra_fees,
            rebates=_known(one.rebates for one in group),
            funding=_known(one.funding for one in group) + extra_funding,
            net=None if net is None else net - extra_fees + extra_funding,
            exposure=_sum(exposures),
            gross_exposure=_sum(None if amount is None else abs(amount) for amount in exposures),
        )
    return found


def converted(nets: Mapping[str, Fraction | None], currency: str, rates: Mapping[str, Decimal]) -> Fraction | None:
    """Returns amounts as one, at stated rates: what one unit of each currency is worth in `currency`.

    `nets` are the amounts by currency; if one is None, so is the result. Raises `KeyError`, with the currency, if an
    amount that isn't 0 has no rate.
    """
    total = Fraction(0)
    for name, amount in nets.items():
        if amount is None:
            return None
        if amount:
            total += amount if name == currency else amount * Fraction(rates[name])
    return total


def _known(amounts: Iterable[Fraction]) -> Fraction:
    return sum(amounts, Fraction(0))


def _sum(amounts: Iterable[Fraction | None]) -> Fraction | None:
    given = list(amounts)
    known = [amount for amount in given if amount is not None]
    return _known(known) if len(known) == len(given) else None
