"""The paper venue: orders on their way, and those that take, on markets made by hand."""

from decimal import Decimal

import pytest

from mainspring.errors import OrderStateError
from mainspring.model import (
    PRINT_LAST,
    PRINT_MATCH,
    PRINT_VOLUME,
    Accepted,
    Approved,
    BookSnapshot,
    Cancelled,
    CancelRequest,
    Control,
    Fill,
    NewOrder,
    Quote,
    Rejected,
    Replaced,
    Side,
)
from mainspring.seams import NEVER_NS, LatencyContext
from mainspring.testing import INSTRUMENT, BackOfQueue
from mainspring.venue.paper import PaperVenue
from mainspring_plugins.books.sorted_dict import SortedDictBook
from mainspring_plugins.latencies.distribution import DistributionLatency, DistributionOptions

BUY, SELL = Side.BUY, Side.SELL
US = 1000


def test_an_order_arrives_after_its_latency(new_session):
    """Nothing happens before submit plus latency, then the answer carries the time of arrival."""
    session = new_session(latency_us=250).at(1000).snapshot([(99, 10)], [(101, 5)])
    session.submit(BUY, 99, 1)
    assert session.venue.due_ns == 1250 * US
    assert not session.at(1249).take_events()
    assert session.at(1400).take_events() == [Accepted(1, 0, 1250 * US)]
    assert session.venue.due_ns == NEVER_NS


def test_an_order_meets_the_market_of_its_arrival(new_session):
    """A market event after the arrival comes too late for the order, even if the lane polls after it."""
    session = new_session(latency_us=250).at(1000).snapshot([(99, 10)], [(101, 5)])
    session.quote((99, 10), (101, 5))
    session.submit(BUY, 102, 9)
    session.now_us = 2000
    session.venue.on_market(Quote(0, 2000 * US, 0, -1, 99, 10, 102, 70))
    assert Fill(1, 0, 1250 * US, 1, BUY, 101, 5, False, 50) in session.at(2000).take_events()


def test_requests_never_overtake_one_another():
    """With jitter both ways, requests and answers keep their order, and time doesn't run backwards."""
    book = SortedDictBook()
    jitter_us = Decimal(500)
    options = DistributionOptions(jitter="exponential", request_jitter_us=jitter_us, response_jitter_us=jitter_us)
    latency = DistributionLatency(LatencyContext(INSTRUMENT, 3), options=options)
    venue = PaperVenue((book,), [BackOfQueue()], [latency])
    book.apply_snapshot([(99, 10)], [(101, 5)])
    venue.on_market(BookSnapshot(0, 0, 0, 0, [], []))
    for i in range(1, 200):
        venue.submit(Approved(NewOrder(i, 0, BUY, "limit", 99, 1, i * US), i * US), i * US)
        venue.cancel(Approved(CancelRequest(i, 0, i * US), i * US), i * US)
    events = venue.poll(10**12)
    assert [e.order_id for e in events] == [i for i in range(1, 200) for _ in range(2)]
    assert all(type(e) is kind for e, kind in zip(events, [Accepted, Cancelled] * 199, strict=True))
    assert [e.time_ns for e in events] == sorted(e.time_ns for e in events)


def test_a_marketable_order_walks_the_levels_and_the_rest_waits(session):
    """A limit order takes the levels up to its limit as taker; what is left waits at its price."""
    order = session.submit(BUY, 102, 20)
    assert session.fills() == [(order, 101, 5, False), (order, 102, 8, False)]
    session.trade(102, 3, -1)
    assert session.fills() == [(order, 102, 3, True)]


def test_fees_follow_liquidity(session):
    """A taker's fill carries the taker's fee, a maker's the maker's."""
    session.submit(BUY, 101, 6)
    session.trade(101, 1, -1)
    assert [e.fee_ppb for e in session.take_events() if isinstance(e, Fill)] == [50, -10]


def test_a_market_order_that_empties_the_book_is_cancelled(session):
    """What a market order can't fill doesn't wait."""
    order = session.submit(SELL, 0, 35, kind="market")
    fills_and_end = session.take_events()[1:]
    assert [(e.price_ticks, e.size_lots) for e in fills_and_end[:-1]] == [(99, 10), (98, 20)]
    assert fills_and_end[-1] == Cancelled(order, 0, 0, 5, "no-liquidity")


def test_immediate_or_cancel_leaves_nothing(session):
    """An IOC order fills what it can and is cancelled for the rest."""
    order = session.submit(BUY, 101, 9, time_in_force="ioc")
    assert session.take_events()[-1] == Cancelled(order, 0, 0, 4, "no-liquidity")


