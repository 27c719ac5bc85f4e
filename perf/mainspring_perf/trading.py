"""Trading: what a callback costs with and without an order, what the checks cost, and a maker's replay.

Each message of a stream changes the best levels, and the strategy is called at each. One that asks for an order each
time differs from one that doesn't by the order's way: from the request in Python through slippage model and checks
until it is approved, logged and on its way to the venue, where none arrives before the stream ends.
"""

import gc
import statistics
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from importlib.util import find_spec
from time import process_time_ns
from typing import Any

from mainspring.host.wiring import wire
from mainspring.lane import ClockCompared
from mainspring.model import Fill, Side
from mainspring.seams import StrategyMarket
from mainspring.session.driver import Driver
from mainspring_perf.candidates import usable
from mainspring_perf.harness import Benchmark, WrongAnswer, expect
from mainspring_perf.parts import BTC_USDT, parts_here, plan_of, run_lane, standing_in
from mainspring_perf.path import moving_messages
from mainspring_perf.risk import every_check
from mainspring_plugins.risk._limit import LimitOptions
from mainspring_plugins.risk.collar_bps import CollarBps, CollarOptions
from mainspring_plugins.risk.max_book_age_ms import MaxBookAgeMs
from mainspring_plugins.risk.max_order_notional import MaxOrderNotional
from mainspring_plugins.risk.max_order_size import MaxOrderSize
from mainspring_plugins.risk.max_position import MaxPosition

__all__ = [
    "COUNTED",
    "SUITE",
    "all_checks_us",
    "benchmarks",
    "built_in_checks",
    "checks_us",
    "native_checks",
    "order_us",
    "session_checks_us",
]

SUITE = "trading"
COUNTED = True

_SLIPPAGE = {"python": "square-root", "native": "native-square-root"}
# The statistics are known, and no order arrives: the longest delay is beyond the stream's end.
_SETTINGS = ("market.daily_volatility=0.03", "market.daily_volume=20000", "latency.request_us=60000000")
_MOVES = 3_000
_EVENTS = 200_000
_ROUNDS = 15
_TICKS = 6_000_000


_ALL_LIMITS = (
    "risk.restricted_instruments=[]",
    'risk.allowed_instruments=["BTC/USDT"]',
    "risk.trading_hours=00:00-00:00",
    "risk.max_slippage_bps=10000",
    "risk.reduce_only=false",
    "risk.self_trade=refuse",
    "risk.duplicate_order_ms=10",
    "risk.max_open_orders=1000000",
    "risk.max_message_rate=1000000",
    "risk.max_repeated_executions=100",
    "risk.max_cancel_to_fill=100",
    "risk.max_gross_exposure=1000000000",
    "risk.max_net_exposure=1000000000",
    "risk.buying_power=1000000000",
    "risk.max_daily_loss=1000000",
    "risk.max_drawdown=1000000",
    "risk.venue_connected=true",
    "risk.max_feed_lag_ms=10",
    "risk.max_clock_skew_ms=10",
)
"""All checks besides the required ones, with limits that all orders here pass."""


class _Idle:
    """Is called, and asks for nothing."""

    def on_bbo(self, market: StrategyMarket) -> None:
        pass


class _Varied:
    """Asks for an order at each call, below the best bid, at another price than the last hundred."""

    def __init__(self) -> None:
        self.asked = 0

    def on_bbo(self, market: StrategyMarket) -> None:
        self.asked += 1
        market.buy(size_lots=1, price_ticks=market.bid_ticks - 100 - self.asked % 100)


class _Asker:
    """Asks for an order at each call, a hundred ticks below the best bid."""

    def on_bbo(self, market: StrategyMarket) -> None:
        market.buy(size_lots=1, price_ticks=market.bid_ticks - 100)


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Callbacks with and without an order, by the plain parts and by the native ones, and a maker's replay."""
    moves = 300 if tiny else _MOVES
    made = [
        _callbacks(part, strategy, moves)
        for part in parts_here()
        if usable("slippage", _SLIPPAGE[part])
        for strategy in (_Idle, _Asker)
    ]
    if usable("decoder", "native"):
        made.append(_maker(200 if tiny else 20_000))
    return made


