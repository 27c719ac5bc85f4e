"""Replay for research: a market's events through a native book, and a strategy called at each, at full speed.

    from mainspring_native.replay import BUY, limit, replay, strategy

    @strategy(state=[("orders", "i8")])
    def joiner(market, orders, state):
        if market.event_last and market.live and not market.open_orders and not market.in_flight:
            limit(orders, BUY, market.bid_ticks, 10)
            state.orders += 1

    result = replay(events, joiner, latency_ns=250_000)

The same body runs compiled by Numba (install `mainspring-native[numba]`), behind a C function pointer, or as it stands
with `compiled=False`, and gives the same orders.
"""

try:
    import numpy  # noqa: F401  what follows is made of it
except ImportError as error:
    raise ImportError("mainspring_native.replay needs NumPy: install mainspring-native[numba]") from error

from mainspring_native.replay.actions import (
    average_ticks,
    cancel,
    immediate,
    level_lots,
    level_ticks,
    limit,
    lots_at,
    market_order,
    post_only,
)
from mainspring_native.replay.events import read_events
from mainspring_native.replay.layout import (
    BUY,
    CLEAR,
    EVENT,
    FILL,
    HALT,
    LEVEL,
    MADE,
    MARKET_FIELDS,
    REASONS,
    REJECTION,
    RESUME,
    SELL,
    TRADE,
)
from mainspring_native.replay.run import ReplayResult, replay
from mainspring_native.replay.strategy import Strategy, strategy

__all__ = [
    "BUY",
    "CLEAR",
    "EVENT",
    "FILL",
    "HALT",
    "LEVEL",
    "MADE",
    "MARKET_FIELDS",
    "REASONS",
    "REJECTION",
    "RESUME",
    "SELL",
    "TRADE",
    "ReplayResult",
    "Strategy",
    "average_ticks",
    "cancel",
    "immediate",
    "level_lots",
    "level_ticks",
    "limit",
    "lots_at",
    "market_order",
    "post_only",
    "read_events",
    "replay",
    "strategy",
]
