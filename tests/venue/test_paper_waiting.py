"""The paper venue: how orders that wait are filled, rule by rule, on markets made by hand."""

import pytest

from mainspring.model import (
    Side,
)

BUY, SELL = Side.BUY, Side.SELL


def test_trades_fill_the_queue_from_its_front(session):
    """What was displayed when the order came is filled before it; then the order, in parts."""
    order = session.submit(BUY, 99, 5)
    assert session.venue.lots_ahead(order) == 10
    session.trade(99, 8, -1)
    assert session.fills() == []
    session.trade(99, 4, -1)
    assert session.fills() == [(order, 99, 2, True)]
    session.trade(99, 4, -1)
    assert session.fills() == [(order, 99, 3, True)]


def test_a_trade_on_the_other_side_fills_nothing(session):
    """A buyer who takes an offer at our bid's price doesn't reach our bid."""
    session.submit(BUY, 100, 5)
    session.trade(100, 9, 1)
    assert session.fills() == []


def test_a_trade_of_unknown_side_is_judged_by_the_touch(session):
    """Without an aggressor, a trade at or below the bid is a sale; one within the spread reaches nobody."""
    order = session.submit(BUY, 98, 5)
    inside = session.submit(BUY, 100, 5)
    session.trade(100, 9, 0)
    assert session.fills() == []
    session.trade(98, 28, 0)
    assert session.fills() == [(inside, 100, 5, True), (order, 98, 3, True)]


def test_a_trade_through_our_price_fills_as_much_as_was_traded(session):
    """A sale below our bid would have met us first, whoever was ahead of us."""
    order = session.submit(BUY, 99, 5)
    session.trade(98, 3, -1)
    assert session.fills() == [(order, 99, 3, True)]
    assert session.venue.lots_ahead(order) == 0


def test_one_trade_fills_better_prices_first_and_never_more_than_its_size(session):
    """Several of our orders share one trade: by price, then by time."""
    first, better, second = (session.submit(BUY, price, 4) for price in (99, 100, 99))
    session.trade(98, 9, -1)
    assert session.fills() == [(better, 100, 4, True), (first, 99, 4, True), (second, 99, 1, True)]


def test_an_offer_at_our_bid_fills_us(session):
    """A displayed offer at our price is a seller who would have met us: as many lots as show, once."""
    order = session.submit(BUY, 100, 6)
    session.delta(asks=[(100, 4)])
    assert session.fills() == [(order, 100, 4, True)]
    session.delta(bids=[(97, 1)])
    assert session.fills() == []
    session.delta(asks=[(100, 5)])
    assert session.fills() == [(order, 100, 1, True)]


def test_an_offer_through_our_bid_fills_us_at_our_price(session):
    """The price of a resting order's fill is its own."""
    order = session.submit(BUY, 100, 6)
    session.quote((97, 1), (98, 4), update_id=7)
    assert session.fills() == [(order, 100, 4, True)]


def test_the_same_holds_for_sells(new_session):
    """Queue, trades through and bids at our price, from the other side."""
    session = new_session().snapshot([(99, 10)], [(101, 5), (102, 8)])
    order = session.submit(SELL, 101, 6)
    session.trade(101, 6, 1)
    assert session.fills() == [(order, 101, 1, True)]
    session.trade(102, 2, 1)
    assert session.fills() == [(order, 101, 2, True)]
    session.delta(bids=[(101, 1)], asks=[(101, 0)])
    assert session.fills() == [(order, 101, 1, True)]


def test_a_quote_newer_than_the_book_rules(new_session):
    """By update ids: a newer quote sets the touch, an older one is ignored, and an older delta doesn't undo it."""
    session = new_session().snapshot([(99, 10)], [(101, 5), (102, 8)], update_id=100)
    session.quote((99, 10), (101, 1), update_id=90)
    session.submit(BUY, 101, 5, time_in_force="ioc")
    assert session.fills() == [(1, 101, 5, False)]
    session.quote((99, 10), (102, 3), update_id=120)
    session.delta(asks=[(101, 9)], update_id=110)
    session.submit(BUY, 102, 9, time_in_force="ioc")
    assert session.fills() == [(2, 102, 3, False)]
    session.delta(asks=[(101, 9)], update_id=130)
    session.submit(BUY, 101, 9, time_in_force="ioc")
    # The quote of 120 showed that 101 was gone: what stands there now is new.
    assert session.fills() == [(3, 101, 9, False)]


