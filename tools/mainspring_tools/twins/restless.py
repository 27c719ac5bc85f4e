"""A strategy for both worlds that reads whatever there is, and does everything that can be done.

It needs NumPy; where Numba is installed, it is compiled.
"""

from typing import Any

from mainspring_native.replay import (
    BUY,
    SELL,
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
    strategy,
)

__all__ = ["EVERYTHING", "QUIETER", "restless"]

STATE = [("seed", "i8"), ("calls", "i8"), ("sum", "i8"), ("level", "f8"), ("full", "i8"), ("last", "i8")]


def restless(market: Any, markets: Any, orders: Any, state: Any) -> None:  # noqa: C901  it does everything
    """Reads whatever there is, and does everything that can be done, at what looks like random."""
    state.calls += 1
    state.seed = (state.seed * 1103515245 + 12345 + state.calls) % 2147483648
    roll = state.seed // 65536
    side = BUY if roll % 2 == 0 else SELL
    total = market.time_ns % 1000003 + market.index * 2 + market.live * 3 + market.event_kind * 5
    total += market.event_side * 7 + market.event_ticks % 1000003 * 11 + market.event_lots % 1000 * 13
    total += market.event_order_id % 1000003 * 17 + market.event_reason * 19 + market.event_maker * 23
    total += market.bbo_time_ns % 1000003 + market.last_ticks + market.fills * 29 + market.open_orders * 31
    total += market.last_fraction_nanoticks % 1000003 + market.event_fraction_nanoticks % 1009
    total += market.position_lots % 1000003 * 37 + market.cash_units % 1000003 + market.fees_units % 1000003
    total += market.open_buy_lots % 1000003 * 41 + market.open_sell_lots % 1000003 * 43
    for other in markets:
        total += other.bid_ticks * 3 + other.ask_lots % 1009 + other.ask_ticks + other.bid_lots % 1013
    for own in own_orders(market):
        # What a hostile venue reports is as large as 64 bits hold, where a product would wrap if it is compiled.
        total += (
            own.order_id
            + own.side * 2
            + own.price_ticks % 1000003 * 3
            + own.size_lots % 1000003 * 5
            + own.filled_lots % 1000003
            + own.state
        )
    total += level_ticks(market, side, roll % 4) * 3 + level_lots(market, side, roll % 3 - 1) % 1009
    total += lots_at(market, side, market.bid_ticks) % 1009 + lots_at(market, side, -5)
    state.sum = (state.sum * 31 + total) % 1000000007
    average = average_ticks(market, side, roll % 5000)
    if average == average:  # it is NaN where the book is too thin
        state.level += average
    if market.spread_ticks == market.spread_ticks:
        state.level += market.spread_ticks
    if market.volatility_per_day == market.volatility_per_day:
        state.level += market.volatility_per_day
    if market.daily_volume_lots == market.daily_volume_lots:
        state.level += market.daily_volume_lots % 1009.0
    if roll % 16 > 2:
        return
    near = market.bid_ticks if side == BUY else market.ask_ticks
    size = (1 + roll % 9) * 50
    action = roll // 16 % 16
    if action == 0:
        state.last = limit(orders, side, near, size)
    elif action == 1:
        state.last = limit(orders, side, near + side * (roll % 3), size)
    elif action == 2:
        post_only(orders, side, near + side * (roll % 3 - 1), size)
    elif action == 3:
        immediate(orders, side, near + side * 2, size * 5)
    elif action == 4:
        market_order(orders, side, size * 7)
    elif action == 5:
        cancel(orders, state.last)
    elif action == 6:
        cancel(orders, state.last - roll % 5)
        cancel(orders, state.last - roll % 5)
    elif action == 7 and roll % 31 == 0:
        for _ in range(20):
            if limit(orders, side, near - side * 3, 1) == 0:
                state.full += 1
    elif action == 8:
        limit(orders, roll % 4, near - 2, size - 100)
    elif action == 9:
        fill_or_kill(orders, side, near + side * 3, size * 3)
    elif action == 10:
        for own in own_orders(market):
            ticks, lots = own.price_ticks % 1000000007, own.size_lots % 1000000007
            replace(orders, own.order_id, ticks + roll % 3 - 1, lots + roll % 201 - 100)
    elif action == 11:
        replace(orders, state.last, near, size)
    elif action == 12:
        limit(orders, side, near, size * (40 if roll % 4 else 4000))
    elif action == 13:
        limit(
            orders,
            side,
            near - side * (roll % 200) + 5000 * (roll % 7 == 0),
            size,
            len(markets) - (roll // 512 % 8 > 0),
        )
    elif action == 14:
        for own in own_orders(market):
            cancel(orders, own.order_id)
    else:
        post_only(orders, side, near, size)


EVERYTHING = strategy(state=STATE, on=("bbo", "trade", "order"), every_seconds=0.3)(restless)
QUIETER = strategy(state=STATE, on=("bbo", "order"))(restless)
