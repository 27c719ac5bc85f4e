"""Bars from trades: what completes one, and the ring buffer that keeps them."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from mainspring.lane.own_timers import OwnTimers
from mainspring.lane.strategy_market import LaneStrategyMarket
from mainspring.lane.timers import LaneTimer, Timers
from mainspring.model import MAX_UNITS, NANOTICKS, PRINT_EXTREMES, PRINT_VOLUME, Bar, Trade
from mainspring.seams import NEVER_NS

__all__ = ["BarBuilder", "LaneBarSeries", "make_builder"]

_COLUMNS: Final = 10
_MOST_KEPT: Final = 10_000_000

OnBar = Callable[[LaneStrategyMarket, Bar], None]


class LaneBarSeries:
    """The last `keep` bars. Implements `mainspring.seams.BarSeries`.

    There is room for twice as many, so that the last ones are always one piece of memory: when the room is used up,
    they are moved to its front.
    """

    __slots__ = ("_data", "_end", "_keep", "_readable", "_start")

    def __init__(self, keep: int) -> None:
        """`keep` is from 1 to 10 million."""
        if type(keep) is not int or not 1 <= keep <= _MOST_KEPT:
            raise ValueError(f"keep must be a whole number from 1 to {_MOST_KEPT:,}, not {keep!r}")
        self._keep = keep
        self._data = np.zeros((_COLUMNS, 2 * keep), dtype=np.int64)
        self._readable = self._data.view()
        self._readable.flags.writeable = False
        self._start = self._end = 0

    def __len__(self) -> int:
        return self._end - self._start

    @property
    def time_ns(self) -> NDArray[np.int64]:
        """When each bar began."""
        return self._readable[0, self._start : self._end]

    @property
    def open_ticks(self) -> NDArray[np.int64]:
        """Each bar's first price."""
        return self._readable[1, self._start : self._end]

    @property
    def high_ticks(self) -> NDArray[np.int64]:
        """Each bar's highest price."""
        return self._readable[2, self._start : self._end]

    @property
    def low_ticks(self) -> NDArray[np.int64]:
        """Each bar's lowest price."""
        return self._readable[3, self._start : self._end]

    @property
    def close_ticks(self) -> NDArray[np.int64]:
        """Each bar's last price."""
        return self._readable[4, self._start : self._end]

    @property
    def volume_lots(self) -> NDArray[np.int64]:
        """Each bar's volume."""
        return self._readable[5, self._start : self._end]

    @property
    def fractions_nanoticks(self) -> NDArray[np.int64]:
        """How far each bar's prices lie above their ticks: rows of open, high, low and close."""
        return self._readable[6:, self._start : self._end]

    def append(self, bar: Bar) -> None:
        """Adds the newest bar, and forgets the oldest if there are too many."""
        data, keep = self._data, self._keep
        if self._end == 2 * keep:
            data[:, : keep - 1] = data[:, keep + 1 :]
            self._start, self._end = 0, keep - 1
        data[:, self._end] = (
            bar.event_time_ns,
            bar.open_ticks,
            bar.high_ticks,
            bar.low_ticks,
            bar.close_ticks,
            # A broken print may be of any size; the bar itself is exact.
            min(bar.volume_lots, MAX_UNITS),
            *bar.fractions_nanoticks,
        )
        self._end += 1
        self._start = max(self._start, self._end - keep)


class BarBuilder(Protocol):
    """Builds the bars of one series from a market's trades, or takes those that its feed sends."""

    series: LaneBarSeries

    def on_trade(self, trade: Trade) -> None:
        """Takes a trade that counts as the last price."""
        ...

    def on_volume(self, trade: Trade) -> None:
        """Takes a trade that counts in the volume, or for high and low, but not as the last price."""
        ...

    def on_bar(self, bar: Bar) -> None:
        """Takes a bar of the feed."""
        ...


