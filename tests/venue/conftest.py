"""A lane of one instrument, reduced to what the paper venue sees of it. Times in microseconds, prices in ticks."""

from random import Random

import pytest

from mainspring.model import (
    PRINT_ALL,
    Approved,
    BookDelta,
    BookInvalid,
    BookSnapshot,
    CancelRequest,
    Fill,
    InstrumentStatus,
    NewOrder,
    Quote,
    ReplaceRequest,
    Side,
    Trade,
)
from mainspring.testing import INSTRUMENT, FixedLatency
from mainspring.venue.paper import PaperVenue
from mainspring_plugins.books.sorted_dict import SortedDictBook
from mainspring_plugins.queues.proportional import ProportionalQueue

US = 1000
BUY, SELL = 1, -1


class Session:
    """Tells the venue of a market, and keeps the events that it gives."""

    def __init__(self, latency_us=0, *, response_us=0, queue=ProportionalQueue, **options):
        self.book = SortedDictBook()
        latency = FixedLatency(latency_us * US, response_us * US)
        options = {"maker_fee_ppb": -10, "taker_fee_ppb": 50, **options}
        self.venue = PaperVenue((self.book,), [queue(INSTRUMENT)], [latency], **options)
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

    def trade(self, price, lots, aggressor, counts=PRINT_ALL):
        return self._report(Trade(0, self.now_us * US, 0, 1, price, lots, aggressor, counts))

    def invalid(self):
        return self._report(BookInvalid(0, self.now_us * US, "gap"))

    def status(self, trading):
        return self._report(InstrumentStatus(0, self.now_us * US, 0, "H", "halt", trading))

    def submit(self, side, price, lots, **terms):
        """Sends an order and gives its id. With no latency it has arrived when this returns."""
        self._id += 1
        order = NewOrder(self._id, 0, side, terms.pop("kind", "limit"), price, lots, self.now_us * US, **terms)
        self.venue.submit(Approved(order, self.now_us * US), self.now_us * US)
        self.at(self.now_us)
        return self._id

    def cancel(self, order_id):
        now_ns = self.now_us * US
        self.venue.cancel(Approved(CancelRequest(order_id, 0, now_ns), now_ns), now_ns)
        return self.at(self.now_us)

    def replace(self, order_id, price, lots):
        now_ns = self.now_us * US
        self.venue.replace(Approved(ReplaceRequest(order_id, 0, price, lots, now_ns), now_ns), now_ns)
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


class Market:
    """A market of our own making, whose every trade shows in up to three ways: a quote at once, its prints a little
    later or a little earlier, and a depth update of everything each 50 ms."""

    def __init__(self, seed):
        self.random = Random(seed)
        self.levels = {BUY: {990 - i: 20 for i in range(20)}, SELL: {1010 + i: 20 for i in range(20)}}
        self.id = 1
        self.changed: dict[int, set[int]] = {BUY: set(), SELL: set()}
        self.prints = []
        self.last_print_ns = 0

    def best(self, side):
        return max(self.levels[side], key=lambda price: price * side)

    def events(self, steps):
        random = self.random
        rows = {side: sorted(self.levels[side].items()) for side in (BUY, SELL)}
        yield BookSnapshot(0, 0, 0, self.id, rows[BUY], rows[SELL])
        for step in range(1, steps):
            now_ns = step * 1_000_000
            yield from self._due(now_ns)
            before = self._quote(now_ns)
            for side, price, lots in self._act():
                # Venues number trades and send them in that order.
                self.last_print_ns = max(self.last_print_ns, now_ns + random.choice((0, 0, 1, 5, 30)) * 1_000_000)
                self.prints.append((self.last_print_ns, now_ns, side, price, lots))
            late = random.random() < 0.5
            if not late:
                yield from self._due(now_ns)
            quote = self._quote(now_ns)
            if quote[4:] != before[4:]:
                yield Quote(*quote)
            yield from self._due(now_ns)
            if step % 50 == 0:
                bids, asks = (
                    [(price, self.levels[side].get(price, 0)) for price in sorted(self.changed[side])]
                    for side in (BUY, SELL)
                )
                yield BookDelta(0, now_ns, now_ns, -1, self.id, -1, bids, asks)
                self.changed = {BUY: set(), SELL: set()}

    def _due(self, now_ns):
        while self.prints and self.prints[0][0] <= now_ns:
            _, traded_ns, side, price, lots = self.prints.pop(0)
            self.id += 1
            yield Trade(0, now_ns, traded_ns, self.id, price, lots, side)

    def _quote(self, now_ns):
        bid, ask = self.best(BUY), self.best(SELL)
        return 0, now_ns, now_ns, self.id, bid, self.levels[BUY][bid], ask, self.levels[SELL][ask]

    def _set(self, side, price, lots):
        self.id += 1
        self.changed[side].add(price)
        if lots:
            self.levels[side][price] = lots
        else:
            self.levels[side].pop(price, None)

    def _act(self):
        """One participant's order or cancel. Gives its trades: the aggressor's side, price and lots."""
        random = self.random
        side = random.choice((BUY, SELL))
        kind = random.random()
        if kind < 0.4:
            price = self.best(side) + random.choice((1, 0, 0, -1, -2, -3)) * side
            if (price - self.best(-side)) * side < 0:
                self._set(side, price, self.levels[side].get(price, 0) + random.randint(1, 9))
        elif kind < 0.65:
            price = random.choice(sorted(self.levels[side], key=lambda p: -p * side)[:4])
            left = self.levels[side][price] - random.randint(1, 9)
            if len(self.levels[side]) > 3 or left > 0:
                self._set(side, price, max(left, 0))
        elif kind < 0.85:
            return self._trade(side, random.randint(1, 30), self.best(-side) + random.choice((0, 0, 1, 2)) * side)
        return []

    def _trade(self, side, lots, limit):
        trades = []
        while lots and len(self.levels[-side]) > 3 and (limit - self.best(-side)) * side >= 0:
            price = self.best(-side)
            part = min(lots, self.levels[-side][price])
            self._set(-side, price, self.levels[-side][price] - part)
            trades.append((side, price, part))
            lots -= part
        if lots and (limit - self.best(-side)) * side < 0:
            self._set(side, limit, self.levels[side].get(limit, 0) + lots)
        return trades


@pytest.fixture
def made_market():
    """Makes markets of our own making: called with a seed."""
    return Market


class Trader:
    """Sends and cancels orders at random, near the touch: seeded, and blind to what comes of them."""

    def __init__(self, seed, lots):
        self.random = Random(seed)
        self.lots = lots
        self.open = []
        self.sent = 0

    def requests(self, best, now_ns):
        """Yields new orders, and ids to cancel."""
        random = self.random
        if len(self.open) > 8 or (self.open and random.random() < 0.3):
            yield self.open.pop(random.randrange(len(self.open)))
        if best.bid_lots and best.ask_lots and random.random() < 0.7:
            side = random.choice((BUY, SELL))
            touch, other = (best.bid_ticks, best.ask_ticks) if side == BUY else (best.ask_ticks, best.bid_ticks)
            price = random.choice((touch, touch, touch + side, touch - side, other))
            self.sent += 1
            self.open.append(self.sent)
            lots = random.randint(1, self.lots)
            yield NewOrder(self.sent, 0, Side(side), "limit", max(price, 1), lots, now_ns)


@pytest.fixture
def new_trader():
    """Makes traders: called with a seed and the most lots of an order."""
    return Trader
