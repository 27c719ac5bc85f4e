"""The trend follower: when it enters, turns and leaves."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from mainspring.model import Rejected, Side
from mainspring.testing import INSTRUMENT, FakeMarket, FakeOrders, check_strategy
from mainspring_plugins.strategies.momentum import Momentum, MomentumOptions

SECOND_NS = 1_000_000_000


def drive(strategy, orders, mids, *, step_ns=SECOND_NS, start_ns=SECOND_NS):
    """Shows the strategy a mid price every step; returns the sides and sizes that it asked for."""
    for number, mid_ticks in enumerate(mids):
        seen = len(orders.requests)
        strategy.on_bbo(FakeMarket(mid_ticks=mid_ticks, now_ns=start_ns + number * step_ns), orders)
        for request in orders.requests[seen:]:
            orders.position_lots += request[2] * request[3]
        orders.open.clear()
    return [(request[2], request[3]) for request in orders.requests]


def make(**options):
    return Momentum((INSTRUMENT,), options=MomentumOptions(size=Decimal("0.010"), fast_s=1, slow_s=5, **options))


def test_a_rise_is_bought_and_a_fall_turns_it():
    """Rising prices make it long once; falling ones make it short, in one order over both."""
    flat = [1_000_000] * 10
    rise = [1_000_000 + 200 * step for step in range(1, 30)]
    fall = [rise[-1] - 200 * step for step in range(1, 40)]
    orders = FakeOrders()
    # The position is left on the way from long to short, where the averages meet.
    asked = drive(make(exit_bps=0.0), orders, flat + rise + fall)
    assert asked == [(Side.BUY, 10), (Side.SELL, 20)]


def test_it_leaves_when_the_trend_ends():
    """When the averages meet again, the position is closed."""
    rise = [1_000_000 + 200 * step for step in range(30)]
    asked = drive(make(), FakeOrders(), rise + [rise[-1]] * 60)
    assert asked == [(Side.BUY, 10), (Side.SELL, 10)]


def test_it_waits_for_the_slow_average():
    """Nothing is traded before a slow time constant has passed, however steep the start."""
    orders = FakeOrders()
    assert drive(make(), orders, [1_000_000 + 10_000 * step for step in range(5)]) == []


def test_one_order_at_a_time():
    """While an order is on its way, it asks for no other."""
    strategy, orders = make(), FakeOrders()
    orders.submit(Side.BUY, 1, kind="market")
    for step in range(40):
        strategy.on_bbo(FakeMarket(mid_ticks=1_000_000 + 500 * step, now_ns=(1 + step) * SECOND_NS), orders)
    assert len(orders.requests) == 1


@pytest.mark.parametrize("market", [FakeMarket(live=False), FakeMarket(bids=[])])
def test_without_a_market_nothing_happens(market):
    """A market that can't be trusted moves no average and leads to no order."""
    strategy, orders = make(), FakeOrders()
    strategy.on_bbo(market, orders)
    assert orders.requests == []


@pytest.mark.parametrize("seed", range(3))
def test_it_keeps_the_contract(seed):
    """The conformance kit finds nothing to say."""
    factory: Any = partial(Momentum, options=MomentumOptions(size=Decimal("0.1")))
    check_strategy(factory, seed=seed)


def test_a_refusal_keeps_it_quiet():
    """After a refused order it asks for nothing until the time is up."""
    rise = [1_000_000 + 500 * step for step in range(40)]
    strategy, orders = make(retry_ms=1_000_000), FakeOrders()
    strategy.on_order_event(Rejected(1, 0, 1, "too-large"), FakeMarket(now_ns=SECOND_NS), orders)
    assert drive(strategy, orders, rise) == []


@pytest.mark.parametrize(
    "options", [{"fast_s": 0.0}, {"fast_s": 30.0}, {"slow_s": float("nan")}, {"enter_bps": -1.0}, {"exit_bps": 3.0}]
)
def test_options_that_make_no_sense_are_refused(options):
    """Averages that can't be told apart, or thresholds the wrong way round, are an error before anything runs."""
    with pytest.raises(ValueError, match="must hold"):
        MomentumOptions(size=Decimal("0.01"), **options)
