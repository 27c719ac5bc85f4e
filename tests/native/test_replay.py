"""Replay: a compiled strategy in the kernel, held against its own body as it stands, and against rules done by hand."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.errors import ConfigError, ReplayError, WireError
from mainspring.host.registry import Registry
from mainspring.model import Instrument
from mainspring.seams import Feed, FeedContext, RawMessage
from mainspring.wire import python_decoder
from mainspring_native.decoders import native_decoder
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT
from mainspring_plugins.risk._limit import LimitOptions
from mainspring_plugins.risk.max_position import MaxPosition
from mainspring_plugins.routers.paper import PaperOptions

Rows = npt.NDArray[np.void]

pytest.importorskip("mainspring_native.replay", reason="NumPy isn't installed")
pytest.importorskip("numba", reason="Numba isn't installed")

from mainspring_native._native import record_reasons  # noqa: E402  behind the word on what is missing
from mainspring_native.replay import (  # noqa: E402
    ACCEPTED,
    BUY,
    CANCELLED,
    CLEAR,
    EVENT,
    FILLED,
    HALT,
    ID,
    LEVEL,
    QUOTE,
    REASONS,
    REFUSED,
    RESUME,
    SELL,
    TIMER,
    TRADE,
    ReplayMarket,
    cancel,
    immediate,
    in_session,
    limit,
    market_order,
    own_orders,
    post_only,
    read_events,
    replay,
    strategy,
)

_SPOT = "binance/spot/btcusdt_20240808.gz"
_FREE = PaperOptions(maker_fee_bps=Decimal(0), taker_fee_bps=Decimal(0), settle_ms=Decimal(0))


@strategy(
    state=[("seed", "i8"), ("last", "i8"), ("sum", "i8")], on=("bbo", "trade", "order", "row"), every_seconds=1e-6
)
def restless(market: Any, orders: Any, state: Any) -> None:
    """Asks for what looks like random, at each row and at everything else."""
    state.seed = (state.seed * 1103515245 + 12345 + market.event_kind) % 2147483648
    roll = state.seed // 65536
    side = BUY if roll % 2 == 0 else SELL
    state.sum += market.bid_ticks + market.ask_lots * 3 + market.live * 5 + market.event_kind * 7
    state.sum += market.event_ticks * 11 + market.event_lots * 13 + market.event_side * 17 + market.open_orders
    if market.event_kind >= ACCEPTED and roll % 5 > 0:
        # Or it would answer its own orders for ever, at one instant.
        return
    near = market.bid_ticks if side == BUY else market.ask_ticks
    action = roll // 16 % 8
    if action == 0:
        state.last = limit(orders, side, near + side * (roll % 3), 1 + roll % 9)
    elif action == 1:
        post_only(orders, side, near + side * (roll % 3 - 1), 1 + roll % 9)
    elif action == 2:
        immediate(orders, side, near + side * 2, 5)
    elif action == 3:
        market_order(orders, side, 7)
    elif action == 4:
        cancel(orders, state.last)
    elif action == 5:
        for own in own_orders(market):
            cancel(orders, own.order_id)


@st.composite
def _events(draw: st.DrawFn) -> Rows:
    rows: list[tuple[int, ...]] = []
    time_ns = 1_000
    for _ in range(draw(st.integers(1, 60))):
        time_ns += draw(st.integers(0, 40))
        message = []
        for _ in range(draw(st.integers(1, 5))):
            kind = draw(st.sampled_from([LEVEL] * 8 + [TRADE] * 4 + [CLEAR, HALT, RESUME, QUOTE, ID]))
            price, lots = draw(st.integers(95, 108)), draw(st.sampled_from([0, 1, 5, 9, 40]))
            side = BUY if kind == QUOTE else draw(st.sampled_from([BUY, SELL]))
            message.append((time_ns, price, lots, kind, 0, side, 0))
            if kind == QUOTE:
                message.append((time_ns, price + draw(st.integers(0, 2)), 3, kind, 0, SELL, 0))
        message[-1] = (*message[-1][:6], 1)
        rows += message
    return np.array(list(rows), EVENT)


@settings(deadline=None)
@given(_events(), st.sampled_from([0, 7, 30]), st.sampled_from(["ladder", "sorted-vec", "btree"]))
def test_the_compiled_strategy_gives_the_orders_of_its_body(events: Rows, latency_ns: int, book: str) -> None:
    """Compiled over each structure, and as it stands."""
    compiled = replay(events, restless, book=book, latency_ns=latency_ns)
    plain = replay(events, restless, latency_ns=latency_ns, compiled=False)
    assert compiled.log.tolist() == plain.log.tolist()
    assert (compiled.state, compiled.accounts, compiled.events) == (plain.state, plain.accounts, plain.events)


@pytest.mark.parametrize("quotes", [False, True])
def test_a_native_feed_gives_the_events_of_any_other(
    messages_of: Callable[[str], Iterator[RawMessage]], quotes: bool
) -> None:
    """Row by row, on a recorded session."""
    context = _context()
    messages = [message for _, message in zip(range(4_000), messages_of(_SPOT), strict=False)]
    events = read_events(native_decoder(BINANCE_SPOT, context), messages, quotes=quotes)
    assert events.tolist() == read_events(python_decoder(BINANCE_SPOT, context), messages, quotes=quotes).tolist()
    assert set(events["kind"].tolist()) == {LEVEL, TRADE, CLEAR} | ({QUOTE, ID} if quotes else set())


def _context() -> FeedContext:
    instrument = Instrument(
        symbol="BTC/USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00000001"), venue_symbol="BTCUSDT"
    )
    return FeedContext((instrument,), OrjsonCodec())


def _rows(*rows: tuple[int, ...]) -> Rows:
    return np.array([(*row[:4], 0, *row[4:]) for row in rows], EVENT)


_BOOK = (
    (1, 0, 0, CLEAR, 0, 0),
    (1, 100, 10, LEVEL, BUY, 0),
    (1, 99, 20, LEVEL, BUY, 0),
    (1, 102, 10, LEVEL, SELL, 0),
    (1, 103, 20, LEVEL, SELL, 1),
)


@strategy(state=[("asked", "i8")])
def joiner(market: Any, orders: Any, state: Any) -> None:
    if state.asked == 0 and market.live:
        limit(orders, BUY, 100, 4)
        state.asked = 1


@pytest.mark.parametrize("compiled", [False, True])
def test_an_order_that_rests_waits_for_what_is_ahead_of_it(compiled: bool) -> None:
    """Ten lots are ahead; 6 + 5 lots sold to that price reach it by one, and a print below ends it. It pays the fee."""
    events = _rows(
        *_BOOK,
        (2, 100, 6, TRADE, SELL, 1),
        (3, 100, 5, TRADE, BUY, 1),
        (4, 100, 5, TRADE, SELL, 1),
        (7, 99, 5, TRADE, SELL, 1),
    )
    paper = PaperOptions(maker_fee_bps=Decimal(2), taker_fee_bps=Decimal(5))
    result = replay(events, joiner, paper=paper, compiled=compiled)
    fills = result.fills[["time_ns", "price_ticks", "size_lots", "fee_ppb", "flags"]].tolist()
    assert fills == [(4, 100, 1, 200_000, 16), (7, 100, 3, 200_000, 16)]
    assert result.accounts == ((4, -400, 400 * 200_000),)


@pytest.mark.parametrize("compiled", [False, True])
def test_what_was_taken_is_gone(compiled: bool) -> None:
    """Two orders meet ten lots: the second finds two of them, until the level has gone and come back."""

    @strategy(state=[("calls", "i8")])
    def taker(market: Any, orders: Any, state: Any) -> None:
        state.calls += 1
        immediate(orders, BUY, 102, 8)

    events = _rows(
        *_BOOK,
        (2, 101, 1, LEVEL, BUY, 1),
        (3, 102, 0, LEVEL, SELL, 1),
        (4, 102, 10, LEVEL, SELL, 1),
        (5, 98, 1, LEVEL, BUY, 1),
    )
    result = replay(events, taker, paper=_FREE, compiled=compiled)
    assert result.fills[["time_ns", "size_lots"]].tolist() == [(1, 8), (2, 2), (4, 8)]
    assert result.state.calls == 4


@pytest.mark.parametrize("compiled", [False, True])
def test_requests_arrive_late_and_between_messages(compiled: bool) -> None:
    """It was due at 11, in the middle of a message, and came behind it, where nothing stood at its price any more."""
    events = _rows(
        *_BOOK,
        (6, 100, 0, LEVEL, BUY, 0),
        (11, 102, 5, LEVEL, SELL, 1),
        (12, 101, 5, LEVEL, BUY, 1),
        (13, 100, 1, LEVEL, SELL, 1),
        (14, 98, 1, LEVEL, BUY, 1),
    )
    result = replay(events, joiner, latency_ns=10, compiled=compiled)
    assert result.requests["time_ns"].tolist() == [1]
    assert result.log[result.log["kind"] == ACCEPTED]["time_ns"].tolist() == [11]


@pytest.mark.parametrize("compiled", [False, True])
def test_the_gate_refuses_what_a_session_refuses(compiled: bool) -> None:
    """Four lots where three may be held: the strategy hears of it a millisecond later, by name."""

    @strategy(state=[("reason", "i8"), ("heard_ns", "i8")], on=("bbo", "order"))
    def asker(market: Any, orders: Any, state: Any) -> None:
        if market.event_kind == 10 and state.reason == 0:
            limit(orders, BUY, 100, 4)
        elif market.event_kind == 21:
            state.reason = market.event_reason
            state.heard_ns = market.time_ns

    instrument = _context().instruments[0]
    check = MaxPosition(instrument, options=LimitOptions(limit=Decimal("0.00000003")))
    events = _rows(*_BOOK, (5_000_000, 100, 1, TRADE, BUY, 1))
    result = replay(events, asker, markets=[ReplayMarket(checks=[check])], compiled=compiled)
    assert [REASONS[one] for one in result.rejections["reason"].tolist()] == ["max_position"]
    assert result.rejections["kind"].tolist() == [REFUSED]
    assert (REASONS[result.state.reason], result.state.heard_ns) == ("max_position", 1_000_001)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_timer_and_order_events_reach_a_strategy_of_two_markets(compiled: bool) -> None:
    """The timer of the first market trades in the second; the events say what came of it."""

    @strategy(state=[("fired", "i8"), ("filled", "i8"), ("second", "i8")], on=("order",), every_seconds=1e-6)
    def timed(market: Any, markets: Any, orders: Any, state: Any) -> None:
        if market.event_kind == TIMER:
            state.fired += 1
            if state.fired == 1:
                market_order(orders, BUY, 3, 1)
        elif market.event_kind == FILLED:
            state.filled += market.event_lots
            state.second += market.index * market.event_ticks + markets[1].position_lots

    events = np.concatenate([_rows(*_BOOK), _rows(*_BOOK), _rows((2_500, 98, 1, LEVEL, BUY, 1))])
    events["market"][len(_BOOK) : -1] = 1
    markets = [ReplayMarket(), ReplayMarket()]
    result = replay(events, timed, markets=markets, paper=_FREE, compiled=compiled)
    assert (result.state.fired, result.state.filled, result.state.second) == (2, 3, 102 + 3)
    assert [account.position_lots for account in result.accounts] == [0, 3]


@strategy(state=[("seen", "i8")], on=("row",))
def failing(market: Any, orders: Any, state: Any) -> None:
    limit(orders, BUY, 100, 1)
    state.seen += 1
    if state.seen // (3 - state.seen):
        state.seen += 0


@pytest.mark.parametrize("compiled", [False, True])
def test_a_strategy_that_raises_ends_the_replay_there(compiled: bool) -> None:
    """The error has the event, and uncompiled what was raised."""
    with pytest.raises(ReplayError, match="the strategy raised at event 2") as caught:
        replay(_rows(*_BOOK), failing, compiled=compiled)
    assert caught.value.event == 2
    assert isinstance(caught.value.__cause__, ZeroDivisionError) is not compiled


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ((2, 100, 1, LEVEL, 0, 1), "event 5 has a side that is neither 1 nor -1"),
        ((2, -1, 1, LEVEL, BUY, 1), "event 5 has a price or a size below 0"),
        ((2, 100, -1, TRADE, BUY, 1), "event 5 has a price or a size below 0"),
        ((2, 100, 1, 9, BUY, 1), "event 5 is of no kind that there is"),
        ((2, 100, 1, QUOTE, BUY, 1), "event 5 is the best bid or ask of a quote without the other"),
    ],
)
def test_events_that_can_not_be_are_refused(row: tuple[int, ...], problem: str) -> None:
    """The error has the event's number and what is wrong with it."""
    with pytest.raises(ReplayError, match=problem) as caught:
        replay(_rows(*_BOOK, row), joiner)
    assert caught.value.event == 5


