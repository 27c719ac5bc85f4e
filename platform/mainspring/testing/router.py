"""Checks a router against the contract of `mainspring.seams.Router`."""

from collections.abc import Callable, Collection, Sequence
from random import Random

from mainspring.model import (
    Approved,
    BookDelta,
    BookSnapshot,
    CancelRequest,
    Fill,
    Instrument,
    MarketEvent,
    NewOrder,
    OrderEvent,
    OrderKind,
    ReplaceRequest,
    Side,
    TimeInForce,
    Trade,
    VenueReport,
)
from mainspring.seams import NEVER_NS, Book, Router, RouterContext
from mainspring.testing._order_log import OrderLog, Reported
from mainspring.testing._query_log import QueryLog
from mainspring.testing._rules import NotCheckedError, Offered, Rules, shorten
from mainspring.testing.latency import FixedLatency
from mainspring.testing.market import INSTRUMENT
from mainspring.testing.naive_book import NaiveBook
from mainspring.testing.queue import BackOfQueue

__all__ = ["check_offered", "check_router"]

_START_NS = 1_700_000_000_000_000_000
_MID_TICKS = 1_000
_DRAIN_POLLS = 10_000
_HOUR_NS = 3_600_000_000_000


def check_router(
    factory: Callable[[RouterContext], Router],
    *,
    instruments: Sequence[Instrument] = (INSTRUMENT,),
    watches_market: bool = True,
    answers_queries: bool = False,
    terms: str = "ioc,fok,post-only",
    seed: int = 0,
    rounds: int = 500,
) -> None:
    """Drives a simulated router of `factory` through `rounds` seeded requests and market events, twice.

    Never pass a router that sends real orders. `watches_market`, `answers_queries` and `terms` are the router's
    capabilities. With the second it is driven once more, and asked about orders, fills and positions meanwhile.

    Raises `ConformanceError`, which names the broken rule, the event, and the seed.
    """
    first, second = (_Drive(factory, tuple(instruments), watches_market, terms, seed).run(rounds) for _ in range(2))
    rules = Rules(seed)
    if answers_queries:
        _Drive(factory, tuple(instruments), watches_market, terms, seed, asks=True).run(rounds)
    for number, (once, again) in enumerate(zip(first, second, strict=False)):
        detail = f"event {number} is {shorten(once)}, then {shorten(again)}"
        rules.hold("the same seed gives the same events", once == again, detail)
    counts = f"{len(first)} events, then {len(second)}"
    rules.hold("the same seed gives the same events", len(first) == len(second), counts)


class _Drive:
    """One router, its books, and a seeded stream of requests and events."""

    def __init__(
        self,
        factory: Callable[[RouterContext], Router],
        instruments: tuple[Instrument, ...],
        watches_market: bool,
        terms: str,
        seed: int,
        *,
        asks: bool = False,
    ) -> None:
        self._rules = Rules(seed)
        self._books: tuple[Book, ...] = tuple(NaiveBook() for _ in instruments)
        # An answer's way takes half of the time that passes at most between two rounds, and longer than most do.
        latencies = tuple(FixedLatency(request_ns=250_000, response_ns=20_000_000) for _ in instruments)
        queues = tuple(BackOfQueue() for _ in instruments)
        context = RouterContext(instruments, self._books, seed, queues, latencies, order_id_of=_number_of, queried=asks)
        self._router = factory(context)
        self._watches_market = watches_market
        self._terms = frozenset(terms.split(","))
        self._log = OrderLog(self._rules)
        self._queries = QueryLog(self._rules, self._log, len(instruments)) if asks else None
        self._now_ns = _START_NS
        self._events: list[OrderEvent] = []

    def run(self, rounds: int) -> list[OrderEvent]:
        """Returns all events of the drive, each checked against the rules."""
        random = self._rules.random
        for index in range(len(self._books)):
            self._report(_snapshot(index, self._now_ns))
        for _ in range(rounds):
            self._now_ns += random.choice((0, 1, 50_000, 1_000_000, 500_000_000))
            self._poll()
            self._action(random)
            if self._queries is not None and random.random() < 0.2:
                self._rules.never_raises("query takes every query", self._ask, random)
        self._finish()
        return self._events

    def _action(self, random: Random) -> None:
        call = self._rules.never_raises
        kind = random.randrange(10)
        index = random.randrange(len(self._books))
        reported = random.choice(list(self._log.orders.values())[-20:] or [None])
        if kind < 5:
            self._report(_market_event(random, index, self._books[index], self._now_ns))
        elif kind < 8 or reported is None:
            order = _order(random, len(self._log.orders) + 1, index, self._now_ns, self._terms)
            self._log.orders[order.order_id] = Reported(order, self._now_ns)
            call("submit takes every order", self._router.submit, Approved(order, self._now_ns), self._now_ns)
        elif kind == 8:
            call("cancel takes every order that was sent", self._router.cancel, self._cancel(reported), self._now_ns)
        elif reported.order.kind == "limit":
            reported.open_requests["replace"] += 1
            price_ticks, size_lots = _MID_TICKS + random.randint(-8, 8), random.randint(1, 60)
            order = reported.order
            request = ReplaceRequest(order.order_id, order.instrument, price_ticks, size_lots, self._now_ns)
            approved = Approved(request, self._now_ns)
            call("replace takes every order that was sent", self._router.replace, approved, self._now_ns)

    def _cancel(self, reported: Reported) -> Approved[CancelRequest]:
        reported.open_requests["cancel"] += 1
        order = reported.order
        return Approved(CancelRequest(order.order_id, order.instrument, self._now_ns), self._now_ns)

    def _report(self, event: MarketEvent) -> None:
        if isinstance(event, BookSnapshot):
            self._books[event.instrument].apply_snapshot(event.bids, event.asks)
        elif isinstance(event, BookDelta):
            self._books[event.instrument].apply_delta(event.bids, event.asks)
        if self._watches_market:
            self._rules.never_raises("on_market takes every event", self._router.on_market, event)

    def _poll(self) -> None:
        due_ns = self._router.due_ns
        polled = self._rules.never_raises("poll answers", self._router.poll, self._now_ns)
        events = [event for event in polled if isinstance(event, OrderEvent)]
        early = f"now {self._now_ns}, due {due_ns}: {shorten(events)}"
        self._rules.hold("no event comes before due_ns", not events or due_ns <= self._now_ns, early)
        for event in polled:
            if isinstance(event, OrderEvent):
                self._log.take(event, self._now_ns)
            if self._queries is not None:
                if isinstance(event, Fill):
                    self._queries.note(event)
                elif isinstance(event, VenueReport):
                    self._queries.take(event)
        self._events += events
        again = list(self._router.poll(self._now_ns))
        self._rules.hold("an event is handed out once", not again, lambda: shorten(again))

    def _finish(self) -> None:
        """Cancels what is still open, and waits for every answer."""
        self._drain()
        for reported in self._log.unfinished():
            self._router.cancel(self._cancel(reported), self._now_ns)
        self._drain()
        self._log.end()
        if self._queries is not None:
            self._queries.end()

    def _ask(self, random: Random) -> None:
        assert self._queries is not None
        self._router.query(self._queries.ask(random, self._now_ns), self._now_ns)  # type: ignore[attr-defined]

    def _drain(self) -> None:
        for _ in range(_DRAIN_POLLS):
            due_ns = self._router.due_ns
            if due_ns == NEVER_NS or due_ns > self._now_ns + _HOUR_NS:
                return
            self._now_ns = max(self._now_ns, due_ns)
            self._poll()
        self._rules.hold("due_ns moves on", False, f"still due after {_DRAIN_POLLS} polls")


