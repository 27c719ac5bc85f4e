"""A session as one strategy sees it: the object behind `mainspring.seams.Session`."""

import logging
from collections.abc import Callable, MutableMapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from mainspring.errors import ConfigError
from mainspring.lane.clock import LaneClock
from mainspring.lane.flag_board import FlagBoard
from mainspring.lane.order_group import LaneOrderGroup, open_pair
from mainspring.lane.order_handle import LaneOrderHandle
from mainspring.lane.own_orders import OwnOrders
from mainspring.lane.own_timers import OwnTimers
from mainspring.lane.strategy_market import LaneStrategyMarket
from mainspring.lane.timers import LaneTimer, Timers
from mainspring.model import Bar, OrderEvent

if TYPE_CHECKING:
    from mainspring.lane.bars import BarBuilder, LaneBarSeries

__all__ = ["LaneSession", "StrategyLog"]

_SHORTEST_S = 1e-6

_Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


class StrategyLog(logging.LoggerAdapter[logging.Logger]):
    """The logger "mainspring.strategy.NAME".

    Each message begins with the market time in UTC and the strategy's name. The record has them too, as
    `market_time_ns` and `strategy`, along with the `extra` of the call.
    """

    def __init__(self, name: str, clock: LaneClock) -> None:
        super().__init__(logging.getLogger(f"mainspring.strategy.{name}"), {"strategy": name})
        self._name = name
        self._clock = clock

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """See `logging.LoggerAdapter.process`."""
        now_ns = self._clock.now_ns
        kwargs["extra"] = {**(kwargs.get("extra") or {}), "strategy": self._name, "market_time_ns": now_ns}
        return f"{_utc(now_ns)} {self._name}: {msg}", kwargs


class LaneSession:
    """Gives a strategy its markets, its timers, its log, bars and indicators.

    `builders` are the bar builders of each market, by its index. Wiring calls `bind` before the strategy is started.
    """

    __slots__ = (
        "_clock",
        "_flags",
        "_indexed",
        "_on_bar",
        "_profit",
        "_wrap",
        "builders",
        "log",
        "markets",
        "name",
        "timers",
    )

    now_ns: int = property(attrgetter("_clock.now_ns"))  # type: ignore[assignment]

    def __init__(
        self,
        name: str,
        markets: Sequence[LaneStrategyMarket],
        clock: LaneClock,
        timers: Timers | OwnTimers,
        profit: Callable[[str], Decimal | None],
        flags: FlagBoard | None = None,
    ) -> None:
        """`profit` returns the strategy's profit in a currency, after fees; None if a position can't be marked.

        `flags` are those of the lane, None for none.
        """
        self.name = name
        self.markets = tuple(markets)
        self.log = StrategyLog(name, clock)
        self.builders: dict[int, list[BarBuilder]] = {}
        self._clock = clock
        self.timers = timers
        self._flags = FlagBoard((), clock) if flags is None else flags
        self._profit = profit
        self._indexed = {market.index: market for market in markets}
        self._wrap: _Wrap = _unchanged
        self._on_bar: Callable[[LaneStrategyMarket, Bar], None] | None = None

    def bind(self, wrap: _Wrap, on_bar: Callable[[LaneStrategyMarket, Bar], None] | None) -> None:
        """Takes how the strategy's functions are wrapped, and its wrapped `on_bar` if it defines one."""
        self._wrap = wrap
        self._on_bar = on_bar

    def market(self, name: str) -> LaneStrategyMarket:
        """See `mainspring.seams.Session.market`."""
        exact = [market for market in self.markets if market.name == name]
        found = exact or [market for market in self.markets if market.instrument.symbol == name]
        if len(found) == 1:
            return found[0]
        names = ", ".join(market.name for market in self.markets)
        problem = "is the symbol of several markets" if found else "isn't a market of this session"
        raise ConfigError(f"strategy {self.name}: {name!r} {problem}; the markets are: {names}")

    def every(self, *, seconds: float, call: Callable[[], None]) -> LaneTimer:
        """See `mainspring.seams.Session.every`."""
        period_ns = _nanoseconds(seconds)
        return self.timers.add(self._clock.now_ns + period_ns, period_ns, self._wrap(call))

    def at(self, time_ns: int, call: Callable[[], None]) -> LaneTimer:
        """See `mainspring.seams.Session.at`."""
        if type(time_ns) is not int:
            raise TypeError(f"time_ns must be a whole number of nanoseconds, not {time_ns!r}")
        return self.timers.add(time_ns, 0, self._wrap(call))

    def bars(
        self,
        market: LaneStrategyMarket,
        *,
        seconds: float | None = None,
        ticks: int | None = None,
        volume: str | Decimal | None = None,
        value: str | Decimal | None = None,
        keep: int = 1_000,
        empty: bool = False,
        call: Callable[[LaneStrategyMarket, Bar], None] | None = None,
    ) -> "LaneBarSeries":
        """See `mainspring.seams.Session.bars`."""
        # Imports NumPy, which costs every other session a tenth of a second.
        from mainspring.lane.bars import make_builder

        if call is not None and (seconds, ticks, volume, value) == (None, None, None, None):
            raise ValueError("the feed's own bars are passed to on_bar; call is for bars that are built")
        on_bar = self._on_bar if call is None else self._wrap(call)
        builder = make_builder(
            market,
            self.timers,
            on_bar,
            period_ns=None if seconds is None else _nanoseconds(seconds),
            ticks=ticks,
            volume=volume,
            value=value,
            keep=keep,
            empty=empty,
        )
        self.builders.setdefault(market.index, []).append(builder)
        return builder.series

    def indicator(self, indicator: Any) -> Any:
        """See `mainspring.seams.Session.indicator`."""
        # Imported only where an indicator is used, along with its library.
        from mainspring.indicators import adapt

        return adapt(indicator)

    def oco(self, one: Any, other: Any) -> LaneOrderGroup:
        """See `mainspring.seams.Session.oco`."""
        return open_pair(one, other, self.markets[0].contingent, self.name)

    def flag(self, name: str, market: LaneStrategyMarket | None = None) -> Any:
        """See `mainspring.seams.Session.flag`."""
        return self._flags.value(name, self.name, None if market is None else market.name)

    def profit(self, currency: str) -> Decimal | None:
        """See `mainspring.seams.Session.profit`."""
        return self._profit(currency)

    def mark_unknown(self, instrument: int, order_id: int) -> None:
        """Takes that the state of an order isn't known any more."""
        self._indexed[instrument].own_orders.mark_unknown(order_id)

    def update(self, event: OrderEvent) -> LaneOrderHandle | None:
        """Takes an event of one of the strategy's orders; returns its handle, or None if it ended long ago."""
        return self._indexed[event.instrument].own_orders.update(event)

    def own_orders(self, instrument: int) -> OwnOrders:
        """Returns the strategy's orders in the instrument of that index."""
        return self._indexed[instrument].own_orders


def _nanoseconds(seconds: float) -> int:
    # Also refuses NaN, which no comparison holds for.
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not _SHORTEST_S <= seconds <= 1e9:
        raise ValueError(f"seconds must be a number from 1e-6 to 1e9, not {seconds!r}")
    return round(seconds * 1_000_000_000)


def _utc(time_ns: int) -> str:
    seconds, rest_ns = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns // 1_000:06d}Z"


def _unchanged(call: Callable[..., Any]) -> Callable[..., Any]:
    return call
