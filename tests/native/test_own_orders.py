"""A strategy's own orders in Rust are what the plain ones are, whatever happens to them and is asked of them."""

import gc
import inspect
from decimal import Decimal
from itertools import product
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mainspring.errors import GridError
from mainspring.lane import FusedStrategyMarket, LaneClock, LaneStrategyMarket, Outbox, OwnOrders, Requests
from mainspring.model import (
    Accepted,
    Cancelled,
    CancelRequest,
    Expired,
    Fill,
    Instrument,
    NewOrder,
    OrderEvent,
    Rejected,
    Replaced,
    ReplaceRequest,
    Side,
)
from mainspring.portfolio import Position, Valuation
from mainspring_native._native import LaneClock as NativeClock
from mainspring_native._native import OwnOrders as NativeOrders
from mainspring_native._native import Requests as NativeRequests

_INSTRUMENT = Instrument(symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.1"), lot_size=Decimal("0.001"))
_READ = (
    "order_id",
    "side",
    "price_ticks",
    "size_lots",
    "filled_lots",
    "leaves_lots",
    "state",
    "ended",
    "client_order_id",
    "price",
    "size",
    "filled",
)


def _market(*, native: bool) -> LaneStrategyMarket:
    requests: Any = (NativeRequests if native else Requests)(1_000)
    clock: Any = (NativeClock if native else LaneClock)(5)
    outbox = Outbox(requests=requests)
    view = SimpleNamespace(index=3, instrument=_INSTRUMENT)
    own = SimpleNamespace(position=Position(Valuation(_INSTRUMENT)))

    def make_orders(market: LaneStrategyMarket, client_order_id: Any) -> OwnOrders:
        if native:
            return cast("OwnOrders", NativeOrders(market, clock, requests, client_order_id))
        return OwnOrders(market, client_order_id)

    parts: Any = clock, outbox, None, own, str, make_orders
    return (FusedStrategyMarket if native else LaneStrategyMarket)("acme:BTC/USDT", "one", cast("Any", view), *parts)


def _both() -> tuple[LaneStrategyMarket, LaneStrategyMarket]:
    return _market(native=False), _market(native=True)


def _read(market: LaneStrategyMarket) -> list[object]:
    return [[getattr(order, name) for name in _READ] + [repr(order)] for order in market.open_orders]


def _event(random: Random, order_id: int) -> OrderEvent:
    request: Any = random.choice(("new", "cancel", "cancel", "replace", "replace"))
    return random.choice((
        Accepted(order_id, 3, 5),
        Accepted(order_id, 3, 5),
        Rejected(order_id, 3, 5, "no", request),
        Fill(order_id, 3, 5, 7, Side.BUY, 90, random.choice((1, 2, 500)), True, 0),
        Replaced(order_id, 3, 5, random.randint(1, 99), random.randint(1, 99)),
        Cancelled(order_id, 3, 5, 1, "asked"),
        Expired(order_id, 3, 5, 1, "day"),
    ))  # fmt: skip


def _ask(market: LaneStrategyMarket, handle: Any, random: Random) -> str:
    """Asks for something of an order, which may be refused; returns what was said then."""
    try:
        if random.random() < 0.4:
            handle.cancel()
        else:
            handle.replace(
                **random.choice((
                    {"price_ticks": random.randint(-1, 50)},
                    {"size_lots": random.choice((0, 1, 40, 2**63))},
                    {"price": random.choice(("4.2", "0.01", "0", Decimal("3.3")))},
                    {"size": random.choice(("0.004", "x"))},
                    {"price": "1.0", "price_ticks": 10},
                    {"price_ticks": 10, "size_lots": 12},
                    {"price_ticks": True},
                    {},
                ))
            )  # fmt: skip
    except (GridError, ValueError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def test_an_order_outlives_its_session() -> None:
    """A handle that a strategy kept tells its figures when the session is gone, and asks for nothing."""
    market = _market(native=True)
    handle = market.buy(size_lots=7, price_ticks=42)
    assert handle.market is market
    del market
    gc.collect()
    assert (handle.price, handle.size, handle.filled) == (Decimal("4.2"), Decimal("0.007"), Decimal(0))
    assert repr(handle) == "<order 1: buy 0.007 acme:BTC/USDT at 4.2, created, 0.000 filled>"
    # Asked of a session that is gone, as of the plain one: nobody reads it.
    handle.replace(price_ticks=40)
    handle.cancel()
    for name in ("market", "client_order_id"):
        with pytest.raises(RuntimeError, match="order 1: its session is gone"):
            getattr(handle, name)


@pytest.mark.parametrize("seed", range(30))
def test_orders_are_known_alike(seed: int) -> None:
    """States, figures, requests, texts and errors are equal after each random event and request."""
    markets = _both()
    handles: list[tuple[Any, Any]] = []
    random = Random(seed)
    for _ in range(120):
        draw = random.random()
        if draw < 0.15 or not handles:
            terms: dict[str, Any] = random.choice(({}, {"price_ticks": random.randint(1, 99)}))
            lots = random.randint(1, 40)
            first, second = (market.buy(size_lots=lots, **terms) for market in markets)
            handles.append((first, second))
        elif draw < 0.55:
            event = _event(random, random.randint(1, len(handles) + 2))
            taken = [market.own_orders.update(event) for market in markets]
            assert (taken[0] is None) == (taken[1] is None)
        elif draw < 0.6:
            for market in markets:
                market.own_orders.mark_unknown(len(handles))
        else:
            at, state = random.randrange(len(handles)), random.getstate()
            said = []
            for market, handle in zip(markets, handles[at], strict=True):
                random.setstate(state)
                said.append(_ask(market, handle, random))
            assert said[0] == said[1]
        plain, native = (_read(market) for market in markets)
        assert native == plain, f"seed {seed}"
        plain_requests, native_requests = (market._requests.take() for market in markets)
        assert native_requests == plain_requests
        assert [repr(two) for _, two in handles] == [repr(one) for one, _ in handles]


_SIZES: tuple[dict[str, Any], ...] = (
    {"size_lots": 3}, {"size_lots": 7}, {"size": "0.004"}, {"size": Decimal("0.002")}, {"size_lots": 0}, {"size": "x"},
    {"size_lots": True}, {"size_lots": 2**63}, {"size_lots": 1.0}, {"size": 0.1}, {"size": "1", "size_lots": 1}, {},
)  # fmt: skip
_PRICES: tuple[dict[str, Any], ...] = (
    {}, {"price_ticks": 12}, {"price_ticks": 2**63 - 1}, {"price": "4.2"}, {"price": Decimal("3.3")}, {"price": "4.25"},
    {"price": "0"}, {"price_ticks": -1}, {"price_ticks": "5"}, {"price": "1", "price_ticks": 10},
)  # fmt: skip
_TERMS: tuple[dict[str, Any], ...] = (
    {}, {}, {"post_only": True}, {"post_only": False}, {"post_only": 1}, {"post_only": None}, {"time_in_force": "gtc"},
    {"time_in_force": "".join(("i", "oc"))}, {"time_in_force": "fok"}, {"time_in_force": None},
    {"time_in_force": "gtx"}, {"time_in_force": 5}, {"post_only": True, "time_in_force": "ioc"}, {"reduce_only": True},
    {"time_in_force": "gtd", "expires_ns": 9}, {"time_in_force": "day"}, {"expires_ns": 9},
)  # fmt: skip


@pytest.mark.parametrize("name", ["buy", "sell"])
def test_orders_are_asked_for_alike(name: str) -> None:
    """Whatever is given for size, price and terms: the same request, the same handle, or the same error."""
    markets = _both()
    for size, price, terms in product(_SIZES, _PRICES, _TERMS):
        said = []
        for market in markets:
            try:
                said.append(repr(getattr(market, name)(**size, **price, **terms)))
            except (GridError, ValueError, TypeError) as error:
                said.append(f"{type(error).__name__}: {error}")
        assert said[1] == said[0]
        plain, native = (market._requests.take() for market in markets)
        assert native == plain
        assert [type(one) for one in native] == [type(one) for one in plain]
    assert markets[1].next_order_id == markets[0].next_order_id > 100


@pytest.mark.parametrize("name", ["buy", "sell"])
def test_the_arguments_are_those_of_every_market(name: str) -> None:
    """What one market's method takes the other's does."""
    plain, native = (inspect.signature(getattr(market, name)).parameters for market in _both())
    assert list(native) == list(plain)
    assert {one.kind for one in native.values()} == {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("name", ["buy", "sell"])
def test_calls_are_read_alike_however_they_are_made(name: str) -> None:
    """Names that were put together are those in code; what is given by position or by another name is refused."""
    markets = _both()
    arguments: dict[str, Any] = {"".join(("size", "_lots")): 3, "".join(("price", "_ticks")): 12, "post_only": None}
    for market in markets:
        call = getattr(market, name)
        call(**arguments)
        call(size_lots=4, **{"".join(("price", "_ticks")): 13})
        for given, named in (((3,), {}), ((3,), {"price_ticks": 12}), ((), {"size_lots": 3, "limit": 12})):
            with pytest.raises(TypeError, match=name):
                call(*given, **named)
    plain, native = (market._requests.take() for market in markets)
    assert native == plain
    assert [(one.size_lots, one.price_ticks) for one in native] == [(3, 12), (4, 13)]


def test_more_answers_than_may_be_are_surplus() -> None:
    """Which of a strategy's requests are too many at an instant; an order's first cancel never is."""
    random, queues = Random(5), [Requests(3), cast("Requests", NativeRequests(3))]
    now_ns = 0
    for _ in range(500):
        now_ns += random.random() < 0.1
        strategy = random.choice(("one", "two"))
        made: list[Any] = [
            random.choice((
                CancelRequest(random.randint(1, 5), 3, now_ns, strategy),
                ReplaceRequest(1, 3, 5, 7, now_ns, strategy),
                NewOrder(1, 3, Side.BUY, "limit", 5, 7, now_ns, "gtc", False, strategy),
            ))
            for _ in range(random.randint(1, 5))
        ]  # fmt: skip
        first = random.randint(0, len(made))
        for queue in queues:
            for one in made:
                queue.append(one)
            queue.limit_answers(strategy, first, now_ns)
        plain, native = (queue.take() for queue in queues)
        assert native == plain


def test_the_open_orders_are_read_again_only_once_they_have_changed() -> None:
    """The same tuple until then: a strategy reads it at every message."""
    _, market = _both()
    market.buy(size_lots=1, price_ticks=5)
    open_orders = market.open_orders
    assert market.open_orders is open_orders
    market.own_orders.update(Accepted(1, 3, 5))
    assert market.open_orders is open_orders
    market.own_orders.update(Cancelled(1, 3, 5, 1, "asked"))
    assert market.open_orders == ()


def test_old_orders_are_forgotten() -> None:
    """Those of the last thousand that ended are still known, and no others."""
    for market in _both():
        for number in range(1_002):
            order: NewOrder | Any = market.buy(size_lots=1, price_ticks=5)
            market.own_orders.update(Cancelled(order.order_id, 3, number, 1, "asked"))
        late = [market.own_orders.update(Accepted(order_id, 3, 5)) is None for order_id in (1, 2, 3, 1_002)]
        assert late == [True, True, False, False]