def test_without_update_ids_the_last_to_come_rules(new_session):
    """A venue that sends no ids: a quote counts until the book changes."""
    session = new_session().snapshot([(99, 10)], [(101, 5)], update_id=-1)
    session.quote((99, 10), (100, 2))
    session.submit(BUY, 100, 1, time_in_force="ioc")
    assert session.fills() == [(1, 100, 1, False)]
    session.delta(bids=[(98, 1)], update_id=-1)
    session.submit(BUY, 100, 1, time_in_force="ioc")
    assert session.fills() == []


def test_quotes_alone_make_a_market(new_session):
    """Without a book, orders meet the quoted sizes; one behind the best price counts all it sees there as ahead."""
    session = new_session()
    session.quote((99, 10), (101, 5))
    behind = session.submit(BUY, 98, 2)
    session.submit(BUY, 101, 9, time_in_force="ioc")
    assert session.fills() == [(2, 101, 5, False)]
    session.quote((98, 7), (100, 5))
    assert session.venue.lots_ahead(behind) == 7
    session.trade(98, 8, -1)
    assert session.fills() == [(behind, 98, 1, True)]


def test_a_quote_that_comes_before_its_trade_counts_once(session):
    """The fall of the displayed size and the trade behind it are one event, in either order of arrival."""
    order = session.submit(BUY, 99, 5)
    session.quote((99, 6), (101, 5), update_id=5).trade(99, 4, -1)
    assert session.venue.lots_ahead(order) == 6
    session.trade(99, 2, -1).quote((99, 4), (101, 5), update_id=6)
    assert session.at(500_000).quote((99, 4), (101, 5), update_id=7).venue.lots_ahead(order) == 4


def test_a_delta_older_than_what_a_quote_told_of_a_level_is_ignored(new_session):
    """The book comes late: what it says of a price that a newer quote has shown since is no news."""
    session = new_session().snapshot([(99, 10)], [(101, 5)], update_id=100)
    order = session.submit(BUY, 99, 5)
    session.quote((99, 10), (101, 5), update_id=120).quote((100, 1), (101, 5), update_id=121)
    session.delta(bids=[(99, 4)], update_id=110)
    session.at(200_000).delta(bids=[(99, 10)], update_id=119)
    assert session.venue.lots_ahead(order) == 10


@pytest.mark.parametrize(("assumption", "ahead"), [("proportional", 6), ("pessimistic", 8)])
def test_unexplained_falls_are_cancels(assumption, ahead, new_session):
    """After the settling time: spread over the queue, or all behind us as far as there was anybody."""
    session = new_session(assumption=assumption).snapshot([(99, 8)], [(101, 5)])
    order = session.submit(BUY, 99, 5)
    session.delta(bids=[(99, 16)])
    session.delta(bids=[(99, 12)])
    assert session.venue.lots_ahead(order) == 8
    session.at(100_000).delta(bids=[(99, 12)])
    assert session.venue.lots_ahead(order) == ahead


def test_nobody_is_ahead_at_a_level_that_emptied(session):
    """When all that was displayed is gone without trades, we are first."""
    order = session.submit(BUY, 99, 5)
    session.quote((98, 20), (101, 5), update_id=5)
    session.at(100_000).quote((99, 3), (101, 5), update_id=6)
    assert session.venue.lots_ahead(order) == 0


def test_our_own_orders_at_a_price_are_first_come_first_served(session):
    """The second waits for the first and for what came between them."""
    first = session.submit(BUY, 99, 3)
    session.delta(bids=[(99, 14)])
    second = session.submit(BUY, 99, 3)
    assert session.venue.lots_ahead(second) == 17
    session.trade(99, 12, -1)
    assert session.fills() == [(first, 99, 2, True)]
    session.trade(99, 6, -1)
    assert session.fills() == [(first, 99, 1, True), (second, 99, 1, True)]
