"""The strategy seam: defines callbacks and requests orders."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from mainspring.model import Bar, Fill, OrderEvent, Trade, TradeCorrection
from mainspring.seams.catalogue import Catalogue, hookspec
from mainspring.seams.strategy_market import OrderGroup, OrderHandle, StrategyMarket

if TYPE_CHECKING:
    from logging import LoggerAdapter

    # Imported where bars are built: it would cost every command a tenth of a second.
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "CALLBACKS",
    "BarSeries",
    "Callbacks",
    "Session",
    "State",
    "Strategy",
    "Timer",
    "register_strategies",
]

CALLBACKS = ("on_bbo", "on_trade", "on_correction", "on_bar", "on_fill", "on_order", "on_start", "on_stop")
"""The methods that are called if a strategy defines them."""

State: TypeAlias = Mapping[str, Any]
"""What a strategy saves: text, numbers, lists and mappings of them."""


class Timer(Protocol):
    """A timer that was asked for. `due_ns` is when it is called next."""

    due_ns: int

    def cancel(self) -> None:
        """Stops the timer."""
        ...


class BarSeries(Protocol):
    """The bars of one market, oldest first, as NumPy arrays over a ring buffer.

    The arrays are read-only views, valid until the strategy returns. Prices in ticks, volumes in lots, times in
    nanoseconds since the Unix epoch.
    """

    def __len__(self) -> int:
        """The number of complete bars kept."""
        ...

    @property
    def time_ns(self) -> "NDArray[np.int64]":
        """When each bar began."""
        ...

    @property
    def open_ticks(self) -> "NDArray[np.int64]":
        """Each bar's first price."""
        ...

    @property
    def high_ticks(self) -> "NDArray[np.int64]":
        """Each bar's highest price."""
        ...

    @property
    def low_ticks(self) -> "NDArray[np.int64]":
        """Each bar's lowest price."""
        ...

    @property
    def close_ticks(self) -> "NDArray[np.int64]":
        """Each bar's last price."""
        ...

    @property
    def volume_lots(self) -> "NDArray[np.int64]":
        """Each bar's volume."""
        ...

    @property
    def fractions_nanoticks(self) -> "NDArray[np.int64]":
        """How far prices lie above their ticks, in billionths of a tick: rows of each bar's open, high, low and close.

        Prints may lie between two ticks, where orders can't stand.
        """
        ...


class Session(Protocol):
    """The session as one strategy sees it, from `on_start` on.

    `markets` are all markets of its lane, in the order of the config. `now_ns` is the lane's time. `log` is a standard
    logger that adds the market time and the strategy's name to each record.
    """

    name: str
    markets: Sequence[StrategyMarket]
    now_ns: int
    log: "LoggerAdapter[Any]"

    def market(self, name: str) -> StrategyMarket:
        """Returns the market of that name; the feed's name may be left out if the symbol is unique.

        Raises `ConfigError`, which lists the names, if there is none or more than one.
        """
        ...

    def every(self, *, seconds: float, call: Callable[[], None]) -> Timer:
        """Calls `call` every `seconds` of the lane's time, the first time after that long.

        It fires at its instant, also when no message comes. Raises `ValueError` unless `seconds` is at least 1e-6.
        """
        ...

    def at(self, time_ns: int, call: Callable[[], None]) -> Timer:
        """Calls `call` once at a time in nanoseconds since the Unix epoch; a nanosecond from now if it has passed."""
        ...

    def bars(
        self,
        market: StrategyMarket,
        *,
        seconds: float | None = None,
        ticks: int | None = None,
        volume: str | Decimal | None = None,
        value: str | Decimal | None = None,
        keep: int = 1_000,
        empty: bool = False,
        call: Callable[[StrategyMarket, Bar], None] | None = None,
    ) -> BarSeries:
        """Builds bars from the market's trades, calls `on_bar` for each that completes, and keeps the last `keep`.

        One of `seconds` (a duration), `ticks` (a number of trades), `volume` (a size) and `value` (price times size, in
        quote currency) says what completes a bar. Without any, the series keeps the bars that the feed sends. A trade
        belongs wholly to the bar that it completes. Bars of a duration are aligned to its multiples since the Unix
        epoch, by the time of receipt, and complete at their instant, also when no message comes. An interval without
        trades gives no bar, or with `empty` one at the last price. `call` is called instead of `on_bar`: for a strategy
        with several series.

        Call it in `on_start`. Raises `ValueError` for values that don't go together, and `GridError` for a volume off
        the grid.
        """
        ...

    def indicator(self, indicator: Any) -> Any:
        """Adapts an indicator of talipp or TA-Lib: what is returned has `update(value)` and `value`.

        `value` is None until the indicator has seen enough. See `mainspring.indicators`.
        """
        ...

    def oco(self, one: OrderHandle, other: OrderHandle) -> OrderGroup:
        """Lets two orders of this strategy cancel each other: the first fill of one cancels the other.

        Both can be filled before a cancel arrives, which is reported as the discrepancy `both-filled`. One that ends
        unfilled leaves the other as it is. Raises `ValueError` for anything but two orders of the strategy.
        """
        ...

    def flag(self, name: str, market: StrategyMarket | None = None) -> Any:
        """Returns what a flag of the config, one without a slot, gives this strategy now, or a market of it.

        Raises `ConfigError` if there is no such flag, or it goes by instrument and no market is named.
        """
        ...

    def profit(self, currency: str) -> Decimal | None:
        """Returns this strategy's profit in a currency, after fees and funding; None if a position can't be marked."""
        ...


