"""Strategies for both worlds: sessions and replays, compiled and not, in Python and in Rust, give the same orders."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from mainspring.host.config import parse_config
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import Wired, wire
from mainspring.model import Accepted, Cancelled, Fill, Instrument, Rejected, Replaced
from mainspring.orders import (
    CancelRequested,
    LogRecord,
    ReplaceRequested,
    RequestApproved,
    RequestRefused,
    SessionStarted,
    SubmitRequested,
)
from mainspring.seams import FeedContext, QueueModel, RawMessage
from mainspring.session import open_messages
from mainspring.session.driver import Driver
from mainspring_native.decoders import native_decoder
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT
from mainspring_plugins.queues.pessimistic import PessimisticQueue
from mainspring_plugins.queues.power_probability import PowerOptions, PowerProbabilityQueue
from mainspring_plugins.queues.proportional import ProportionalQueue
from mainspring_plugins.routers.paper import PaperOptions

pytest.importorskip("mainspring_native.replay", reason="NumPy isn't installed")
pytest.importorskip("numba", reason="Numba isn't installed")

from mainspring_native.replay import (
    ACCEPTED,
    APPROVED,
    BUY,
    CANCELLED,
    FILLED,
    LOG,
    REASONS,
    REFUSED,
    REJECTED,
    REPLACED,
    SUBMIT,
    ReplayMarket,
    cancel,
    in_session,
    post_only,
    read_events,
    replace,
    replay,
    strategy,
)
from mainspring_tools.twins.restless import EVERYTHING, QUIETER

REGISTRY = Registry.load()
_SEAMS = ("feed", "decoder", "book", "codec", "slippage", "risk", "router", "queue", "latency", "records", "strategy")
_NUMBERS = {reason: number for number, reason in REASONS.items()}
_KINDS = {"new": 0, "cancel": 32, "replace": 64}
_QUEUES: dict[str, Callable[[Instrument], QueueModel]] = {
    "proportional": ProportionalQueue,
    "pessimistic": PessimisticQueue,
    "power-probability": lambda instrument: PowerProbabilityQueue(instrument, options=PowerOptions()),
}
_Row = tuple[int, ...]


class _Kept:
    """Keeps what is written to an order log."""

    def __init__(self, log: Any) -> None:
        self.records: list[LogRecord] = []
        self.log = log

    def write_all(self, records: Sequence[LogRecord]) -> None:
        self.records += records
        self.log.write_all(records)


def _row(time_ns: int, order_id: int, kind: int, *, reason: str = "", **more: Any) -> _Row:
    """A record with the fields that aren't zero."""
    fields = {"time_ns": time_ns, "order_id": order_id, "kind": kind, "reason": _NUMBERS[reason] if reason else 0}
    return tuple((fields | more).get(name, 0) for name in LOG.names or ())


def _as_rows(records: Sequence[LogRecord]) -> list[_Row]:  # noqa: C901  a case for each record
    """The records of a session's log as the kernel has them."""
    rows, markets = [], {}
    for one in records:
        match one:
            case SessionStarted():
                continue
            case SubmitRequested(time_ns, order):
                markets[order.order_id] = order.instrument
                terms = {"gtc": 0, "ioc": 4, "fok": 8}[order.time_in_force]
                flags = terms + (order.kind == "limit") + 2 * order.post_only
                price, lots, side = order.price_ticks, order.size_lots, int(order.side)
                market = order.instrument
                rows.append(
                    _row(
                        time_ns,
                        order.order_id,
                        SUBMIT,
                        price_ticks=price,
                        size_lots=lots,
                        market=market,
                        side=side,
                        flags=flags,
                    )
                )
            case CancelRequested(time_ns, order_id):
                rows.append(_row(time_ns, order_id, 2, market=markets[order_id]))
            case ReplaceRequested(time_ns, order_id, price, lots):
                rows.append(_row(time_ns, order_id, 3, price_ticks=price, size_lots=lots, market=markets[order_id]))
            case RequestApproved(time_ns, order_id, kind):
                rows.append(_row(time_ns, order_id, APPROVED, market=markets[order_id], flags=_KINDS[kind]))
            case RequestRefused(time_ns, order_id, reason, _, kind):
                market = markets[order_id]
                rows.append(_row(time_ns, order_id, REFUSED, market=market, reason=reason, flags=_KINDS[kind]))
            case Accepted():
                rows.append(_row(one.time_ns, one.order_id, ACCEPTED, market=one.instrument))
            case Rejected():
                flags = _KINDS[one.request]
                row = _row(one.time_ns, one.order_id, REJECTED, market=one.instrument, reason=one.reason, flags=flags)
                rows.append(row)
            case Fill():
                price, lots, fill, fee = one.price_ticks, one.size_lots, int(one.fill_id), one.fee_ppb
                side, flags, market = int(one.side), 16 * one.maker, one.instrument
                more: dict[str, Any] = {"market": market, "fill_id": fill, "fee_ppb": fee, "side": side, "flags": flags}
                rows.append(_row(one.time_ns, one.order_id, FILLED, price_ticks=price, size_lots=lots, **more))
            case Cancelled():
                lots, market = one.remaining_lots, one.instrument
                rows.append(
                    _row(one.time_ns, one.order_id, CANCELLED, size_lots=lots, market=market, reason=one.reason)
                )
            case Replaced():
                price, lots, market = one.price_ticks, one.size_lots, one.instrument
                rows.append(_row(one.time_ns, one.order_id, REPLACED, price_ticks=price, size_lots=lots, market=market))
            case _:
                raise AssertionError(f"a session of the paper venue has no {one!r}")
    return rows


