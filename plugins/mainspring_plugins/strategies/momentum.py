"""A trend follower: long while a fast average of the mid is above a slow one, short while it is below."""

import math
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from mainspring.model import Instrument, OrderEvent, Rejected, Side
from mainspring.seams import Catalogue, MarketView, Orders, Subscription, hookimpl
from mainspring_plugins.strategies._sizes import lots

__all__ = ["Momentum", "MomentumOptions"]

_MOST_MS = 31_622_400_000
"""A year."""


class MomentumOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of the trend follower.

    `size` is the position taken, in base currency; `fast_s` and `slow_s` are the averages' time constants in seconds.
    A position is opened when the averages are `enter_bps` apart, and closed when they are less than `exit_bps` apart.
    After a refused order it requests nothing in that instrument for `retry_ms`.
    """

    size: Decimal
    fast_s: float = 2.0
    slow_s: float = 20.0
    enter_bps: float = 2.0
    exit_bps: float = 0.5
    retry_ms: int = 1_000

    def __post_init__(self) -> None:
        if not 0 < self.fast_s < self.slow_s <= _MOST_MS / 1_000:
            raise ValueError(f"0 < fast_s < slow_s must hold, and they are {self.fast_s} and {self.slow_s}")
        if not 0 <= self.exit_bps <= self.enter_bps < math.inf:
            raise ValueError(f"0 <= exit_bps <= enter_bps must hold, and they are {self.exit_bps} and {self.enter_bps}")
        if not 0 <= self.retry_ms <= _MOST_MS:
            raise ValueError(f"retry_ms must be from 0 to {_MOST_MS:,}, not {self.retry_ms}")


class Momentum:
    """Trades with market orders.

    The averages start at the first mid price; trading starts after one slow time constant.
    """

    subscription = Subscription(bbo=True, order_events=True)

    def __init__(self, instruments: Sequence[Instrument], *, options: MomentumOptions) -> None:
        self._options = options
        self._fast_ns = options.fast_s * 1e9
        self._slow_ns = options.slow_s * 1e9
        self._size_lots = [lots(options.size, instrument, "size") for instrument in instruments]
        self._fast = [0.0] * len(instruments)
        self._slow = [0.0] * len(instruments)
        self._first_ns = [0] * len(instruments)
        self._last_ns = [0] * len(instruments)
        self._retry_ns = options.retry_ms * 1_000_000
        self._quiet_until_ns = [0] * len(instruments)

    def on_bbo(self, market: MarketView, orders: Orders) -> None:
        """Updates the averages, and the position if they call for it."""
        if not (market.live and market.bid_lots and market.ask_lots):
            return
        index = market.index
        gap_bps = self._average(index, market.now_ns, (market.bid_ticks + market.ask_ticks) / 2)
        waits = market.now_ns - self._first_ns[index] < self._slow_ns or market.now_ns < self._quiet_until_ns[index]
        if waits or orders.open_orders():
            return
        position_lots = orders.position_lots
        wanted_lots = position_lots
        if gap_bps >= self._options.enter_bps:
            wanted_lots = self._size_lots[index]
        elif gap_bps <= -self._options.enter_bps:
            wanted_lots = -self._size_lots[index]
        elif abs(gap_bps) < self._options.exit_bps:
            wanted_lots = 0
        if wanted_lots > position_lots:
            orders.submit(Side.BUY, wanted_lots - position_lots, kind="market", time_in_force="ioc")
        elif wanted_lots < position_lots:
            orders.submit(Side.SELL, position_lots - wanted_lots, kind="market", time_in_force="ioc")

    def on_order_event(self, event: OrderEvent, market: MarketView, orders: Orders) -> None:
        """Pauses after a refused order: the same request would be refused again."""
        if isinstance(event, Rejected):
            self._quiet_until_ns[market.index] = market.now_ns + self._retry_ns

    def _average(self, index: int, now_ns: int, mid_ticks: float) -> float:
        """Updates both averages with a mid price; returns how far the fast one is above the slow, in basis points."""
        if not self._first_ns[index]:
            self._first_ns[index] = self._last_ns[index] = now_ns
            self._fast[index] = self._slow[index] = mid_ticks
        elapsed_ns = now_ns - self._last_ns[index]
        self._last_ns[index] = now_ns
        # dt / (dt + tau) is the first-order discretisation of the exponential; it needs no libm, so replays agree.
        self._fast[index] += (mid_ticks - self._fast[index]) * elapsed_ns / (elapsed_ns + self._fast_ns)
        self._slow[index] += (mid_ticks - self._slow[index]) * elapsed_ns / (elapsed_ns + self._slow_ns)
        return 1e4 * (self._fast[index] - self._slow[index]) / self._slow[index]


@hookimpl
def register_strategies(catalogue: Catalogue) -> None:
    catalogue.add(
        "momentum",
        Momentum,
        summary="long while a fast average of the mid is above a slow one, short while below",
        options=MomentumOptions,
    )
