"""Random markets and requests for the paper venue, plain and native: the same events at the same times."""

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from mainspring.data.scratch import scratch_folder
from mainspring.model import (
    PRINT_ALL,
    PRINT_MATCH,
    PRINT_VOLUME,
    Approved,
    BookDelta,
    BookInvalid,
    BookSnapshot,
    CancelRequest,
    InstrumentStatus,
    MarketEvent,
    MarkPrice,
    NewOrder,
    OrderKind,
    Quote,
    ReplaceRequest,
    Side,
    TimeInForce,
    Trade,
)
from mainspring.seams import LatencyContext, QueueModel, Router, RouterContext, RouterReport
from mainspring.testing import INSTRUMENT
from mainspring_native.books import ladder
from mainspring_native.routers import make_native_paper_router
from mainspring_plugins.latencies.constant import ConstantLatency, ConstantOptions
from mainspring_plugins.latencies.distribution import DistributionLatency, DistributionOptions
from mainspring_plugins.latencies.recorded import RecordedLatency, RecordedOptions
from mainspring_plugins.queues.log_probability import LogProbabilityQueue
from mainspring_plugins.queues.log_probability_2 import LogProbability2Queue
from mainspring_plugins.queues.pessimistic import PessimisticQueue
from mainspring_plugins.queues.power_probability import PowerOptions, PowerProbabilityQueue
from mainspring_plugins.queues.power_probability_2 import PowerOptions as PowerOptions2
from mainspring_plugins.queues.power_probability_2 import PowerProbability2Queue
from mainspring_plugins.queues.power_probability_3 import PowerOptions as PowerOptions3
from mainspring_plugins.queues.power_probability_3 import PowerProbability3Queue
from mainspring_plugins.queues.proportional import ProportionalQueue
from mainspring_plugins.routers.paper import PaperOptions, make_paper_router

__all__ = ["OPTIONS", "VenueTwins", "compare_venue"]

_QUEUES: dict[str, Callable[[], QueueModel]] = {
    "proportional": lambda: ProportionalQueue(INSTRUMENT),
    "pessimistic": lambda: PessimisticQueue(INSTRUMENT),
    "power": lambda: PowerProbabilityQueue(INSTRUMENT, options=PowerOptions(n=2.5)),
    "power-2": lambda: PowerProbability2Queue(INSTRUMENT, options=PowerOptions2(n=3.0)),
    "power-3": lambda: PowerProbability3Queue(INSTRUMENT, options=PowerOptions3(n=0.5)),
    "log": lambda: LogProbabilityQueue(INSTRUMENT),
    "log-2": lambda: LogProbability2Queue(INSTRUMENT),
}
_CONTRACT: Final = msgspec.structs.replace(INSTRUMENT, contract="linear")
_MIDDLE: Final = 1_000
OPTIONS: Final = PaperOptions(maker_fee_bps=Decimal("-0.5"), taker_fee_bps=Decimal(5), settle_ms=Decimal("0.1"))


