"""What is written by hand for a venue's book messages: msgspec typed, a dict and a sorted list of prices a side.

It follows msgspec's documentation on performance: typed structs without garbage collection, a decoder made once. Prices
and sizes are rounded to whole ticks and lots, and the venue's numbering is checked. Where a venue sends checksums,
there is a second way, which checks them and keeps the text of each level for that.
"""

import zlib
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import msgspec

from mainspring_perf.peers.adapters.by_hand import BisectBook
from mainspring_perf.peers.contract import Answer, Candidates, Inputs, Prepared, books_answer

__all__ = ["CANDIDATES"]

_Messages = Sequence[tuple[int, bytes]]


class _Book(BisectBook):
    """A book of one instrument, which makes ticks and lots of text or numbers itself."""

    __slots__ = ("last_id", "lots", "ticks", "waiting")

    def __init__(self, ticks_a_unit: int, lots_a_unit: int) -> None:
        super().__init__()
        self.ticks, self.lots = ticks_a_unit, lots_a_unit
        self.last_id = -1
        self.waiting: list[Any] = []

    def start(self) -> None:
        """Empties it for a snapshot."""
        self.bids, self.asks, self.bid_prices, self.ask_prices = {}, {}, [], []

    def change(self, bids: Iterable[Any], asks: Iterable[Any]) -> None:
        """Sets levels of pairs, and reads the best ones."""
        ticks, lots = self.ticks, self.lots
        self.apply(
            [(round(float(price) * ticks), round(float(size) * lots)) for price, size in bids],
            [(round(float(price) * ticks), round(float(size) * lots)) for price, size in asks],
        )
        self.touch()

    def touch(self) -> tuple[int, int]:
        """The best prices; 0 for a side without levels."""
        bids, asks = self.bid_prices, self.ask_prices
        return bids[-1] if bids else 0, asks[0] if asks else 0


class _TextBook(_Book):
    """A book that keeps each level's text too, of which checksums are made."""

    __slots__ = ()
    bids: dict[int, Any]
    asks: dict[int, Any]

    def change(self, bids: Iterable[Any], asks: Iterable[Any]) -> None:
        """Sets levels of texts, and reads the best ones."""
        self._set(self.bids, self.bid_prices, bids)
        self._set(self.asks, self.ask_prices, asks)
        self.touch()

    def _set(self, side: dict[int, Any], prices: list[int], rows: Iterable[Any]) -> None:
        ticks, lots = self.ticks, self.lots
        for row in rows:
            price, size = round(float(row[0]) * ticks), round(float(row[1]) * lots)
            if size:
                if price not in side:
                    insort(prices, price)
                side[price] = size, row[0], row[1]
            elif price in side:
                del side[price]
                del prices[bisect_left(prices, price)]

    def top(self, levels: int) -> tuple[list[Any], list[Any]]:
        """The first levels of both sides, best first."""
        bids, asks = self.bid_prices[: -levels - 1 : -1], self.ask_prices[:levels]
        return [self.bids[price] for price in bids], [self.asks[price] for price in asks]

    def sides(self) -> tuple[dict[int, int], dict[int, int]]:
        """Every level, without its text."""
        return {price: one[0] for price, one in self.bids.items()}, {price: one[0] for price, one in self.asks.items()}


_Books = dict[str, Any]
_Pair = tuple[str, str]


class _InstrumentId(msgspec.Struct, gc=False):
    instrument: str = msgspec.field(name="instId")


class _OkxData(msgspec.Struct, gc=False):
    asks: list[tuple[str, str, str, str]]
    bids: list[tuple[str, str, str, str]]
    checksum: int


class _OkxMessage(msgspec.Struct, gc=False):
    arg: _InstrumentId
    action: str
    data: list[_OkxData]


def _okx(messages: _Messages, books: _Books) -> None:
    decode = msgspec.json.Decoder(_OkxMessage).decode
    for _, raw in messages:
        message = decode(raw)
        book = books[message.arg.instrument]
        for data in message.data:
            if message.action == "snapshot":
                book.start()
            book.change(
                [(price, size) for price, size, _, _ in data.bids], [(price, size) for price, size, _, _ in data.asks]
            )


