"""Strategies: the cost of a callback, for every installed strategy, on best prices that move."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import msgspec

from mainspring.host.offers import Offer
from mainspring.model import Side, Trade
from mainspring.testing import FakeMarket, FakeOrders
from mainspring_perf.candidates import candidates, make
from mainspring_perf.harness import Benchmark, expect
from mainspring_perf.parts import BTC_USDT

__all__ = ["SEAMS", "SUITE", "benchmarks"]

SUITE = "strategy"
SEAMS = ("strategy",)

_MID_TICKS = 6_000_000
_STEP_NS = 3_000_000
_START_NS = 1_723_161_600_000_000_000


class _Move(msgspec.Struct, frozen=True):
    """Where the best prices go next, and the trade that goes with it."""

    now_ns: int
    bid_ticks: int
    ask_ticks: int
    trade: Trade


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Each strategy, called by whatever it asks for, as the best prices walk up and down."""
    moves = _moves(50 if tiny else 5_000)
    return [_benchmark(offer, moves) for offer in candidates("strategy")]


def _moves(count: int) -> list[_Move]:
    random = Random(1)  # noqa: S311  a benchmark's input, no secret
    moves, mid_ticks = [], _MID_TICKS
    for number in range(count):
        mid_ticks += random.randint(-3, 3)
        now_ns = _START_NS + number * _STEP_NS
        side = random.choice((Side.BUY, Side.SELL))
        trade = Trade(0, now_ns, now_ns, number + 1, mid_ticks, 1_000, side)
        moves.append(_Move(now_ns, mid_ticks - 1, mid_ticks + 1, trade))
    return moves


def _benchmark(offer: Offer, moves: list[_Move]) -> Benchmark:
    expected = _pass(offer, moves)
    return Benchmark(
        name=offer.name,
        run=partial(_pass, offer, moves),
        operations=len(moves),
        check=partial(expect, offer.name, expected),
        input=f"{offer.name}: {len(moves)} moves of the best prices, seed 1; {expected} requests",
        offer=offer,
        calls=lambda: (_calling(offer)[0], moves),
    )


def _pass(offer: Offer, moves: list[_Move]) -> int:
    """How many requests the strategy makes."""
    call, orders = _calling(offer)
    for move in moves:
        call(move)
    return len(orders.requests)


def _calling(offer: Offer) -> tuple[Callable[[_Move], None], FakeOrders]:
    strategy: Any = make(offer, (BTC_USDT,))
    market, orders = FakeMarket(BTC_USDT, mid_ticks=_MID_TICKS, levels=5), FakeOrders()
    subscription = strategy.subscription
    on_bbo = strategy.on_bbo if subscription.bbo else None
    on_trade = strategy.on_trade if subscription.trades else None
    on_timer = strategy.on_timer if subscription.timer_ms else None

    def call(move: _Move) -> None:
        market.now_ns = market.bbo_time_ns = move.now_ns
        market.bid_ticks, market.ask_ticks = move.bid_ticks, move.ask_ticks
        if on_bbo is not None:
            on_bbo(market, orders)
        if on_trade is not None:
            on_trade(move.trade, market, orders)
        if on_timer is not None:
            on_timer(market, orders)

    return call, orders
