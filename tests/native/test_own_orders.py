"""A strategy's own orders in Rust are what the plain ones are, whatever happens to them and is asked of them."""

from decimal import Decimal
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mainspring.errors import GridError
from mainspring.lane import LaneClock, LaneStrategyMarket, OwnOrders
from mainspring.lane.outbox import Outbox
from mainspring.model import (
    Accepted,
    Cancelled,
    Expired,
    Fill,
    Instrument,
    NewOrder,
    OrderEvent,
    Rejected,
    Replaced,
    Side,
)
from mainspring.portfolio import Position, Valuation
from mainspring_native._native import OwnOrders as NativeOrders

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
    clock, outbox = LaneClock(), Outbox()
    view = SimpleNamespace(index=3, instrument=_INSTRUMENT)
    own = SimpleNamespace(position=Position(Valuation(_INSTRUMENT)))

    def make_orders(market: LaneStrategyMarket, client_order_id: Any) -> OwnOrders:
        if native:
            return cast(
                "OwnOrders", NativeOrders(market, clock, cast("list[object]", outbox.requests), client_order_id)
            )
        return OwnOrders(market, client_order_id)

    return LaneStrategyMarket(
        "acme:BTC/USDT", "one", cast("Any", view), clock, outbox, cast("Any", None), cast("Any", own), str, make_orders
    )


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
        assert markets[1]._outbox.requests == markets[0]._outbox.requests
        assert [repr(two) for _, two in handles] == [repr(one) for one, _ in handles]


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
