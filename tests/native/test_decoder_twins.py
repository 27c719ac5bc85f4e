"""Every declared format over every capture, through both decoders and all books: all of it the same."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

import msgpack
import orjson
import pytest

from mainspring.errors import CodecError, WireError
from mainspring.model import BookDelta, BookInvalid, BookSnapshot, Instrument, Side
from mainspring.seams import Book, Codec, Feed, FeedContext, RawMessage
from mainspring.wire import WireFeed, python_decoder
from mainspring_native.books import btree, ladder, sorted_vec
from mainspring_native.decoders import native_decoder
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.codecs.msgpack import MsgpackCodec
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.feeds.alpaca_crypto import ALPACA_CRYPTO
from mainspring_plugins.feeds.alpaca_stocks import ALPACA_STOCKS
from mainspring_plugins.feeds.binance_coinm import BINANCE_COINM
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT
from mainspring_plugins.feeds.binance_usdm import BINANCE_USDM

FEEDS: dict[str, WireFeed] = {
    "binance-spot": BINANCE_SPOT,
    "binance-usdm": BINANCE_USDM,
    "binance-coinm": BINANCE_COINM,
    "alpaca-stocks": ALPACA_STOCKS,
    "alpaca-crypto": ALPACA_CRYPTO,
}

CAPTURES = (
    "binance/spot/btcusdt_20240808.gz",
    "binance/spot/btcusdt_20240809.gz",
    "binance/usdm/btcusdt_20240808.gz",
    "binance/cm/btcusd_perp_20240808.gz",
    "binance/cm/btcusd_perp_20240809.gz",
    "cryptofeed/BINANCE.http.0.0",
    "cryptofeed/BINANCE.ws.1.0",
    "cryptofeed/BINANCE_FUTURES.http.0.0",
    "cryptofeed/BINANCE_FUTURES.ws.1.0",
    "cryptofeed/COINBASE.0",
    "cryptofeed/COINBASE.ws.28.0",
    "cryptofeed/KRAKEN.0",
    "cryptofeed/KRAKEN.ws.48.0",
    "cryptofeed/KRAKEN.ws.49.0",
    "cryptofeed/KRAKEN.ws.50.0",
    "alpaca/crypto_stream_documented_session.jsonl",
    "alpaca/stock_stream_documented_session.jsonl",
    "alpaca/alpaca_go_rest_response_bodies.jsonl",
    "alpaca/alpaca_py_rest_response_bodies.jsonl",
    "kraken-v2/kraken_v2_book_tickvault.jsonl",
)


# How many messages of a capture are run, unless the whole of it is.
_BEGINNING = 2_000
_OWN = {
    "binance-spot": ("/spot/", "BINANCE."),
    "binance-usdm": ("/usdm/", "BINANCE_FUTURES."),
    "binance-coinm": ("/cm/",),
    "alpaca-stocks": ("stock_",),
    "alpaca-crypto": ("crypto_",),
}
_SOME_INSTRUMENTS = 12
_CHANGES = (b"", b"\\", b'"', b"-", b"0", b" ", b"\n", b"\xc3", b"}", b"9")
_BOOKS_EVERY = 500


def _own(feed: str, capture: str) -> bool:
    return any(part in capture for part in _OWN[feed])


def _instruments(declared: WireFeed, messages: Sequence[RawMessage], codec: Codec) -> tuple[Instrument, ...]:
    """Those that the feed finds in the capture; where there are none, one made up."""
    found = declared.find_instruments(messages, codec)[:_SOME_INSTRUMENTS]
    made_up = declared.describe("", "BTCUSDT")
    assert made_up is not None
    return found or (made_up,)


class _Pair:
    """Both decoders on the same messages, and every book fed with the native one's events."""

    def __init__(self, declared: WireFeed, instruments: tuple[Instrument, ...], codec: Codec, encoding: str) -> None:
        context = FeedContext(instruments, codec, encoding)
        self.native: Feed = native_decoder(declared, context)
        self.plain: Feed = python_decoder(declared, context)
        makers: tuple[Callable[..., Book], ...] = (BisectListBook, sorted_vec, btree, ladder)
        self.books = [[make(instrument) for make in makers] for instrument in instruments]
        self.events = 0
        self.refused = 0

    def take(self, number: int, message: RawMessage) -> None:
        receive_time_ns, raw = message
        right = _outcome(self.plain, raw, receive_time_ns)
        reported = _outcome(self.native, raw, receive_time_ns)
        # By their text, as the NaN of a bar's vwap equals nothing.
        assert repr(reported) == repr(right), f"message {number}: {raw[:300]!r}"
        if isinstance(reported, tuple):
            self.refused += 1
            return
        for event in reported:
            self.events += 1
            if isinstance(event, BookDelta | BookSnapshot | BookInvalid):
                self._apply(event)

    def _apply(self, event: BookDelta | BookSnapshot | BookInvalid) -> None:
        books = self.books[event.instrument]
        for book in books:
            if isinstance(event, BookDelta):
                book.apply_delta(event.bids, event.asks)
            elif isinstance(event, BookSnapshot):
                book.apply_snapshot(event.bids, event.asks)
            else:
                book.clear()
        right = books[0].bbo()
        assert all(book.bbo() == right for book in books)
        if self.events % _BOOKS_EVERY == 0:
            self.compare_books()

    def compare_books(self) -> None:
        for books in self.books:
            right, *others = [_state(book) for book in books]
            assert all(state == right for state in others)

    def finish(self) -> None:
        self.compare_books()
        assert self.native.statistics() == self.plain.statistics()


