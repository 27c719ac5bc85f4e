"""The market maker: where its quotes stand, how it leans, and when it takes them back."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from mainspring.errors import GridError
from mainspring.model import Accepted, Rejected, Side
from mainspring.testing import INSTRUMENT, FakeMarket, FakeOrders, check_strategy
from mainspring_plugins.strategies.quote_maker import QuoteMaker, QuoteMakerOptions


def make(**options):
    return QuoteMaker((INSTRUMENT,), options=QuoteMakerOptions(size=Decimal("0.010"), **options))


def prices(orders):
    """Where the open orders stand, by side."""
    return {one.order.side: one.price_ticks for one in orders.open_orders()}


def test_quotes_stand_either_side_of_the_mid():
    """Flat, both quotes stand the edge away from the mid, and ask not to take."""
    orders = FakeOrders()
    make(edge_ticks=3).on_bbo(FakeMarket(mid_ticks=1000), orders)
    assert prices(orders) == {Side.BUY: 997, Side.SELL: 1003}
    assert all(request[-1] is True for request in orders.requests), "post-only"


def test_half_ticks_are_rounded_away_from_the_mid():
    """Where the mid lies between ticks, neither quote comes nearer than the edge."""
    orders = FakeOrders()
    make(edge_ticks=2).on_bbo(FakeMarket(bids=[(1000, 5)], asks=[(1001, 5)]), orders)
    assert prices(orders) == {Side.BUY: 998, Side.SELL: 1003}


def test_it_leans_against_its_position():
    """Long by two quotes' size, both quotes stand two skews lower."""
    orders = FakeOrders()
    orders.position_lots = 20
    make(edge_ticks=6, skew_ticks=2).on_bbo(FakeMarket(mid_ticks=1000), orders)
    assert prices(orders) == {Side.BUY: 990, Side.SELL: 1002}


def test_a_quote_never_crosses_the_touch():
    """However far it leans, a bid stays below the best offer."""
    orders = FakeOrders()
    orders.position_lots = -100
    make(edge_ticks=1, skew_ticks=50, max_position=Decimal(10)).on_bbo(FakeMarket(mid_ticks=1000), orders)
    assert prices(orders)[Side.BUY] == 1000, "one below the best offer at 1001"


def test_it_holds_no_more_than_it_may():
    """At the position limit only the side that reduces it is quoted."""
    orders = FakeOrders()
    orders.position_lots = 20
    make(max_position=Decimal("0.020")).on_bbo(FakeMarket(), orders)
    assert set(prices(orders)) == {Side.SELL}


def test_quotes_follow_the_mid_once_it_has_moved_far_enough():
    """A mid that moves less than the threshold moves nothing; one that moves more moves both quotes."""
    maker, orders = make(requote_ticks=3), FakeOrders()
    maker.on_bbo(FakeMarket(mid_ticks=1000), orders)
    maker.on_bbo(FakeMarket(mid_ticks=1002), orders)
    assert prices(orders) == {Side.BUY: 998, Side.SELL: 1002}
    maker.on_bbo(FakeMarket(mid_ticks=1003), orders)
    assert prices(orders) == {Side.BUY: 1001, Side.SELL: 1005}


def test_an_order_on_its_way_is_left_alone():
    """A quote whose last request isn't answered yet is neither moved nor doubled."""
    maker, orders = make(), FakeOrders()
    maker.on_bbo(FakeMarket(mid_ticks=1000), orders)
    for one in orders.open_orders():
        one.state = "pending-new"
    maker.on_bbo(FakeMarket(mid_ticks=1100), orders)
    assert len(orders.requests) == 2


@pytest.mark.parametrize(
    "market", [FakeMarket(live=False), FakeMarket(bids=[], asks=[(1001, 5)]), FakeMarket(bids=[(999, 5)], asks=[])]
)
def test_without_a_market_it_withdraws(market):
    """Where the book can't be trusted or has no mid, the quotes are taken back."""
    maker, orders = make(), FakeOrders()
    maker.on_bbo(FakeMarket(), orders)
    maker.on_bbo(market, orders)
    assert prices(orders) == {}


def test_a_refusal_keeps_it_quiet():
    """After a refusal it asks for nothing until the time is up."""
    maker, orders, market = make(retry_ms=1), FakeOrders(), FakeMarket()
    maker.on_order_event(Accepted(1, 0, market.now_ns), market, orders)
    maker.on_order_event(Rejected(1, 0, market.now_ns, "too-large"), market, orders)
    market.now_ns += 999_999
    maker.on_bbo(market, orders)
    assert orders.requests == []
    market.now_ns += 1
    maker.on_bbo(market, orders)
    assert len(orders.requests) == 2


def test_a_size_off_the_grid_is_an_error():
    """A size that isn't a whole number of lots is refused, and named."""
    with pytest.raises(GridError, match=r"ACME/USD: size '0.0005' is off the grid of 0\.001"):
        QuoteMaker((INSTRUMENT,), options=QuoteMakerOptions(size=Decimal("0.0005")))


@pytest.mark.parametrize("seed", range(3))
def test_it_keeps_the_contract(seed):
    """The conformance kit finds nothing to say."""
    factory: Any = partial(QuoteMaker, options=QuoteMakerOptions(size=Decimal("0.1")))
    check_strategy(factory, seed=seed)


def test_it_withdraws_however_quiet_it_keeps():
    """A refusal keeps it from asking, never from taking its quotes back, those on their way included."""
    maker, orders, market = make(), FakeOrders(), FakeMarket()
    maker.on_bbo(market, orders)
    next(iter(orders.open_orders())).state = "pending-new"
    maker.on_order_event(Rejected(9, 0, market.now_ns, "too-large"), market, orders)
    market.live = False
    maker.on_bbo(market, orders)
    assert prices(orders) == {}


def test_what_arrives_on_a_dead_market_is_withdrawn():
    """An order that the venue takes after the market has gone is cancelled at once."""
    maker, orders, market = make(), FakeOrders(), FakeMarket()
    maker.on_bbo(market, orders)
    market.live = False
    maker.on_order_event(Accepted(1, 0, market.now_ns), market, orders)
    assert prices(orders) == {}


def test_no_size_is_an_error():
    """A size of nothing is refused, and named."""
    with pytest.raises(GridError, match=r"size '0' is no size"):
        QuoteMaker((INSTRUMENT,), options=QuoteMakerOptions(size=Decimal(0)))


@pytest.mark.parametrize("name", ["skew_ticks", "requote_ticks", "retry_ms"])
def test_options_below_zero_are_refused(name):
    """An option that makes no sense below zero is an error that names it."""
    wrong: dict[str, Any] = {name: -1}
    with pytest.raises(ValueError, match=name):
        QuoteMakerOptions(size=Decimal(1), **wrong)