def _number_of(client_order_id: str) -> int | None:
    return int(client_order_id) if client_order_id.isdecimal() else None


def _order(random: Random, order_id: int, index: int, now_ns: int, terms: Collection[str]) -> NewOrder:
    kind: OrderKind = random.choice(("limit", "limit", "limit", "market"))
    times: list[TimeInForce] = ["gtc", "gtc"]
    of_limits: tuple[TimeInForce, ...] = ("ioc", "fok", "day", "gtd")
    times += (one for one in (of_limits if kind == "limit" else of_limits[:1]) if one in terms)
    time_in_force = random.choice(times)
    expires_ns = now_ns + random.choice((1, 1_000_000, 5_000_000_000)) if time_in_force in ("day", "gtd") else 0
    post_only = "post-only" in terms and kind == "limit" and time_in_force not in ("ioc", "fok")
    return NewOrder(
        order_id=order_id,
        instrument=index,
        side=random.choice((Side.BUY, Side.SELL)),
        kind=kind,
        price_ticks=_MID_TICKS + random.randint(-8, 8) if kind == "limit" else 0,
        size_lots=random.choice((1, 5, 20, 300)),
        created_ns=now_ns,
        time_in_force=time_in_force,
        post_only=post_only and random.random() < 0.3,
        expires_ns=expires_ns,
        reduce_only="reduce-only" in terms and random.random() < 0.3,
    )


def _snapshot(index: int, now_ns: int) -> BookSnapshot:
    bids = [(_MID_TICKS - distance, 10) for distance in range(1, 15)]
    asks = [(_MID_TICKS + distance, 10) for distance in range(1, 15)]
    return BookSnapshot(index, now_ns, now_ns, 1, bids, asks)


def _market_event(random: Random, index: int, book: Book, now_ns: int) -> MarketEvent:
    """Returns a delta that keeps the book uncrossed, or a trade at the touch."""
    best = book.bbo()
    if random.random() < 0.4 and best.bid_lots and best.ask_lots:
        aggressor = random.choice((1, -1))
        price_ticks = best.ask_ticks if aggressor > 0 else best.bid_ticks
        return Trade(index, now_ns, now_ns, now_ns, price_ticks, random.randint(1, 30), aggressor)
    bids, asks = [], []
    size_lots = random.choice((0, 1, 10, 40))
    if random.random() < 0.5:
        ceiling = best.ask_ticks - 1 if best.ask_lots else _MID_TICKS + 15
        bids = [(ceiling - random.randrange(12), size_lots)]
    else:
        floor = best.bid_ticks + 1 if best.bid_lots else _MID_TICKS - 15
        asks = [(floor + random.randrange(12), size_lots)]
    return BookDelta(index, now_ns, now_ns, -1, -1, -1, bids, asks)


def check_offered(offered: Offered) -> str:
    """Checks an offered router for `check_offer`; returns nothing to note."""
    if not offered.capabilities.get("simulated", False):
        raise NotCheckedError("it sends real orders")
    watches_market = bool(offered.capabilities.get("watches_market", False))
    answers_queries = bool(offered.capabilities.get("answers_queries", False))
    terms = str(offered.capabilities.get("terms", "ioc,fok,post-only"))
    check_router(
        offered.factory,
        watches_market=watches_market,
        answers_queries=answers_queries,
        terms=terms,
        seed=offered.seed,
    )
    return ""
