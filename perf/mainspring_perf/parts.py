"""What suites and studies share: the parts they run on, stand-ins for plugins, and feeds driven into books."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from time import perf_counter
from typing import Any

import msgspec

from mainspring.host.config import load_config
from mainspring.host.plan import Plan
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import wire
from mainspring.model import NO_ID, BookDelta, BookSnapshot, Instrument, Level, Side
from mainspring.seams import NEVER_NS, SEAMS, Book, Feed, FeedContext, FuseContext, RawMessage, StrategyMarket
from mainspring.session.driver import Driver
from mainspring.testing import FakeMarket
from mainspring.wire import WireFeed
from mainspring_perf.candidates import registry, usable
from mainspring_plugins.codecs.orjson import OrjsonCodec

__all__ = [
    "BTC_USDT",
    "CHUNK",
    "Watcher",
    "book_sides",
    "drive",
    "fused",
    "generated",
    "lane_of",
    "least_message_ns",
    "native_market",
    "overrides",
    "parts_here",
    "plan_of",
    "run_fused",
    "run_lane",
    "standing_in",
]

BTC_USDT = Instrument(symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"))

CHUNK = 512
"""How many messages a session hands to its lane at once."""

_PARTS = {
    "python": ("decoder.plugin=python", "book.plugin=bisect-list"),
    "native": ("decoder.plugin=native", "book.plugin=ladder"),
}


class Watcher:
    """A strategy that reads the best prices of each change, and never trades."""

    def __init__(self) -> None:
        self.changes = 0
        self.spreads = 0

    def on_bbo(self, market: StrategyMarket) -> None:
        """Counts the change, and adds up the spread in ticks."""
        self.changes += 1
        self.spreads += market.ask_ticks - market.bid_ticks


def parts_here() -> list[str]:
    """Returns the parts that can run on this host."""
    native = usable("decoder", "native") and usable("book", "ladder")
    return ["python", "native"] if native else ["python"]


def overrides(part: str) -> tuple[str, ...]:
    """Returns the overrides that select a part's decoder and book."""
    return _PARTS[part]


def plan_of(part: str, *overrides: str) -> Plan:
    """Returns the plan of the built-in configuration with a part's decoder and book, and more overrides."""
    return make_plan(load_config(None, (*_PARTS[part], *overrides)), registry())


def generated(plan: Plan) -> Iterator[RawMessage]:
    """Generates the plan's messages lazily."""
    factory = registry().get("feed", plan.feed.plugin).factory
    return iter(factory.source(plan.instruments, plan.feed.options))


def lane_of(plan: Plan, *, trading: bool, instruments: Sequence[Instrument] = ()) -> Driver:
    """Returns a driver of a fresh lane of the plan.

    With `trading` it runs the plan's strategies, otherwise a `Watcher` for each. `instruments` replace the plan's, if
    there are any.
    """
    if instruments:
        plan = msgspec.structs.replace(plan, instruments=tuple(instruments))
    return Driver(wire(plan, registry() if trading else standing_in(strategy=Watcher())))


def run_lane(driver: Driver, messages: Sequence[RawMessage]) -> None:
    """Gives a lane all messages, in the chunks of a session."""
    for start in range(0, len(messages), CHUNK):
        driver.run(messages[start : start + CHUNK])
        driver.lane.fold()


def least_message_ns(driver: Driver, messages: Sequence[RawMessage]) -> float:
    """Gives a lane three thirds of the messages, and returns the nanoseconds a message of the one that took least."""
    third = len(messages) // 3
    times = []
    for begin in range(0, third * 3, third):
        piece = messages[begin : begin + third]
        started = perf_counter()
        run_lane(driver, piece)
        times.append((perf_counter() - started) * 1e9 / third)
    return min(times)


def standing_in(**stand_ins: object) -> Registry:
    """Returns what is installed, with one object in place of every plugin of a seam: `strategy=...`, `router=...`.

    A stand-in for a router isn't shown the market.
    """
    offers: dict[str, Any] = {seam: registry().offers(seam) for seam in SEAMS}
    for seam, stand_in in stand_ins.items():
        offers[seam] = {
            name: msgspec.structs.replace(
                offer,
                factory=lambda *_, made=stand_in, **__: made,
                capabilities={**offer.capabilities, "watches_market": False},
            )
            for name, offer in offers[seam].items()
        }
    return Registry(offers, ())


def drive(feed: Feed, book: Book, messages: Iterable[RawMessage]) -> None:
    """Feeds messages one by one, applies their levels to the book, and reads its best prices after each change."""
    on_message, apply_delta, bbo = feed.on_message, book.apply_delta, book.bbo
    for receive_time_ns, raw in messages:
        for event in on_message(raw, receive_time_ns):
            if isinstance(event, BookDelta):
                apply_delta(event.bids, event.asks)
                bbo()
            elif isinstance(event, BookSnapshot):
                book.apply_snapshot(event.bids, event.asks)
                bbo()


def book_sides(book: Book) -> tuple[Sequence[Level], Sequence[Level]]:
    """Returns every level of a book, best first: bids, asks."""
    return book.depth(Side.BUY, len(book)), book.depth(Side.SELL, len(book))


def fused(declared: WireFeed, instrument: Instrument, structure: str, **known: Any) -> tuple[Any, Any, Any]:
    """Returns a native book of that structure, its feed by the native decoder, and both run as one.

    `known` are fields of `FuseContext` that differ from a market of which nothing is known. Raises `RuntimeError` if
    the native parts aren't built.
    """
    make_book, decoder = usable("book", structure), usable("decoder", "native")
    if make_book is None or decoder is None:
        raise RuntimeError("the native decoder and books aren't built here: install mainspring-native where cargo is")
    book = make_book(instrument)
    feed: Any = declared(FeedContext((instrument,), OrjsonCodec(), "json", decoder))
    values: dict[str, Any] = {
        "books": (book,),
        "first_index": 0,
        "top_of_book": False,
        "volatility_half_life_s": 300.0,
        "warm_up_s": 10.0,
        "daily_volume_lots": (None,),
        "daily_volatility": None,
    }
    return book, feed, feed.fuse(FuseContext(**(values | known)))


def run_fused(chunks: Iterable[Any], declared: WireFeed, instrument: Instrument, structure: str) -> tuple[Any, Any]:
    """Runs chunks of messages into a book of that `structure`, as `fused` makes it; returns the book and the feed."""
    book, feed, running = fused(declared, instrument, structure)
    run, batch = running.run, running.batch
    for chunk in chunks:
        run(batch(chunk), 0, NEVER_NS, None, timed=False)
    return book, feed


def native_market(plain: FakeMarket, declared: WireFeed) -> Any:
    """Returns the same market as the native lane keeps it. Raises as `fused` does."""
    known = plain.statistics
    _, _, running = fused(
        declared,
        plain.instrument,
        "ladder",
        daily_volume_lots=(known.daily_volume_lots,),
        daily_volatility=known.volatility_per_day,
    )
    (market,) = running.markets
    market.on_snapshot(BookSnapshot(0, 0, 0, NO_ID, *map(list, book_sides(plain.book))))
    return market