_PARTS = {
    False: ("decoder.plugin=python", "book.plugin=bisect-list", "slippage.plugin=square-root", "router.plugin=paper"),
    True: (
        "decoder.plugin=native",
        "book.plugin=ladder",
        "slippage.plugin=native-square-root",
        "router.plugin=native-paper",
    ),
}


class _Case(NamedTuple):
    """A session, drawn from a seed."""

    text: str
    queue: str
    request_us: int
    response_us: int

    def plan(self, *, native: bool) -> Any:
        return make_plan(parse_config(self.text, "s.toml", Path(), _PARTS[native]), REGISTRY)


def _case(seed: int, *, recorded: bool) -> _Case:
    random = Random(seed)
    symbols = random.choice(('"BTC/USDT"', '"BTC/USDT", "ETH/USDT"'))
    request_us, response_us = random.choice((0, 1, 250, 20_000)), random.choice((0, 0, 100, 50_000))
    queue = random.choice(sorted(_QUEUES))
    instrument = '[instrument."BTC/USDT"]\nlot_size = "0.00000001"' if recorded else ""
    text = f"""
seed = {seed}
instruments = [{'"BTC/USDT"' if recorded else symbols}]
feed = {{ plugin = "simulated", seconds = 8, faults = {{ drop = 0.002, duplicate = 0.01 }} }}
router = {{ maker_fee_bps = -0.5, taker_fee_bps = 5 }}
latency = {{ plugin = "constant", request_us = {request_us}, response_us = {response_us} }}
orders.answer_timeout_ms = 0
queue.plugin = "{queue}"
market = {{ daily_volume = 20_000, daily_volatility = 0.03 }}
[strategy.one]
plugin = "momentum"
size = 0.01
{instrument}
[risk]
max_order_size = 0.5
max_order_notional = 20_000
max_position = 0.2
max_book_age_ms = 200
collar_bps = {random.choice(("20", "{ limit = 5, passive = 60 }"))}
"""
    return _Case(text, queue, request_us, response_us)


def _with_prints_between_ticks(messages: Iterable[RawMessage]) -> list[RawMessage]:
    """The messages, with every third trade's price half a tick above where it was."""
    made: list[RawMessage] = []
    trades = 0
    for receive_time_ns, raw in messages:
        changed = raw
        if b'"e":"trade"' in raw:
            trades += 1
            if trades % 3 == 0:
                changed = re.sub(rb'"p":"(\d+\.\d\d)\d*"', rb'"p":"\g<1>5"', raw)
                assert changed != raw
        made.append((receive_time_ns, changed))
    return made


def _session(case: _Case, given: Any, messages: Sequence[RawMessage], *, native: bool) -> tuple[_Kept, Any, Wired]:
    """Runs a session, and returns its log, the strategy and its parts."""
    (offer,) = [one for one in REGISTRY.offers("strategy").values() if one.name == "momentum"]
    fields = {name: getattr(offer, name) for name in offer.__struct_fields__}
    adapter = in_session(given)()
    ours = type(offer)(**{**fields, "factory": lambda options: adapter})
    offers = {seam: REGISTRY.offers(seam) for seam in _SEAMS}
    offers["strategy"] = {**offers["strategy"], "momentum": ours}
    wired = wire(case.plan(native=native), Registry(offers, ()))
    driver = Driver(wired)
    log = _Kept(driver.log)
    driver.log = log  # type: ignore[assignment]
    driver.run(messages)
    driver.stop(messages[-1][0])
    assert adapter.compiled is native
    return log, adapter, wired


