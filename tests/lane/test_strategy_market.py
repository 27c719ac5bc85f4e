"""A strategy's markets and order handles: what they read, what they request, and what they refuse."""

from decimal import Decimal, localcontext
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mainspring.errors import GridError
from mainspring.lane.clock import LaneClock
from mainspring.lane.order_handle import LaneOrderHandle
from mainspring.lane.outbox import Outbox
from mainspring.lane.strategy_market import LaneStrategyMarket
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
from mainspring.portfolio import OwnPosition, Position, Valuation
from mainspring.testing import INSTRUMENT, FakeAccount

NOW_NS = 1_700_000_000_000_000_000


class Desk:
    """A market of a strategy over fixed best prices, and the lane's side of it."""

    def __init__(self, instrument: Instrument = INSTRUMENT) -> None:
        self.position = Position(Valuation(instrument))
        self.prices: Any = SimpleNamespace(
            index=3,
            instrument=instrument,
            bid_ticks=6_183,
            bid_lots=10,
            ask_ticks=6_186,
            ask_lots=20,
            bbo_time_ns=NOW_NS - 5,
            live=True,
            book="the book",
            statistics="the statistics",
            mid_half_ticks=lambda: 12_369,
        )
        self.clock = LaneClock(NOW_NS)
        self.outbox = Outbox()
        self.market = LaneStrategyMarket(
            "spot:ACME/USD",
            "maker",
            self.prices,
            self.clock,
            self.outbox,
            FakeAccount(position_lots=7),
            OwnPosition(self.position, lambda: None),
            lambda order_id: f"c-{order_id}",
        )

    def tell(self, event: OrderEvent) -> LaneOrderHandle | None:
        if isinstance(event, Fill):
            self.position.on_fill(event)
        return self.market.own_orders.update(event)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def fill(order_id: int, lots: int, side: Side = Side.BUY) -> Fill:
    return Fill(order_id, 3, NOW_NS, 1, side, 6_183, lots, True, 0)


def test_reads_the_market_as_it_is_now(desk: Desk) -> None:
    """Prices come as ticks and as decimals, and follow the lane's market and clock."""
    market = desk.market
    assert (market.bid_ticks, market.bid_lots, market.ask_ticks, market.ask_lots) == (6_183, 10, 6_186, 20)
    assert (market.bid, market.ask, market.mid) == (Decimal("61.83"), Decimal("61.86"), Decimal("61.845"))
    assert market.mid_half_ticks() == 12_369
    assert (market.live, market.bbo_time_ns, market.now_ns) == (True, NOW_NS - 5, NOW_NS)
    found: tuple[object, ...] = (market.book, market.statistics, market.account.position_lots)
    assert found == ("the book", "the statistics", 7)
    desk.prices.bid_ticks, desk.prices.live, desk.clock.now_ns = 6_184, False, NOW_NS + 1
    assert (market.bid, market.live, market.now_ns) == (Decimal("61.84"), False, NOW_NS + 1)


def test_an_empty_side_has_no_price(desk: Desk) -> None:
    """A side of no lots has no decimal price, and there is no mid."""
    desk.prices.bid_lots = 0
    desk.prices.mid_half_ticks = lambda: None
    assert desk.market.bid is None
    assert desk.market.mid is None
    assert desk.market.ask is not None


def test_decimals_are_exact_in_any_context(desk: Desk) -> None:
    """A plugin's decimal context doesn't round what is read."""
    with localcontext() as context:
        context.prec = 2
        assert desk.market.bid == Decimal("61.83")
        assert desk.market.mid == Decimal("61.845")


def test_the_same_order_by_decimals_and_by_integers(desk: Desk) -> None:
    """Text, `Decimal`, ticks and lots, NumPy's integers included, lead to the same request."""
    market = desk.market
    market.buy(size="0.5", price="61.83", post_only=True)
    market.buy(size=Decimal("0.500"), price=Decimal("61.83"), post_only=True)
    market.buy(size_lots=500, price_ticks=6_183, post_only=True)
    market.buy(size_lots=np.int64(500), price_ticks=np.int64(6_183), post_only=True)  # type: ignore[arg-type]
    expected = [
        NewOrder(order_id, 3, Side.BUY, "limit", 6_183, 500, NOW_NS, "gtc", True, "maker") for order_id in (1, 2, 3, 4)
    ]
    assert desk.outbox.requests == expected
    assert all(type(request.size_lots) is int for request in desk.outbox.requests if type(request) is NewOrder)


