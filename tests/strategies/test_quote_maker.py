"""The market maker: where its quotes stand, how it leans, and when it takes them back."""

from decimal import Decimal
from typing import Any

import pytest

from mainspring.errors import GridError
from mainspring.model import Instrument, Side
from mainspring.testing import FakeSession, check_strategy
from mainspring_plugins.strategies.quote_maker import QuoteMaker, QuoteMakerOptions


def make(**options: Any) -> QuoteMaker:
    return QuoteMaker(options=QuoteMakerOptions(size=Decimal("0.010"), **options))


def quoting(**options: Any) -> FakeSession:
    """A session whose maker has quoted around a mid of 1000 ticks, one tick from the best prices."""
    session = FakeSession()
    session.start(make(**options))
    session.show(bid_ticks=999, ask_ticks=1001)
    return session


def accept(session: FakeSession) -> None:
    for order in session.markets[0].open_orders:
        session.accept(order)


def prices(session: FakeSession) -> dict[Side, int]:
    """Where the open orders stand or are to stand, by side."""
    found = {order.side: order.price_ticks for order in session.markets[0].open_orders}
    for request in session.replaces():
        for order in session.markets[0].open_orders:
            if order.order_id == request.order_id:
                found[order.side] = request.price_ticks
    return found


def test_quotes_stand_either_side_of_the_mid() -> None:
    """Flat, both quotes stand the edge away from the mid, and are post-only."""
    session = quoting(edge_ticks=3)
    assert prices(session) == {Side.BUY: 997, Side.SELL: 1003}
    assert all(order.post_only for order in session.new_orders())


def test_half_ticks_are_rounded_away_from_the_mid() -> None:
    """Where the mid lies between ticks, neither quote comes nearer than the edge."""
    session = FakeSession()
    session.start(make(edge_ticks=2))
    session.show(bid_ticks=1000, ask_ticks=1001)
    assert prices(session) == {Side.BUY: 998, Side.SELL: 1003}


def holding(position_lots: int, mid_ticks: int = 1000, **options: Any) -> FakeSession:
    """A session whose maker holds a position, after which it has quoted again."""
    session = FakeSession()
    session.start(make(**options))
    # Far away, so that what is quoted afterwards is seen to be new.
    session.show(bid_ticks=mid_ticks + 499, ask_ticks=mid_ticks + 501)
    accept(session)
    bid, ask = session.markets[0].open_orders
    first, other = (bid, ask) if position_lots > 0 else (ask, bid)
    session.cancelled(other)
    first.replace(size_lots=abs(position_lots))
    session.show()
    session.replaced(session.replaces()[-1])
    session.fill(first)
    for order in session.markets[0].open_orders:
        session.cancelled(order)
    assert session.markets[0].position_lots == position_lots
    session.requests.clear()
    session.show(bid_ticks=mid_ticks - 1, ask_ticks=mid_ticks + 1)
    return session


def test_it_leans_against_its_position() -> None:
    """Long by two quotes' size, both quotes stand two skews lower."""
    assert prices(holding(20, edge_ticks=6, skew_ticks=2)) == {Side.BUY: 990, Side.SELL: 1002}


def test_a_quote_never_crosses_the_touch() -> None:
    """However far it leans, a bid stays below the best offer."""
    session = holding(-100, edge_ticks=1, skew_ticks=50, max_position=Decimal(10))
    assert prices(session)[Side.BUY] == 1000, "one below the best offer at 1001"


def test_it_holds_no_more_than_it_may() -> None:
    """At the position limit only the side that reduces it is quoted."""
    assert set(prices(holding(20, max_position=Decimal("0.020")))) == {Side.SELL}


def test_quotes_follow_the_mid_once_it_has_moved_far_enough() -> None:
    """A mid that moves less than the threshold moves nothing; one that moves more moves both quotes."""
    session = quoting(requote_ticks=3)
    accept(session)
    session.show(bid_ticks=1001, ask_ticks=1003)
    assert session.replaces() == []
    session.show(bid_ticks=1002, ask_ticks=1004)
    assert prices(session) == {Side.BUY: 1001, Side.SELL: 1005}


def test_an_order_on_its_way_is_left_alone() -> None:
    """A quote whose last request isn't answered yet is neither moved nor doubled."""
    session = quoting()
    session.show(bid_ticks=1099, ask_ticks=1101)
    assert len(session.requests) == 2


@pytest.mark.parametrize("change", [{"live": False}, {"bid_lots": 0}, {"ask_lots": 0}])
def test_without_a_market_it_withdraws(change: dict[str, Any]) -> None:
    """Where the book can't be trusted or has no mid, the quotes are taken back, once, those on their way included."""
    session = quoting()
    session.accept(session.markets[0].open_orders[0])
    session.show(**change)
    session.show(**change)
    assert {request.order_id for request in session.cancels()} == {1, 2}
    assert len(session.requests) == 4


def test_a_refusal_keeps_it_quiet() -> None:
    """After a refusal it requests nothing until the time is up."""
    session = quoting(retry_ms=10)
    for order in session.markets[0].open_orders:
        session.reject(order)
    session.advance(seconds=0.009)
    session.show(bid_lots=7)
    assert len(session.requests) == 2
    session.advance(seconds=0.001)
    session.show(bid_lots=8)
    assert len(session.requests) == 4


