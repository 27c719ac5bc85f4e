"""The trend follower: when it enters, turns and leaves."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from mainspring.model import Side
from mainspring.testing import FakeSession, check_strategy
from mainspring_plugins.strategies.momentum import Momentum, MomentumOptions


def make(**options: Any) -> FakeSession:
    session = FakeSession()
    session.start(Momentum(options=MomentumOptions(size=Decimal("0.010"), fast_s=1, slow_s=5, **options)))
    return session


def drive(session: FakeSession, mids: Sequence[int]) -> list[tuple[Side, int]]:
    """Shows the strategy a mid price every second and fills its orders; returns their sides and sizes."""
    for mid_ticks in mids:
        session.show(bid_ticks=mid_ticks - 1, ask_ticks=mid_ticks + 1)
        for order in session.markets[0].open_orders:
            session.fill(order)
        session.advance(seconds=1)
    return [(order.side, order.size_lots) for order in session.new_orders()]


def test_a_rise_is_bought_and_a_fall_turns_it() -> None:
    """Rising prices make it long once; falling ones make it short, in one order over both."""
    flat = [1_000_000] * 10
    rise = [1_000_000 + 200 * step for step in range(1, 30)]
    fall = [rise[-1] - 200 * step for step in range(1, 40)]
    # The position is left on the way from long to short, where the averages meet.
    session = make(exit_bps=0.0)
    assert drive(session, flat + rise + fall) == [(Side.BUY, 10), (Side.SELL, 20)]
    assert {(order.kind, order.time_in_force) for order in session.new_orders()} == {("market", "ioc")}


def test_it_leaves_when_the_trend_ends() -> None:
    """When the averages meet again, the position is closed."""
    rise = [1_000_000 + 200 * step for step in range(30)]
    assert drive(make(), rise + [rise[-1]] * 60) == [(Side.BUY, 10), (Side.SELL, 10)]


def test_it_waits_for_the_slow_average() -> None:
    """Nothing is traded before a slow time constant has passed, however steep the start."""
    assert drive(make(), [1_000_000 + 10_000 * step for step in range(5)]) == []


def test_one_order_at_a_time() -> None:
    """While an order is on its way, it requests no other."""
    session = make()
    for step in range(40):
        session.show(bid_ticks=999_999 + 500 * step, ask_ticks=1_000_001 + 500 * step)
        session.advance(seconds=1)
    assert len(session.requests) == 1


@pytest.mark.parametrize("change", [{"live": False}, {"bid_lots": 0}])
def test_without_a_market_nothing_happens(change: dict[str, Any]) -> None:
    """A market that can't be trusted moves no average and leads to no order."""
    session = make()
    session.show(**change)
    drive(session, [1_000_000 + 500 * step for step in range(40)])
    assert session.requests == []


def test_a_refusal_keeps_it_quiet() -> None:
    """After a refused order it requests nothing until the time is up."""
    session = make(retry_ms=10_000)
    for step in range(40):
        session.show(bid_ticks=999_999 + 500 * step, ask_ticks=1_000_001 + 500 * step)
        for order in session.markets[0].open_orders:
            session.reject(order)
        session.advance(seconds=1)
    times = [(request.created_ns - session.now_ns) // 10**9 for request in session.requests]
    assert [later - earlier for earlier, later in pairwise(times)] == [10, 10, 10]


@pytest.mark.parametrize("seed", range(3))
def test_it_keeps_the_contract(seed: int) -> None:
    """The conformance kit finds nothing to say."""
    check_strategy(lambda: Momentum(options=MomentumOptions(size=Decimal("0.1"))), seed=seed)


@pytest.mark.parametrize(
    "options", [{"fast_s": 0.0}, {"fast_s": 30.0}, {"slow_s": float("nan")}, {"enter_bps": -1.0}, {"exit_bps": 3.0}]
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    """Averages that can't be told apart, or thresholds the wrong way round, are an error before anything runs."""
    with pytest.raises(ValueError, match="must hold"):
        MomentumOptions(size=Decimal("0.01"), **options)
