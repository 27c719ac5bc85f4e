"""A breakout strategy as a plugin: long above the range of the last seconds, short below it.

The range is that of the mid price (Donchian's channel). Mids are held in half ticks, so that they stay whole numbers.
"""

from collections import deque
from decimal import Decimal

import msgspec

from mainspring.seams import Catalogue, Session, StrategyMarket, hookimpl

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

    def __init__(self, *, options: BreakoutOptions) -> None:
        self._options = options
        self._ranges: dict[int, Range] = {}
        self._size_lots: dict[int, int] = {}

    def on_start(self, session: Session) -> None:
        """Prepares a range for each market."""
        for market in session.markets:
            self._ranges[market.index] = Range(round(self._options.window_s * 1e9))
            self._size_lots[market.index] = market.lots(self._options.size)

    def on_bbo(self, market: StrategyMarket) -> None:
        """Updates the range, and turns the position when the mid leaves it."""
        mid_half_ticks = market.mid_half_ticks()
        if not market.live or mid_half_ticks is None:
            return
        side = self._ranges[market.index].breakout(market.now_ns, mid_half_ticks)
        change_lots = side * self._size_lots[market.index] - market.position_lots
        if not side or not change_lots or market.open_orders:
            return
        if change_lots > 0:
            market.buy(size_lots=change_lots, price_ticks=market.ask_ticks, time_in_force="ioc")
        else:
            market.sell(size_lots=-change_lots, price_ticks=market.bid_ticks, time_in_force="ioc")


@hookimpl
def register_strategies(catalogue: Catalogue) -> None:
    """Offers `breakout`."""
    catalogue.add(
        "breakout", Breakout, summary="trades breakouts from the last seconds' range", options=BreakoutOptions
    )