class _Building:
    """The bar under way, and where it goes when it is complete."""

    __slots__ = (
        "_call",
        "_close",
        "_high",
        "_low",
        "_market",
        "_open",
        "_start_ns",
        "_traded",
        "_trades",
        "_volume_lots",
        "series",
    )

    def __init__(self, market: LaneStrategyMarket, call: OnBar | None, keep: int) -> None:
        self.series = LaneBarSeries(keep)
        self._market = market
        self._call = call
        self._trades = 0
        self._start_ns = 0
        # Prices in nanoticks: prints may lie between two ticks.
        self._open = self._high = self._low = self._close = 0
        self._volume_lots = 0
        # The sum of price times size, in nanoticks times lots.
        self._traded = 0

    def on_bar(self, bar: Bar) -> None:
        """A bar of the feed is none of this series."""

    def on_volume(self, trade: Trade) -> None:
        """Adds a trade that isn't the last price to the bar under way. A bar doesn't begin with one."""
        if not self._trades:
            return
        price = trade.price_ticks * NANOTICKS + trade.fraction_nanoticks
        if trade.counts & PRINT_EXTREMES:
            self._high, self._low = max(self._high, price), min(self._low, price)
        if trade.counts & PRINT_VOLUME:
            self._volume_lots += trade.size_lots
            self._traded += price * trade.size_lots

    def _add(self, trade: Trade) -> None:
        price = trade.price_ticks * NANOTICKS + trade.fraction_nanoticks
        if not self._trades:
            self._start_ns = trade.receive_time_ns
            self._open = self._high = self._low = price
        elif price > self._high:
            self._high = price
        elif price < self._low:
            self._low = price
        self._close = price
        if trade.counts & PRINT_VOLUME:
            self._volume_lots += trade.size_lots
            self._traded += price * trade.size_lots
        self._trades += 1

    def _clear(self) -> None:
        self._trades = self._volume_lots = self._traded = 0

    def _complete(self, start_ns: int) -> None:
        market = self._market
        volume = self._volume_lots * NANOTICKS
        average_ticks = self._traded / volume if volume else self._close / NANOTICKS
        (opens, of_open), (high, of_high), (low, of_low), (close, of_close) = (
            divmod(price, NANOTICKS) for price in (self._open, self._high, self._low, self._close)
        )
        bar = Bar(
            market.index,
            market.now_ns,
            start_ns,
            opens,
            high,
            low,
            close,
            self._volume_lots,
            self._trades,
            average_ticks * float(market.instrument.tick_size),
            (of_open, of_high, of_low, of_close),
        )
        self._clear()
        self.series.append(bar)
        if self._call is not None:
            self._call(market, bar)