def _okx_checked(messages: _Messages, books: _Books) -> None:
    decode = msgspec.json.Decoder(_OkxMessage).decode
    for _, raw in messages:
        message = decode(raw)
        book = books[message.arg.instrument]
        for data in message.data:
            if message.action == "snapshot":
                book.start()
            book.change(data.bids, data.asks)
            _check(_alternating(book), data.checksum)


def _alternating(book: _TextBook) -> int:
    """The checksum of 25 levels, a bid and an offer in turn."""
    bids, asks = book.top(25)
    parts = []
    for place in range(max(len(bids), len(asks))):
        if place < len(bids):
            parts += bids[place][1:]
        if place < len(asks):
            parts += asks[place][1:]
    return zlib.crc32(":".join(parts).encode())


def _check(ours: int, theirs: int) -> None:
    if ours != theirs & 0xFFFFFFFF:
        raise ValueError(f"a checksum of {theirs & 0xFFFFFFFF}, and {ours} here")


class _BitgetData(msgspec.Struct, gc=False):
    asks: list[_Pair]
    bids: list[_Pair]
    checksum: int


class _BitgetMessage(msgspec.Struct, gc=False):
    arg: _InstrumentId
    action: str
    data: list[_BitgetData]


def _bitget(messages: _Messages, books: _Books, *, checked: bool) -> None:
    decode = msgspec.json.Decoder(_BitgetMessage).decode
    for _, raw in messages:
        message = decode(raw)
        book = books[message.arg.instrument]
        for data in message.data:
            if message.action == "snapshot":
                book.start()
            book.change(data.bids, data.asks)
            if checked:
                _check(_alternating(book), data.checksum)


class _DeribitData(msgspec.Struct, gc=False):
    type: str
    instrument: str = msgspec.field(name="instrument_name")
    change_id: int
    bids: list[tuple[str, float, float]]
    asks: list[tuple[str, float, float]]
    previous: int = msgspec.field(name="prev_change_id", default=-1)


class _DeribitParams(msgspec.Struct, gc=False):
    data: _DeribitData


class _DeribitMessage(msgspec.Struct, gc=False):
    params: _DeribitParams


def _deribit(messages: _Messages, books: _Books) -> None:
    decode = msgspec.json.Decoder(_DeribitMessage).decode
    for _, raw in messages:
        data = decode(raw).params.data
        book = books[data.instrument]
        if data.type == "snapshot":
            book.start()
        elif data.previous != book.last_id:
            raise ValueError(f"a gap after change {book.last_id}")
        book.last_id = data.change_id
        book.change([(price, size) for _, price, size in data.bids], [(price, size) for _, price, size in data.asks])


class _CoinbaseMessage(msgspec.Struct, gc=False):
    type: str
    product_id: str
    changes: list[tuple[str, str, str]] = []
    bids: list[_Pair] = []
    asks: list[_Pair] = []


def _coinbase(messages: _Messages, books: _Books) -> None:
    decode = msgspec.json.Decoder(_CoinbaseMessage).decode
    for _, raw in messages:
        message = decode(raw)
        book = books[message.product_id]
        if message.type == "l2update":
            changes = message.changes
            book.change(
                [(price, size) for side, price, size in changes if side == "buy"],
                [(price, size) for side, price, size in changes if side == "sell"],
            )
        else:
            book.start()
            book.change(message.bids, message.asks)


class _KrakenSides(msgspec.Struct, gc=False):
    # A row may have a fourth place, which says that it is sent once more.
    a: list[list[str]] = []
    b: list[list[str]] = []
    all_asks: list[list[str]] | None = msgspec.field(name="as", default=None)
    all_bids: list[list[str]] = msgspec.field(name="bs", default=[])
    c: str = ""


def _kraken(messages: _Messages, books: _Books, *, checked: bool) -> None:
    decode = msgspec.json.Decoder(list[int | str | _KrakenSides]).decode
    for _, raw in messages:
        parts: Any = decode(raw)
        book = books[parts[-1]]
        for sides in parts[1:-2]:
            if sides.all_asks is not None:
                book.start()
                book.change([row[:2] for row in sides.all_bids], [row[:2] for row in sides.all_asks])
            else:
                book.change([row[:2] for row in sides.b], [row[:2] for row in sides.a])
        _cut(book, 1000)
        if checked and sides.c:
            bids, asks = book.top(10)
            text = "".join(part.replace(".", "").lstrip("0") for row in (*asks, *bids) for part in row[1:])
            _check(zlib.crc32(text.encode()), int(sides.c))


