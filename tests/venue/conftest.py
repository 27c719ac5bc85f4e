"""A lane of one instrument, reduced to what the paper venue sees of it. Times in microseconds, prices in ticks."""

from decimal import Decimal

import pytest

from mainspring.model import (
    ApprovedOrder,
    BookDelta,
    BookInvalid,
    BookSnapshot,
    Fill,
    InstrumentStatus,
    NewOrder,
    Quote,
    Trade,
)
from mainspring.venue.paper import PaperVenue
from mainspring.venue.paper_latency import PaperLatency
from mainspring_plugins.books.sorted_dict import SortedDictBook

US = 1000


class Session:
    """Tells the venue of a market, and keeps the events that it gives."""

    def __init__(self, latency_us=0, **options):
        self.book = SortedDictBook()
        latency = PaperLatency(Decimal(latency_us), "none", Decimal(0), Decimal(1), seed=1)
        self.venue = PaperVenue((self.book,), [latency], maker_fee_ppb=-10, taker_fee_ppb=50, **options)
        self.now_us = 0
        self.events = []
        self._id = 0

    def at(self, us):
        """Lets the lane's time come, as a lane does before it applies a message."""
        assert us >= self.now_us
        self.now_us = us
        if self.venue.due_ns <= us * US:
            self.events += self.venue.poll(us * US)
        return self

    def _report(self, event):
        self.venue.on_market(event)
        return self.at(self.now_us)

    def snapshot(self, bids, asks, update_id=0):
        self.book.apply_snapshot(bids, asks)
        return self._report(BookSnapshot(0, self.now_us * US, 0, update_id, bids, asks))

    def delta(self, bids=(), asks=(), update_id=0):
        self.book.apply_delta(bids, asks)
        return self._report(BookDelta(0, self.now_us * US, 0, update_id, update_id, -1, list(bids), list(asks)))

    def quote(self, bid, ask, update_id=-1):
        return self._report(Quote(0, self.now_us * US, 0, update_id, *bid, *ask))

    def trade(self, price, lots, aggressor):
        return self._report(Trade(0, self.now_us * US, 0, 1, price, lots, aggressor))

    def invalid(self):
        return self._report(BookInvalid(0, self.now_us * US, "gap"))

    def status(self, trading):
        return self._report(InstrumentStatus(0, self.now_us * US, 0, "H", "halt", trading))

    def submit(self, side, price, lots, **terms):
        """Sends an order and gives its id. With no latency it has arrived when this returns."""
        self._id += 1
        order = NewOrder(self._id, 0, side, terms.pop("kind", "limit"), price, lots, self.now_us * US, **terms)
        self.venue.submit(ApprovedOrder(order, self.now_us * US), self.now_us * US)
        self.at(self.now_us)
        return self._id

    def cancel(self, order_id):
        self.venue.cancel(order_id, self.now_us * US)
        return self.at(self.now_us)

    def replace(self, order_id, price, lots):
        self.venue.replace(order_id, price, lots, self.now_us * US)
        return self.at(self.now_us)

    def take_events(self):
        events, self.events = self.events, []
        return events

    def fills(self):
        """The fills since the last look, as (order, price, lots, maker)."""
        return [(e.order_id, e.price_ticks, e.size_lots, e.maker) for e in self.take_events() if isinstance(e, Fill)]


@pytest.fixture
def new_session():
    """Makes sessions: called with a latency in microseconds and the venue's options."""
    return Session


@pytest.fixture
def session():
    """No latency; bids of 10 at 99 and 20 at 98, asks of 5 at 101, 8 at 102 and 50 at 104."""
    return Session().snapshot([(99, 10), (98, 20)], [(101, 5), (102, 8), (104, 50)])
