"""The works of venues: a recording's book messages, from their bytes to books.

The recordings are those of cryptofeed's sample data. They lie in a folder `cryptofeed` next to the folders that
`MAINSPRING_DATA` names, or in one of these.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mainspring.data import data_folders, read_cryptofeed
from mainspring.model import BookDelta, BookSnapshot, Level
from mainspring.seams import FeedContext, RawMessage
from mainspring_perf.candidates import registry
from mainspring_perf.peers.contract import Answer, Inputs, books_answer
from mainspring_perf.peers.peer import Unavailable
from mainspring_plugins.codecs.orjson import OrjsonCodec

__all__ = ["VENUES", "Venue", "book_messages", "make_books"]


@dataclass(frozen=True, kw_only=True)
class Venue:
    """A recording of one venue. Each of its book messages has one of `marks`, and no other message has.

    `times_over` repeats it within a pass: its snapshots start the books again.
    """

    feed: str
    title: str
    files: tuple[str, ...]
    marks: tuple[bytes, ...]
    times_over: int = 1

    @property
    def work(self) -> str:
        """The name of its work."""
        return f"book-{self.feed}"

    @property
    def session(self) -> str:
        """What it is a recording of."""
        return f"recorded {self.title} session of cryptofeed's {self.files[0]}"


VENUES = (
    Venue(feed="okx", title="OKX", files=("OKX.ws.1.0",), marks=(b'"channel":"books"',), times_over=10),
    Venue(feed="deribit", title="Deribit", files=("DERIBIT.ws.1.0",), marks=(b'"channel":"book.',), times_over=50),
    Venue(
        feed="coinbase",
        title="Coinbase",
        files=("COINBASE.ws.28.0",),
        marks=(b'{"type":"l2update"', b'{"type":"snapshot"'),
    ),
    Venue(feed="kraken-v1", title="Kraken", files=("KRAKEN.ws.50.0",), marks=(b'"book-1000","',)),
    Venue(feed="bitget", title="Bitget", files=("BITGET.ws.1.0",), marks=(b'"channel":"books"',), times_over=6),
    Venue(
        feed="kucoin",
        title="KuCoin",
        files=("KUCOIN.ws.1.0", "KUCOIN.http.0.0"),
        marks=(b'"trade.l2update"', b'{"request"'),
    ),
)
"""Those whose book messages are also read by hand and by cryptofeed."""


def book_messages(venue: Venue) -> list[RawMessage]:
    """The book messages of a venue's recording. Raises `Unavailable` if it isn't on this machine."""
    paths = [_find(name) for name in venue.files]
    return [
        (time_ns, raw)
        for time_ns, raw in read_cryptofeed(*paths)
        if any(mark in raw for mark in venue.marks) and b'"event":' not in raw
    ]


def make_books(venue: Venue, inputs: Inputs, *, fast: bool) -> tuple[int, str, Answer]:
    """Writes a venue's messages and instruments: how many there are, what they are, and the right answer.

    The right answer is kept in dicts, from the events of the plain decoder. `fast` takes the recording once. Raises
    `Unavailable` without the recording.
    """
    once = book_messages(venue)
    declared, codec = registry().get("feed", venue.feed).factory, OrjsonCodec()
    instruments = declared.find_instruments(once, codec)
    messages = once * (1 if fast else venue.times_over)
    inputs.write("instruments", msgspec.to_builtins(instruments))
    inputs.write_messages(messages)
    books: list[tuple[dict[int, int], dict[int, int]]] = [({}, {}) for _ in instruments]
    feed = declared(FeedContext(instruments, codec))
    for receive_time_ns, raw in messages:
        for event in feed.on_message(raw, receive_time_ns):
            if isinstance(event, BookSnapshot):
                books[event.instrument] = {}, {}
            if isinstance(event, BookSnapshot | BookDelta):
                for side, rows in zip(books[event.instrument], (event.bids, event.asks), strict=True):
                    _set(side, rows)
    mean = sum(len(raw) for _, raw in messages) // len(messages)
    said = f"{len(messages):,} book messages of {mean} bytes each, {len(instruments)} instruments"
    if len(messages) > len(once):
        said += f", the recording {venue.times_over} times over"
    right = books_answer({one.venue_symbol: book for one, book in zip(instruments, books, strict=True)})
    return len(messages), said, right


def _set(side: dict[int, int], rows: Sequence[Level]) -> None:
    for price_ticks, size_lots in rows:
        if size_lots:
            side[price_ticks] = size_lots
        else:
            side.pop(price_ticks, None)


def _find(name: str) -> Path:
    folders = [folder for one in data_folders() for folder in (one, one / "cryptofeed", one.parent / "cryptofeed")]
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise Unavailable(f"needs cryptofeed's recording {name}, in a folder that MAINSPRING_DATA names")