def test_fill_or_kill_is_whole_or_nothing(session):
    """A FOK order that the book can't fill within its limit trades nothing; one that it can is filled."""
    killed = session.submit(BUY, 102, 14, time_in_force="fok")
    assert session.take_events() == [Accepted(killed, 0, 0), Cancelled(killed, 0, 0, 14, "not-fillable")]
    order = session.submit(BUY, 102, 13, time_in_force="fok")
    assert session.fills() == [(order, 101, 5, False), (order, 102, 8, False)]


def test_post_only_never_takes(session):
    """A post-only order at or through the other side is rejected, one tick away it waits."""
    order = session.submit(BUY, 101, 1, post_only=True)
    assert session.take_events() == [Rejected(order, 0, 0, "would-take")]
    order = session.submit(BUY, 100, 1, post_only=True)
    assert session.take_events() == [Accepted(order, 0, 0)]


def test_what_we_took_is_not_taken_twice(session):
    """A level offers what it shows less what we took, until it is gone and comes again."""
    session.submit(BUY, 101, 5)
    assert session.fills() == [(1, 101, 5, False)]
    session.submit(BUY, 101, 2, time_in_force="ioc")
    assert session.fills() == []
    session.delta(asks=[(101, 6)])
    session.submit(BUY, 101, 2, time_in_force="ioc")
    assert session.fills() == [(3, 101, 1, False)]
    session.delta(asks=[(101, 0)]).delta(asks=[(101, 6)])
    session.submit(BUY, 101, 9, time_in_force="ioc")
    assert session.fills() == [(4, 101, 6, False)]


def test_a_snapshot_does_not_give_back_what_we_took(session):
    """A level that a snapshot shows as before has no more for us than before."""
    session.submit(BUY, 101, 5)
    assert session.fills() == [(1, 101, 5, False)]
    session.snapshot([(99, 5)], [(101, 5)])
    session.submit(BUY, 101, 2, time_in_force="ioc")
    assert session.fills() == []


def test_a_level_that_a_better_quote_hides_does_not_give_back_what_we_took(new_session):
    """With quotes alone, a level behind the best price may stand unseen: it is new after a quote that shows it gone."""
    session = new_session().quote((95, 9), (101, 5))
    session.submit(BUY, 101, 5)
    session.quote((95, 9), (100, 7)).quote((95, 9), (101, 3))
    session.submit(BUY, 101, 9, time_in_force="ioc")
    assert session.fills() == [(1, 101, 5, False)]
    session.quote((95, 9), (102, 7)).quote((95, 9), (101, 3))
    session.submit(BUY, 101, 9, time_in_force="ioc")
    assert session.fills() == [(3, 101, 3, False)]


def test_a_trade_of_nothing_moves_no_queue(session):
    """A print without a size or a price takes nobody's place."""
    order = session.submit(BUY, 99, 5)
    ahead = session.venue.lots_ahead(order)
    session.trade(99, 0, -1).trade(0, 5, -1)
    assert session.venue.lots_ahead(order) == ahead > 0


def test_an_older_quote_shows_nothing(new_session):
    """Quotes that come out of order are told apart by their ids."""
    session = new_session()
    session.quote((99, 5), (101, 5), update_id=20).quote((90, 5), (95, 5), update_id=19)
    session.submit(BUY, 101, 1, time_in_force="ioc")
    assert session.fills() == [(1, 101, 1, False)]


def test_no_market_yet_means_no_orders(new_session):
    """Before anything was seen the venue has no market to offer."""
    session = new_session()
    order = session.submit(BUY, 99, 5)
    assert session.take_events() == [Rejected(order, 0, 0, "market-unavailable")]


@pytest.mark.parametrize(
    ("price", "lots", "terms"),
    [
        (0, 1, {}),
        (99, 0, {}),
        (99, 1, {"kind": "market"}),
        (99, 1, {"time_in_force": "ioc", "post_only": True}),
        (0, 1, {"kind": "market", "post_only": True}),
    ],
)
def test_an_order_that_makes_no_sense_is_rejected(session, price, lots, terms):
    """No price, no size, or terms that contradict each other."""
    order = session.submit(BUY, price, lots, **terms)
    assert session.take_events() == [Rejected(order, 0, 0, "invalid-order")]


def test_an_order_is_never_sent_twice(session):
    """A second order with the same id is the caller's mistake, and raises; so is an unknown instrument."""
    session.submit(BUY, 99, 1)
    order = Approved(NewOrder(1, 0, BUY, "limit", 99, 1, 0), 0)
    with pytest.raises(OrderStateError, match="second time"):
        session.venue.submit(order, 0)
    with pytest.raises(OrderStateError, match="no instrument 3"):
        session.venue.submit(Approved(NewOrder(2, 3, BUY, "limit", 99, 1, 0), 0), 0)


