"""The tables on money: profit and position, totals by currency, and who traded."""

from collections.abc import Sequence
from decimal import Decimal

from mainspring.report.figures import NONE, amount, amount_decimals, at_step, signed
from mainspring.report.grid import Grid
from mainspring.report.model import SessionReport
from mainspring.report.trading import CurrencyTotal, InstrumentReport, StrategyPosition

__all__ = ["profit_grid", "strategies_grid", "totals_grid"]

_MOST_COLUMNS = 3
_MOST_FIGURES = 4
_FIGURES = ("net profit", "fees", "funding", "realised", "unrealised", "cash", "exposure")
_SOURCES = {"mid": "mid", "last": "last trade", "venue": "venue's mark", "": NONE}
_IF_ANY = ("rebates", "funding", "fees in other currencies")


def profit_grid(report: SessionReport) -> Grid | None:
    """Shows profit, position and prices: a column for each of a few instruments, a row for each of many."""
    instruments = report.instruments
    if not instruments:
        return None
    if len(instruments) > _MOST_COLUMNS:
        return _many(instruments)
    lines = [dict(_profit_lines(one)) for one in instruments]
    labels = [
        label
        for label in lines[0]
        if label not in _IF_ANY or any(line[label].strip("+-.0,") not in ("", NONE) for line in lines)
    ]
    rows = [(label, *(line[label] for line in lines)) for label in labels]
    return Grid(("", *(one.symbol for one in instruments)), rows)


def _profit_lines(one: InstrumentReport) -> list[tuple[str, str]]:
    decimals = amount_decimals([one.realised, one.unrealised, one.profit, one.fees, one.net])
    lots, ticks = [one.lot_size], [one.tick_size]
    return [
        ("currency", one.profit_currency),
        ("net profit", signed(one.net, decimals)),
        ("fees", amount(one.fees, decimals)),
        ("rebates", amount(one.rebates, decimals)),
        ("fees in other currencies", _other_fees(one)),
        ("funding", signed(one.funding, decimals)),
        ("profit before fees", signed(one.profit, decimals)),
        ("realised", signed(one.realised, decimals)),
        ("unrealised", signed(one.unrealised, decimals)),
        ("cash", signed(one.cash, amount_decimals([one.cash]))),
        ("position", at_step(one.position, lots)),
        ("average entry", at_step(one.average_entry, ticks, halves=True)),
        ("exposure", amount(one.exposure, amount_decimals([one.exposure]))),
        ("bought", at_step(one.bought, lots)),
        ("average buy", at_step(one.average_buy, ticks, halves=True)),
        ("sold", at_step(one.sold, lots)),
        ("average sell", at_step(one.average_sell, ticks, halves=True)),
        ("bid at the end", at_step(one.book.bid, ticks)),
        ("ask at the end", at_step(one.book.ask, ticks)),
        ("mark", at_step(one.mark, ticks, halves=True)),
        ("marked at", _SOURCES.get(one.mark_source, one.mark_source)),
    ]


def _other_fees(one: InstrumentReport) -> str:
    return ", ".join(f"{Decimal(other.fees).normalize():f} {other.currency}" for other in one.other_currencies)


def _many(instruments: Sequence[InstrumentReport]) -> Grid:
    lots = [one.lot_size for one in instruments]
    ticks = [one.tick_size for one in instruments]
    rows = []
    for one in instruments:
        peers = [other for other in instruments if other.profit_currency == one.profit_currency]
        decimals = amount_decimals([text for other in peers for text in (other.net, other.fees)])
        money = (signed(one.net, decimals), amount(one.fees, decimals), one.profit_currency)
        rows.append((one.symbol, *money, at_step(one.position, lots), at_step(one.average_entry, ticks, halves=True)))
    titles = ("instrument", "net profit", "fees", "currency", "position", "avg entry")
    return Grid(titles, rows, frozenset({0, 3}))


def strategies_grid(report: SessionReport) -> Grid | None:
    """Shows each strategy's part, a row for each instrument that it traded; None if no instrument has two."""
    if all(len(one.strategies) < 2 for one in report.instruments):
        return None
    several = len(report.instruments) > 1
    rows = [
        _strategy_row(one, part, several=several)
        for one in sorted(report.instruments, key=lambda one: one.symbol)
        for part in one.strategies
    ]
    names = ("strategy", "instrument") if several else ("strategy",)
    titles = (*names, "net profit", "fees", "currency", "position", "avg entry")
    return Grid(titles, rows, frozenset({0, 1, 4} if several else {0, 3}))


def _strategy_row(one: InstrumentReport, part: StrategyPosition, *, several: bool) -> tuple[str, ...]:
    decimals = amount_decimals([text for other in one.strategies for text in (other.net, other.fees)])
    return (
        part.strategy or "none",
        *((one.symbol,) if several else ()),
        signed(part.net, decimals),
        amount(part.fees, decimals),
        one.profit_currency,
        at_step(part.position, [one.lot_size]),
        at_step(part.average_entry, [one.tick_size], halves=True),
    )


def totals_grid(report: SessionReport) -> Grid | None:
    """Shows the sums over instruments: a column for each of a few currencies, a row for each of many.

    None if there is one instrument and one currency, of which `profit_grid` says all.
    """
    totals, converted = report.totals, report.converted
    if len(report.instruments) < 2 and len(totals) < 2 and converted is None:
        return None
    cells = [_total_cells(total) for total in totals]
    names = [total.currency for total in totals]
    if converted is not None:
        cells.append((signed(converted.net, amount_decimals([converted.net])), *[""] * (len(_FIGURES) - 1)))
        names.append(f"all in {converted.currency}")
    if len(names) > _MOST_COLUMNS + 1:
        return Grid(
            ("currency", *_FIGURES[:_MOST_FIGURES]),
            [(name, *row[:_MOST_FIGURES]) for name, row in zip(names, cells, strict=True)],
        )
    return Grid(("", *names), [(figure, *row) for figure, row in zip(_FIGURES, zip(*cells, strict=True), strict=True)])


def _total_cells(total: CurrencyTotal) -> tuple[str, ...]:
    decimals = amount_decimals([total.net, total.fees, total.funding, total.realised, total.unrealised])
    gains = (signed(text, decimals) for text in (total.funding, total.realised, total.unrealised))
    cash = signed(total.cash, amount_decimals([total.cash]))
    exposure = amount(total.exposure, amount_decimals([total.exposure]))
    return signed(total.net, decimals), amount(total.fees, decimals), *gains, cash, exposure
