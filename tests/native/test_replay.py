"""Replay: the compiled strategy in the Rust loop, held against its own body in the plain loop."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.errors import ConfigError, ReplayError, WireError
from mainspring.model import Instrument
from mainspring.seams import Feed, FeedContext, RawMessage
from mainspring.wire import python_decoder
from mainspring_native.decoders import native_decoder
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT

Rows = npt.NDArray[np.void]

replays = pytest.importorskip("mainspring_native.replay", reason="NumPy isn't installed")
pytest.importorskip("numba", reason="Numba isn't installed")

from mainspring_native.replay import (  # noqa: E402  behind the word on what is missing
    BUY,
    CLEAR,
    EVENT,
    HALT,
    LEVEL,
    RESUME,
    SELL,
    TRADE,
    average_ticks,
    cancel,
    immediate,
    level_lots,
    level_ticks,
    limit,
    lots_at,
    market_order,
    post_only,
    read_events,
    replay,
    strategy,
)

_STRUCTURES = ("ladder", "sorted-vec", "btree")
_SPOT = "binance/spot/btcusdt_20240808.gz"


@strategy(state=[("seed", "i8"), ("last", "i8"), ("full", "i8"), ("sum", "f8"), ("read", "i8")])
def restless(market: Any, orders: Any, state: Any) -> None:  # noqa: C901  it does everything
    """Does everything that can be done, at what looks like random."""
    state.seed = (state.seed * 1103515245 + 12345) % 2147483648
    roll = state.seed // 65536
    side = BUY if roll % 2 == 0 else SELL
    state.read += market.time_ns % 1000 + market.live * 3 + market.event_kind * 5 + market.event_side * 7
    state.read += market.event_ticks * 11 + market.event_lots * 13 + market.event_last * 17 + market.fills * 19
    state.read += market.open_orders * 23 + market.in_flight * 29 + market.position_lots
    state.read += level_ticks(market, side, roll % 4) * 3 + level_lots(market, side, roll % 3 - 1)
    state.read += lots_at(market, side, market.bid_ticks) + lots_at(market, side, -5)
    average = average_ticks(market, side, roll % 50)
    if average == average:  # it is NaN where the book is too thin
        state.sum += average
    near = market.bid_ticks if side == BUY else market.ask_ticks
    size = 1 + roll % 9
    action = roll // 16 % 12
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
    elif action == 7 and roll % 31 == 0:
        for _ in range(20):
            if limit(orders, side, near - side * 3, 1) == 0:
                state.full += 1
    elif action == 8 and roll % 7 == 0:
        limit(orders, roll % 4, near - 2, size - 2)


def _same(events: Rows, latency_ns: int, structures: tuple[str, ...] = _STRUCTURES) -> Any:
    plain = replay(events, restless, book=BisectListBook(), latency_ns=latency_ns, compiled=False)
    for structure in structures:
        compiled = replay(events, restless, book=structure, latency_ns=latency_ns)
        for name in ("requests", "fills", "rejections"):
            theirs, ours = getattr(compiled, name).tolist(), getattr(plain, name).tolist()
            assert theirs == ours, (structure, name)
        assert compiled.state == plain.state, structure
        assert (compiled.events, compiled.position_lots, compiled.cash) == (
            plain.events,
            plain.position_lots,
            plain.cash,
        )
    return plain


@st.composite
def _events(draw: st.DrawFn) -> Rows:
    rows: list[tuple[int, ...]] = []
    time_ns = 1_000
    for _ in range(draw(st.integers(1, 60))):
        time_ns += draw(st.integers(0, 40))
        message = [
            (
                time_ns,
                draw(st.integers(95, 108)),
                draw(st.sampled_from([0, 1, 5, 9, 40])),
                draw(st.sampled_from([LEVEL] * 8 + [TRADE] * 4 + [CLEAR, HALT, RESUME])),
                draw(st.sampled_from([BUY, SELL])),
                0,
            )
            for _ in range(draw(st.integers(1, 5)))
        ]
        message[-1] = (*message[-1][:5], 1)
        rows += message
    return np.array(list(rows), EVENT)


@settings(deadline=None)
@given(_events(), st.sampled_from([0, 7, 30]))
def test_the_compiled_strategy_gives_the_orders_of_its_body(events: Rows, latency_ns: int) -> None:
    _same(np.concatenate([events] * 4), latency_ns)


@pytest.mark.parametrize(
    ("latency_ns", "many"),
    [
        (250_000, 4_000),
        pytest.param(250_000, 12_000, marks=pytest.mark.gate),
        pytest.param(0, 12_000, marks=pytest.mark.gate),
    ],
)
def test_on_a_recorded_session(messages_of: Callable[[str], Iterator[RawMessage]], latency_ns: int, many: int) -> None:
    context = _context()
    messages = [message for _, message in zip(range(many), messages_of(_SPOT), strict=False)]
    events = read_events(native_decoder(BINANCE_SPOT, context), messages)
    assert events.tolist() == read_events(python_decoder(BINANCE_SPOT, context), messages).tolist()
    assert {LEVEL, TRADE, CLEAR} <= set(events["kind"].tolist())
    result = _same(events, latency_ns)
    assert len(result.fills) > 100
    assert {1, 2, 4, 5} <= set(result.rejections["reason"].tolist())
    assert {0, 1} == set(result.fills["maker"].tolist())


def _context() -> FeedContext:
    instrument = Instrument(
        symbol="BTC/USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00000001"), venue_symbol="BTCUSDT"
    )
    return FeedContext((instrument,), OrjsonCodec())


def _rows(*rows: tuple[int, ...]) -> Rows:
    return np.array(list(rows), EVENT)


_BOOK = (
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
    events = _rows(
        *_BOOK,
        (2, 100, 6, TRADE, SELL, 1),
        (3, 100, 5, TRADE, BUY, 1),
        (4, 100, 5, TRADE, SELL, 1),
        (5, 100, 8, LEVEL, BUY, 1),
        (6, 100, 2, TRADE, SELL, 1),
        (7, 99, 1, TRADE, SELL, 1),
    )
    result = replay(events, joiner, compiled=compiled)
    # Ten lots were ahead; 6 + 5 lots sold to that price reach it by one, two more follow, and a print below ends it.
    assert result.fills[["time_ns", "price_ticks", "size_lots", "maker"]].tolist() == [
        (4, 100, 1, 1),
        (6, 100, 2, 1),
        (7, 100, 1, 1),
    ]
    assert (result.position_lots, result.cash) == (4, -400)


@pytest.mark.parametrize("compiled", [False, True])
def test_requests_arrive_late_and_between_messages(compiled: bool) -> None:
    events = _rows(
        *_BOOK,
        (6, 100, 0, LEVEL, BUY, 0),
        (11, 102, 5, LEVEL, SELL, 1),
        (12, 101, 5, LEVEL, BUY, 1),
        (13, 100, 1, LEVEL, SELL, 1),
    )
    result = replay(events, joiner, latency_ns=10, compiled=compiled)
    # It was due at 11, in the middle of a message, and came behind it, where nothing stood at its price any more.
    assert result.fills.tolist() == [(13, 1, BUY, 100, 4, 1)]
    assert result.requests["time_ns"].tolist() == [1]


@strategy(state=[("seen", "i8")])
def failing(market: Any, orders: Any, state: Any) -> None:
    limit(orders, BUY, 100, 1)
    state.seen += 1
    if state.seen // (3 - state.seen):
        state.seen += 0


@pytest.mark.parametrize("compiled", [False, True])
def test_a_strategy_that_raises_ends_the_replay_there(compiled: bool) -> None:
    with pytest.raises(ReplayError, match="the strategy raised at event 2") as caught:
        replay(_rows(*_BOOK), failing, compiled=compiled)
    assert caught.value.event == 2


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ((2, 100, 1, LEVEL, 0, 1), "event 4 has a side that is neither 1 nor -1"),
        ((2, -1, 1, LEVEL, BUY, 1), "event 4 has a price or a size below 0"),
        ((2, 100, -1, TRADE, BUY, 1), "event 4 has a price or a size below 0"),
        ((2, 100, 1, 6, BUY, 1), "event 4 is of no kind that there is"),
    ],
)
def test_events_that_can_not_be_are_refused(row: tuple[int, ...], problem: str, compiled: bool) -> None:
    with pytest.raises(ReplayError, match=problem) as caught:
        replay(_rows(*_BOOK, row), joiner, compiled=compiled)
    assert caught.value.event == 4


def test_what_can_not_be_run_is_told() -> None:
    events = _rows(*_BOOK)
    with pytest.raises(ConfigError, match="a book of your own needs compiled=False"):
        replay(events, joiner, book=BisectListBook())
    for compiled in (True, False):
        with pytest.raises(ConfigError, match="no native book is named"):
            replay(events, joiner, book="heap", compiled=compiled)
    with pytest.raises(ConfigError, match="latency_ns must be"):
        replay(events, joiner, latency_ns=-1)
    with pytest.raises(ConfigError, match=r"array of mainspring_native\.replay\.EVENT"):
        replay(np.zeros(3), joiner)
    with pytest.raises(ConfigError, match="take market, orders and state"):
        strategy()(lambda market, orders: None)  # type: ignore[misc, arg-type]
    with pytest.raises(ConfigError, match="named fields"):
        strategy(state="i8")(lambda market, orders, state: None)

    @strategy()
    def uncompilable(market: Any, orders: Any, state: Any) -> None:
        open(f"{market.time_ns}")  # noqa: SIM115, PTH123

    with pytest.raises(ConfigError, match=r"(?s)strategy uncompilable can't be compiled.*compiled=False"):
        replay(events, uncompilable)


def test_a_message_that_is_refused_is_told_alike() -> None:
    def reported(feed: Feed) -> str:
        with pytest.raises(WireError) as caught:
            read_events(feed, [(5, b'{"e":"trade","s":"BTCUSDT","p":1}')])
        return str(caught.value)

    context = _context()
    assert reported(native_decoder(BINANCE_SPOT, context)) == reported(python_decoder(BINANCE_SPOT, context))


def test_a_replay_begins_anew_each_time() -> None:
    events = _rows(*_BOOK)
    first, second = replay(events, joiner), replay(events, joiner)
    assert first.state.asked == second.state.asked == 1
    assert len(replay(events[:0], joiner).requests) == 0