def test_an_order_without_a_price_is_a_market_order(desk: Desk) -> None:
    """It has no price, and is immediate or cancel unless another time in force is given."""
    order = desk.market.sell(size="0.001")
    desk.market.sell(size="0.001", time_in_force="fok")
    assert desk.outbox.requests == [
        NewOrder(1, 3, Side.SELL, "market", 0, 1, NOW_NS, "ioc", False, "maker"),
        NewOrder(2, 3, Side.SELL, "market", 0, 1, NOW_NS, "fok", False, "maker"),
    ]
    assert order.price is None
    assert order.price_ticks == 0


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"size": 1}, TypeError, "size must be text or a Decimal.*size_lots"),
        ({"size": 0.5}, TypeError, "size must be text or a Decimal.*not 0.5.*size_lots"),
        ({"size": True}, TypeError, "size must be text"),
        ({"size_lots": "5"}, TypeError, "size_lots must be a whole number, not '5'; decimals are size"),
        ({"size_lots": Decimal(5)}, TypeError, "size_lots must be a whole number"),
        ({"size_lots": 5.0}, TypeError, "size_lots must be a whole number, not 5.0"),
        ({"size_lots": True}, TypeError, "size_lots must be a whole number, not True"),
        ({"size_lots": 5, "price": 61.83}, TypeError, "price must be text or a Decimal.*price_ticks"),
        ({"size_lots": 5, "price_ticks": "61.83"}, TypeError, "price_ticks must be a whole number.*decimals are price"),
        ({"size_lots": 5, "size": "0.005"}, ValueError, "either size or size_lots"),
        ({"size_lots": 5, "price": "1", "price_ticks": 100}, ValueError, "either price or price_ticks"),
        ({}, ValueError, "needs a size"),
        ({"size_lots": 0}, ValueError, "size_lots must be above zero and fit 64 bits"),
        ({"size_lots": -5}, ValueError, "size_lots must be above zero and fit 64 bits"),
        ({"size_lots": 2**63}, ValueError, "size_lots must be above zero and fit 64 bits"),
        ({"size_lots": 5, "price": "0"}, ValueError, "price must be above zero"),
        ({"size_lots": 5, "price_ticks": 0}, ValueError, "price_ticks must be above zero"),
        ({"size_lots": 5, "time_in_force": "gtx"}, ValueError, "time_in_force must be"),
        ({"size_lots": 5, "time_in_force": "day"}, ValueError, "market order"),
        ({"size_lots": 5, "price_ticks": 1, "time_in_force": "gtd"}, ValueError, "expires_ns goes with"),
        ({"size_lots": 5, "price_ticks": 1, "expires_ns": 5}, ValueError, "expires_ns goes with"),
        ({"size_lots": 5, "post_only": True}, ValueError, "post_only"),
        ({"size": "0.0005"}, GridError, "ACME/USD: size '0.0005' is off the grid of 0.001"),
        ({"size": "0"}, GridError, "size '0' is below one lot"),
        ({"size": "much"}, GridError, "size 'much' isn't a plain decimal number"),
        ({"size": Decimal(-1)}, GridError, "size '-1' is negative"),
        ({"size": "1", "price": "61.835"}, GridError, "price '61.835' is off the grid of 0.01"),
        ({"size": "1", "price": Decimal("NaN")}, GridError, "price 'NaN' isn't a finite number"),
    ],
)
def test_refuses_what_could_be_a_mistake(
    desk: Desk, arguments: dict[str, Any], error: type[Exception], text: str
) -> None:
    """Decimals and integers can't be mistaken for each other; nothing is requested."""
    with pytest.raises(error, match=text):
        desk.market.buy(**arguments)
    assert desk.outbox.requests == []
    assert not desk.market.open_orders


def test_converts_and_names_the_field(desk: Desk) -> None:
    """A strategy's option can be converted under its own name."""
    assert desk.market.lots("0.25") == 250
    assert desk.market.ticks(Decimal("61.8")) == 6_180
    with pytest.raises(GridError, match="max_position"):
        desk.market.lots("0.00001", field="max_position")


def test_an_order_can_be_followed_from_the_request_to_the_fill(desk: Desk) -> None:
    """The handle is there at once, and follows what its strategy is told."""
    order = desk.market.buy(size="0.5", price="61.83")
    assert (order.state, order.ended, order.leaves_lots) == ("created", False, 500)
    assert (order.size, order.price, order.client_order_id) == (Decimal("0.500"), Decimal("61.83"), "c-1")
    assert desk.market.open_orders == (order,)
    assert order.market is desk.market
    assert desk.tell(Accepted(1, 3, NOW_NS)) is order
    assert order.state == "accepted"
    desk.tell(fill(1, 200))
    assert (order.state, order.filled, order.leaves_lots) == ("partially-filled", Decimal("0.200"), 300)
    assert desk.market.position == Decimal("0.200")
    desk.tell(fill(1, 300))
    assert (order.state, order.ended, order.leaves_lots) == ("filled", True, 0)
    assert not desk.market.open_orders
    assert desk.market.position_lots == 500


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (Rejected(1, 3, NOW_NS, "post-only"), "rejected"),
        (Cancelled(1, 3, NOW_NS, 500, "requested"), "cancelled"),
        (Expired(1, 3, NOW_NS, 500, "ioc"), "expired"),
    ],
)
def test_an_order_ends(desk: Desk, event: OrderEvent, state: str) -> None:
    """An ended order stays readable, is no longer open, and takes no more requests."""
    order = desk.market.sell(size="0.5", price="61.86")
    desk.outbox.requests.clear()
    assert desk.tell(event) is order
    assert (order.state, order.ended, order.leaves_lots, order.size_lots) == (state, True, 0, 500)
    assert not desk.market.open_orders
    order.cancel()
    order.replace(price="61.90")
    assert desk.outbox.requests == []


