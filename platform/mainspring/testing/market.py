"""Fake markets and accounts for tests of slippage models, risk checks and strategies."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from mainspring.model import AccountStatement, Instrument, Level, profit_currency
from mainspring.seams import Book, MarketStatistics
from mainspring.testing.naive_book import NaiveBook

__all__ = ["INSTRUMENT", "SECOND_INSTRUMENT", "FakeAccount", "FakeMarket", "FakeStatistics"]

INSTRUMENT = Instrument(
    symbol="ACME/USD", venue_symbol="ACMEUSD", tick_size=Decimal("0.01"), lot_size=Decimal("0.001"), origin="testing"
)
"""An instrument for tests: ticks of 0.01, lots of 0.001."""

SECOND_INSTRUMENT = Instrument(
    symbol="BETA/USD", venue_symbol="BETAUSD", tick_size=Decimal("0.01"), lot_size=Decimal("0.001"), origin="testing"
)
"""Another one, for what looks at two."""


class FakeStatistics:
    """`mainspring.seams.MarketStatistics` with given figures.

    `volatility_per_day` is a fraction; None means that a figure isn't known.
    """

    def __init__(
        self,
        *,
        volatility_per_day: float | None = 0.03,
        daily_volume_lots: float | None = 50_000_000.0,
        spread_ticks: float | None = 2.0,
    ) -> None:
        self.volatility_per_day = volatility_per_day
        self.daily_volume_lots = daily_volume_lots
        self.spread_ticks = spread_ticks


class FakeMarket:
    """`mainspring.seams.MarketView` of a given book, or of a symmetric one around `mid_ticks`.

    The symmetric one has `levels` levels per side of `level_lots` lots each, one tick apart; the best are
    `half_spread_ticks` from the mid. `live` is as in `MarketView`, and `last_ticks` the price of the last trade,
    0 for none. Every attribute may be changed later; `update_bbo` takes the best prices from the book again.
    """

    def __init__(
        self,
        instrument: Instrument = INSTRUMENT,
        *,
        mid_ticks: int = 1_000_000,
        half_spread_ticks: int = 1,
        levels: int = 50,
        level_lots: int = 10_000,
        bids: Sequence[Level] | None = None,
        asks: Sequence[Level] | None = None,
        statistics: FakeStatistics | None = None,
        index: int = 0,
        now_ns: int = 1_700_000_000_000_000_000,
        live: bool = True,
        book: Book | None = None,
    ) -> None:
        distances = range(half_spread_ticks, half_spread_ticks + levels)
        self.index = index
        self.instrument = instrument
        self.book: Book = NaiveBook() if book is None else book
        self.now_ns = now_ns
        self.bbo_time_ns = now_ns
        self.last_ticks = 0
        self.last_fraction_nanoticks = 0
        self.live = live
        self.statistics: MarketStatistics = FakeStatistics() if statistics is None else statistics
        self.bid_ticks = self.bid_lots = self.ask_ticks = self.ask_lots = 0
        if book is None:
            self.book.apply_snapshot(
                [(mid_ticks - distance, level_lots) for distance in distances] if bids is None else bids,
                [(mid_ticks + distance, level_lots) for distance in distances] if asks is None else asks,
            )
        self.update_bbo()

    def update_bbo(self) -> None:
        """Takes the best prices from the book."""
        best = self.book.bbo()
        self.bid_ticks, self.bid_lots = best.bid_ticks, best.bid_lots
        self.ask_ticks, self.ask_lots = best.ask_ticks, best.ask_lots

    def mid_half_ticks(self) -> int | None:
        """Returns twice the mid price in ticks; None if a side is empty."""
        return self.bid_ticks + self.ask_ticks if self.bid_lots and self.ask_lots else None


class FakeAccount:
    """`mainspring.seams.AccountView` with given figures. It has made and lost nothing."""

    def __init__(
        self,
        *,
        position_lots: int = 0,
        open_buy_lots: int = 0,
        open_sell_lots: int = 0,
        instrument: Instrument = INSTRUMENT,
    ) -> None:
        self.position_lots = position_lots
        self.open_buy_lots = open_buy_lots
        self.open_sell_lots = open_sell_lots
        self._instrument = instrument

    def statement(self) -> AccountStatement:
        """Implements `mainspring.seams.PositionView`: the position, and no money."""
        nothing = Fraction(0)
        position = self.position_lots * Fraction(self._instrument.lot_size)
        return AccountStatement(
            currency=profit_currency(self._instrument),
            bought=max(position, nothing),
            sold=max(-position, nothing),
            position=position,
            average_buy=None,
            average_sell=None,
            average_entry=None,
            mark=None,
            mark_source="",
            cash=nothing,
            realised=nothing,
            unrealised=None if position else nothing,
            profit=None if position else nothing,
            fees=nothing,
            rebates=nothing,
            funding=nothing,
            net=None if position else nothing,
            exposure=None if position else nothing,
        )
