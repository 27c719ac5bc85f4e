"""The paper venue: how orders that wait are filled, rule by rule, on markets made by hand."""

import pytest

from mainspring.model import (
    Side,
)
from mainspring_plugins.queues.pessimistic import PessimisticQueue
from mainspring_plugins.queues.proportional import ProportionalQueue

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
    """A sale below our bid would have met us first, and those ahead of us. A late print of theirs is still theirs."""
    order = session.submit(BUY, 99, 5)
    session.trade(98, 3, -1)
    assert session.fills() == [(order, 99, 3, True)]
    session.trade(99, 10, -1)
    assert session.fills() == []
    session.trade(99, 1, -1)
    assert session.fills() == [(order, 99, 1, True)]


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


@pytest.mark.parametrize(("queue", "ahead"), [(ProportionalQueue, 6), (PessimisticQueue, 8)])
def test_unexplained_falls_are_cancels(queue, ahead, new_session):
    """After the settling time, the queue model says how much of them was ahead."""
    session = new_session(queue=queue).snapshot([(99, 8)], [(101, 5)])
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


def test_a_sale_that_shows_as_an_offer_first_fills_us_once(session):
    """A sale of 10 meets 5 ahead of us and then us. Its rest shows as an offer before its print: we get 5, not 10."""
    order = session.submit(BUY, 99, 20)
    session.delta(bids=[(99, 5)]).at(100_000).delta(bids=[(99, 5)])
    assert session.venue.lots_ahead(order) == 5
    session.quote((98, 20), (99, 5), update_id=5)
    assert session.fills() == [(order, 99, 5, True)]
    session.trade(99, 5, -1)
    assert session.fills() == []
    session.trade(99, 2, -1)
    assert session.fills() == [(order, 99, 2, True)]


def test_a_late_print_counts_for_those_ahead_only_as_long_as_it_may_be_theirs(session):
    """After the settling time, those ahead of an offer at our price count as cancelled: a print is a new sale."""
    order = session.submit(BUY, 99, 20)
    session.quote((98, 20), (99, 5), update_id=5)
    assert session.fills() == [(order, 99, 5, True)]
    session.at(100_000).trade(99, 6, -1)
    assert session.fills() == [(order, 99, 6, True)]


def test_those_behind_us_take_their_part_of_a_late_print(session):
    """12 stood at the price, 5 of them ahead of us. A sale of 20: 8 show as an offer, the 12 printed later."""
    order = session.submit(BUY, 99, 40)
    session.trade(99, 5, -1).delta(bids=[(99, 12)])
    assert session.venue.lots_ahead(order) == 5
    session.quote((98, 20), (99, 8), update_id=5)
    assert session.fills() == [(order, 99, 8, True)]
    session.trade(99, 12, -1)
    assert session.fills() == [(order, 99, 7, True)]


def test_an_offer_at_the_price_of_displayed_bids_fills_nobody_behind_them(new_session):
    """A locked market: the offer hasn't met the bids that stand there, so it hasn't met us. A better bid has met it."""
    session = new_session().snapshot([(99, 10)], [(101, 5)])
    order = session.submit(BUY, 99, 6)
    session.quote((99, 10), (99, 4), update_id=5)
    assert session.fills() == []
    assert session.venue.lots_ahead(order) == 10
    session.quote((98, 10), (99, 4), update_id=6)
    assert session.fills() == [(order, 99, 4, True)]

    session = new_session().snapshot([(98, 10)], [(101, 5)])
    better = session.submit(BUY, 99, 6)
    session.delta(asks=[(98, 4)])
    assert session.fills() == [(better, 99, 4, True)]


def test_a_trade_of_unknown_side_at_a_locked_price_reaches_nobody(new_session):
    """It may be a sale or a purchase: what can't be told fills neither side, and never both."""
    session = new_session().snapshot([(100, 1)], [(102, 1)])
    session.submit(BUY, 101, 5)
    session.submit(SELL, 101, 5)
    session.take_events()
    session.delta(bids=[(101, 1)], asks=[(101, 1)]).trade(101, 9, 0)
    assert session.fills() == []


def test_a_late_print_is_no_sale_to_an_order_that_came_after_it(session):
    """The order ahead of which the others stood is filled and gone: their print doesn't fill our next order there."""
    order = session.submit(BUY, 99, 5)
    session.quote((98, 20), (99, 5), update_id=5).quote((98, 20), (101, 5), update_id=6)
    assert session.fills() == [(order, 99, 5, True)]
    following = session.submit(BUY, 99, 5)
    session.trade(99, 10, -1)
    assert session.fills() == []
    session.trade(99, 1, -1)
    assert session.fills() == [(following, 99, 1, True)]


def test_a_level_that_we_left_is_forgotten_once_no_print_of_it_can_come(session):
    """The venue is idle again after the settling time."""
    session.submit(BUY, 99, 5)
    session.quote((98, 20), (99, 5), update_id=5).quote((98, 20), (101, 5), update_id=6)
    session.delta(bids=[(99, 0)], update_id=7)
    assert not session.venue.idle
    session.at(100_000).quote((98, 20), (101, 5), update_id=8)
    assert session.venue.idle


def test_a_snapshot_that_ends_no_gap_is_one_more_look_at_the_market(session):
    """What it shows less may be in a print to come, as with a delta."""
    order = session.submit(BUY, 99, 5)
    session.snapshot([(99, 4)], [(101, 5)], update_id=5).trade(99, 6, -1)
    assert session.venue.lots_ahead(order) == 4