def test_an_event_of_no_market_is_refused() -> None:
    """A replay of one market has no second."""
    events = _rows(*_BOOK)
    events["market"][2] = 1
    with pytest.raises(ReplayError, match="event 2 is of no market that there is"):
        replay(events, joiner)


def test_what_can_not_be_run_is_told() -> None:
    """Before anything runs, with the way out where there is one."""
    events = _rows(*_BOOK)
    with pytest.raises(ConfigError, match="no native book is named"):
        replay(events, joiner, book="heap")
    with pytest.raises(ConfigError, match="latency_ns must be"):
        replay(events, joiner, latency_ns=-1)
    with pytest.raises(ConfigError, match=r"array of mainspring_native\.replay\.EVENT"):
        replay(np.zeros(3), joiner)
    with pytest.raises(ConfigError, match="a replay takes the built-in risk checks, not object"):
        replay(events, joiner, markets=[ReplayMarket(checks=[object()])])  # type: ignore[list-item]
    with pytest.raises(ConfigError, match="a replay takes the built-in queue models, not object"):
        replay(events, joiner, markets=[ReplayMarket(queue=object())])  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="take market, orders and state"):
        strategy()(lambda market, orders: None)
    with pytest.raises(ConfigError, match="named fields"):
        strategy(state="i8")(lambda market, orders, state: None)
    with pytest.raises(ConfigError, match="isn't among bbo, trade, order, row"):
        strategy(on=("book",))(lambda market, orders, state: None)
    with pytest.raises(ConfigError, match="a timer is due every"):
        strategy(every_seconds=-1)(lambda market, orders, state: None)
    with pytest.raises(ConfigError, match="a session has no rows"):
        in_session(failing)

    @strategy()
    def uncompilable(market: Any, orders: Any, state: Any) -> None:
        open(f"{market.time_ns}")  # noqa: SIM115, PTH123

    with pytest.raises(ConfigError, match=r"(?s)strategy uncompilable can't be compiled.*compiled=False"):
        replay(events, uncompilable)


