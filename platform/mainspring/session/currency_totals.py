"""What instruments made together, currency by currency: amounts of different currencies are never added up."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from mainspring.model import amount_text
from mainspring.portfolio import PortfolioOptions, converted
from mainspring.report import ConvertedTotal, CurrencyTotal, InstrumentReport, OtherCurrency

__all__ = ["converted_total", "currency_totals"]


def currency_totals(instruments: Sequence[InstrumentReport]) -> list[CurrencyTotal]:
    """Returns one total per currency: those of profit in the order of the instruments, then those of fees alone."""
    by_currency: dict[str, list[InstrumentReport]] = {}
    others: dict[str, list[OtherCurrency]] = {}
    for one in instruments:
        by_currency.setdefault(one.profit_currency, []).append(one)
    for one in instruments:
        for other in one.other_currencies:
            by_currency.setdefault(other.currency, [])
            others.setdefault(other.currency, []).append(other)
    return [_total(currency, group, others.get(currency, [])) for currency, group in by_currency.items()]


def converted_total(totals: Sequence[CurrencyTotal], options: PortfolioOptions) -> ConvertedTotal | None:
    """Returns the net profit of all currencies in one, at the config's rates; None if it doesn't ask for that."""
    currency = options.currency
    if not currency:
        return None
    nets = {total.currency: None if total.net is None else Fraction(total.net) for total in totals}
    missing = [name for name, net in nets.items() if net != 0 and name != currency and name not in options.rates]
    net = None if missing else converted(nets, currency, options.rates)
    return ConvertedTotal(
        currency=currency,
        rates={name: f"{rate:f}" for name, rate in options.rates.items()},
        net=None if net is None else amount_text(net),
        missing=missing,
    )


def _total(currency: str, group: Sequence[InstrumentReport], others: Sequence[OtherCurrency]) -> CurrencyTotal:
    fees = _known(one.fees for one in others)
    funding = _known(one.funding for one in others)
    exposures = [one.exposure for one in group]
    return CurrencyTotal(
        currency=currency,
        cash=amount_text(_known(one.cash for one in group) - fees + funding),
        realised=amount_text(_known(one.realised for one in group)),
        unrealised=_text(_sum(one.unrealised for one in group)),
        profit=_text(_sum(one.profit for one in group)),
        fees=amount_text(_known(one.fees for one in group) + fees),
        rebates=amount_text(_known(one.rebates for one in group)),
        funding=amount_text(_known(one.funding for one in group) + funding),
        net=_text(_sum(one.net for one in group), funding - fees),
        exposure=_text(_sum(exposures)),
        gross_exposure=_text(_sum(None if text is None else text.removeprefix("-") for text in exposures)),
    )


def _known(amounts: Iterable[str]) -> Fraction:
    return sum(map(Fraction, amounts), Fraction(0))


def _sum(amounts: Iterable[str | None]) -> Fraction | None:
    given = list(amounts)
    known = [amount for amount in given if amount is not None]
    return _known(known) if len(known) == len(given) else None


def _text(amount: Fraction | None, more: Fraction = Fraction(0)) -> str | None:
    return None if amount is None else amount_text(amount + more)
