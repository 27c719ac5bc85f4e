"""An oracle for money: recomputes a session's positions, profits and fees from its order log.

It shares no code with the product. It reads the log by itself, knows instruments by what the test says of them,
and does its arithmetic in exact fractions, without value units, scales or rounding.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from mainspring.host.registry import Registry

ZERO = Fraction(0)


@dataclass(frozen=True)
class Terms:
    """What is traded: price and size of one tick and one lot, how much a unit of size stands for, and how."""

    tick: Fraction
    lot: Fraction
    kind: str
    multiplier: Fraction


@dataclass
class Book:
    """One account's trades in one instrument. `held` is signed, `cost` is of what is held and never negative."""

    terms: Terms
    held: Fraction = ZERO
    cost: Fraction = ZERO
    gained: Fraction = ZERO
    fees: Fraction = ZERO
    rebates: Fraction = ZERO
    funding: Fraction = ZERO
    faults: list[str] = field(default_factory=list)
    sides: dict[int, list[tuple[Fraction, Fraction]]] = field(default_factory=lambda: {1: [], -1: []})

    def worth(self, size: Fraction, price: Fraction) -> Fraction:
        """What a size is worth at a price, in the currency of profit."""
        units = size * self.terms.multiplier
        return units / price if self.terms.kind == "inverse" else units * price

    def trade(self, side: int, size: Fraction, price: Fraction, fee_ppb: int) -> None:
        """Closes what it can at average cost, and opens the rest."""
        fee = self.worth(size, price) * fee_ppb / 1_000_000_000
        self.fees += fee
        self.rebates += max(-fee, ZERO)
        self.sides[side].append((size, price))
        rest = size
        if self.held * side < 0:
            closed = min(size, abs(self.held))
            released = self.cost * closed / abs(self.held)
            got = self.worth(closed, price)
            long = self.held > 0
            earns_by_rising = long != (self.terms.kind == "inverse")
            self.gained += got - released if earns_by_rising else released - got
            self.cost -= released
            rest -= closed
        self.cost += self.worth(rest, price)
        self.held += side * size

    def fund(self, amount: Fraction, rate: Fraction, price: Fraction) -> None:
        """Takes a funding payment: longs pay the rate of what their position is worth, to eight decimals."""
        due = self.worth(abs(self.held), price) * rate * (-1 if self.held > 0 else 1)
        if amount != Fraction(round(due * 10**8), 10**8):
            self.faults.append(f"funding of {float(amount)}, not {float(due)}")
        self.funding += amount

    def figures(self, mark: Fraction | None) -> dict[str, Fraction | None]:
        """Everything that a report says about an account, by the report's names."""
        worth = None if mark is None else self.worth(abs(self.held), mark)
        rises = (self.held > 0) != (self.terms.kind == "inverse")
        open_gain = ZERO if not self.held else None if worth is None else (worth - self.cost) * (1 if rises else -1)
        profit = None if open_gain is None else self.gained + open_gain
        totals = {side: sum((self.worth(*one) for one in trades), ZERO) for side, trades in self.sides.items()}
        flow = totals[-1] - totals[1] if self.terms.kind == "spot" else self.gained
        exposure = ZERO if not self.held else None if worth is None else worth * (1 if self.held > 0 else -1)
        return {
            "position": self.held,
            "bought": sum((size for size, _ in self.sides[1]), ZERO),
            "sold": sum((size for size, _ in self.sides[-1]), ZERO),
            "average_buy": self._average(self.sides[1], totals[1]),
            "average_sell": self._average(self.sides[-1], totals[-1]),
            "average_entry": self._price(abs(self.held), self.cost) if self.held else None,
            "realised": self.gained,
            "unrealised": open_gain,
            "profit": profit,
            "fees": self.fees,
            "rebates": self.rebates,
            "funding": self.funding,
            "net": None if profit is None else profit - self.fees + self.funding,
            "cash": flow - self.fees + self.funding,
            "exposure": exposure,
        }

    def _average(self, trades: list[tuple[Fraction, Fraction]], total: Fraction) -> Fraction | None:
        return self._price(sum((size for size, _ in trades), ZERO), total) if trades else None

    def _price(self, size: Fraction, worth: Fraction) -> Fraction:
        """The price at which a size has that worth."""
        units = size * self.terms.multiplier
        return units / worth if self.terms.kind == "inverse" else worth / units


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The orders, fills and funding of an order log, read as its page describes it, but for the checksums."""
    data = path.read_bytes()
    assert data[:10] == b"MSORDERS\x02\0"
    at = 14 + int.from_bytes(data[10:14], "little") + 4
    while at < len(data):
        length = shift = 0
        while data[at] >= 128:
            length |= (data[at] - 128) << shift
            shift, at = shift + 7, at + 1
        length |= data[at] << shift
        body = data[at + 1 : at + 1 + length]
        at += 1 + length + 4
        kind, flags = body[0] % 32, body[0] // 32
        if kind == 2:
            numbers, rest = numbers_of(body, 9)
            yield {"type": "submit", "order_id": numbers[0], "strategy": rest.decode()}
        elif kind == 9:
            assert flags < 4, "the paper venue charges rates"
            order, instrument, _, ticks, lots, fee_ppb = numbers_of(body, 6)[0]
            side = -1 if flags % 2 else 1
            fill = {"order_id": order, "instrument": instrument, "side": side, "price_ticks": ticks}
            yield {"type": "fill", **fill, "size_lots": lots, "fee_ppb": fee_ppb}
        elif kind == 16:
            (instrument, *amount, _, a, b, c, d), _ = numbers_of(body, 8)
            figures = {"amount": decimal(*amount), "rate": decimal(a, b), "mark_price": decimal(c, d)}
            yield {"type": "funding", "instrument": instrument, **figures}
    assert at == len(data), "the log ends within a record"


def numbers_of(body: bytes, count: int) -> tuple[list[int], bytes]:
    """The numbers of a body, and the texts after them."""
    at = 9 + (count + 1) // 2
    numbers = []
    for index in range(count):
        width = body[9 + index // 2] >> (4 * (index % 2)) & 15
        numbers.append(int.from_bytes(body[at : at + width], "little", signed=True))
        at += width
    return numbers, body[at:]


def decimal(form: int, coefficient: int) -> Fraction:
    """A decimal of the short form."""
    assert form not in (0, 1)
    return coefficient * Fraction(10) ** (form if form < 0 else form - 2)


def replay(path: Path, terms: list[Terms]) -> tuple[list[Book], dict[tuple[int, str], Book]]:
    """The accounts that a log's fills and funding lead to: by instrument, and by instrument and strategy."""
    whole = [Book(one) for one in terms]
    parts: dict[tuple[int, str], Book] = {}
    owners: dict[int, str] = {}
    for record in records(path):
        if record["type"] == "submit":
            owners[record["order_id"]] = record["strategy"]
        elif record["type"] == "fill":
            index = record["instrument"]
            one = terms[index]
            own = parts.setdefault((index, owners[record["order_id"]]), Book(one))
            for book in (whole[index], own):
                book.trade(
                    record["side"], record["size_lots"] * one.lot, record["price_ticks"] * one.tick, record["fee_ppb"]
                )
        elif record["type"] == "funding":
            index, amount = record["instrument"], record["amount"]
            whole[index].fund(amount, record["rate"], record["mark_price"])
            for (place, _), own in parts.items():
                if place == index and own.held:
                    own.funding += amount * own.held / whole[index].held
    return whole, parts


