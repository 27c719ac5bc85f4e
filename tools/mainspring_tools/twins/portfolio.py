"""Random fills and funding: a portfolio in Python, one that counts in Rust, and an oracle in exact fractions."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import partial
from random import Random
from typing import Any, Final

from mainspring.model import AccountStatement, Fill, Funding, Instrument, Mark, Side
from mainspring.orders import OpenLots
from mainspring.portfolio import INVERSE_SCALE, Portfolio
from mainspring_native._native import PositionUnits

__all__ = ["compare_portfolio"]

_KINDS: Final[tuple[Any, ...]] = ("spot", "linear", "inverse")
_STRATEGIES: Final = ("", "a", "b")
_COINS: Final = ("", "BNB", "USDT")
_PPB: Final = 10**9
_NOTHING: Final = Fraction(0)
# Each partial close multiplies the oracle's denominators: positions are closed before they grow too long.
_LONGEST: Final = 30
_COMPARED_EVERY: Final = 25
_NATIVE: Final[Any] = PositionUnits
_MAKERS: Final = (Portfolio, partial(Portfolio, make_units=_NATIVE))


def compare_portfolio(seed: int, *, commands: int = 10_000) -> Counter[str]:
    """Books that many random fills and payments; returns how often what happened.

    Every figure of a position is compared after each command, every statement now and then. Raises `AssertionError`
    where a portfolio differs from the plain one, or that from the oracle.
    """
    run = _Run(Random(seed))
    try:
        for number in range(commands):
            run.command()
            if number % _COMPARED_EVERY == 0:
                run.compare()
        run.compare()
    except BaseException as error:
        error.add_note(f"the commands of seed {seed}")
        raise
    return run.counts


def _instruments() -> list[Instrument]:
    return [
        Instrument(
            symbol="BTC/USDT",
            venue_symbol=kind,
            tick_size=Decimal("0.01"),
            lot_size=Decimal("0.001"),
            contract=kind,
            contract_size=Decimal(1 if kind == "spot" else 100),
        )
        for kind in _KINDS
    ]


class _Found:
    """The marks as a portfolio asks for them."""

    at_mid = False

    def __init__(self, marks: list[Mark | None]) -> None:
        self.mark = marks.__getitem__

    def half_ticks(self, instrument: int) -> Fraction | None:
        mark = self.mark(instrument)
        return None if mark is None else 2 * mark.price_ticks


@dataclass
class _Oracle:
    """One position, by the definitions: money is price times size, profit is proceeds less average cost."""

    instrument: Instrument
    bought: int = 0
    sold: int = 0
    bought_value: Fraction = Fraction(0)
    sold_value: Fraction = Fraction(0)
    held: int = 0
    cost: Fraction = Fraction(0)
    realised: Fraction = Fraction(0)
    fees: dict[str, Fraction] = field(default_factory=dict)
    rebates: dict[str, Fraction] = field(default_factory=dict)
    funding: dict[str, Fraction] = field(default_factory=dict)
    closes: int = 0
    fills: int = 0
    rates_ppb: int = 0
    chain: int = 0

    @property
    def inverse(self) -> bool:
        return self.instrument.contract == "inverse"

    @property
    def currency(self) -> str:
        return "BTC" if self.inverse else "USDT"

    def value(self, lots: int, ticks: Fraction | int) -> Fraction:
        """What some lots are worth at a price, in the currency of profit."""
        size = lots * Fraction(self.instrument.lot_size) * Fraction(self.instrument.contract_size)
        price = ticks * Fraction(self.instrument.tick_size)
        return size / price if self.inverse else size * price

    def on_fill(self, fill: Fill) -> None:
        lots, value = fill.size_lots, self.value(fill.size_lots, fill.price_ticks)
        self.fills += 1
        if fill.side > 0:
            self.bought += lots
            self.bought_value += value
        else:
            self.sold += lots
            self.sold_value += value
        closing = min(lots, abs(self.held)) if self.held * fill.side < 0 else 0
        if closing:
            released, proceeds = self.cost * Fraction(closing, abs(self.held)), value * Fraction(closing, lots)
            gain = proceeds - released if self.held > 0 else released - proceeds
            self.realised += -gain if self.inverse else gain
            self.cost -= released
            self.closes += 1
        if closing < lots:
            self.cost += value * Fraction(lots - closing, lots)
        self.held += int(fill.side) * lots
        self.chain = self.chain + 1 if closing and closing == lots and self.held else 0
        if fill.fee_amount is None:
            self.rates_ppb += abs(fill.fee_ppb)
            self._pay(self.currency, value * Fraction(fill.fee_ppb, _PPB))
        else:
            self._pay(fill.fee_currency or self.currency, Fraction(fill.fee_amount))

    def _pay(self, currency: str, amount: Fraction) -> None:
        self.fees[currency] = self.fees.get(currency, _NOTHING) + amount
        self.rebates[currency] = self.rebates.get(currency, _NOTHING) + max(-amount, _NOTHING)

    def on_funding(self, amount: Fraction, currency: str) -> None:
        self.funding[currency] = self.funding.get(currency, _NOTHING) + amount

    def agree(self, statement: AccountStatement, mark: Mark | None) -> None:
        """Compares a statement. What the plain portfolio rounds is known: half a unit a fill, 2**-64 of one a close."""
        lot, own = Fraction(self.instrument.lot_size), self.currency
        unit = self.value(1, 1) / (INVERSE_SCALE if self.inverse else 1)
        near = unit * (self.fills + 1) if self.inverse else unit * (self.closes + 1) / 2**60
        near_fees = unit * Fraction(self.rates_ppb, _PPB) if self.inverse else _NOTHING
        fees, funding = self.fees.get(own, _NOTHING), self.funding.get(own, _NOTHING)
        assert statement.currency == own
        assert (statement.bought, statement.sold) == (self.bought * lot, self.sold * lot)
        assert statement.position == self.held * lot
        assert (statement.average_entry is None) == (not self.held)
        assert statement.funding == funding
        assert abs(statement.realised - self.realised) <= near
        assert abs(statement.fees - fees) <= near_fees
        assert abs(statement.rebates - self.rebates.get(own, _NOTHING)) <= near_fees
        cash = self.sold_value - self.bought_value if self.instrument.contract == "spot" else self.realised
        assert abs(statement.cash - (cash - fees + funding)) <= near + near_fees
        for other in statement.others:
            assert other.fees == self.fees.get(other.currency, _NOTHING)
            assert other.funding == self.funding.get(other.currency, _NOTHING)
        assert {other.currency for other in statement.others} == {*self.fees, *self.funding} - {own}
        if not self.inverse:
            size = lot * Fraction(self.instrument.contract_size)
            assert statement.average_buy == (self.bought_value / (self.bought * size) if self.bought else None)
            assert statement.average_sell == (self.sold_value / (self.sold * size) if self.sold else None)
        if self.held and mark is None:
            assert (statement.unrealised, statement.profit, statement.net, statement.exposure) == (None,) * 4
            return
        worth = self.value(abs(self.held), mark.price_ticks) if self.held and mark is not None else _NOTHING
        gain = worth - self.cost if self.held > 0 else self.cost - worth
        unrealised = -gain if self.inverse else gain
        profit = self.realised + unrealised
        found = statement.unrealised, statement.profit, statement.net
        for amount, expected in zip(found, (unrealised, profit, profit - fees + funding), strict=True):
            assert amount is not None
            assert abs(amount - expected) <= 2 * near + near_fees
        assert statement.exposure == (worth if self.held > 0 else -worth)


class _Run:
    """The portfolios and the oracle, given the same commands."""

    def __init__(self, random: Random) -> None:
        self.counts: Counter[str] = Counter()
        self.random = random
        self.instruments = _instruments()
        self.marks: list[Mark | None] = [None] * len(_KINDS)
        open_lots = [OpenLots() for _ in _KINDS]
        self.plain, *self.others = (make(self.instruments, open_lots, _Found(self.marks)) for make in _MAKERS)
        self.oracles = {
            (name, place): _Oracle(one) for place, one in enumerate(self.instruments) for name in (None, *_STRATEGIES)
        }

    def command(self) -> None:
        """Does something to all, and compares the positions' figures."""
        random, draw = self.random, self.random.random()
        place = random.randrange(len(_KINDS))
        self.counts["commands"] += 1
        if draw < 0.05:
            self._fund(place)
        elif draw < 0.15:
            price = Fraction(random.choice((1, 99, 2 * 6_000_000 + 1, 2**62)), 2)
            self.marks[place] = random.choice((None, Mark(price, "mid")))
        else:
            self._fill(place)
        for other in self.others:
            for name in _STRATEGIES:
                assert other.position_lots(name, place) == self.plain.position_lots(name, place)

    def _fill(self, place: int) -> None:
        random = self.random
        name = random.choice(_STRATEGIES)
        own = self.oracles[name, place]
        side, lots, price = self._trade(own)
        fee: dict[str, Any] = {}
        if random.random() < 0.1:
            amount = Decimal(random.randrange(-(10**6), 10**7)).scaleb(-6)
            fee = {"fee_amount": amount, "fee_currency": random.choice(_COINS)}
        ppb = random.choice((0, -50_000, 100_000, 1_000_000, *((2**62, -(2**62)) if random.random() < 0.01 else ())))
        fill = Fill(1, place, 0, 1, side, price, lots, True, ppb, **fee)
        for portfolio in (self.plain, *self.others):
            portfolio.on_fill(fill, name)
        self.oracles[None, place].on_fill(fill)
        own.on_fill(fill)
        self.counts["fills"] += 1

    def _trade(self, own: _Oracle) -> tuple[Side, int, int]:
        """A side, a size and a price: any, or what closes or turns a position that was closed in parts for long."""
        random = self.random
        large = random.random() < 0.01
        price = random.choice((1, 2**62, 2**63 - 1)) if large else random.choice((7, 6_000_000)) + random.randrange(99)
        longest = max(own.chain, self.oracles[None, self.instruments.index(own.instrument)].chain)
        if own.held and abs(own.held) < 2**63 and (longest > _LONGEST or random.random() < 0.1):
            self.counts["closed or turned"] += 1
            turned = min(abs(own.held) + random.choice((0, 0, 5)), 2**63 - 1)
            return Side(-1 if own.held > 0 else 1), turned, price
        lots = random.choice((1, 2**62, 2**63 - 1)) if random.random() < 0.005 else random.randrange(1, 2_000)
        return random.choice((Side.BUY, Side.SELL)), lots, price

    def _fund(self, place: int) -> None:
        random = self.random
        amount, coin = Decimal(random.randrange(-(10**9), 10**9)).scaleb(-8), random.choice(_COINS)
        for portfolio in (self.plain, *self.others):
            portfolio.on_funding(Funding(place, 0, amount, coin))
        whole = self.oracles[None, place]
        exact, currency = Fraction(amount), coin or whole.currency
        shares = {name: self.oracles[name, place].held for name in _STRATEGIES}
        whole.on_funding(exact, currency)
        if not whole.held:
            self.oracles["", place].on_funding(exact, currency)
        for name, held in shares.items():
            if whole.held and held:
                self.oracles[name, place].on_funding(exact * Fraction(held, whole.held), currency)
        self.counts["payments"] += 1

    def _compare_net(self, place: int, statement: AccountStatement) -> None:
        """Compares what risk checks read of the profit with the statement: it is rounded down, once for a contract."""
        found = [one.net_profit_ppb(place) for one in (self.plain, *self.others)]
        assert found.count(found[0]) == len(found)
        if statement.net is None:
            assert found[0] is None
            return
        exact = statement.net * 10**9 / self.plain.valuations[place].unit
        most = 10**9 if self.instruments[place].contract == "inverse" else 1
        assert found[0] is not None
        assert 0 <= exact - found[0] < most

    def compare(self) -> None:
        """Compares every statement, and the sums by currency."""
        for place, statement in enumerate(self.plain.statements()):
            self.oracles[None, place].agree(statement, self.marks[place])
            self._compare_net(place, statement)
            for name, own in self.plain.strategies(place).items():
                self.oracles[name, place].agree(own, self.marks[place])
        for other in self.others:
            assert other.statements() == self.plain.statements()
            assert other.currencies() == self.plain.currencies()
            for place in range(len(_KINDS)):
                assert other.strategies(place) == self.plain.strategies(place)
            for name in _STRATEGIES:
                assert other.profit(name, "USDT") == self.plain.profit(name, "USDT")
        self.counts["statements"] += 1