def _compare(seed: int, given: Any, recorded: Sequence[RawMessage] = (), *, both: bool = True) -> Any:
    """Runs sessions and replays of their messages, compares them, and returns the compiled replay."""
    case = _case(seed, recorded=bool(recorded))
    plan = case.plan(native=False)
    messages = recorded or _with_prints_between_ticks(open_messages(plan, REGISTRY))
    feed = native_decoder(BINANCE_SPOT, FeedContext(plan.instruments, OrjsonCodec()))
    events = read_events(feed, messages, instruments=range(len(plan.instruments)), quotes=True)
    # A session begins with its first message and ends with its last, whether they have events or not.
    begin_ns, end_ns = events["time_ns"][[0, -1]].tolist()
    messages = [message for message in messages if begin_ns <= message[0] <= end_ns]
    log, adapter, wired = _session(case, given, messages, native=False)
    compiled_log, compiled_adapter, _ = _session(case, given, messages, native=True)
    assert compiled_log.log.sha256 == log.log.sha256, f"seed {seed}"
    assert compiled_adapter.state == adapter.state, f"seed {seed}"

    manager = wired.lane.order_manager
    assert manager is not None
    markets = [
        ReplayMarket(
            checks=checks,
            queue=_QUEUES[case.queue](instrument),
            daily_volume_lots=float(20_000 / instrument.lot_size),
            daily_volatility=0.03,
        )
        for checks, instrument in zip(manager.gate.rows, plan.instruments, strict=True)
    ]
    results = [
        replay(
            events,
            given,
            markets=markets,
            book=Random(seed).choice(("ladder", "sorted-vec", "btree")),
            latency_ns=case.request_us * 1_000,
            response_ns=case.response_us * 1_000,
            paper=PaperOptions(maker_fee_bps=Decimal("-0.5"), taker_fee_bps=Decimal(5)),
            compiled=compiled,
        )
        for compiled in ((True, False) if both else (True,))
    ]
    expected = np.array(_as_rows(log.records), LOG)
    for result in results:
        _same(result.log, expected, seed)
        assert result.state == adapter.state, f"seed {seed}"
        lots = [account.position_lots for account in result.accounts]
        assert lots == [account.position_lots for account in manager.portfolio.accounts], f"seed {seed}"
    return results[0]


def _same(ours: npt.NDArray[Any], expected: npt.NDArray[Any], seed: int) -> None:
    for at, (one, other) in enumerate(zip(ours.tolist(), expected.tolist(), strict=False)):
        assert one == other, f"seed {seed}: record {at}, behind {expected[max(at - 3, 0) : at].tolist()}"
    assert len(ours) == len(expected), f"seed {seed}"


def test_sessions_and_replays_give_the_same_orders() -> None:
    """Whatever a strategy asks for: best prices, trades, order events and timers, on generated sessions with faults."""
    kinds: set[int] = set()
    reasons: set[int] = set()
    for seed in range(12):
        result = _compare(seed, EVERYTHING if seed % 2 else QUIETER)
        kinds |= set(result.log["kind"].tolist())
        reasons |= set(result.log["reason"].tolist())
    assert kinds == {SUBMIT, 2, 3, APPROVED, REFUSED, ACCEPTED, REJECTED, FILLED, CANCELLED, REPLACED}
    assert {REASONS[number] for number in reasons if number} >= {
        "requested", "too-late", "would-take", "no-liquidity", "max_order_size", "max_position", "collar_bps",
    }  # fmt: skip


@strategy(state=[("begun", "i8"), ("refused", "i8")], on=("bbo", "order"))
def endless(market: Any, orders: Any, state: Any) -> None:
    """Answers each of its order events by further requests, until one is refused."""
    passive = market.bid_ticks - 500
    if market.event_kind == REJECTED:
        state.refused += 1
    elif market.event_kind == REPLACED or market.event_kind == ACCEPTED:
        post_only(orders, BUY, passive, 1)
        replace(orders, market.event_order_id, passive - 1, 1)
        cancel(orders, market.event_order_id - 3)
    elif market.live and not state.begun:
        state.begun = 1
        post_only(orders, BUY, passive, 1)


def test_a_strategy_that_answers_itself_leaves_the_instant() -> None:
    """Without latency its answers are refused after a thousand, alike in sessions and replays."""
    seed = next(seed for seed in range(100) if _case(seed, recorded=False)[2:] == (0, 0))
    result = _compare(seed, endless)
    reasons = result.log["reason"][result.log["kind"] == REFUSED].tolist()
    assert {REASONS[reason] for reason in reasons} == {"too-many-requests"}
    answered = result.log[(result.log["kind"] == SUBMIT) | (result.log["kind"] == 3)]
    assert len(answered) - len(reasons) == 1 + 1_000


@pytest.mark.gate
@pytest.mark.parametrize("seeds", [range(100, 110), pytest.param(range(110, 200), marks=pytest.mark.weekly)])
def test_more_sessions_and_replays_give_the_same_orders(seeds: range) -> None:
    """Other seeds, some in each run and the others weekly."""
    for seed in seeds:
        _compare(seed, EVERYTHING if seed % 2 else QUIETER, both=False)


@pytest.mark.parametrize("seed", [1, 2])
def test_on_a_recorded_session(messages_of: Callable[[str], Iterator[RawMessage]], seed: int) -> None:
    """The recorded session, whose quotes are newer than its levels."""
    messages = [
        message for _, message in zip(range(6_000), messages_of("binance/spot/btcusdt_20240808.gz"), strict=False)
    ]
    result = _compare(seed, EVERYTHING, messages, both=False)
    assert len(result.fills) > 50
