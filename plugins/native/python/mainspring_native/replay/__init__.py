"""Research at full speed: a market's events through the trading kernel in Rust, with a compiled strategy.

    from mainspring_native.replay import BUY, limit, replay, strategy

    @strategy(state=[("orders", "i8")])
    def joiner(market, orders, state):
        if market.live and market.bid_lots and not market.open_orders:
            limit(orders, BUY, market.bid_ticks, 10)
            state.orders += 1

    result = replay(events, joiner, latency_ns=250_000)

The same body runs compiled by Numba (install `mainspring-native[numba]`), behind a C function pointer, or as it stands
with `compiled=False`, and gives the same orders. `in_session` runs it in a session, with the same orders again.
"""

try:
    import numpy  # noqa: F401  what follows is made of it
except ImportError as error:
    raise ImportError("mainspring_native.replay needs NumPy: install mainspring-native[numba]") from error

from mainspring_native.replay.actions import (
    average_ticks,
    cancel,
    fill_or_kill,
    immediate,
    level_lots,
    level_ticks,
    limit,
    lots_at,
    market_order,
    own_orders,
    post_only,
    replace,
)
from mainspring_native.replay.events import read_events
from mainspring_native.replay.layout import (
    ACCEPTED,
    APPROVED,
    BBO,
    BUY,
    CANCEL_PENDING,
    CANCELLED,
    CLEAR,
    CREATED,
    DISCREPANCY,
    EVENT,
    FILLED,
    FRACTION,
    HALT,
    ID,
    LEVEL,
    LOG,
    MARKET_FIELDS,
    ORDER_VIEW,
    PARTIALLY_FILLED,
    QUOTE,
    REASONS,
    REFUSED,
    REJECTED,
    REPLACE_PENDING,
    REPLACED,
    RESUME,
    SELL,
    SUBMIT,
    TIMER,
    TRADE,
)
from mainspring_native.replay.run import Account, ReplayMarket, ReplayResult, replay
from mainspring_native.replay.session import in_session
from mainspring_native.replay.strategy import Strategy, strategy

__all__ = [
    "ACCEPTED",
    "APPROVED",
    "BBO",
    "BUY",
    "CANCELLED",
    "CANCEL_PENDING",
    "CLEAR",
    "CREATED",
    "DISCREPANCY",
    "EVENT",
    "FILLED",
    "FRACTION",
    "HALT",
    "ID",
    "LEVEL",
    "LOG",
    "MARKET_FIELDS",
    "ORDER_VIEW",
    "PARTIALLY_FILLED",
    "QUOTE",
    "REASONS",
    "REFUSED",
    "REJECTED",
    "REPLACED",
    "REPLACE_PENDING",
    "RESUME",
    "SELL",
    "SUBMIT",
    "TIMER",
    "TRADE",
    "Account",
    "ReplayMarket",
    "ReplayResult",
    "Strategy",
    "average_ticks",
    "cancel",
    "fill_or_kill",
    "immediate",
    "in_session",
    "level_lots",
    "level_ticks",
    "limit",
    "lots_at",
    "market_order",
    "own_orders",
    "post_only",
    "read_events",
    "replace",
    "replay",
    "strategy",
]
