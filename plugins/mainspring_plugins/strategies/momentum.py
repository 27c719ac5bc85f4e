"""A trend follower: long while a fast average of the mid is above a slow one, short while it is below."""

import math
from decimal import Decimal

import msgspec

from mainspring.model import OrderEvent, Rejected
from mainspring.seams import Catalogue, OrderHandle, Session, StrategyMarket, hookimpl

__all__ = ["Momentum", "MomentumOptions"]

_MOST_MS = 31_622_400_000
"""A year."""


class MomentumOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of the trend follower.

    `size` is the position taken, in base currency; `fast_s` and `slow_s` are the averages' time constants in seconds.
    A position is opened when the averages are `enter_bps` apart, and closed when they are less than `exit_bps` apart.
    After a refused order it requests nothing in that market for `retry_ms`.
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


class _Averages(msgspec.Struct, gc=False):
    """The averages of one market's mid, in ticks. Nothing is requested before `quiet_until_ns`."""

    size_lots: int
    fast: float = 0.0
    slow: float = 0.0
    first_ns: int = 0
    last_ns: int = 0
    quiet_until_ns: int = 0


class Momentum:
    """Trades with market orders.

    The averages start at the first mid price; trading starts after one slow time constant.
    """

    def __init__(self, *, options: MomentumOptions) -> None:
        self._options = options
        self._fast_ns = options.fast_s * 1e9
        self._slow_ns = options.slow_s * 1e9
        self._retry_ns = options.retry_ms * 1_000_000
        self._averages: dict[int, _Averages] = {}

    def on_start(self, session: Session) -> None:
        """Converts the size to lots of each market."""
        for market in session.markets:
            self._averages[market.index] = _Averages(market.lots(self._options.size))

    def on_bbo(self, market: StrategyMarket) -> None:
        """Updates the averages, and the position if they call for it."""
        view = market.view
        if not (view.live and view.bid_lots and view.ask_lots):
            return
        averages, now_ns = self._averages[market.index], market.now_ns
        gap_bps = self._update(averages, now_ns, (view.bid_ticks + view.ask_ticks) / 2)
        waits = now_ns - averages.first_ns < self._slow_ns or now_ns < averages.quiet_until_ns
        if waits or market.open_orders:
            return
        position_lots = wanted_lots = market.position_lots
        if gap_bps >= self._options.enter_bps:
            wanted_lots = averages.size_lots
        elif gap_bps <= -self._options.enter_bps:
            wanted_lots = -averages.size_lots
        elif abs(gap_bps) < self._options.exit_bps:
            wanted_lots = 0
        if wanted_lots > position_lots:
            market.buy(size_lots=wanted_lots - position_lots)
        elif wanted_lots < position_lots:
            market.sell(size_lots=position_lots - wanted_lots)

    def on_order(self, order: OrderHandle, event: OrderEvent) -> None:
        """Pauses after a refused order: the same request would be refused again."""
        if isinstance(event, Rejected):
            market = order.market
            self._averages[market.index].quiet_until_ns = market.now_ns + self._retry_ns

    def _update(self, averages: _Averages, now_ns: int, mid_ticks: float) -> float:
        """Updates both averages with a mid price; returns how far the fast one is above the slow, in basis points."""
        if not averages.first_ns:
            averages.first_ns = averages.last_ns = now_ns
            averages.fast = averages.slow = mid_ticks
        elapsed_ns = now_ns - averages.last_ns
        averages.last_ns = now_ns
        # dt / (dt + tau) is the first-order discretisation of the exponential; it needs no libm, so replays agree.
        averages.fast += (mid_ticks - averages.fast) * elapsed_ns / (elapsed_ns + self._fast_ns)
        averages.slow += (mid_ticks - averages.slow) * elapsed_ns / (elapsed_ns + self._slow_ns)
        return 1e4 * (averages.fast - averages.slow) / averages.slow


@hookimpl
def register_strategies(catalogue: Catalogue) -> None:
    catalogue.add(
        "momentum",
        Momentum,
        summary="long while a fast average of the mid is above a slow one, short while below",
        options=MomentumOptions,
    )