def _state(book: Book) -> list[object]:
    lots = sum(lots for _, lots in book.depth(Side.BUY, 20))
    sides = [book.depth(side, 1_000_000) for side in Side]
    return [len(book), sides, [book.walk(side, size) for side in Side for size in (1, lots, 10**15)]]


def _outcome(feed: Feed, raw: bytes, receive_time_ns: int) -> Any:
    try:
        return list(feed.on_message(raw, receive_time_ns))
    except (WireError, CodecError) as error:
        return type(error).__name__, str(error)


_OWN_CAPTURES = [(feed, capture) for feed in FEEDS for capture in CAPTURES if _own(feed, capture)]
# What a format makes of another's messages is among the gates.
_OWN_AND_FOREIGN = [
    pytest.param(feed, capture, marks=() if _own(feed, capture) else pytest.mark.gate)
    for feed in FEEDS
    for capture in CAPTURES
]


@pytest.mark.parametrize(("feed", "capture"), _OWN_AND_FOREIGN)
def test_both_decoders_read_the_beginning_of_a_capture_alike(
    feed: str, capture: str, messages_of: Callable[[str], Iterator[RawMessage]]
) -> None:
    """Both decoders give the same events and the same error texts on every capture, the format's own or not."""
    _read_alike(feed, capture, list(islice(messages_of(capture), _BEGINNING)))


@pytest.mark.gate
@pytest.mark.parametrize(("feed", "capture"), _OWN_CAPTURES)
def test_both_decoders_read_a_whole_capture_alike(
    feed: str, capture: str, messages_of: Callable[[str], Iterator[RawMessage]]
) -> None:
    """Both decoders give the same events and the same error texts on the whole of the format's own captures."""
    _read_alike(feed, capture, list(messages_of(capture)))


def _read_alike(feed: str, capture: str, messages: list[RawMessage]) -> None:
    own = _own(feed, capture)
    codec = OrjsonCodec()
    pair = _Pair(FEEDS[feed], _instruments(FEEDS[feed], messages, codec), codec, "json")
    for number, message in enumerate(messages):
        pair.take(number, message)
    pair.finish()
    if own and ".http." not in capture:
        assert pair.events > 0
        # The first lines of some captures are the requests that began them.
        assert pair.refused <= len(messages) / 100


@pytest.mark.parametrize(("feed", "capture"), _OWN_AND_FOREIGN)
def test_both_decoders_read_a_capture_in_msgpack_alike(
    feed: str, capture: str, messages_of: Callable[[str], Iterator[RawMessage]]
) -> None:
    """The same with each message encoded again, as far as a capture's beginning."""
    codec = MsgpackCodec()
    messages = [
        (at, msgpack.packb(_decoded(raw))) for at, raw in islice(messages_of(capture), _BEGINNING) if _is_json(raw)
    ]
    pair = _Pair(FEEDS[feed], _instruments(FEEDS[feed], messages, codec), codec, "msgpack")
    for number, message in enumerate(messages):
        pair.take(number, message)
    pair.finish()
    if _own(feed, capture) and ".http." not in capture:
        assert pair.events > 0


def _decoded(raw: bytes) -> Any:
    return orjson.loads(raw)


def _is_json(raw: bytes) -> bool:
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError:
        return False
    return True


