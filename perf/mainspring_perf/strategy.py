"""Strategies: the cost of a callback, for every installed strategy, on best prices that move."""

from collections.abc import Callable, Collection
from functools import partial
from random import Random
from typing import Any

import msgspec

from mainspring.host.offers import Offer
from mainspring.model import NewOrder, OrderKind, Side, TimeInForce, Trade
from mainspring.seams import OpenOrder, Orders
from mainspring.testing import FakeAccount, FakeMarket, FakeOpenOrder
from mainspring_perf.candidates import candidates, make
from mainspring_perf.harness import Benchmark, WrongAnswer
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


class _Taken:
    """`mainspring.seams.Orders` that opens what is asked for, sends nothing, and counts."""

    def __init__(self) -> None:
        self.account = FakeAccount()
        self.position_lots = 0
        self.requests = 0
        self._open: dict[int, FakeOpenOrder] = {}

    def submit(
        self,
        side: Side,
        size_lots: int,
        price_ticks: int = 0,
        *,
        kind: OrderKind = "limit",
        time_in_force: TimeInForce = "gtc",
        post_only: bool = False,
    ) -> int:
        self.requests += 1
        order = NewOrder(self.requests, 0, side, kind, price_ticks, size_lots, 0, time_in_force, post_only)
        if kind == "limit":
            self._open[self.requests] = FakeOpenOrder(order)
        return self.requests

    def cancel(self, order_id: int) -> None:
        self.requests += 1
        self._open.pop(order_id, None)

    def replace(self, order_id: int, price_ticks: int, size_lots: int) -> None:
        self.requests += 1
        order = self._open[order_id]
        order.price_ticks, order.size_lots = price_ticks, size_lots

    def open_orders(self) -> Collection[OpenOrder]:
        return list(self._open.values())


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

    def check(answer: object) -> None:
        if answer != expected:
            raise WrongAnswer(f"{offer.name}: {answer} requests, and {expected} the time before")

    return Benchmark(
        name=offer.name,
        run=partial(_pass, offer, moves),
        operations=len(moves),
        check=check,
        input=f"{offer.name}: {len(moves)} moves of the best prices, seed 1; {expected} requests",
        offer=offer,
        calls=lambda: (_calling(offer)[0], moves),
    )


def _pass(offer: Offer, moves: list[_Move]) -> int:
    """How many requests the strategy makes."""
    call, orders = _calling(offer)
    for move in moves:
        call(move)
    return orders.requests


def _calling(offer: Offer) -> tuple[Callable[[_Move], None], _Taken]:
    strategy: Any = make(offer, (BTC_USDT,))
    market, orders, subscription = (
        FakeMarket(BTC_USDT, mid_ticks=_MID_TICKS, levels=5),
        _Taken(),
        strategy.subscription,
    )
    given: Orders = orders
    on_bbo = strategy.on_bbo if subscription.bbo else None
    on_trade = strategy.on_trade if subscription.trades else None
    on_timer = strategy.on_timer if subscription.timer_ms else None

    def call(move: _Move) -> None:
        market.now_ns = market.bbo_time_ns = move.now_ns
        market.bid_ticks, market.ask_ticks = move.bid_ticks, move.ask_ticks
        if on_bbo is not None:
            on_bbo(market, given)
        if on_trade is not None:
            on_trade(move.trade, market, given)
        if on_timer is not None:
            on_timer(market, given)

    return call, orders
