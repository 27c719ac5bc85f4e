"""What holds for the paper venue on any market: random ones, and what is traded and shown there."""

from collections import Counter, defaultdict
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

import pytest

from mainspring.model import (
    Accepted,
    Approved,
    BookDelta,
    BookSnapshot,
    Cancelled,
    CancelRequest,
    Fill,
    Instrument,
    NewOrder,
    Quote,
    Rejected,
    Replaced,
    ReplaceRequest,
    Side,
    Trade,
)
from mainspring.orders import OrderTracker
from mainspring.seams import LatencyContext
from mainspring.testing import INSTRUMENT, BackOfQueue, FixedLatency
from mainspring.venue.paper import PaperVenue
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.latencies.distribution import DistributionLatency, DistributionOptions
from mainspring_plugins.queues.pessimistic import PessimisticQueue
from mainspring_plugins.queues.proportional import ProportionalQueue


class RandomMarket:
    """A market of bids below a wandering price and asks above it, and its events in one of two styles."""

    def __init__(self, seed, *, quotes):
        self.random = Random(seed)
        self.quotes = quotes
        self.book = BisectListBook()
        self.middle = 1000
        self.id = 0

    def events(self, now_ns):
        """The events of one step, the book already changed for each as it is given."""
        random = self.random
        self.id += 1
        if random.random() < 0.3:
            best = self.book.bbo()
            side = random.choice((1, -1))
            price, lots = (best.ask_ticks, best.ask_lots) if side > 0 else (best.bid_ticks, best.bid_lots)
            if lots:
                yield Trade(
                    0, now_ns, now_ns, self.id, price - random.randrange(3) * -side, random.randrange(1, 9), side
                )
            return
        self.middle += random.choice((-1, 0, 0, 0, 1))
        bids, asks = [], []
        for offset in range(1, 6):
            bids.append((self.middle - offset, random.choice((0, 3, 7, 12))))
            asks.append((self.middle + offset, random.choice((0, 3, 7, 12))))
            bids.append((self.middle + offset, 0))
            asks.append((self.middle - offset, 0))
        bids.append((self.middle, 0))
        asks.append((self.middle, 0))
        self.book.apply_delta(bids, asks)
        best = self.book.bbo()
        quote = Quote(0, now_ns, 0, self.id, best.bid_ticks, best.bid_lots, best.ask_ticks, best.ask_lots)
        delta = BookDelta(0, now_ns, now_ns, self.id, self.id, -1, bids, asks)
        yield from (quote, delta) if self.quotes else (delta,)


@cache
def run(seed, *, quotes=False, steps=1000, latency_us=3, response_us=3):
    """Trades at random on a random market. Gives the venue's events, each with the market event that they came with."""
    random = Random(seed + 1)
    market = RandomMarket(seed, quotes=quotes)
    options = DistributionOptions(
        jitter="uniform",
        request_us=Decimal(latency_us),
        request_jitter_us=Decimal(5),
        response_us=Decimal(response_us),
        response_jitter_us=Decimal(response_us),
    )
    latency = DistributionLatency(LatencyContext(INSTRUMENT, seed), options=options)
    queue = random.choice((ProportionalQueue, PessimisticQueue))(INSTRUMENT)
    venue = PaperVenue((market.book,), [queue], [latency])
    venue.on_market(BookSnapshot(0, 0, 0, 0, [], []))
    reported: list[tuple[Any, Any]] = []
    sent: list[NewOrder] = []
    for step in range(1, steps):
        now_ns = step * 1_000_000
        if venue.due_ns <= now_ns:
            reported += [(None, event) for event in venue.poll(now_ns)]
        for market_event in market.events(now_ns):
            shown = dict(market.book.depth(Side.BUY, 99)), dict(market.book.depth(Side.SELL, 99))
            venue.on_market(market_event)
            if venue.due_ns <= now_ns:
                reported += [((market_event, shown), event) for event in venue.poll(now_ns)]
        if random.random() < 0.3:
            order = NewOrder(
                len(sent) + 1,
                0,
                random.choice((Side.BUY, Side.SELL)),
                "limit",
                market.middle + random.randrange(-4, 5),
                random.randrange(1, 15),
                now_ns,
                time_in_force=random.choice(("gtc", "gtc", "gtc", "ioc", "fok")),
            )
            sent.append(order)
            venue.submit(Approved(order, now_ns), now_ns)
        if sent and random.random() < 0.2:
            venue.cancel(Approved(CancelRequest(random.choice(sent).order_id, 0, now_ns), now_ns), now_ns)
        if sent and random.random() < 0.2:
            price = market.middle + random.randrange(-4, 5)
            replace = ReplaceRequest(random.choice(sent).order_id, 0, price, random.randrange(1, 15), now_ns)
            venue.replace(Approved(replace, now_ns), now_ns)
    end_ns = steps * 1_000_000
    for order in sent:
        venue.cancel(Approved(CancelRequest(order.order_id, 0, end_ns), end_ns), end_ns)
    reported += [(None, event) for event in venue.poll(end_ns + 10**9)]
    return sent, reported


SEEDS = pytest.mark.parametrize("seed", range(6))
STYLES = pytest.mark.parametrize("quotes", [False, True], ids=["depth", "quotes-and-depth"])


@SEEDS
@STYLES
def test_the_same_seed_gives_the_same_events(seed, quotes):
    """Two runs of one session don't differ."""
    assert run.__wrapped__(seed, quotes=quotes, steps=200) == run.__wrapped__(seed, quotes=quotes, steps=200)