def test_it_withdraws_however_quiet_it_keeps() -> None:
    """A refusal keeps it from quoting, never from taking its quotes back."""
    session = quoting()
    session.reject(session.markets[0].open_orders[0])
    session.show(live=False)
    assert [request.order_id for request in session.cancels()] == [2]


def test_what_arrives_on_a_dead_market_is_withdrawn() -> None:
    """An order whose cancel was rejected on a dead market is cancelled again."""
    session = quoting()
    accept(session)
    session.show(live=False)
    session.reject(session.markets[0].open_orders[0], "cancel")
    assert [request.order_id for request in session.cancels()] == [1, 2, 1]


def test_a_fill_moves_the_fair_price() -> None:
    """After a fill both quotes are where the new position wants them, without waiting for the market."""
    session = quoting(edge_ticks=3, skew_ticks=2)
    accept(session)
    session.fill(session.markets[0].open_orders[0])
    assert prices(session) == {Side.BUY: 995, Side.SELL: 1001}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"size": Decimal("0.0005")}, r"ACME/USD: size '0.0005' is off the grid of 0\.001"),
        ({"size": Decimal(0)}, "size '0' is below one lot"),
        ({"size": Decimal(1), "max_position": Decimal("0.0001")}, "max_position"),
    ],
)
def test_a_size_off_the_grid_is_an_error(options: dict[str, Any], text: str) -> None:
    """A size that isn't a whole number of lots is refused at the start, and named."""
    with pytest.raises(GridError, match=text):
        FakeSession().start(QuoteMaker(options=QuoteMakerOptions(**options)))


@pytest.mark.parametrize("seed", range(3))
def test_it_keeps_the_contract(seed: int) -> None:
    """The conformance kit finds nothing to say."""
    check_strategy(lambda: QuoteMaker(options=QuoteMakerOptions(size=Decimal("0.1"))), seed=seed)


@pytest.mark.parametrize("name", ["skew_ticks", "requote_ticks", "retry_ms"])
def test_options_below_zero_are_refused(name: str) -> None:
    """An option that makes no sense below zero is an error that names it."""
    wrong: dict[str, Any] = {name: -1}
    with pytest.raises(ValueError, match=name):
        QuoteMakerOptions(size=Decimal(1), **wrong)


def test_a_market_order_that_closes_the_position_is_left_alone() -> None:
    """A command closes it by an order in the strategy's name, which is no quote to move."""
    session = quoting()
    accept(session)
    session.markets[0].sell(size_lots=1)
    session.show(bid_ticks=1_009, ask_ticks=1_011)
    assert len(session.replaces()) == 2
    assert session.cancels() == []


@pytest.mark.parametrize(
    ("notional", "changes", "lots"),
    [
        ("0.46", {}, 50),  # 0.046 at a price of 10: 0.05
        ("6000", {}, 600_000),
        ("0.001", {}, 1),  # less than a lot is a lot
        ("0.46", {"contract": "linear", "contract_size": Decimal("0.1")}, 500),
        ("620", {"contract": "inverse", "contract_size": Decimal(100), "lot_size": Decimal(1)}, 6),
        ("3000", {"lot_size": Decimal(1000)}, 1),
    ],
)
def test_a_notional_gives_each_market_a_size_that_fits(notional: str, changes: dict[str, Any], lots: int) -> None:
    """A quote is worth about as much in every contract: a size with one significant digit, and ten of it at most."""
    known: dict[str, Any] = {
        "symbol": "ACME/USD",
        "venue_symbol": "A",
        "tick_size": Decimal("0.01"),
        "lot_size": Decimal("0.001"),
    }
    session = FakeSession([Instrument(**(known | changes))])
    session.start(QuoteMaker(options=QuoteMakerOptions(notional=Decimal(notional))))
    session.show(bid_ticks=999, ask_ticks=1001)
    assert [order.size_lots for order in session.new_orders()] == [lots, lots]
    session.show(bid_ticks=9_999, ask_ticks=10_001)
    for order in session.markets[0].open_orders:
        session.accept(order)
        session.cancelled(order)
    session.show(bid_ticks=999, ask_ticks=1_001)
    assert {order.size_lots for order in session.new_orders()} == {lots}, "it keeps the size"


@pytest.mark.parametrize("price", [0, -500])
def test_a_notional_has_a_size_at_every_price(price: int) -> None:
    """A contract may cost nothing, or less."""
    session = FakeSession()
    session.start(QuoteMaker(options=QuoteMakerOptions(notional=Decimal(5), edge_ticks=-2_000)))
    session.show(bid_ticks=price - 1, ask_ticks=price + 1)
    assert session.requests == [], "quotes below zero aren't this strategy's"
    session.show(bid_ticks=999, ask_ticks=1001)
    assert {order.size_lots for order in session.new_orders()} == {500_000 if not price else 1_000}


def test_a_size_counts_before_a_notional() -> None:
    """So `--set strategy.maker.size=...` is all that is needed to change the built-in configuration."""
    session = FakeSession()
    session.start(make(notional=Decimal(5)))
    session.show(bid_ticks=999, ask_ticks=1001)
    assert {order.size_lots for order in session.new_orders()} == {10}


@pytest.mark.parametrize("options", [{}, {"notional": Decimal(0)}, {"notional": Decimal("nan")}])
def test_a_size_or_a_notional_is_needed(options: dict[str, Any]) -> None:
    """Neither, or nothing, is refused."""
    with pytest.raises(ValueError, match="notional"):
        QuoteMakerOptions(**options)
