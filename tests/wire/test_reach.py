"""Books whose snapshot was cut: how far they are known, and what happens where the market leaves that."""

import json
from collections import Counter
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from mainspring.model import BookDelta, BookInvalid, BookSnapshot, Instrument, Side
from mainspring.seams import FeedContext
from mainspring.testing import plain_codec
from mainspring.wire import (
    Contiguous,
    DeltaMessage,
    Format,
    Integer,
    Levels,
    Range,
    RestSnapshot,
    SnapshotMessage,
    Text,
    WireFeed,
)
from mainspring_plugins.books.bisect_list import BisectListBook

_INSTRUMENT = Instrument(symbol="A", venue_symbol="A", tick_size=Decimal(1), lot_size=Decimal(1))
_SIDES: dict[str, Any] = {"bids": Levels("b", number=True), "asks": Levels("a", number=True)}


def _format(symbol, kind):
    return Format(
        messages=(
            DeltaMessage(when={kind: "d"}, symbol=Text(symbol), sequence=Range("n", "n"), **_SIDES),
            SnapshotMessage(when={kind: "s"}, symbol=Text(symbol), last_id=Integer("n"), cut=True, **_SIDES),
        ),
        sequencing=Contiguous(),
    )


_FORMATS = {"flat": _format("s", "e"), "paths": _format("x.s", "x.e")}


def _open(shape, decoder):
    run_by = None
    if decoder == "native":
        run_by = pytest.importorskip("mainspring_native.decoders").native_decoder
    declared = WireFeed(format=_FORMATS[shape], resync=RestSnapshot("/depth?symbol={venue_symbol}"))
    return declared(FeedContext((_INSTRUMENT,), plain_codec("json"), decoder=run_by))


def _raw(shape, kind, number, bids=(), asks=()):
    named = {"x": {"e": kind, "s": "A"}} if shape == "paths" else {"e": kind, "s": "A"}
    return json.dumps({**named, "n": number, "b": list(bids), "a": list(asks)}).encode()


@pytest.fixture(params=["python", "native"])
def decoder(request):
    return request.param


@pytest.fixture(params=_FORMATS)
def shape(request):
    return request.param


class _Session:
    """A feed and the book that its events make; bids 100 to 91 and offers 101 to 110 at first."""

    def __init__(self, shape, decoder):
        self._shape = shape
        self.feed = _open(shape, decoder)
        self.book = BisectListBook()
        self.number = 0
        self.whole([(100 - at, 5) for at in range(10)], [(101 + at, 5) for at in range(10)])

    def whole(self, bids, asks, number=None):
        return self._take(_raw(self._shape, "s", self.number if number is None else number, bids, asks))

    def change(self, bids=(), asks=()):
        self.number += 1
        return self._take(_raw(self._shape, "d", self.number, bids, asks))

    def _take(self, raw):
        events = list(self.feed.on_message(raw, self.number))
        for event in events:
            if isinstance(event, BookSnapshot):
                self.book.apply_snapshot(event.bids, event.asks)
            elif isinstance(event, BookDelta):
                self.book.apply_delta(event.bids, event.asks)
        return events

    def requests(self):
        return [request.target for request in self.feed.take_resync_requests()]


def test_what_lies_beyond_is_unfilled(shape, decoder):
    """Levels beyond the snapshot's aren't all that stand there: no walk meets them, and no reader sees them."""
    session = _Session(shape, decoder)
    session.change([(90, 1_000), (95, 0)], [(150, 1_000)])
    assert session.book.walk(Side.SELL, 100).unfilled_lots == 100 - 45
    assert session.book.walk(Side.BUY, 60).unfilled_lots == 10
    assert session.book.lots_at(Side.BUY, 90) == 0
    assert session.requests() == []


def test_near_the_edge_a_snapshot_is_asked_for_and_the_book_goes_on(shape, decoder):
    """Where what was seen of the prices beyond joins the known levels, it is let go, and nothing is lost."""
    session = _Session(shape, decoder)
    session.change([(90, 7), (89, 8), (88, 9), (60, 1)])
    session.change([(89, 0)])
    assert len(session.book) == 20
    session.change([(price, 0) for price in range(92, 101)], [(92, 3)])
    assert session.requests() == []
    (delta,) = session.change(asks=[(91, 2)], bids=[(91, 0)])
    assert delta.bids == [(60, 1), (88, 9), (90, 7), (91, 0)]
    assert session.book.depth(Side.BUY, 3) == [(90, 7), (88, 9), (60, 1)]
    assert session.requests() == ["/depth?symbol=A"]
    assert dict(session.feed.statistics().by_cause) == {}
    # From here on, nothing is left out.
    session.change([(50, 1)])
    assert session.book.lots_at(Side.BUY, 50) == 1