def test_what_both_decoders_read_alike_includes_spoilt_messages(
    messages_of: Callable[[str], Iterator[RawMessage]],
) -> None:
    """One byte of each message changed, dropped or doubled: the same events or the same words."""
    messages = list(islice(messages_of("binance/spot/btcusdt_20240808.gz"), 4_000))
    codec = OrjsonCodec()
    pair = _Pair(BINANCE_SPOT, _instruments(BINANCE_SPOT, messages, codec), codec, "json")
    for number, (at, raw) in enumerate(messages):
        place = number * 7_919 % len(raw)
        change = (raw[place : place + 1] * 2, b"", b"\\", b'"', b"-", b"0", b" ", b"\n", b"\xc3", b"}", b"9")[
            number % 11
        ]
        pair.take(number, (at, raw))
        pair.take(number, (at, raw[:place] + change + raw[place + 1 :]))
    pair.finish()
    assert pair.refused > len(messages) / 2


_DEPTH = (
    b'{"e":"depthUpdate","E":1704067201000,"s":"BTCUSDT","U":%d,"u":%d,"b":[["61832.91000000","0.5"%b]],"a":[["61845.73",'
    b'"1"]]}'
)


@pytest.mark.parametrize(
    "more", [b"", b',"x"', b',[1,{"y":null}]', b',"\xb0"', b',{"\xff":1}', b',"\\u0041"', b',"\x01"', b',"', b","]
)
def test_what_a_level_holds_besides_is_judged_alike(more: bytes) -> None:
    """Also where the messages before have taught how such a one is written, so that it isn't looked at whole."""
    instrument = Instrument(
        symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.0001")
    )
    pair = _Pair(BINANCE_SPOT, (instrument,), OrjsonCodec(), "json")
    for number in range(4):
        pair.take(number, (number, _DEPTH % (number, number, b"")))
    pair.take(4, (4, _DEPTH % (4, 4, more)))
    pair.take(5, (5, _DEPTH % (5, 5, b"")))
    pair.finish()


_ORDER_BOOK = (
    b'[{"T":"o","S":"BTC/USD","t":"2024-08-09T00:00:%02d.5Z","b":[{"p":61000.5,"s":0.25}],"a":[{"p":61001,"s":1}]}]'
)


@pytest.mark.parametrize("feed", ["binance-spot", "alpaca-crypto"])
def test_any_byte_of_a_message_like_those_before_may_be_another(feed: str) -> None:
    """Where the messages before have taught how such a one is written, all of it is still asked for."""
    declared = FEEDS[feed]
    instrument = declared.describe("BTC/USD", "BTCUSDT" if feed == "binance-spot" else "BTC/USD")
    assert instrument is not None
    pair = _Pair(declared, (instrument,), OrjsonCodec(), "json")
    clean = _DEPTH % (0, 0, b"") if feed == "binance-spot" else _ORDER_BOOK % 0
    number = 0
    for place in range(len(clean)):
        for byte in (b"\xab", b"[", b"]", b"{", b'"', b",", b"0", b" ", b"a", b"\\", b"\x01"):
            number += 1
            message = _DEPTH % (number, number, b"") if feed == "binance-spot" else _ORDER_BOOK % (number % 60)
            pair.take(number, (number, message))
            pair.take(number, (number, message[:place] + byte + message[place + 1 :]))
    pair.finish()
    assert pair.refused > number / 2


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
def test_an_envelope_that_comes_twice_counts_as_the_later_one(encoding: str) -> None:
    """Whatever the other one is."""
    instrument = BINANCE_SPOT.describe("BTC/USDT", "BTCUSDT")
    assert instrument is not None
    pair = _Pair(BINANCE_SPOT, (instrument,), OrjsonCodec() if encoding == "json" else MsgpackCodec(), encoding)
    quote = b'{"u":7,"s":"BTCUSDT","b":"61865.76","B":"0.5","a":"61865.77","A":"1.25"}'
    datas = [quote, quote.replace(b"7", b"8"), _DEPTH % (1, 2, b""), b"5", b"{}", b"null", b'"x"']
    for number, (first, second) in enumerate((first, second) for first in datas for second in datas):
        raw = b'{"stream":"btcusdt@bookTicker","data":%b,"data":%b}' % (first, second)
        if encoding == "msgpack":
            parts = [msgpack.packb(_decoded(part)) for part in (b'"stream"', b'"btcusdt@bookTicker"', b'"data"')]
            first, second = (msgpack.packb(_decoded(part)) for part in (first, second))
            raw = b"\x83" + parts[0] + parts[1] + parts[2] + first + parts[2] + second
        pair.take(number, (number, raw))
    pair.finish()
    assert pair.events > 5
