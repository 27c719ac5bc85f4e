"""The paper venue: cancels, replaces, and markets that stop."""

import pytest

from mainspring.errors import OrderStateError
from mainspring.model import (
    Accepted,
    Approved,
    BookSnapshot,
    Cancelled,
    CancelRequest,
    Fill,
    NewOrder,
    Rejected,
    Replaced,
    ReplaceRequest,
    Side,
)
from mainspring.testing import BackOfQueue, FixedLatency
from mainspring.venue.paper import PaperVenue
from mainspring_plugins.books.sorted_dict import SortedDictBook

BUY, SELL = Side.BUY, Side.SELL
US = 1000


def test_a_cancel_takes_its_time_and_may_come_too_late(new_session):
    """A cancel is an order's last chance to be filled; one that comes after its end is rejected."""
    session = new_session(latency_us=100).snapshot([(99, 1)], [(101, 5)])
    order = session.submit(BUY, 99, 5)
    session.at(100).cancel(order).at(150).trade(99, 3, -1).at(300)
    assert session.take_events() == [
        Accepted(order, 0, 100 * US),
        Fill(order, 0, 150 * US, 1, BUY, 99, 2, True, -10),
        Cancelled(order, 0, 200 * US, 3, "requested"),
    ]
    session.cancel(order).at(400).cancel(77).at(500)
    assert session.take_events() == [
        Rejected(order, 0, 400 * US, "too-late", "cancel"),
        Rejected(77, 0, 500 * US, "unknown-order", "cancel"),
    ]


def test_a_smaller_order_keeps_its_place(session):
    """At the same price a replace to fewer lots keeps priority; to more lots, or another price, it loses it."""
    order = session.submit(BUY, 99, 5)
    session.delta(bids=[(99, 30)])
    session.replace(order, 99, 4)
    assert session.venue.lots_ahead(order) == 10
    session.trade(99, 11, -1)
    assert session.fills() == [(order, 99, 1, True)]
    session.replace(order, 99, 8)
    assert session.venue.lots_ahead(order) == 30
    assert session.take_events() == [Replaced(order, 0, 0, 99, 8)]
    session.replace(order, 98, 8)
    assert session.venue.lots_ahead(order) == 20
    session.trade(97, 50, -1)
    assert session.fills() == [(order, 98, 7, True)]


def test_a_replace_into_the_other_side_takes(session):
    """A replaced order is like a new one at its price."""
    order = session.submit(BUY, 99, 7)
    session.replace(order, 101, 6)
    assert session.take_events()[1:] == [Replaced(order, 0, 0, 101, 6), Fill(order, 0, 0, 1, BUY, 101, 5, False, 50)]


@pytest.mark.parametrize(("price", "lots", "reason"), [(99, 2, "invalid-order"), (101, 9, "would-take")])
def test_a_refused_replace_leaves_the_order(session, price, lots, reason):
    """A replace to what is filled already, or of a post-only order into the other side, changes nothing."""
    order = session.submit(BUY, 99, 5, post_only=True)
    session.trade(99, 12, -1)
    session.take_events()
    session.replace(order, price, lots)
    assert session.take_events() == [Rejected(order, 0, 0, reason, "replace")]
    session.trade(99, 5, -1)
    assert session.fills() == [(order, 99, 3, True)]


def test_a_lost_book_stops_the_venue(session):
    """From BookInvalid to the next snapshot, new orders are rejected, none fills, and cancels work."""
    waiting, leaving = session.submit(BUY, 99, 5), session.submit(BUY, 99, 1)
    session.take_events()
    session.invalid().trade(98, 50, -1).quote((90, 1), (91, 50), update_id=900)
    new = session.submit(BUY, 99, 5)
    session.replace(waiting, 99, 9).cancel(leaving)
    assert session.take_events() == [
        Rejected(new, 0, 0, "market-unavailable"),
        Rejected(waiting, 0, 0, "market-unavailable", "replace"),
        Cancelled(leaving, 0, 0, 1, "requested"),
    ]
    session.snapshot([(99, 4)], [(101, 5)], update_id=1000)
    assert session.venue.lots_ahead(waiting) == 4
    session.trade(99, 5, -1)
    assert session.fills() == [(waiting, 99, 1, True)]


def test_a_halt_stops_the_venue(session):
    """While the instrument is halted nothing trades; a status that doesn't say leaves it."""
    session.status(trading=False).status(trading=None)
    order = session.submit(BUY, 99, 5)
    assert session.take_events() == [Rejected(order, 0, 0, "market-unavailable")]
    order = session.status(trading=True).submit(BUY, 99, 5)
    assert session.take_events() == [Accepted(order, 0, 0)]


def test_a_crossed_market_is_not_believed(session):
    """While the best bid is above the best ask no order enters, and no offer fills us."""
    waiting = session.submit(BUY, 100, 5)
    session.take_events()
    session.delta(bids=[(103, 5)])
    session.delta(asks=[(100, 5)])
    order = session.submit(BUY, 99, 5)
    assert session.take_events() == [Rejected(order, 0, 0, "market-unavailable")]
    session.delta(bids=[(103, 0)])
    assert session.fills() == [(waiting, 100, 5, True)]


def test_an_unknown_order_is_answered_in_the_instrument_that_the_request_names():
    """An order that never was, or that is another instrument's."""
    books = (SortedDictBook(), SortedDictBook())
    venue = PaperVenue(books, [BackOfQueue()] * 2, [FixedLatency()] * 2)
    for index, book in enumerate(books):
        book.apply_snapshot([(99, 10)], [(101, 5)])
        venue.on_market(BookSnapshot(index, 0, 0, 0, [], []))
    venue.submit(Approved(NewOrder(1, 0, BUY, "limit", 98, 1, 0), 0), 0)
    assert venue.poll(0) == [Accepted(1, 0, 0)]
    venue.cancel(Approved(CancelRequest(1, 1, 0), 0), 0)
    venue.replace(Approved(ReplaceRequest(77, 1, 98, 1, 0), 0), 0)
    assert venue.poll(0) == [
        Rejected(1, 1, 0, "unknown-order", "cancel"),
        Rejected(77, 1, 0, "unknown-order", "replace"),
    ]
    with pytest.raises(OrderStateError, match="order 1: the venue has no instrument 2"):
        venue.cancel(Approved(CancelRequest(1, 2, 0), 0), 0)
