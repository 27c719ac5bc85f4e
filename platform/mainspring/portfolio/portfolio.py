"""All positions of a lane, by instrument and by strategy."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction

from mainspring.model import AccountStatement, Fill, Funding, Instrument, Mark, amount_text
from mainspring.portfolio.account import Account, OpenLots, OwnPosition
from mainspring.portfolio.currencies import CurrencyStatement, currency_statements
from mainspring.portfolio.marks import MarkFinder
from mainspring.portfolio.position import Position
from mainspring.portfolio.position_units import PositionUnits
from mainspring.portfolio.valuation import Valuation

__all__ = ["Portfolio"]


class Portfolio:
    """Books fills and funding, and values what came of them.

    `accounts` are what risk checks read, by instrument; `valuations` say what sizes are worth at prices, and `marks`
    finds the prices. Each fill is booked on the instrument and on the strategy whose order was filled, at about a
    microsecond each. Amounts are computed when they are read.
    """

    def __init__(
        self,
        instruments: Sequence[Instrument],
        open_lots: Sequence[OpenLots],
        marks: MarkFinder,
        make_units: Callable[[Valuation], PositionUnits] = PositionUnits,
    ) -> None:
        """`open_lots` are the order manager's counts, by instrument, and `marks` finds the instruments' marks.

        `make_units` makes what counts a position in whole numbers.
        """
        self.valuations = tuple(Valuation(instrument) for instrument in instruments)
        self._make_units = make_units
        self._positions = [Position(valuation, make_units(valuation)) for valuation in self.valuations]
        self.marks = marks
        self._mark = marks.mark
        self._half_ticks = marks.half_ticks
        self.accounts = [
            Account(position, self._mark_of(index), lots)
            for index, (position, lots) in enumerate(zip(self._positions, open_lots, strict=True))
        ]
        self._own: dict[tuple[str, int], Position] = {}

    def on_fill(self, fill: Fill, strategy: str = "") -> None:
        """Books a fill of a strategy's order; one of an unfamiliar order belongs to the strategy without a name."""
        index = fill.instrument
        self._positions[index].on_fill(fill)
        self._own_position(strategy, index).on_fill(fill)

    def on_funding(self, funding: Funding) -> None:
        """Books a funding payment, shared out by the strategies' positions.

        If these cancel each other out, the payment belongs to the strategy without a name.
        """
        index, amount = funding.instrument, Fraction(funding.amount)
        self._positions[index].on_funding(amount, funding.currency)
        total = self._positions[index].position_lots
        shares = {name: own.position_lots for (name, place), own in self._own.items() if place == index}
        for name, lots in shares.items() if total else [("", 1)]:
            if lots:
                self._own_position(name, index).on_funding(amount * Fraction(lots, total or 1), funding.currency)

    def position_lots(self, strategy: str, instrument: int) -> int:
        """Returns a strategy's position in the instrument of that index."""
        own = self._own.get((strategy, instrument))
        return 0 if own is None else own.position_lots

    def net_profit_ppb(self, instrument: int) -> int | None:
        """Returns what an instrument has made, after fees and funding in its profit currency, all strategies together.

        It is in billionths of a value unit, rounded down. None if something is held and no price of it is known.
        """
        position = self._positions[instrument]
        half_ticks = self._half_ticks(instrument) if position.units.position_lots else 0
        return None if half_ticks is None else position.net_ppb(half_ticks)

    def own_position(self, strategy: str, instrument: int) -> OwnPosition:
        """Returns a live view of a strategy's position in the instrument of that index."""
        return OwnPosition(self._own_position(strategy, instrument), self._mark_of(instrument))

    def units(self, strategy: str, instrument: int) -> tuple[PositionUnits, PositionUnits]:
        """Returns what counts the position in an instrument, and a strategy's there: a fill is booked in both."""
        return self._positions[instrument].units, self._own_position(strategy, instrument).units

    def statements(self, strategy: str | None = None) -> list[AccountStatement]:
        """Returns one statement per instrument, or of a strategy those of the instruments that it has traded."""
        if strategy is None:
            return [account.statement() for account in self.accounts]
        own = [(index, own) for (name, index), own in self._own.items() if name == strategy]
        return [position.statement(self._mark(index)) for index, position in own]

    def strategies(self, instrument: int) -> dict[str, AccountStatement]:
        """Returns the statement of each strategy that has traded the instrument of that index, by its name."""
        mark = self._mark(instrument)
        return {
            name: own.statement(mark)
            for (name, index), own in self._own.items()
            if index == instrument and not own.untouched
        }

    def owners(self) -> list[tuple[str, int]]:
        """Returns each strategy that has traded, with the index of each instrument in which it has."""
        return [key for key, own in self._own.items() if not own.untouched]

    def currencies(self, strategy: str | None = None) -> dict[str, CurrencyStatement]:
        """Returns what everything, or one strategy, comes to in each currency."""
        return currency_statements(self.statements(strategy))

    def held_lots(self, instrument: int) -> int | Fraction:
        """Returns how many lots fills have left in the account: the position, at spot less the fees that venues took in
        what the instrument trades. With such fees it needn't be whole.
        """
        account, traded = self.accounts[instrument], self.valuations[instrument].instrument
        if traded.contract != "spot":
            return account.position_lots
        base = traded.symbol.partition("/")[0]
        fees = sum(one.position.reported_fees(base) for one in self.accounts)
        return account.position_lots - fees / Fraction(traded.lot_size) if fees else account.position_lots

    def gained(self, instruments: Sequence[int]) -> dict[str, Fraction]:
        """Returns what fills, fees and funding have added to the account's balance of each currency of some spot
        instruments. A currency that one of them trades is left out: its balance is the position.

        `instruments` are indexes. For contracts it is empty, since their balances move by funding that a venue may not
        report.
        """
        traded = [self.valuations[place].instrument for place in instruments]
        if any(one.contract != "spot" for one in traded):
            return {}
        bases = {one.symbol.partition("/")[0] for one in traded}
        found = currency_statements(self.accounts[place].statement() for place in instruments)
        return {currency: one.cash for currency, one in found.items() if currency not in bases}

    def profit(self, strategy: str, currency: str) -> Decimal | None:
        """Returns a strategy's profit in a currency, after fees and funding; None if a position can't be marked."""
        found = self.currencies(strategy).get(currency)
        if found is None:
            return Decimal(0)
        return None if found.net is None else Decimal(amount_text(found.net))

    def _own_position(self, strategy: str, instrument: int) -> Position:
        own = self._own.get((strategy, instrument))
        if own is None:
            valuation = self.valuations[instrument]
            own = self._own[strategy, instrument] = Position(valuation, self._make_units(valuation))
        return own

    def _mark_of(self, instrument: int) -> Callable[[], Mark | None]:
        return lambda: self._mark(instrument)
