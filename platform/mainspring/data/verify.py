"""Rebuilds the books of a stream and compares them with every independent statement about them in the stream.

These truths are what the venue says about a book without the book being built from it:

- a quote with the update id of the last delta or snapshot applied must be the book's best bid and offer. It may arrive
  before the delta that takes the book to its id, since quotes are sent at once and deltas at intervals, or after it;
  the two are counted separately;
- a later snapshot with the book's id must hold the same levels, as far as both reach;
- the venue's checksum of the best levels must be that of the book: the feed itself compares it.

A quote whose id the book skips says nothing about it, and isn't counted.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from mainspring.errors import CodecError, WireError
from mainspring.model import (
    BBO,
    MAX_UNITS,
    NO_ID,
    BookDelta,
    BookInvalid,
    BookSnapshot,
    Instrument,
    Level,
    MarketEvent,
    Quote,
    Side,
    decimal_text,
)
from mainspring.plugin_calls import wrap_error
from mainspring.seams import Book, Feed, RawMessage
from mainspring.wire import Cause

__all__ = ["InstrumentVerdict", "Tally", "VerifyReport", "verify"]

_MAX_QUOTES_AHEAD = 65_536
_NOBODY: Final = MappingProxyType(dict.fromkeys(("feed", "book"), ("unnamed", "an unknown distribution")))


class Tally(msgspec.Struct, frozen=True):
    """How many truths of one kind were compared with the book, and how many matched."""

    compared: int = 0
    matched: int = 0


class InstrumentVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The result for one instrument. `problems` are sentences; if there are none, the book is right.

    `crossed` counts the deltas and snapshots that left the best bid at or above the best offer. `gaps` is None if no
    snapshot started the book, since nothing can be said of gaps then. `quarantined` is True if the book couldn't be
    trusted when the stream ended.
    """

    symbol: str
    deltas: int
    snapshots: int
    quotes: int
    quotes_ahead: Tally
    quotes_behind: Tally
    later_snapshots: Tally
    crossed: int
    gaps: int | None
    quarantined: bool
    problems: tuple[str, ...]

    @property
    def truths(self) -> Tally:
        """The sum over all kinds."""
        tallies = (self.quotes_ahead, self.quotes_behind, self.later_snapshots)
        return Tally(sum(tally.compared for tally in tallies), sum(tally.matched for tally in tallies))


class VerifyReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result for a stream. `refused` counts the messages that the feed couldn't read.

    `checksums` are those of the venue, over all instruments.
    """

    messages: int
    refused: int
    by_kind: dict[str, int]
    by_cause: dict[str, int]
    instruments: tuple[InstrumentVerdict, ...]
    problems: tuple[str, ...]
    checksums: Tally = Tally()

    @property
    def ok(self) -> bool:
        """Whether every book was compared with something, and no problem was found."""
        return bool(self.instruments) and not self.problems

    @property
    def truths(self) -> Tally:
        """The sum over all instruments, with the checksums."""
        tallies = [*(instrument.truths for instrument in self.instruments), self.checksums]
        return Tally(sum(tally.compared for tally in tallies), sum(tally.matched for tally in tallies))


def verify(
    messages: Iterable[RawMessage],
    feed: Feed,
    books: Sequence[Book],
    instruments: Sequence[Instrument],
    owners: Mapping[str, tuple[str, str]] = _NOBODY,
) -> VerifyReport:
    """Runs the messages through a new feed and new books, one for each instrument of the feed, and compares.

    `books` and `instruments` are in the order of the feed's instruments. A message that the feed refuses is counted,
    and is a problem. `owners` names plugin and distribution of "feed" and "book", for the `PluginError` that wraps
    anything else they raise. Whatever reading `messages` raises is passed on.
    """
    checks = [_BookCheck(instrument, book) for instrument, book in zip(instruments, books, strict=True)]
    count = refused = 0
    first_refusal = ""
    for receive_time_ns, raw in messages:
        count += 1
        try:
            events = feed.on_message(raw, receive_time_ns)
        except (CodecError, WireError) as error:
            refused += 1
            first_refusal = first_refusal or f"message {count}: {error}"
            continue
        except BaseException as error:  # noqa: BLE001  a stranger's feed may raise anything
            wrap_error("feed", *owners["feed"], error)
        try:
            for event in events:
                if isinstance(event, BookDelta | BookSnapshot | BookInvalid | Quote):
                    checks[event.instrument].on_event(event)
        except BaseException as error:  # noqa: BLE001  a stranger's book may raise anything
            wrap_error("book", *owners["book"], error)
    statistics = feed.statistics()
    checksums = Tally(statistics.checksums, statistics.checksums_right)
    verdicts = tuple(check.verdict(proved=checksums.compared > 0) for check in checks)
    problems = [f"{verdict.symbol}: {problem}" for verdict in verdicts for problem in verdict.problems]
    if checksums.compared > checksums.matched:
        wrong = checksums.compared - checksums.matched
        problems.insert(0, f"{wrong} of {checksums.compared} checksums don't match the book")
    if refused:
        problems.insert(0, f"{refused} messages could not be read, the first: {first_refusal}")
    return VerifyReport(
        messages=count,
        refused=refused,
        by_kind=dict(statistics.by_kind),
        by_cause=dict(statistics.by_cause),
        instruments=verdicts,
        problems=tuple(problems),
        checksums=checksums,
    )


class _BookCheck:
    """One instrument's book while it is rebuilt, and how it compares."""

    def __init__(self, instrument: Instrument, book: Book) -> None:
        self._instrument = instrument
        self._book = book
        self._live = False
        self._book_id = NO_ID
        # Quotes that wait until the book reaches their id; ids rise, so the first are the oldest.
        self._ahead: dict[int, Quote] = {}
        # How far the book's snapshot reached: beyond that, only levels that changed since are known.
        self._reach: dict[Side, int] = {}
        self._counts = {"deltas": 0, "snapshots": 0, "quotes": 0, "crossed": 0, "gaps": 0, "broken": 0}
        self._truths = {"quotes_ahead": [0, 0], "quotes_behind": [0, 0], "later_snapshots": [0, 0]}
        self._first_mismatch = ""

    def on_event(self, event: MarketEvent) -> None:
        """Takes an event of this instrument."""
        if isinstance(event, Quote):
            self._on_quote(event)
        elif isinstance(event, BookDelta):
            self._counts["deltas"] += 1
            self._book.apply_delta(event.bids, event.asks)
            self._moved_to(event.last_id)
        elif isinstance(event, BookSnapshot):
            self._counts["snapshots"] += 1
            self._on_snapshot(event)
        elif isinstance(event, BookInvalid):
            self._counts["broken"] += 1
            self._counts["gaps"] += event.cause == Cause.GAP
            self._live = False

    def verdict(self, *, proved: bool) -> InstrumentVerdict:
        """What was found. `proved` says that the feed compared checksums."""
        tallies = {name: Tally(*counts) for name, counts in self._truths.items()}
        quarantined = not self._live and self._counts["broken"] > 0
        return InstrumentVerdict(
            symbol=self._instrument.symbol,
            deltas=self._counts["deltas"],
            snapshots=self._counts["snapshots"],
            quotes=self._counts["quotes"],
            crossed=self._counts["crossed"],
            gaps=self._counts["gaps"] if self._counts["snapshots"] else None,
            quarantined=quarantined,
            problems=tuple(self._problems(tallies, quarantined=quarantined, proved=proved)),
            **tallies,
        )

    def _problems(self, tallies: dict[str, Tally], *, quarantined: bool, proved: bool) -> Iterable[str]:
        compared = sum(tally.compared for tally in tallies.values())
        matched = sum(tally.matched for tally in tallies.values())
        if compared > matched:
            yield f"{compared - matched} of {compared} truths don't match the book, the first: {self._first_mismatch}"
        if self._counts["crossed"]:
            yield f"the book was crossed {self._counts['crossed']} times"
        if self._counts["gaps"]:
            yield f"{self._counts['gaps']} gaps in the depth updates"
        if quarantined:
            yield "the book is quarantined at the end: no snapshot made it whole again"
        if not self._counts["snapshots"]:
            yield "no snapshot started the book"
        elif not compared and not proved:
            yield "nothing to verify against: no quote and no later snapshot has an id that the book reached"

    def _on_quote(self, quote: Quote) -> None:
        self._counts["quotes"] += 1
        if quote.update_id == NO_ID:
            return
        if self._live and quote.update_id == self._book_id:
            self._compare_quote("quotes_behind", quote)
        elif not self._live or quote.update_id > self._book_id:
            self._ahead[quote.update_id] = quote
            if len(self._ahead) > _MAX_QUOTES_AHEAD:
                del self._ahead[next(iter(self._ahead))]

    def _on_snapshot(self, snapshot: BookSnapshot) -> None:
        reach = {Side.BUY: _worst(snapshot.bids, min), Side.SELL: _worst(snapshot.asks, max)}
        if self._live and snapshot.last_id == self._book_id != NO_ID:
            self._compare_snapshot(snapshot, reach)
        self._book.apply_snapshot(snapshot.bids, snapshot.asks)
        self._reach = reach
        self._live = True
        self._moved_to(snapshot.last_id)

    def _moved_to(self, book_id: int) -> None:
        """The book has reached that id: counts it if crossed, and compares the quote that waited for it."""
        self._book_id = book_id
        bbo = self._book.bbo()
        if bbo.bid_lots and bbo.ask_lots and bbo.bid_ticks >= bbo.ask_ticks:
            self._counts["crossed"] += 1
        ahead = self._ahead
        while ahead:
            first = next(iter(ahead))
            if first > book_id:
                return
            quote = ahead.pop(first)
            if first == book_id:
                self._compare_quote("quotes_ahead", quote)

    def _compare_quote(self, truth: str, quote: Quote) -> None:
        bbo = self._book.bbo()
        reported = BBO(quote.bid_ticks, quote.bid_lots, quote.ask_ticks, quote.ask_lots)
        self._count(truth, _shown(bbo) == _shown(reported), f"quote {quote.update_id}: the venue says ", reported, bbo)

    def _compare_snapshot(self, snapshot: BookSnapshot, reach: dict[Side, int]) -> None:
        bid_floor = max(reach[Side.BUY], self._reach[Side.BUY])
        ask_ceiling = min(reach[Side.SELL], self._reach[Side.SELL])
        bids = sorted((level for level in snapshot.bids if level[1] and level[0] >= bid_floor), reverse=True)
        asks = sorted(level for level in snapshot.asks if level[1] and level[0] <= ask_ceiling)
        # One level more than the snapshot has: if it is within reach, the book holds a level that the snapshot doesn't.
        ours_bids = [level for level in self._book.depth(Side.BUY, len(bids) + 1) if level[0] >= bid_floor]
        ours_asks = [level for level in self._book.depth(Side.SELL, len(asks) + 1) if level[0] <= ask_ceiling]
        matches = (ours_bids, ours_asks) == (bids, asks)
        reported = _best(bids, asks)
        self._count("later_snapshots", matches, f"snapshot {snapshot.last_id}: best ", reported, self._book.bbo())

    def _count(self, truth: str, matches: bool, what: str, reported: BBO, ours: BBO) -> None:
        counts = self._truths[truth]
        counts[0] += 1
        if matches:
            counts[1] += 1
        elif not self._first_mismatch:
            self._first_mismatch = f"{what}{self._text(reported)}, the book {self._text(ours)}"

    def _text(self, bbo: BBO) -> str:
        tick, lot = self._instrument.tick_size, self._instrument.lot_size
        bid = f"{decimal_text(bbo.bid_lots, lot)} @ {decimal_text(bbo.bid_ticks, tick)}"
        return f"{bid} / {decimal_text(bbo.ask_lots, lot)} @ {decimal_text(bbo.ask_ticks, tick)}"


def _shown(bbo: BBO) -> tuple[int, ...]:
    """The values to compare: the price of an empty side means nothing."""
    bid = (bbo.bid_ticks, bbo.bid_lots) if bbo.bid_lots else (0, 0)
    ask = (bbo.ask_ticks, bbo.ask_lots) if bbo.ask_lots else (0, 0)
    return (*bid, *ask)


def _best(bids: Sequence[Level], asks: Sequence[Level]) -> BBO:
    return BBO(*(bids[0] if bids else (0, 0)), *(asks[0] if asks else (0, 0)))


def _worst(levels: Sequence[Level], worst: Callable[[list[int]], int]) -> int:
    """The worst price of a side. An empty side covers all prices, since it holds nothing at any of them."""
    return worst([price for price, _ in levels]) if levels else (0 if worst is min else MAX_UNITS)
