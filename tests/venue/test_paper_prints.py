"""The paper venue and prints between two ticks: they trade at the price of no order, and through those beyond."""

import pytest

from mainspring.model import PRINT_ALL, Side, Trade, TradeCorrection

BUY, SELL = Side.BUY, Side.SELL
HALF = 500_000_000


@pytest.fixture
def print_between(session):
    """Prints lots at half a tick above a price."""

    def print_(price, lots, aggressor):
        now_ns = session.now_us * 1000
        session.venue.on_market(Trade(0, now_ns, 0, 1, price, lots, aggressor, PRINT_ALL, HALF))
        session.at(session.now_us)

    return print_


def test_a_sale_above_our_bid_does_not_reach_it(session, print_between):
    """A sale half a tick above our bid isn't at its price: neither our order nor those ahead of it are filled."""
    order = session.submit(BUY, 99, 5)
    ahead = session.venue.lots_ahead(order)
    print_between(99, 50, -1)
    assert session.fills() == []
    assert session.venue.lots_ahead(order) == ahead


def test_a_sale_below_our_bid_is_through_it(session, print_between):
    """Half a tick below our bid is through it: as many lots as were traded, whatever was ahead."""
    order = session.submit(BUY, 100, 5)
    print_between(99, 3, -1)
    assert session.fills() == [(order, 100, 3, True)]


def test_a_purchase_above_our_offer_is_through_it(session, print_between):
    """The mirror image: half a tick above our offer is through it, half a tick below doesn't reach it."""
    order = session.submit(SELL, 101, 5)
    print_between(100, 3, 1)
    assert session.fills() == []
    print_between(101, 3, 1)
    assert session.fills() == [(order, 101, 3, True)]


def test_a_print_of_unknown_side_within_the_spread_reaches_nobody(session, print_between):
    """Half a tick above the bid is within the spread; at the offer's own tick and above it is a purchase."""
    bid = session.submit(BUY, 99, 5)
    offer = session.submit(SELL, 100, 5)
    print_between(99, 9, 0)
    assert session.fills() == []
    print_between(102, 9, 0)
    assert session.fills() == [(offer, 100, 5, True)]
    print_between(97, 3, 0)
    assert session.fills() == [(bid, 99, 3, True)]


def test_a_cancelled_print_takes_no_fill_back(session):
    """What it filled stays filled, and nothing else happens."""
    order = session.submit(BUY, 99, 5)
    session.trade(98, 3, -1)
    assert session.fills() == [(order, 99, 3, True)]
    was = Trade(0, session.now_us * 1000, 0, 1, 98, 3, -1)
    session.venue.on_market(TradeCorrection(0, session.now_us * 1000, 0, was, None))
    session.at(session.now_us)
    assert session.fills() == []
    session.trade(98, 9, -1)
    assert session.fills() == [(order, 99, 2, True)]
