"""Mainspring on the book messages of venues: the feeds' declarations by both decoders."""

from functools import partial
from typing import Any

import msgspec

from mainspring.model import BookDelta, BookSnapshot, Instrument
from mainspring.seams import NEVER_NS, Book, FeedContext, FuseContext
from mainspring_perf.candidates import registry, usable
from mainspring_perf.parts import book_sides
from mainspring_perf.peers.contract import Answer, Candidates, Inputs, Prepared, books_answer
from mainspring_perf.peers.venues import VENUES, Venue
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.codecs.orjson import OrjsonCodec

__all__ = ["CANDIDATES"]


def _instruments(inputs: Inputs) -> tuple[Instrument, ...]:
    return msgspec.convert(inputs.read("instruments"), tuple[Instrument, ...])


def _native(venue: Venue, inputs: Inputs) -> Prepared:
    instruments, declared = _instruments(inputs), registry().get("feed", venue.feed).factory
    make_book, decoder = usable("book", "ladder"), usable("decoder", "native")
    if make_book is None or decoder is None:
        raise RuntimeError("the native decoder and books aren't built here: install mainspring-native where cargo is")
    from mainspring_native._native import Batch

    batch = Batch(inputs.messages())

    def make() -> tuple[tuple[Book, ...], Any]:
        books = tuple(make_book(instrument) for instrument in instruments)
        feed = declared(FeedContext(instruments, OrjsonCodec(), "json", decoder))
        running = feed.fuse(
            FuseContext(
                books=books,
                top_of_book=False,
                volatility_half_life_s=300.0,
                warm_up_s=10.0,
                daily_volume_lots=(None,) * len(books),
                daily_volatility=None,
            )
        )
        return books, running

    def run(made: tuple[tuple[Book, ...], Any]) -> tuple[Book, ...]:
        books, running = made
        running.run(batch, 0, NEVER_NS, None, timed=False)
        return books

    return Prepared(run, partial(_answer, instruments), make=make)


def _plain(venue: Venue, inputs: Inputs) -> Prepared:
    instruments, declared = _instruments(inputs), registry().get("feed", venue.feed).factory
    messages = inputs.messages()

    def make() -> tuple[list[BisectListBook], Any]:
        return [BisectListBook(one) for one in instruments], declared(FeedContext(instruments, OrjsonCodec()))

    def run(made: tuple[list[BisectListBook], Any]) -> list[BisectListBook]:
        books, feed = made
        on_message = feed.on_message
        for receive_time_ns, raw in messages:
            for event in on_message(raw, receive_time_ns):
                if isinstance(event, BookDelta):
                    book = books[event.instrument]
                    book.apply_delta(event.bids, event.asks)
                    book.bbo()
                elif isinstance(event, BookSnapshot):
                    book = books[event.instrument]
                    book.apply_snapshot(event.bids, event.asks)
                    book.bbo()
        return books

    return Prepared(run, partial(_answer, instruments), make=make)


def _answer(instruments: tuple[Instrument, ...], books: Any) -> Answer:
    found = {}
    for instrument, book in zip(instruments, books, strict=True):
        bids, asks = book_sides(book)
        found[instrument.venue_symbol] = dict(bids), dict(asks)
    return books_answer(found)


CANDIDATES: Candidates = {
    venue.work: {
        "native decoder, ladder": partial(_native, venue),
        "Python decoder, bisect-list": partial(_plain, venue),
    }
    for venue in VENUES
}
