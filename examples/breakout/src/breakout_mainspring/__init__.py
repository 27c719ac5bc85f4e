"""A breakout strategy as a plugin: long above the range of the last seconds, short below it.

The range is that of the mid price (Donchian's channel). Mids are held in half ticks, so that they stay whole numbers.
"""

from collections import deque
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from mainspring.model import Instrument, Side, units_from_decimal
from mainspring.seams import Catalogue, MarketView, Orders, Subscription, hookimpl

__all__ = ["Breakout", "BreakoutOptions", "Range", "register_strategies"]


class BreakoutOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`size` is the position to hold, in base currency; `window_s` how many seconds the range looks back."""

    size: Decimal
    window_s: float = 30.0

    def __post_init__(self) -> None:
        if not 0 < self.window_s < 86_400:
            raise ValueError(f"window_s must be above 0 and below a day, and is {self.window_s}")


class Range:
    """The highest and lowest value of the last `window_ns`, in constant time a value."""

    def __init__(self, window_ns: int) -> None:
        self._window_ns = window_ns
        self._first_ns: int | None = None
        self._highs: deque[tuple[int, int]] = deque()
        self._lows: deque[tuple[int, int]] = deque()

    def breakout(self, now_ns: int, value: int) -> int:
        """Adds a value, and says where it lies: 1 above the range so far, -1 below, 0 within or with too few."""
        self._first_ns = now_ns if self._first_ns is None else self._first_ns
        for kept in (self._highs, self._lows):
            while kept and kept[0][0] <= now_ns - self._window_ns:
                kept.popleft()
        full = now_ns - self._first_ns >= self._window_ns and bool(self._highs)
        side = 0
        if full:
            side = (value > self._highs[0][1]) - (value < self._lows[0][1])
        while self._highs and self._highs[-1][1] <= value:
            self._highs.pop()
        while self._lows and self._lows[-1][1] >= value:
            self._lows.pop()
        self._highs.append((now_ns, value))
        self._lows.append((now_ns, value))
        return side


class Breakout:
    """Takes the side of a breakout with orders that execute at once or not at all."""

    subscription = Subscription(bbo=True)

    def __init__(self, instruments: Sequence[Instrument], *, options: BreakoutOptions) -> None:
        self._ranges = [Range(round(options.window_s * 1e9)) for _ in instruments]
        self._size_lots = [
            units_from_decimal(options.size, one.lot_size, instrument=one.symbol, field="size") for one in instruments
        ]

    def on_bbo(self, market: MarketView, orders: Orders) -> None:
        """Updates the range, and turns the position when the mid leaves it."""
        if not (market.live and market.bid_lots and market.ask_lots):
            return
        side = self._ranges[market.index].breakout(market.now_ns, market.bid_ticks + market.ask_ticks)
        change_lots = side * self._size_lots[market.index] - orders.position_lots
        if not side or not change_lots or orders.open_orders():
            return
        if change_lots > 0:
            orders.submit(Side.BUY, change_lots, market.ask_ticks, time_in_force="ioc")
        else:
            orders.submit(Side.SELL, -change_lots, market.bid_ticks, time_in_force="ioc")


@hookimpl
def register_strategies(catalogue: Catalogue) -> None:
    """Offers `breakout`."""
    catalogue.add(
        "breakout", Breakout, summary="trades breakouts from the last seconds' range", options=BreakoutOptions
    )
