"""Orders of the paper venue that end at a time, and those that only reduce a position."""

import pytest

from mainspring.model import Accepted, Cancelled, Expired, Fill, Rejected, Side

BUY, SELL = Side.BUY, Side.SELL
US = 1000


def ends(session):
    """What ended orders since the last look: the kind, the order, what was left, and why."""
    return [
        (type(one).__name__, one.order_id, getattr(one, "remaining_lots", None), one.reason)
        for one in session.take_events()
        if isinstance(one, Cancelled | Expired | Rejected)
    ]


@pytest.mark.parametrize("time_in_force", ["day", "gtd"])
def test_an_order_ends_at_its_time(session, time_in_force):
    """At that instant, in silence too; what was filled before stays."""
    order = session.submit(BUY, 101, 7, time_in_force=time_in_force, expires_ns=50 * US)
    assert session.fills() == [(order, 101, 5, False)]
    assert session.venue.due_ns == 50 * US
    assert ends(session.at(49)) == []
    session.at(50)
    (event,) = session.take_events()
    assert event == Expired(order, 0, 50 * US, 2, "expired")
    assert session.trade(101, 50, SELL).take_events() == []


def test_an_order_that_arrives_too_late_is_rejected(new_session):
    """Its time was over on its way."""
    session = new_session(latency_us=100).snapshot([(99, 1)], [(101, 5)])
    order = session.submit(BUY, 99, 5, time_in_force="gtd", expires_ns=100 * US)
    assert ends(session.at(100)) == [("Rejected", order, None, "expired")]


def test_an_end_comes_before_a_print_of_its_instant(session):
    """A trade of the very nanosecond finds the order gone."""
    order = session.submit(BUY, 99, 5, time_in_force="gtd", expires_ns=50 * US)
    session.take_events()
    session.now_us = 50
    assert ends(session.trade(98, 50, SELL)) == [("Expired", order, 5, "expired")]


def test_a_cancelled_order_has_no_end(session):
    """Its time passes without a word."""
    order = session.submit(BUY, 99, 5, time_in_force="gtd", expires_ns=50 * US)
    session.cancel(order)
    session.take_events()
    assert session.at(60).take_events() == []


@pytest.mark.parametrize(
    "terms",
    [
        {"time_in_force": "gtd"},
        {"expires_ns": 50 * US},
        {"time_in_force": "ioc", "expires_ns": 50 * US},
        {"time_in_force": "gtd", "expires_ns": 50 * US, "kind": "market"},
    ],
)
def test_terms_that_contradict_each_other_are_refused(session, terms):
    """An end without a time, a time without an end, and an end of what doesn't wait."""
    session.submit(BUY, 0 if terms.get("kind") else 99, 5, **terms)
    ((_, _, _, reason),) = ends(session)
    assert reason == "invalid-order"


def test_nothing_to_reduce_is_a_rejection(session):
    """Flat, and on the side of the position."""
    session.submit(SELL, 99, 5, reduce_only=True)
    session.submit(BUY, 101, 5)
    session.submit(BUY, 101, 5, reduce_only=True)
    assert [(one[0], one[1], one[3]) for one in ends(session)] == [
        ("Rejected", 1, "nothing-to-reduce"),
        ("Rejected", 3, "nothing-to-reduce"),
    ]


def test_a_reduce_only_order_takes_up_to_the_position(session):
    """What would turn the position is cancelled; fill or kill refuses the whole."""
    session.submit(BUY, 101, 5)
    session.take_events()
    session.submit(SELL, 98, 8, reduce_only=True, time_in_force="fok")
    assert ends(session) == [("Cancelled", 2, 8, "not-fillable")]
    order = session.submit(SELL, 98, 8, reduce_only=True)
    accepted, filled, ended = session.take_events()
    assert isinstance(accepted, Accepted)
    assert (filled.order_id, filled.size_lots) == (order, 5)
    assert (ended.order_id, ended.remaining_lots, ended.reason) == (order, 3, "nothing-to-reduce")


def test_a_waiting_reduce_only_order_ends_with_the_position(session):
    """Another order of ours closes the position: the one that waits is cancelled."""
    session.submit(BUY, 101, 5)
    waiting = session.submit(SELL, 105, 5, reduce_only=True)
    session.take_events()
    session.submit(SELL, 99, 5)
    filled = [one for one in session.take_events() if isinstance(one, Fill | Cancelled)]
    assert [(type(one).__name__, one.order_id) for one in filled] == [("Fill", 3), ("Cancelled", waiting)]


@pytest.mark.parametrize("price", [105, 106])
def test_one_trade_fills_only_what_reduces(session, price):
    """A print that reaches two orders fills the second as far as the position goes; the level holds nothing after."""
    session.submit(BUY, 101, 5)
    first = session.submit(SELL, 105, 3)
    second = session.submit(SELL, 105, 4, reduce_only=True)
    session.take_events()
    session.trade(price, 50, BUY)
    found = [(type(one).__name__, one.order_id, getattr(one, "size_lots", None)) for one in session.take_events()]
    assert found == [("Fill", first, 3), ("Fill", second, 2), ("Cancelled", second, None)]
    session.trade(106, 50, BUY)
    assert (session.take_events(), session.venue._markets[0]._asks.levels) == ([], {})


def test_ends_of_orders_that_are_gone_are_forgotten(session):
    """Orders that end long before their time don't pile up."""
    for _ in range(3_000):
        session.cancel(session.submit(BUY, 90, 1, time_in_force="gtd", expires_ns=10**15))
    assert len(session.venue._expiries) <= 1_001