class Strategy(Protocol):
    """Decides what to trade, in all markets of its lane.

    The methods that a class defines are its subscription: what it doesn't define costs nothing. All are optional; the
    signatures are those below. They run on the lane's thread, one at a time, and must not block. What they are passed
    is cheap to read and must not be changed. An exception ends trading: the lane cancels all orders.
    """


class Callbacks(Protocol):
    """The signatures of a strategy's callbacks. Define those that you need."""

    def on_start(self, session: Session) -> None:
        """The session starts; no message has come yet. Raise `ConfigError` or `GridError` to refuse it."""
        ...

    def on_bbo(self, market: StrategyMarket) -> None:
        """The best prices changed, or whether they can be trusted."""
        ...

    def on_trade(self, market: StrategyMarket, trade: Trade) -> None:
        """A public trade took place."""
        ...

    def on_correction(self, market: StrategyMarket, correction: TradeCorrection) -> None:
        """A public trade that was reported before is corrected, or cancelled if `correction.now` is None."""
        ...

    def on_bar(self, market: StrategyMarket, bar: Bar) -> None:
        """A bar is complete: one that the feed sent, or that `Session.bars` builds."""
        ...

    def on_fill(self, fill: Fill, order: OrderHandle) -> None:
        """An order of this strategy was filled, wholly or in part."""
        ...

    def on_order(self, order: OrderHandle, event: OrderEvent) -> None:
        """An order of this strategy was accepted, rejected, cancelled, expired or replaced."""
        ...

    def on_stop(self) -> None:
        """The session ends. Requests are no longer taken, apart from cancels."""
        ...

    def save(self) -> State:
        """Returns what a restart needs."""
        ...

    def load(self, state: State) -> None:
        """Takes what `save` returned in an earlier session. Called before `on_start`."""
        ...


@hookspec
def register_strategies(catalogue: Catalogue) -> None:
    """Offers strategies.

    Called once, when the registry loads. Add each strategy with `catalogue.add(name, factory, summary=...,
    options=...)`; the factory is called as `factory()`, with `options=` if the offer declares them, once per lane, and
    returns an object that implements `mainspring.seams.Strategy`. `mainspring.testing.check_strategy` checks that it
    does.

    Capabilities: `across_instruments` (bool, default False): the strategy needs all instruments of the session; a
    session of several lanes, in which it would see only some of them, is then refused. `instruments` (int, default 1):
    the fewest instruments that it works with; `mainspring.testing` makes that many for it.
    """