def test_messages_about_the_connection_are_none_of_its_business(session):
    """A `Control` carries no instrument and changes nothing."""
    session.venue.on_market(Control(0, "success", "", ""))
    assert not session.at(0).take_events()


def test_old_orders_are_forgotten(session):
    """The venue remembers the last ten thousand ended orders, and all that still wait."""
    waiting = session.submit(BUY, 98, 1)
    for _ in range(10_500):
        session.submit(BUY, 0, 0)
    session.take_events()
    session.cancel(2).cancel(10_000).cancel(waiting)
    assert [getattr(e, "reason", "") for e in session.take_events()] == ["unknown-order", "too-late", "requested"]


def test_an_order_in_flight_is_never_forgotten(new_session):
    """Ten thousand later orders are rejected before it arrives: it is accepted, and can be replaced and cancelled."""
    session = new_session(latency_us=100).snapshot([(99, 10)], [(101, 5)])
    for _ in range(10_500):
        session.submit(BUY, 98, 1)
    first = 1
    session.at(50).cancel(first).at(200)
    assert len([event for event in session.take_events() if isinstance(event, Accepted)]) == 10_500
    session.replace(2, 97, 1).at(400)
    assert [(type(event), event.order_id, event.instrument) for event in session.take_events()] == [(Replaced, 2, 0)]


def test_an_order_that_a_request_on_its_way_names_is_never_forgotten(new_session):
    """The cancel of an order that ended long ago arrives after ten thousand other orders have ended."""
    session = new_session(latency_us=100).snapshot([(99, 10)], [(101, 5)])
    ended = session.submit(BUY, 0, 0)
    session.at(100)
    for _ in range(10_500):
        session.submit(BUY, 0, 0)
    session.at(150).cancel(ended).at(200)
    assert session.take_events()[-1].order_id == 10_501
    session.at(250)
    assert session.take_events() == [Rejected(ended, 0, 250 * US, "too-late", "cancel")]


def test_answers_take_their_time_back(new_session):
    """They carry the venue's time, reach us later, and `due_ns` is the next arrival at either end."""
    session = new_session(latency_us=100, response_us=300).snapshot([(99, 10)], [(101, 5)])
    order = session.submit(BUY, 101, 2)
    assert session.venue.due_ns == 100 * US
    assert session.at(100).take_events() == []
    assert session.venue.due_ns == 400 * US
    assert session.at(399).take_events() == []
    assert session.at(400).take_events() == [
        Accepted(order, 0, 100 * US),
        Fill(order, 0, 100 * US, 1, BUY, 101, 2, False, 50),
    ]
    assert session.venue.due_ns == NEVER_NS


def test_a_late_poll_changes_nothing_but_when_we_hear(new_session):
    """Requests are dealt with at the times of their arrivals, in their order, however late the poll."""
    session = new_session(latency_us=100, response_us=300).snapshot([(99, 10)], [(101, 5)])
    order = session.submit(BUY, 101, 2)
    session.now_us = 50
    session.cancel(order)
    assert session.venue.poll(449 * US) == [
        Accepted(order, 0, 100 * US),
        Fill(order, 0, 100 * US, 1, BUY, 101, 2, False, 50),
    ]
    assert session.venue.due_ns == 450 * US
    assert session.venue.poll(450 * US) == [Rejected(order, 0, 150 * US, "too-late", "cancel")]


def test_an_order_that_ended_out_of_our_sight_is_not_forgotten(new_session):
    """Its last answer is still on its way when ten thousand others have ended: a cancel is too late, not unknown."""
    session = new_session(response_us=1000).snapshot([(99, 10)], [(101, 5)])
    filled = session.submit(BUY, 101, 1)
    for _ in range(10_500):
        session.submit(BUY, 0, 0)
    session.at(500).cancel(filled).at(1500)
    assert session.take_events()[-1] == Rejected(filled, 0, 500 * US, "too-late", "cancel")


def test_prints_that_are_no_match_fill_nothing(session):
    """A print of the insurance fund or of an average price fills nobody; the next match does."""
    order = session.submit(BUY, 99, 4)
    session.trade(90, 50, -1, PRINT_VOLUME).trade(99, 50, -1, 0).trade(99, 50, 0, PRINT_LAST | PRINT_VOLUME)
    assert session.fills() == []
    session.trade(90, 50, -1, PRINT_MATCH)
    assert session.fills() == [(order, 99, 4, True)]