class _TimeBars(_Building):
    """Bars of a duration, aligned to its multiples since the Unix epoch, by the lane's time.

    With `empty`, an interval without trades gives a bar too, at the last price.
    """

    __slots__ = ("_empty", "_end_ns", "_period_ns", "_timer", "_timers")

    def __init__(
        self,
        market: LaneStrategyMarket,
        call: OnBar | None,
        keep: int,
        timers: Timers | OwnTimers,
        period_ns: int,
        *,
        empty: bool,
    ) -> None:
        super().__init__(market, call, keep)
        self._timers = timers
        self._period_ns = period_ns
        self._empty = empty
        self._end_ns = 0
        self._timer: LaneTimer | None = None

    def on_trade(self, trade: Trade) -> None:
        """Takes a trade into the bar of its interval."""
        if self._timer is None or self._timer.due_ns == NEVER_NS:
            # The first, or the first after the lane was halted: what was under way then lacks trades.
            self._clear()
            self._end_ns = (trade.receive_time_ns // self._period_ns + 1) * self._period_ns
            self._timer = self._timers.add(self._end_ns, 0, self._on_end)
        self._add(trade)

    def _on_end(self) -> None:
        start_ns = self._end_ns - self._period_ns
        if not self._empty:
            self._timer = None
            self._complete(start_ns)
            return
        late = (self._market.now_ns - self._end_ns) // self._period_ns
        self._end_ns += (late + 1) * self._period_ns
        self._timer = self._timers.add(self._end_ns, 0, self._on_end)
        for number in range(late + 1):
            if not self._trades:
                self._open = self._high = self._low = self._close
            self._complete(start_ns + number * self._period_ns)


class _CountedBars(_Building):
    """Bars of a number of trades, or of a volume: a bar is complete once it has `most` of either."""

    __slots__ = ("_measure", "_most")

    def __init__(self, market: LaneStrategyMarket, call: OnBar | None, keep: int, measure: str, most: int) -> None:
        super().__init__(market, call, keep)
        self._measure = measure
        self._most = most

    def on_trade(self, trade: Trade) -> None:
        """Takes a trade, wholly into the bar under way."""
        self._add(trade)
        if getattr(self, self._measure) >= self._most:
            self._complete(self._start_ns)


class _FeedBars:
    """The bars that the feed sends. The lane passes them to the strategy's `on_bar`."""

    __slots__ = ("series",)

    def __init__(self, keep: int) -> None:
        self.series = LaneBarSeries(keep)

    def on_trade(self, trade: Trade) -> None:
        """A trade is in a bar that the feed will send."""

    def on_volume(self, trade: Trade) -> None:
        """So is this one."""

    def on_bar(self, bar: Bar) -> None:
        """Keeps a bar."""
        self.series.append(bar)


def make_builder(
    market: LaneStrategyMarket,
    timers: Timers | OwnTimers,
    call: OnBar | None,
    *,
    period_ns: int | None,
    ticks: int | None,
    volume: str | Decimal | None,
    value: str | Decimal | None,
    keep: int,
    empty: bool,
) -> BarBuilder:
    """Makes the builder of a series. `call` is called with the market and each complete bar.

    `period_ns`, `ticks`, `volume`, `value`, `keep` and `empty` are as in `mainspring.seams.Session.bars`, with
    `period_ns` for its `seconds`. Raises
    `ValueError` if they don't go together, and `GridError` for a volume off the grid.
    """
    given = [name for name, one in (("ticks", ticks), ("volume", volume), ("value", value)) if one is not None]
    if period_ns is not None:
        given.insert(0, "seconds")
    if len(given) > 1:
        raise ValueError(f"give one of seconds, ticks, volume and value, not {' and '.join(given)}")
    if empty and period_ns is None:
        raise ValueError("empty bars exist only where bars are made by seconds")
    if period_ns is not None:
        return _TimeBars(market, call, keep, timers, period_ns, empty=empty)
    if ticks is not None:
        if type(ticks) is not int or ticks < 1:
            raise ValueError(f"ticks must be a whole number above zero, not {ticks!r}")
        return _CountedBars(market, call, keep, "_trades", ticks)
    if volume is not None:
        return _CountedBars(market, call, keep, "_volume_lots", market.lots(volume, field="volume"))
    if value is not None:
        return _value_bars(market, call, keep, value)
    return _FeedBars(keep)


def _value_bars(market: LaneStrategyMarket, call: OnBar | None, keep: int, value: str | Decimal) -> _CountedBars:
    if not isinstance(value, str | Decimal):
        raise TypeError(f'value must be text or a Decimal, such as "1000000", not {value!r}')
    instrument = market.instrument
    try:
        wanted = Fraction(value)
    except (ValueError, OverflowError):
        wanted = Fraction(0)
    if wanted <= 0:
        raise ValueError(f"value must be a number above zero, not {value!r}")
    lot = Fraction(instrument.lot_size) * Fraction(instrument.contract_size)
    if instrument.contract == "inverse":
        # Such a contract is worth the same in quote currency at any price.
        return _CountedBars(market, call, keep, "_volume_lots", ceil(wanted / lot))
    return _CountedBars(
        market, call, keep, "_traded", ceil(wanted / (lot * Fraction(instrument.tick_size)) * NANOTICKS)
    )