def _callbacks(part: str, strategy: type, moves: int) -> Benchmark:
    asks = strategy is _Asker
    name = f"callback{' and an order' if asks else ''}, {part}"

    def check(answer: object) -> None:
        # Each move leads to one order, and the messages before them to two.
        expect(name, moves + 2 if asks else 0, answer)

    return Benchmark(
        name=name,
        run=partial(_run, part, strategy, moves),
        operations=moves,
        check=check,
        input=f"{moves:,} bookTicker and depth messages in turn, each of which changes the best levels; with wiring",
        baseline=f"callback, {part}" if asks else None,
        calls=partial(_calls, part, strategy, moves),
        counted=3 if asks else 0,
        counted_within=0.01 if part == "python" else 0.04,
    )


def _lane(part: str, strategy: type, moves: int) -> tuple[Driver, list[Any]]:
    setup, messages = moving_messages(moves)
    plan = plan_of(part, f"slippage.plugin={_SLIPPAGE[part]}", *_SETTINGS)
    driver = Driver(wire(plan, standing_in(strategy=strategy())))
    driver.run(setup)
    return driver, messages


def _run(part: str, strategy: type, moves: int) -> int:
    """How many orders were sent."""
    driver, messages = _lane(part, strategy, moves)
    run_lane(driver, messages)
    return _orders(driver)


def _orders(driver: Driver) -> int:
    manager = driver.lane.order_manager
    assert manager is not None
    if manager.quality.refusals:
        raise WrongAnswer(f"orders were refused: {manager.quality.refusals}")
    return sum(tally.orders for tally in manager.quality.tallies)


def _calls(part: str, strategy: type, moves: int) -> tuple[Callable[[Any], object], list[Any]]:
    driver, messages = _lane(part, strategy, moves)
    return lambda message: driver.run((message,)), messages


def order_us(part: str = "native") -> float | str:
    """What an order costs from the request in Python to approved, in microseconds of CPU time.

    It is the median over rounds of the difference that an order makes to a callback. A text says why it can't be
    measured here.
    """
    if part not in parts_here():
        return "not here: mainspring-native"

    def pass_ns(strategy: type) -> float:
        driver, messages = _lane(part, strategy, _MOVES)
        return _timed_ns(partial(run_lane, driver, messages)) / _MOVES

    return statistics.median(pass_ns(_Asker) - pass_ns(_Idle) for _ in range(_ROUNDS)) / 1e3


def checks_us() -> float | str:
    """What the five required checks cost an order in Rust, with all that they read, in microseconds."""
    return _checks_us(built_in_checks)


def all_checks_us() -> float | str:
    """What every check that a compiled replay takes costs an order in Rust, all together, in microseconds."""
    return _checks_us(native_checks)


def session_checks_us() -> float | str:
    """What all checks cost an order of a session in a native lane, in microseconds of CPU time.

    That is what the order costs more in a lane with all of them than in one with the five required ones, without which
    no session sends anything, and what these five cost in Rust (`checks_us`). What is counted of an order is part of
    it. A position is held, so that each order asks what was made.
    """
    required_us = checks_us()
    if isinstance(required_us, str):
        return required_us

    def pass_ns(settings: tuple[str, ...]) -> float:
        driver, messages = _checked_lane(settings)
        manager = driver.lane.order_manager
        assert manager is not None
        asked, approve = [], manager.gate.approve
        manager.gate.approve = lambda *order: asked.append(order) or approve(*order)  # type: ignore[method-assign, func-returns-value]
        elapsed_ns = _timed_ns(partial(run_lane, driver, messages))
        expect("orders of a session by all checks", _MOVES + 2, _orders(driver))
        if asked:
            raise WrongAnswer(f"{len(asked)} of {_MOVES} orders were decided in Python")
        return elapsed_ns / _MOVES

    pass_ns(_ALL_LIMITS)
    return statistics.median(pass_ns(_ALL_LIMITS) - pass_ns(()) for _ in range(_ROUNDS)) / 1e3 + required_us


def _checked_lane(settings: tuple[str, ...]) -> tuple[Driver, list[Any]]:
    """A native lane that holds a position, with the built-in configuration's checks and those of the settings."""
    setup, messages = moving_messages(_MOVES)
    plan = plan_of("native", f"slippage.plugin={_SLIPPAGE['native']}", *_SETTINGS, *settings)
    driver = Driver(wire(plan, standing_in(strategy=_Varied())))
    manager = driver.lane.order_manager
    assert manager is not None
    manager.portfolio.on_fill(Fill(1, 0, 0, 1, Side.BUY, _TICKS, 1_000, False, 0))
    start_ns = setup[0][0]
    driver.feed(ClockCompared(start_ns, 0, 0, start_ns + 3_600 * 10**9))
    # The first orders show the checks what was made so far.
    driver.run(setup)
    return driver, messages