def compare_venue(seed: int, *, commands: int = 20_000) -> Counter[str]:
    """Runs a random market and requests that race it through both venues; returns how often what happened.

    The seed chooses the queue and the latency model: 28 seeds in a row have all of them. Raises `AssertionError` where
    an event, its time, a place in a queue or the idleness differs.
    """
    random = Random(seed)
    queue = list(_QUEUES)[seed % len(_QUEUES)]
    with scratch_folder("twins") as folder:
        latencies = _latencies(folder)
        latency = list(latencies)[seed // len(_QUEUES) % len(latencies)]
        twins = VenueTwins(queue, latencies[latency], first=seed % 3)
    try:
        for _ in _events(random, twins, commands):
            pass
    except AssertionError as error:
        error.add_note(f"seed {seed}: queue model {queue}, latency model {latency}")
        raise
    counts = Counter(type(event).__name__ for event in twins.polled)
    counts["commands"] = commands
    return counts


class VenueTwins:
    """Both venues over one book each of the same levels, fed alike."""

    def __init__(self, queue: str, latency: Any, first: int) -> None:
        self.books = [[ladder(), ladder()] for _ in range(2)]
        self.first = first
        self.polled: list[RouterReport] = []
        self.venues: list[Router] = []
        for make, books in zip((make_paper_router, make_native_paper_router), self.books, strict=True):
            context = RouterContext(
                (_CONTRACT, INSTRUMENT),
                tuple(books),
                7,
                queues=(_QUEUES[queue](), _QUEUES[queue]()),
                latencies=(latency(), latency()),
                first_index=first,
            )
            self.venues.append(make(context, options=OPTIONS))
        assert type(self.venues[1]).__name__ == "PaperVenue"
        assert type(self.venues[0]) is not type(self.venues[1])

    def report(self, place: int, event: MarketEvent) -> None:
        for books, venue in zip(self.books, self.venues, strict=True):
            if isinstance(event, BookDelta):
                books[place].apply_delta(event.bids, event.asks)
            elif isinstance(event, BookSnapshot):
                books[place].apply_snapshot(event.bids, event.asks)
            elif isinstance(event, BookInvalid):
                books[place].clear()
            venue.on_market(event)
        self.agree()

    def ask(self, request: Approved[Any], now_ns: int) -> None:
        for venue in self.venues:
            if isinstance(request.request, NewOrder):
                venue.submit(request, now_ns)
            elif isinstance(request.request, CancelRequest):
                venue.cancel(request, now_ns)
            else:
                venue.replace(request, now_ns)
        self.agree()

    def poll(self, now_ns: int) -> None:
        plain, native = (list(venue.poll(now_ns)) for venue in self.venues)
        assert native == plain
        self.agree()
        self.polled += plain

    def agree(self) -> None:
        plain, native = self.venues
        assert native.due_ns == plain.due_ns
        assert native.idle == plain.idle  # type: ignore[attr-defined]

    def agree_on(self, order_id: int) -> None:
        ahead = []
        for venue in self.venues:
            try:
                ahead.append(venue.lots_ahead(order_id))  # type: ignore[attr-defined]
            except KeyError:
                ahead.append(None)
        assert ahead[0] == ahead[1]


def _levels(random: Random, side: int, count: int, *, empties: bool) -> list[tuple[int, int]]:
    prices = random.sample(range(10), count)
    return [(_MIDDLE - side * price - (side > 0), random.randrange(0 if empties else 1, 9) * 5) for price in prices]


def _request(
    random: Random, twins: VenueTwins, now_ns: int, index: int, order_id: int, sent: dict[int, tuple[int, int]]
) -> int:
    """Sends a new order, or a cancel or replace that may name any order so far; returns the last order's id."""
    if random.random() < 0.5:
        order_id += random.randrange(1, 3)
        side = random.choice((Side.BUY, Side.SELL))
        limit = random.random() < 0.85
        price = _MIDDLE + random.randrange(-7, 8) if limit else 0
        tif: TimeInForce = random.choice(("gtc", "gtc", "gtc", "ioc", "fok", "day", "gtd"))
        post_only = random.random() < 0.3
        kind: OrderKind = "limit" if limit else "market"
        sent[order_id] = price, random.randrange(40)
        expires_ns = now_ns + random.randrange(1_000_000) if tif in ("day", "gtd") else 0
        reduce_only = random.random() < 0.1
        new = NewOrder(
            order_id, index, side, kind, *sent[order_id], now_ns, tif, post_only, "", expires_ns, reduce_only
        )
        twins.ask(Approved(new, now_ns), now_ns)
    else:
        named = max(order_id - random.randrange(6), 0)
        if random.random() < 0.5:
            twins.ask(Approved(CancelRequest(named, index, now_ns), now_ns), now_ns)
        else:
            price, size = sent.get(named, (0, 0))
            price = price if random.random() < 0.5 else _MIDDLE + random.randrange(-7, 8)
            size = size if random.random() < 0.5 else random.randrange(50)
            twins.ask(Approved(ReplaceRequest(named, index, price, size, now_ns), now_ns), now_ns)
        twins.agree_on(named)
    return order_id


def _events(random: Random, twins: VenueTwins, steps: int) -> Iterator[None]:
    """A random market, often crossed, locked, halted or invalid, and requests that race it."""
    now_ns, update_id, order_id = 1_000_000, 0, 0
    sent: dict[int, tuple[int, int]] = {}
    for place in range(2):
        bids, asks = (_levels(random, side, 6, empties=False) for side in (1, -1))
        index = twins.first + place
        twins.report(place, BookSnapshot(index, now_ns, now_ns, update_id, bids, asks))
    for _ in range(steps):
        now_ns += random.choice((0, 1, 10_000, 49_999, 50_000, 100_000))
        if min(venue.due_ns for venue in twins.venues) <= now_ns:
            twins.poll(now_ns)
        place, what = random.randrange(2), random.random()
        index = twins.first + place
        numbered = random.random() < 0.7
        update_id += random.randrange(3)
        seen_id = update_id - random.randrange(3) if numbered else -1
        if what < 0.2:
            bid, ask = _MIDDLE - random.randrange(-1, 5), _MIDDLE + random.randrange(5)
            lots = [random.randrange(6) * 5 for _ in range(2)]
            twins.report(place, Quote(index, now_ns, now_ns, seen_id, bid, lots[0], ask, lots[1]))
        elif what < 0.4:
            bids, asks = (_levels(random, side, random.randrange(4), empties=True) for side in (1, -1))
            twins.report(place, BookDelta(index, now_ns, now_ns, seen_id, seen_id, -1, bids, asks))
        elif what < 0.6:
            price, aggressor = _MIDDLE + random.randrange(-6, 7), random.choice((-1, 0, 1))
            counts = random.choice((PRINT_ALL, PRINT_ALL, PRINT_ALL, PRINT_MATCH, PRINT_VOLUME, 0))
            printed = random.randrange(30)
            fraction = (0, 0, 1, 500_000_000)[(printed + price) % 4]
            twins.report(place, Trade(index, now_ns, now_ns, update_id, price, printed, aggressor, counts, fraction))
        elif what < 0.602:
            rate = random.choice((None, Decimal("0.0001"), Decimal("-0.000375")))
            due_ns = now_ns + random.choice((-5, 100_000, 300_000)) if rate is not None else 0
            price_text = Decimal(_MIDDLE) + Decimal(random.randrange(-999, 999)) / 1000
            twins.report(place, MarkPrice(index, now_ns, now_ns - 7, price_text, rate, due_ns))
        elif what < 0.607:
            twins.report(place, BookInvalid(index, now_ns, "gap"))
        elif what < 0.67:
            bids, asks = (_levels(random, side, 6, empties=False) for side in (1, -1))
            twins.report(place, BookSnapshot(index, now_ns, now_ns, seen_id, bids, asks))
        elif what < 0.69:
            trading = random.choice((True, True, True, True, False, None))
            twins.report(place, InstrumentStatus(index, now_ns, now_ns, "", "", trading))
        else:
            order_id = _request(random, twins, now_ns, index, order_id, sent)
        yield
    twins.poll(now_ns + 10_000_000)


def _latencies(folder: Path) -> dict[str, Any]:
    context = LatencyContext(INSTRUMENT, 11)
    file = folder / "times.csv"
    rows = [f"{at},{at + 30_000 + at % 7_000},{at + 50_000 + at % 90_000}" for at in range(0, 40_000_000, 333_333)]
    file.write_text("request_ns,venue_ns,response_ns\n" + "\n".join(rows))
    jitter = DistributionOptions(
        jitter="exponential",
        request_us=Decimal(20),
        request_jitter_us=Decimal(80),
        response_us=Decimal(5),
        response_jitter_us=Decimal(30),
    )
    return {
        "none": lambda: ConstantLatency(context, options=ConstantOptions(request_us=Decimal(0))),
        "constant": lambda: ConstantLatency(
            context, options=ConstantOptions(request_us=Decimal(35), response_us=Decimal(12))
        ),
        "distribution": lambda: DistributionLatency(context, options=jitter),
        "recorded": lambda: RecordedLatency(context, options=RecordedOptions(file=str(file))),
    }
