"""What instruments made together, currency by currency: amounts of different currencies are never added up."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from mainspring.orders import amount_text
from mainspring.report import CurrencyTotal, InstrumentReport

__all__ = ["currency_totals"]


def currency_totals(instruments: Sequence[InstrumentReport]) -> list[CurrencyTotal]:
    """One total for each currency that profit comes in, in the order of the instruments."""
    by_currency: dict[str, list[InstrumentReport]] = {}
    for one in instruments:
        by_currency.setdefault(one.profit_currency, []).append(one)
    return [
        CurrencyTotal(
            currency=currency,
            realised=_known(one.realised for one in group),
            unrealised=_sum(one.unrealised for one in group),
            profit=_sum(one.profit for one in group),
            fees=_known(one.fees for one in group),
            net=_sum(one.net for one in group),
        )
        for currency, group in by_currency.items()
    ]


def _known(amounts: Iterable[str]) -> str:
    return amount_text(sum(map(Fraction, amounts), Fraction(0)))


def _sum(amounts: Iterable[str | None]) -> str | None:
    given = list(amounts)
    known = [amount for amount in given if amount is not None]
    return _known(known) if len(known) == len(given) else None