def differs(figure: Fraction | None, reported: str | None) -> bool:
    """Whether a reported amount isn't the figure to the last of its eighteen decimals."""
    if figure is None or reported is None:
        return figure is not None or reported is not None
    return Fraction(Decimal(reported)) != Fraction(round(figure * 10**18), 10**18)


def compare(account: Book, reported: Any, mark: Fraction | None, what: str) -> list[str]:
    """Every figure of an account that a report gives otherwise."""
    figures = account.figures(mark)
    return [
        f"{what}: {name} is {float(figure) if figure is not None else None}, reported {getattr(reported, name)}"
        for name, figure in figures.items()
        if hasattr(reported, name) and differs(figure, getattr(reported, name))
    ]


class MoneyOracle:
    """Recomputes what a report says of money. `fills` counts the fills of the last check."""

    def __init__(self) -> None:
        self.fills = 0

    def check(self, report: Any, log: Path, kinds: list[tuple[str, str]]) -> list[str]:
        """Returns all differences. `kinds` says of each instrument how it is traded, and its multiplier."""
        terms = [
            Terms(Fraction(one.tick_size), Fraction(one.lot_size), kind, Fraction(multiplier))
            for one, (kind, multiplier) in zip(report.instruments, kinds, strict=True)
        ]
        whole, parts = replay(log, terms)
        self.fills = sum(len(trades) for book in whole for trades in book.sides.values())
        found: list[str] = []
        for index, (one, book) in enumerate(zip(report.instruments, whole, strict=True)):
            quoted = one.book.bid is not None and one.book.ask is not None
            mark = (Fraction(one.book.bid) + Fraction(one.book.ask)) / 2 if quoted else None
            found += compare(book, one, mark, one.symbol) + book.faults
            own = {name: part for (place, name), part in parts.items() if place == index}
            if sorted(own) != sorted(part.strategy for part in one.strategies):
                found.append(f"{one.symbol}: strategies {sorted(own)}")
            for part in one.strategies:
                found += compare(own[part.strategy], part, mark, f"{part.strategy} in {one.symbol}")
        return found + self._totals(report)

    def _totals(self, report: Any) -> list[str]:
        """Each currency's total is the sum of its own instruments' amounts."""
        found = []
        currencies = list(dict.fromkeys(one.profit_currency for one in report.instruments))
        if currencies != [total.currency for total in report.totals]:
            found.append(f"totals of {[total.currency for total in report.totals]}, not {currencies}")
        for total in report.totals:
            own = [one for one in report.instruments if one.profit_currency == total.currency]
            for name in ("cash", "realised", "unrealised", "profit", "fees", "rebates", "funding", "net", "exposure"):
                texts = [getattr(one, name) for one in own]
                figure = None if None in texts else sum(map(Fraction, texts), ZERO)
                if differs(figure, getattr(total, name)):
                    found.append(f"total {name} in {total.currency}: {figure}, reported {getattr(total, name)}")
        return found


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.load()


@pytest.fixture
def oracle() -> MoneyOracle:
    return MoneyOracle()
