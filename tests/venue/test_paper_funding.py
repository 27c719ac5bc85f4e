"""Funding at the paper venue: who pays whom, how much, and when."""

from decimal import Decimal

import msgspec
import pytest

from mainspring.model import Funding, MarkPrice, Side
from mainspring.seams import NEVER_NS
from mainspring.testing import INSTRUMENT
from mainspring.venue.paper_funding import funding_amount

S = 1_000_000
"""A second, in the microseconds of these sessions."""
LINEAR = msgspec.structs.replace(INSTRUMENT, contract="linear")
INVERSE = msgspec.structs.replace(INSTRUMENT, contract="inverse", contract_size=Decimal(100))
SPOT = msgspec.structs.replace(INSTRUMENT, contract="spot")


def mark(sent_us, price="100.5", rate="0.0001", due_us=8 * S):
    return MarkPrice(0, sent_us * 1000, sent_us * 1000, Decimal(price), Decimal(rate), due_us * 1000)


def funded(session):
    return [event for event in session.take_events() if isinstance(event, Funding)]


@pytest.fixture
def session(new_session):
    """A venue of a linear contract where we are long 5 lots."""

    def make(side=Side.BUY, instrument=LINEAR, **options):
        made = new_session(instruments=(instrument,), **options).snapshot([(99, 10)], [(101, 10)])
        made.submit(side, 101 if side is Side.BUY else 99, 5)
        made.at(S)
        return made

    return make


def tell(session, at_us, event):
    session.at(at_us)
    session.venue.on_market(msgspec.structs.replace(event, receive_time_ns=at_us * 1000))
    return session.at(at_us)


@pytest.mark.parametrize(("instrument", "units"), [(LINEAR, 5_000), (INVERSE, 500_000)])
@pytest.mark.parametrize("lots", [5_000, -5_000])
@pytest.mark.parametrize("rate", ["0.0001", "-0.00003"])
def test_longs_pay_a_rate_above_zero(instrument, units, lots, rate):
    """The rate of the position's value at the mark price; an inverse contract's is in the base currency."""
    size = units * INSTRUMENT.lot_size
    price = Decimal("61800.5")
    value = size / price if instrument is INVERSE else size * price
    amount = funding_amount(instrument, mark(1, str(price), rate), lots)
    assert amount == round(-value * Decimal(rate) * (1 if lots > 0 else -1), 8)
    assert (amount < 0) == ((lots > 0) == (Decimal(rate) > 0))
    assert amount.as_tuple().exponent == -8


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_what_the_last_mark_price_announced_is_settled_at_its_time(session, side):
    """Once, in silence, at the rate and the price of the last message before; and again at the next time."""
    venue = session(side)
    tell(venue, 2 * S, mark(2 * S, "99", "0.01"))
    tell(venue, 5 * S, mark(5 * S, "100.5", "0.0001"))
    assert venue.venue.due_ns == 8 * S * 1000
    last = mark(5 * S)
    amount = funding_amount(LINEAR, last, 5 * side)
    venue.at(9 * S)
    assert funded(venue) == [Funding(0, 8 * S * 1000, amount, "", last.funding_rate, last.mark_price)]
    assert venue.venue.due_ns == NEVER_NS
    tell(venue, 9 * S, mark(9 * S))
    venue.at(10 * S)
    assert funded(venue) == [], "a late word of what was settled"
    tell(venue, 10 * S, mark(10 * S, due_us=16 * S))
    venue.at(16 * S)
    assert [event.time_ns for event in funded(venue)] == [16 * S * 1000]


def test_a_clock_of_ours_that_is_behind_settles_no_later_than_the_venue(session):
    """The first message that the venue sent at that time or later settles what the one before it announced."""
    venue = session()
    tell(venue, 5 * S, mark(6 * S, "100.5", "0.0001"))
    tell(venue, 7 * S, mark(8 * S, "200", "0.9", due_us=16 * S))
    (event,) = funded(venue)
    assert (event.time_ns, event.mark_price) == (7 * S * 1000, Decimal("100.5"))
    venue.at(9 * S)
    assert funded(venue) == []


def test_who_holds_nothing_pays_nothing(new_session, session):
    """Without a position, of a spot instrument, or where no rate was announced, nothing is settled."""
    flat = new_session(instruments=(LINEAR,)).snapshot([(99, 10)], [(101, 10)])
    for venue, event in (
        (flat, mark(2 * S)),
        (session(instrument=SPOT), mark(2 * S)),
        (session(), MarkPrice(0, 2 * S * 1000, 2 * S * 1000, Decimal(100))),
    ):
        tell(venue, 2 * S, event)
        venue.at(9 * S)
        assert funded(venue) == []


def test_a_fill_before_the_time_counts_and_the_word_takes_its_time_back(session):
    """An order that arrives just before is part of the position; funding reaches us as every answer does."""
    venue = session(latency_us=S // 2, response_us=250)
    tell(venue, 2 * S, mark(2 * S))
    venue.at(7 * S + S // 2)
    venue.submit(Side.BUY, 101, 5)
    venue.at(8 * S)
    assert funded(venue) == []
    venue.at(8 * S + 250)
    (event,) = funded(venue)
    assert event.amount == funding_amount(LINEAR, mark(2 * S), 10)
