"""The critical path: from a message's bytes to an order handed to the router, every message leading to one.

Each message moves the best prices, the strategy answers each move with an order, and that order is priced, checked,
logged and handed over. The router takes it and does nothing else: what a venue does is not part of this path.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from mainspring.host.wiring import wire
from mainspring.model import (
    Accepted,
    Approved,
    Cancelled,
    NewOrder,
    OrderEvent,
)
from mainspring.seams import NEVER_NS, RawMessage, StrategyMarket
from mainspring.session.driver import Driver
from mainspring_perf.candidates import usable
from mainspring_perf.harness import Benchmark, WrongAnswer, expect
from mainspring_perf.parts import BTC_USDT, parts_here, plan_of, standing_in
from mainspring_plugins.simulated_market.binance_text import BinanceText

__all__ = ["COUNTED", "SUITE", "Sink", "Taker", "benchmarks", "moving_messages"]

SUITE = "path"
COUNTED = True

_SLIPPAGE = {"python": "square-root", "native": "native-square-root"}
_START_NS = 1_723_161_600_000_000_000
_STEP_NS = 1_000_000
_LEVELS = 20
_MID_TICKS = 6_000_000


def benchmarks(tiny: bool) -> list[Benchmark]:
    """The path by the plain parts, and by the native ones where they are built."""
    moves = 30 if tiny else 3_000
    return [_benchmark(part, moves) for part in parts_here() if usable("slippage", _SLIPPAGE[part])]


class Taker:
    """Answers every change of the best prices with one order at the best bid."""

    def on_bbo(self, market: StrategyMarket) -> None:
        """Sends the order."""
        market.buy(size_lots=1_000, price_ticks=market.bid_ticks, time_in_force="ioc")


class Sink:
    """A router that takes each order down; it accepts and ends each with the next poll, so that none stays open."""

    due_ns = NEVER_NS

    def __init__(self) -> None:
        self.taken = 0
        self._events: list[OrderEvent] = []

    def submit(self, order: Approved[NewOrder], now_ns: int) -> None:
        """See `mainspring.seams.Router.submit`."""
        self.taken += 1
        order_id, instrument = order.request.order_id, order.request.instrument
        self._events.append(Accepted(order_id, instrument, now_ns))
        self._events.append(Cancelled(order_id, instrument, now_ns, order.request.size_lots, "done"))
        self.due_ns = now_ns

    def poll(self, now_ns: int) -> Sequence[OrderEvent]:
        """See `mainspring.seams.Router.poll`."""
        events, self._events = self._events, []
        self.due_ns = NEVER_NS
        return events

    def _unasked(self, *_: object) -> None:
        raise WrongAnswer("nobody asked for a cancellation or a replacement, and this router watches no market")

    cancel = replace = on_market = _unasked


def _benchmark(part: str, moves: int) -> Benchmark:
    setup, messages = moving_messages(moves)
    known = ("market.daily_volatility=0.03", "market.daily_volume=20000")
    plan = plan_of(part, f"slippage.plugin={_SLIPPAGE[part]}", *known)

    def lane_of() -> tuple[Driver, Sink]:
        sink = Sink()
        driver = Driver(wire(plan, standing_in(strategy=Taker(), router=sink)))
        driver.run(setup)
        return driver, sink

    def run() -> tuple[int, int]:
        """How many orders the router was handed in answer to how many messages."""
        driver, sink = lane_of()
        before = sink.taken
        one_by_one = driver.run
        for message in messages:
            one_by_one((message,))
        return sink.taken - before, len(messages)

    name = f"bytes to order, {part}"
    return Benchmark(
        name=name,
        run=run,
        operations=moves,
        check=partial(expect, name, (moves, moves)),
        input=f"{moves} bookTicker and depth messages in turn, each of which leads to an order; wiring included",
        baseline=None if part == "python" else "bytes to order, python",
        calls=partial(_calls, lane_of, messages),
        counted=3,
        # As in the lane's suite: each distinct time that Rust took is counted in Python afterwards.
        counted_within=0.01 if part == "python" else 0.04,
    )


def _calls(lane_of: Callable[[], tuple[Driver, Sink]], messages: list[RawMessage]) -> tuple[Any, list[RawMessage]]:
    driver, _ = lane_of()
    one_by_one = driver.run
    return lambda message: one_by_one((message,)), messages


def moving_messages(moves: int) -> tuple[list[RawMessage], list[RawMessage]]:
    """A snapshot and a delta, and then messages of which each changes the sizes at the best bid and offer."""
    text = BinanceText(BTC_USDT, wrapped=False)
    bids, asks = ([(_MID_TICKS + sign * level, 500_000) for level in range(2, _LEVELS)] for sign in (-1, 1))

    def depth(update_id: int, lots: int) -> bytes:
        time_ms = _START_NS // 1_000_000 + update_id
        return text.depth(time_ms, update_id - 1, update_id, [(_MID_TICKS - 1, lots)], [(_MID_TICKS + 2, lots)])

    def quote(update_id: int, lots: int) -> bytes:
        return text.quote(update_id, _MID_TICKS - 1, lots + 50_000, _MID_TICKS + 2, lots + 50_000)

    snapshot = text.snapshot(1, [(_MID_TICKS - 1, 500_000), *bids], asks)
    setup = [(_START_NS, snapshot), (_START_NS + 1, depth(2, 100_000))]
    made = []
    for number in range(moves):
        make_message = depth if number % 2 else quote
        time_ns = _START_NS + (number + 1) * _STEP_NS
        made.append((time_ns, make_message(number + 3, 100_000 * (number % 5 + 1))))
    return setup, made