def test_cancels_once(desk: Desk) -> None:
    """A second cancel does nothing until the first was rejected."""
    order = desk.market.buy(size="0.5", price="61.83")
    desk.tell(Accepted(1, 3, NOW_NS))
    desk.outbox.requests.clear()
    order.cancel()
    desk.market.cancel_all()
    assert desk.outbox.requests == [CancelRequest(1, 3, NOW_NS, "maker")]
    assert order.state == "cancel-pending"
    desk.tell(fill(1, 100))
    assert order.state == "cancel-pending"
    desk.tell(Rejected(1, 3, NOW_NS, "too-late", "cancel"))
    assert order.state == "partially-filled"
    order.cancel()
    assert len(desk.outbox.requests) == 2


def test_replaces_what_is_given(desk: Desk) -> None:
    """What isn't given stays as last requested, also while an earlier replace is on its way."""
    order = desk.market.buy(size="0.5", price="61.83")
    desk.tell(Accepted(1, 3, NOW_NS))
    desk.outbox.requests.clear()
    order.replace(price="61.84")
    order.replace(size_lots=600)
    assert desk.outbox.requests == [
        ReplaceRequest(1, 3, 6_184, 500, NOW_NS, "maker"),
        ReplaceRequest(1, 3, 6_184, 600, NOW_NS, "maker"),
    ]
    assert (order.state, order.price_ticks, order.size_lots) == ("replace-pending", 6_183, 500)
    desk.tell(Replaced(1, 3, NOW_NS, 6_184, 500))
    assert (order.state, order.price_ticks) == ("replace-pending", 6_184)
    desk.tell(Rejected(1, 3, NOW_NS, "no", "replace"))
    assert (order.state, order.size_lots) == ("accepted", 500)
    order.replace(size="0.7")
    assert desk.outbox.requests[-1] == ReplaceRequest(1, 3, 6_184, 700, NOW_NS, "maker")


def test_refuses_a_replace_that_means_nothing(desk: Desk) -> None:
    """A replace needs a new value, and a market order can't be replaced."""
    with pytest.raises(ValueError, match="a price, a size, or both"):
        desk.market.buy(size="0.5", price="61.83").replace()
    with pytest.raises(ValueError, match="market order"):
        desk.market.buy(size="0.5").replace(price="61.83")


def test_an_order_whose_state_is_not_known(desk: Desk) -> None:
    """The state is unknown until the next event of the order."""
    order = desk.market.buy(size="0.5", price="61.83")
    order.mark_unknown()
    assert (order.state, order.ended, order.leaves_lots) == ("unknown", False, 500)
    order.cancel()
    assert order.state == "unknown"
    desk.tell(Rejected(1, 3, NOW_NS, "too-late", "cancel"))
    assert order.state == "created"
    desk.tell(Accepted(1, 3, NOW_NS))
    assert order.state == "accepted"


def test_late_events_find_their_order(desk: Desk) -> None:
    """A fill after the end counts for the position, and its handle is found, unless the order ended long ago."""
    order = desk.market.buy(size="0.5", price="61.83")
    desk.tell(Cancelled(1, 3, NOW_NS, 500, "requested"))
    assert desk.tell(fill(1, 100)) is order
    assert (order.state, order.filled_lots, desk.market.position_lots) == ("cancelled", 100, 100)
    for order_id in range(2, 1_003):
        desk.market.buy(size="0.5", price="61.83")
        desk.tell(Rejected(order_id, 3, NOW_NS, "no"))
    assert desk.tell(fill(1, 100)) is None
    assert desk.market.position_lots == 200


def test_repr_says_what_it_is(desk: Desk) -> None:
    """A printed order or market can be read by people."""
    assert repr(desk.market.sell(size="0.5")) == (
        "<order 1: sell 0.500 spot:ACME/USD at market, created, 0.000 filled>"
    )
    assert repr(desk.market) == "<market spot:ACME/USD: bid 61.83, ask 61.86, position 0.000>"