def _checks_us(make: Callable[[], list[Any]]) -> float | str:
    """Times two compiled replays in turn, which differ by the checks alone: each event leads to an order."""
    if not usable("decoder", "native"):
        return "not here: mainspring-native"
    if not all(map(find_spec, ("numpy", "numba"))):
        return "not here: NumPy and Numba"
    from mainspring_native.replay import BUY, ReplayMarket, immediate, replay, strategy

    @strategy()
    def ask(market: Any, orders: Any, state: Any) -> None:  # noqa: ARG001  a strategy takes three
        immediate(orders, BUY, market.bid_ticks - 100, 1)

    events = _moving_events(_EVENTS)

    def pass_ns(checks: list[Any]) -> float:
        made: list[Any] = []
        elapsed_ns = _timed_ns(lambda: made.append(replay(events, ask, markets=[ReplayMarket(checks)])))
        requests, refused, approved = len(made[0].requests), len(made[0].rejections), made[0].approvals
        # One for the book at first, and one for each move.
        if (requests, len(approved), refused) != (_EVENTS + 1, _EVENTS + 1, 0):
            counts = f"{requests} orders, {len(approved)} approved and {refused} refused"
            raise WrongAnswer(f"{counts}, of {_EVENTS} events by {len(checks)} checks")
        return elapsed_ns / _EVENTS

    checks = make()
    # Untimed: the strategy is compiled.
    pass_ns(checks)
    return statistics.median(pass_ns(checks) - pass_ns([]) for _ in range(_ROUNDS)) / 1e3


def _timed_ns(run: Callable[[], object]) -> int:
    gc.collect()
    started_ns = process_time_ns()
    run()
    return process_time_ns() - started_ns


def built_in_checks() -> list[Any]:
    """The five required checks, with limits that the orders of benchmarks pass."""
    limits: dict[Any, Any] = {
        MaxOrderSize: LimitOptions(limit=Decimal(1)),
        MaxOrderNotional: LimitOptions(limit=Decimal(100_000)),
        MaxPosition: LimitOptions(limit=Decimal(10)),
        MaxBookAgeMs: LimitOptions(limit=Decimal(2_000)),
        CollarBps: CollarOptions(limit=Decimal(20)),
    }
    return [check(BTC_USDT, options=options) for check, options in limits.items()]


def native_checks() -> list[Any]:
    """Every check that runs in Rust in a replay, with limits that orders here pass."""
    from mainspring_native.checks import described, runs_in_replays

    return [check for _, check in every_check() if described(check) is not None and runs_in_replays(check)]


def _moving_events(count: int) -> Any:
    """A book, and then levels that move the best bid up and down by a tick."""
    import numpy as np

    from mainspring_native.replay import BUY, CLEAR, EVENT, LEVEL, SELL

    rows = [(0, 0, 0, CLEAR, 0, 0, 0), (0, _TICKS, 50, LEVEL, 0, BUY, 0), (0, _TICKS + 2, 50, LEVEL, 0, SELL, 1)]
    rows += [((at + 1) * 1_000_000, _TICKS + 1, 50 * (1 - at % 2), LEVEL, 0, BUY, 1) for at in range(count)]
    return np.array(rows, EVENT)


def _maker(events: int) -> Benchmark:
    """The kernel with orders at rest: a maker in Python that moves with the best bid."""
    from mainspring_native.replay import BUY, SELL, ReplayMarket, cancel, limit, replay, strategy

    @strategy(state=[("bid_ticks", "i8"), ("bid_id", "i8"), ("ask_id", "i8")])
    def make(market: Any, orders: Any, state: Any) -> None:
        if state.ask_id == 0:
            state.ask_id = limit(orders, SELL, market.ask_ticks, 10)
        if market.bid_ticks != state.bid_ticks:
            cancel(orders, state.bid_id)
            state.bid_ticks = market.bid_ticks
            state.bid_id = limit(orders, BUY, market.bid_ticks, 10)

    rows, market = _moving_events(events), ReplayMarket(built_in_checks())
    name = "replay, a maker's body as it stands, native"

    def run() -> int:
        """How many orders were asked for."""
        done = replay(rows, make, markets=[market], latency_ns=250_000, compiled=False)
        return int(done.state.bid_id)

    # Two orders at first and one for each move; ids count orders from 1.
    return Benchmark(
        name=name,
        run=run,
        operations=events,
        check=partial(expect, name, events + 2),
        input=f"{events:,} levels, each of which moves the best bid; two orders rest, latency 250 us, all checks",
        counted=5,
        counted_within=0.02,
    )