def _cut(book: _Book, depth: int) -> None:
    """Drops what lies beyond the depth that was asked for: the venue doesn't delete it."""
    for price in book.bid_prices[:-depth]:
        del book.bids[price]
    del book.bid_prices[:-depth]
    for price in book.ask_prices[depth:]:
        del book.asks[price]
    del book.ask_prices[depth:]


class _KucoinChanges(msgspec.Struct, gc=False):
    asks: list[tuple[str, str, str]]
    bids: list[tuple[str, str, str]]


class _KucoinSnapshot(msgspec.Struct, gc=False):
    sequence: str
    bids: list[_Pair]
    asks: list[_Pair]


class _KucoinData(msgspec.Struct, gc=False):
    symbol: str = ""
    first: int = msgspec.field(name="sequenceStart", default=0)
    last: int = msgspec.field(name="sequenceEnd", default=0)
    changes: _KucoinChanges | None = None
    snapshot: _KucoinSnapshot | None = msgspec.field(name="data", default=None)


class _KucoinMessage(msgspec.Struct, gc=False):
    data: _KucoinData
    request: str = ""


def _kucoin(messages: _Messages, books: _Books) -> None:
    decode = msgspec.json.Decoder(_KucoinMessage).decode
    for _, raw in messages:
        message = decode(raw)
        data = message.data
        if data.snapshot is not None:
            book = books[message.request.partition("symbol=")[2]]
            book.last_id = int(data.snapshot.sequence)
            book.start()
            book.change(data.snapshot.bids, data.snapshot.asks)
            for late in book.waiting:
                _kucoin_update(book, late)
            book.waiting = []
        else:
            book = books[data.symbol]
            if book.last_id < 0:
                book.waiting.append(data)
            else:
                _kucoin_update(book, data)


def _kucoin_update(book: _Book, data: Any) -> None:
    if data.last <= book.last_id:
        return
    if data.first > book.last_id + 1:
        raise ValueError(f"a gap after update {book.last_id}")
    book.last_id = data.last
    # A row of the price 0 only takes up a number.
    book.change(
        [(price, size) for price, size, _ in data.changes.bids if price != "0"],
        [(price, size) for price, size, _ in data.changes.asks if price != "0"],
    )


def _prepare(follow: Callable[[_Messages, _Books], None], kind: type[_Book], inputs: Inputs) -> Prepared:
    messages = inputs.messages()
    units = {
        one["venue_symbol"]: (round(1 / float(one["tick_size"])), round(1 / float(one["lot_size"])))
        for one in inputs.read("instruments")
    }

    def make() -> _Books:
        return {symbol: kind(*a_unit) for symbol, a_unit in units.items()}

    def run(books: _Books) -> _Books:
        follow(messages, books)
        return books

    return Prepared(run, _answer, make=make)


def _answer(books: _Books) -> Answer:
    return books_answer({symbol: book.sides() for symbol, book in books.items()})


_PLAIN, _CHECKED = "msgspec typed, dict, bisect", "msgspec typed, dict, bisect, checksums"

CANDIDATES: Candidates = {
    "book-okx": {_PLAIN: partial(_prepare, _okx, _Book), _CHECKED: partial(_prepare, _okx_checked, _TextBook)},
    "book-deribit": {_PLAIN: partial(_prepare, _deribit, _Book)},
    "book-coinbase": {_PLAIN: partial(_prepare, _coinbase, _Book)},
    "book-kraken-v1": {
        _PLAIN: partial(_prepare, partial(_kraken, checked=False), _Book),
        _CHECKED: partial(_prepare, partial(_kraken, checked=True), _TextBook),
    },
    "book-bitget": {
        _PLAIN: partial(_prepare, partial(_bitget, checked=False), _Book),
        _CHECKED: partial(_prepare, partial(_bitget, checked=True), _TextBook),
    },
    "book-kucoin": {_PLAIN: partial(_prepare, _kucoin, _Book)},
}
