"""A small market for the slippage tests, the five models by name, and Hypothesis strategies over both."""

from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import strategies as st

from mainspring.model import Instrument, NewOrder, Side
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.slippage import almgren_chriss, book_walk, fixed_bps, square_root, volume_share

MODULES = {
    "square-root": square_root,
    "almgren-chriss": almgren_chriss,
    "book-walk": book_walk,
    "volume-share": volume_share,
    "fixed-bps": fixed_bps,
}


class Offers:
    """A catalogue that keeps what is added to it."""

    def __init__(self) -> None:
        self.by_name: dict[str, SimpleNamespace] = {}

    def add(self, name: str, factory: Any, **rest: Any) -> None:
        self.by_name[name] = SimpleNamespace(factory=factory, **{"rank": 0, **rest})


def offers() -> dict[str, SimpleNamespace]:
    """What the five modules register."""
    catalogue = Offers()
    for module in MODULES.values():
        module.register_slippage(catalogue)
    return catalogue.by_name


def instrument(tick_size: str = "0.01", lot_size: str = "0.001") -> Instrument:
    return Instrument(symbol="A/B", venue_symbol="AB", tick_size=Decimal(tick_size), lot_size=Decimal(lot_size))


@dataclass
class FakeStatistics:
    volatility_per_day: float | None = 0.02
    daily_volume_lots: float | None = 1e6
    spread_ticks: float | None = 2.0


@dataclass
class FakeMarket:
    """A market whose book agrees with its best prices unless a test says otherwise."""

    instrument: Instrument
    bid_ticks: int = 9_999
    bid_lots: int = 400
    ask_ticks: int = 10_001
    ask_lots: int = 400
    deeper: tuple[tuple[int, int], ...] = ((1, 1_000), (5, 10**12))
    """Levels behind the touch, on both sides: ticks from the touch, lots."""
    index: int = 0
    now_ns: int = 0
    bbo_time_ns: int = 0
    live: bool = True
    statistics: FakeStatistics = field(default_factory=FakeStatistics)

    def __post_init__(self) -> None:
        self.book = BisectListBook()
        self.book.apply_snapshot(
            [(self.bid_ticks, self.bid_lots), *((self.bid_ticks - away, lots) for away, lots in self.deeper)],
            [(self.ask_ticks, self.ask_lots), *((self.ask_ticks + away, lots) for away, lots in self.deeper)],
        )


def market(tick_size: str = "0.01", lot_size: str = "0.001", **fields: Any) -> FakeMarket:
    return FakeMarket(instrument(tick_size, lot_size), **fields)


def take(size_lots: int, side: Side = Side.BUY) -> NewOrder:
    """A market order."""
    return NewOrder(1, 0, side, "market", 0, size_lots, 0)


def rest(size_lots: int, price_ticks: int, side: Side = Side.BUY, *, post_only: bool = False) -> NewOrder:
    """A limit order."""
    return NewOrder(1, 0, side, "limit", price_ticks, size_lots, 0, post_only=post_only)


def passive(some_market: FakeMarket, side: Side, behind_ticks: int) -> int:
    """The price so many ticks behind the touch of its own side; inside the spread where negative."""
    return some_market.bid_ticks - behind_ticks if side > 0 else some_market.ask_ticks + behind_ticks


@st.composite
def symmetric_markets(draw: st.DrawFn, min_volatility: float = 0.0) -> FakeMarket:
    """Markets whose two sides mirror each other, with a book deep enough for any size drawn below."""
    touch_lots = draw(st.integers(1, 10**6))
    bid_ticks = draw(st.integers(10_000, 10**7))
    away = draw(st.lists(st.integers(1, 500), min_size=1, max_size=5, unique=True))
    deeper = [(ticks, draw(st.integers(1, 10**6))) for ticks in sorted(away)[:-1]]
    return market(
        bid_ticks=bid_ticks,
        bid_lots=touch_lots,
        ask_ticks=bid_ticks + draw(st.integers(1, 500)),
        ask_lots=touch_lots,
        deeper=(*deeper, (max(away), 10**15)),
        statistics=FakeStatistics(draw(st.floats(min_volatility, 2.0)), draw(st.floats(1e4, 1e9))),
    )


sizes = st.integers(1, 10**7)
sides = st.sampled_from([Side.BUY, Side.SELL])
fractions = st.floats(0.0, 1.0)
"""Where a limit order rests: 0 is one tick short of the other side, 1 is 1,000 ticks behind its own touch."""


def resting_price(some_market: FakeMarket, side: Side, fraction: float) -> int:
    spread = some_market.ask_ticks - some_market.bid_ticks
    return passive(some_market, side, round((spread - 1 + 1_000) * fraction) - (spread - 1))


@pytest.fixture(scope="session")
def kit() -> SimpleNamespace:
    """Everything above, for test files."""
    return SimpleNamespace(
        offers=offers(),
        modules=MODULES,
        instrument=instrument,
        market=market,
        statistics=FakeStatistics,
        take=take,
        rest=rest,
        passive=passive,
        resting_price=resting_price,
        symmetric_markets=symmetric_markets,
        sizes=sizes,
        sides=sides,
        fractions=fractions,
    )


@pytest.fixture(scope="session", params=list(MODULES))
def model_name(request: pytest.FixtureRequest) -> str:
    """Each of the five models in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def make(model_name: str) -> Any:
    """The factory of the model in turn: `make(instrument, options=None)`."""
    return offers()[model_name].factory