@SEEDS
@STYLES
def test_every_order_is_answered_first_and_ends_once(seed, quotes):
    """Accepted or Rejected comes before anything else, one end comes last, the lots add up, time never runs back."""
    sent, reported = run(seed, quotes=quotes)
    by_order = defaultdict(list)
    for _, event in reported:
        by_order[event.order_id].append(event)
    assert [event.time_ns for _, event in reported] == sorted(event.time_ns for _, event in reported)
    assert set(by_order) == {order.order_id for order in sent}
    kinds: Counter[type] = Counter()
    for order in sent:
        events = [e for e in by_order[order.order_id] if not (isinstance(e, Rejected) and e.request != "new")]
        assert isinstance(events[0], Accepted | Rejected)
        size = [order.size_lots] + [e.size_lots for e in events if isinstance(e, Replaced)]
        filled = sum(e.size_lots for e in events if isinstance(e, Fill))
        last = events[-1]
        kinds[type(last)] += 1
        if isinstance(last, Cancelled):
            assert filled + last.remaining_lots == size[-1]
        elif isinstance(last, Fill):
            assert filled == size[-1]
        assert sum(isinstance(e, Cancelled | Accepted) for e in events) <= 2
    assert set(kinds) >= {Fill, Cancelled}


@SEEDS
@STYLES
def test_the_order_tracker_allows_every_event(seed, quotes):
    """The venue never says what an order's state doesn't allow, and the position is the sum of its fills."""
    sent, reported = run(seed, quotes=quotes)
    instrument = Instrument(symbol="A/B", venue_symbol="AB", tick_size=Decimal(1), lot_size=Decimal(1))
    tracker = OrderTracker((instrument,))
    for order in sent:
        tracker.add(order)
        tracker.send(order.order_id, order.created_ns)
    # As many requests as there are answers, none of which may surprise the tracker.
    for _, event in reported:
        if isinstance(event, Cancelled) or (isinstance(event, Rejected) and event.request == "cancel"):
            tracker.request_cancel(event.order_id, event.time_ns)
        elif isinstance(event, Replaced) or (isinstance(event, Rejected) and event.request == "replace"):
            tracker.request_replace(event.order_id, 1, 1000, event.time_ns)
    for _, event in reported:
        tracker.apply(event, event.time_ns)
    assert tracker.take_discrepancies() == []
    fills = [event for _, event in reported if isinstance(event, Fill)]
    assert fills or not sent
    assert not tracker.all_open()
    assert (tracker.open_lots[0].buy, tracker.open_lots[0].sell) == (0, 0)


@SEEDS
def test_passive_fills_never_exceed_what_was_traded_or_shown(seed):
    """A trade fills at most its size; a book fills at most what it shows at our prices or through them."""
    _, reported = run(seed, response_us=0)
    together = defaultdict(list)
    for cause, event in reported:
        if isinstance(event, Fill) and event.maker:
            assert cause is not None
            together[id(cause[0])].append((cause, event))
    causes: Counter[type] = Counter()
    for group in together.values():
        (market_event, (bids, asks)), _ = group[0]
        causes[type(market_event)] += 1
        fills = [fill for _, fill in group]
        if isinstance(market_event, Trade):
            assert sum(fill.size_lots for fill in fills) <= market_event.size_lots
            assert all((fill.price_ticks - market_event.price_ticks) * fill.side >= 0 for fill in fills)
            assert all(fill.side == -market_event.aggressor for fill in fills)
        for side, shown in ((Side.BUY, asks), (Side.SELL, bids)):
            if isinstance(market_event, BookDelta):
                prices = [fill.price_ticks * side for fill in fills if fill.side is side]
                lots = sum(fill.size_lots for fill in fills if fill.side is side)
                assert lots <= sum(size for price, size in shown.items() if prices and price * side <= max(prices))
    assert set(causes) == {Trade, BookDelta}


@SEEDS
def test_our_older_order_at_a_price_is_filled_first(seed):
    """Among our own waiting orders of one price, a fill of a younger one finds the older ones done or gone."""
    random = Random(seed)
    market = RandomMarket(seed, quotes=False)
    venue = PaperVenue((market.book,), [BackOfQueue()], [FixedLatency()])
    venue.on_market(BookSnapshot(0, 0, 0, 0, [], []))
    waiting: dict[int, tuple[NewOrder, int]] = {}
    fills = 0
    for step in range(1, 3000):
        now_ns = step * 1_000_000
        for market_event in market.events(now_ns):
            venue.on_market(market_event)
        if step % 3 == 0:
            side = random.choice((Side.BUY, Side.SELL))
            order = NewOrder(step, 0, side, "limit", market.middle - 2 * side, random.randrange(1, 6), now_ns)
            venue.submit(Approved(order, now_ns), now_ns)
            waiting[step] = (order, order.size_lots)
        for event in venue.poll(now_ns):
            if isinstance(event, Fill):
                order, left = waiting[event.order_id]
                if event.maker:
                    fills += 1
                    older = [i for i, (other, _) in waiting.items() if i < event.order_id and other.side is order.side]
                    assert not [i for i in older if waiting[i][0].price_ticks == order.price_ticks], (seed, event)
                waiting[event.order_id] = (order, left - event.size_lots)
                if left == event.size_lots:
                    del waiting[event.order_id]
            elif isinstance(event, Rejected):
                del waiting[event.order_id]
    assert fills > 50