def test_beyond_the_edge_the_book_is_quarantined(shape, decoder):
    """Where what was seen is far away, the best price isn't known: the next snapshot that connects makes it whole."""
    session = _Session(shape, decoder)
    session.change([(20, 7)])
    (invalid,) = session.change([(price, 0) for price in range(91, 101)], [(91, 2)])
    assert isinstance(invalid, BookInvalid)
    assert invalid.cause == "reach"
    assert session.requests() == ["/depth?symbol=A"]
    assert session.change([(89, 1)]) == []
    events = session.whole([(88, 1), (87, 1)], [(91, 2)], number=session.number - 1)
    assert [type(event) for event in events] == [BookSnapshot, BookDelta]
    assert session.book.depth(Side.BUY, 5) == [(89, 1), (88, 1), (87, 1)]
    statistics = session.feed.statistics()
    assert dict(statistics.by_cause) == {"reach": 1, "quarantined": 1}
    assert (statistics.gaps, statistics.resyncs) == (0, 1)


def test_a_small_step_out_of_a_small_snapshot_is_joined(shape, decoder):
    """A market that moves by its spread takes its new best price along, though the snapshot had one level a side."""
    session = _Session(shape, decoder)
    session.whole([(98, 5)], [(100, 5)])
    (delta,) = session.change([(98, 0), (96, 4)], [(98, 2)])
    assert isinstance(delta, BookDelta)
    assert (session.book.bbo().bid_ticks, session.book.bbo().ask_ticks) == (96, 98)


def test_a_jump_of_both_sides_together_is_followed(shape, decoder):
    """Where both sides stand as close to one another as before, nothing unknown can stand between them."""
    session = _Session(shape, decoder)
    session.whole([(100, 5)], [(101, 5)])
    (delta,) = session.change([(100, 0), (150, 4)], [(101, 0), (151, 6)])
    assert isinstance(delta, BookDelta)
    assert (session.book.bbo().bid_ticks, session.book.bbo().ask_ticks) == (150, 151)
    session = _Session(shape, decoder)
    session.whole([(100, 5)], [(101, 5)])
    (invalid,) = session.change([(100, 0), (50, 4)], [(101, 0), (99, 6)])
    assert isinstance(invalid, BookInvalid)


def test_a_rise_is_as_a_fall(shape, decoder):
    """The same holds for the offers."""
    session = _Session(shape, decoder)
    (invalid,) = session.change([(110, 1)], [(price, 0) for price in range(101, 111)])
    assert isinstance(invalid, BookInvalid)


def test_a_snapshot_that_came_too_late_is_asked_for_again(shape, decoder):
    """One that is older than the book, which went on meanwhile, is no answer to the request."""
    session = _Session(shape, decoder)
    session.change([(90, 7)])
    session.change([(91, 0)], [(91, 2)])
    session.change([(80, 1)])
    assert session.requests() == ["/depth?symbol=A"]
    assert session.whole([(90, 7)], [(91, 2)], number=1) == []
    assert session.requests() == ["/depth?symbol=A"]
    session.whole([(90, 7)], [(91, 2)], number=session.number)
    session.change([(70, 1)])
    assert len(session.book) == 2


def test_decoders_agree_on_random_walks(shape):
    """Cut snapshots now and then, and a market that wanders out of them: the same events, counts and requests."""
    causes: Counter[str] = Counter()
    for seed in range(12):
        causes.update(_walk(shape, Random(seed)))
    assert causes["reach"]
    assert causes["quarantined"]


def _walk(shape, random):
    """Feeds both decoders alike, and returns why messages weren't applied."""
    feeds = [_open(shape, name) for name in ("python", "native")]
    middle = 300
    for number in range(3, 403):
        middle = max(100, middle + random.choice((-9, -1, 0, 1, 9)))
        depth = random.choice((1, 3, 12))
        levels = [(middle - 1 - at, random.randint(0, 3)) for at in range(depth)]
        offers = [(middle + 1 + at, random.randint(0, 3)) for at in range(depth)]
        if random.random() < 0.04:
            raw = _raw(shape, "s", number - random.randint(0, 2), levels, offers)
        else:
            rows = [
                (middle + random.randint(-60, 60) // random.choice((1, 1, 9)), random.randint(0, 3)) for _ in "12345"
            ]
            sides = [row for row in rows if row[0] < middle], [row for row in rows if row[0] > middle]
            raw = _raw(shape, "d", number, *sides)
        plain, native = ([*feed.on_message(raw, number)] for feed in feeds)
        assert native == plain
        assert [*feeds[1].take_resync_requests()] == [*feeds[0].take_resync_requests()]
    assert feeds[1].statistics() == feeds[0].statistics()
    return feeds[0].statistics().by_cause