def test_a_message_that_is_refused_is_told_alike() -> None:
    """A native feed raises what any other raises."""

    def reported(feed: Feed) -> str:
        with pytest.raises(WireError) as caught:
            read_events(feed, [(5, b'{"e":"trade","s":"BTCUSDT","p":1}')])
        return str(caught.value)

    context = _context()
    assert reported(native_decoder(BINANCE_SPOT, context)) == reported(python_decoder(BINANCE_SPOT, context))


def test_each_replay_begins_with_nothing() -> None:
    """No state, order or book is left of the one before."""
    events = _rows(*_BOOK)
    first, second = replay(events, joiner), replay(events, joiner)
    assert first.state.asked == second.state.asked == 1
    assert len(replay(events[:0], joiner).requests) == 0


def test_the_reasons_are_those_of_the_kernel() -> None:
    """Each by its number, and among them the name of each check that runs there."""
    assert list(REASONS.values()) == record_reasons()
    assert {REASONS[1], REASONS[9]} == {"market-unavailable", "order-ended"}
    ours = {offer.name for offer in Registry.load().offers("risk").values() if offer.capabilities.get("in_runs")}
    assert len(ours - set(REASONS.values())) == 8, "of costs, and of what was sent and filled"


def test_the_session_ends_with_the_events() -> None:
    """A cancel that reaches the venue at the last event's time is answered, and nothing after it."""

    @strategy(state=[("calls", "i8")])
    def twice(market: Any, orders: Any, state: Any) -> None:
        state.calls += 1
        for own in own_orders(market):
            cancel(orders, own.order_id)
        limit(orders, BUY, 99, 1)

    events = _rows(*_BOOK, (20, 98, 1, LEVEL, BUY, 1), (30, 101, 1, LEVEL, BUY, 1))
    result = replay(events, twice, latency_ns=10)
    assert result.log[result.log["kind"] == CANCELLED]["time_ns"].tolist() == []
    result = replay(events, twice, latency_ns=0)
    assert result.log[result.log["kind"] == CANCELLED]["time_ns"].tolist() == [30]
