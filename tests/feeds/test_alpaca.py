"""Alpaca's feeds on the documented sessions, over JSON and over msgpack."""

import msgspec
import pytest

from mainspring.model import (
    PRINT_MATCH,
    PRINT_VOLUME,
    Bar,
    BookDelta,
    BookSnapshot,
    Control,
    Instrument,
    InstrumentStatus,
    MarketEvent,
    Quote,
    Trade,
    decimal_text,
)
from mainspring.seams import FeedContext
from mainspring.wire import Cause
from mainspring_plugins.feeds.alpaca_crypto import ALPACA_CRYPTO
from mainspring_plugins.feeds.alpaca_stocks import ALPACA_STOCKS

_STOCKS = "alpaca/stock_stream_documented_session.jsonl"
_CRYPTO = "alpaca/crypto_stream_documented_session.jsonl"


def _instruments(declared, *symbols: str) -> tuple[Instrument, ...]:
    return tuple(declared.describe(symbol) for symbol in symbols)


def _events(feed, lines: list[bytes]) -> list[MarketEvent]:
    return [event for at, line in enumerate(lines) for event in feed.on_message(line, at)]


@pytest.mark.parametrize(
    ("name", "declared"), [(_STOCKS, ALPACA_STOCKS), (_CRYPTO, ALPACA_CRYPTO)], ids=["stocks", "crypto"]
)
def test_same_events_over_both_encodings(data_file, json_codec, msgpack_codec, as_msgpack, name, declared):
    """One declaration reads both encodings, to the nanosecond, on grids found in either."""
    lines = data_file(name).read_bytes().splitlines()
    packed = [as_msgpack(line) for line in lines]
    found = declared.find_instruments(enumerate(lines), json_codec)
    assert declared.find_instruments(enumerate(packed), msgpack_codec) == found
    over_json = declared(FeedContext(found, json_codec))
    over_msgpack = declared(FeedContext(found, msgpack_codec))
    events = _events(over_json, lines)
    assert _events(over_msgpack, packed) == events
    assert over_json.statistics() == over_msgpack.statistics()
    assert {type(event) for event in events} >= {Control, Quote}


def test_stocks(data_file, json_codec):
    """Quotes, trades, bars, a halt and controls of the documented session come out exact; other kinds are counted."""
    lines = data_file(_STOCKS).read_bytes().splitlines()
    instruments = _instruments(ALPACA_STOCKS, "AMD", "AAPL", "SPY")
    feed = ALPACA_STOCKS(FeedContext(instruments, json_codec))
    events = _events(feed, lines)
    assert events[:3] == [
        Control(0, "success", "", "connected"),
        Control(1, "success", "", "authenticated"),
        Control(2, "subscription", "", ""),
    ]
    assert events[3] == Quote(0, 3, 1680782061670905508, -1, 919_500, 200, 919_800, 100)
    # An odd lot (I) is a match and counts in the volume, and is no last price.
    assert events[4] == Trade(1, 4, 1680782066838232225, 628, 1_629_200, 3, 0, PRINT_VOLUME | PRINT_MATCH)
    (bar,) = (event for event in events if isinstance(event, Bar))
    prices = (3_889_850, 3_891_300, 3_889_750, 3_891_200)
    assert msgspec.structs.astuple(bar)[3:] == (*prices, 49_378, 461, 389.062639, (0, 0, 0, 0))
    (status,) = (event for event in events if isinstance(event, InstrumentStatus))
    assert (status.code, status.text, status.trading) == ("H", "Trading Halt", False)
    statistics = feed.statistics()
    assert statistics.by_kind == {
        "control": 3,
        "quote": 3,
        "trade": 4,
        "bar": 1,
        "status": 1,
        "correction": 1,
        "cancel": 1,
        "ignored": 2,
    }
    assert statistics.by_cause == {Cause.IGNORED: 2, Cause.UNKNOWN_SYMBOL: 2}


def test_errors_become_controls(json_codec):
    """The venue's errors come as events, with their code."""
    feed = ALPACA_STOCKS(FeedContext(_instruments(ALPACA_STOCKS, "AMD"), json_codec))
    raw = b'[{"T":"error","code":402,"msg":"auth failed"}]'
    assert feed.on_message(raw, 5) == [Control(5, "error", "402", "auth failed")]


@pytest.mark.parametrize(("code", "trading"), [("2", False), ("H", False), ("3", True), ("T", True), ("1", None)])
def test_statuses_of_both_plans(json_codec, code, trading):
    """Halts and resumptions are known from either plan's codes; other codes leave it open."""
    feed = ALPACA_STOCKS(FeedContext(_instruments(ALPACA_STOCKS, "AMD"), json_codec))
    raw = b'[{"T":"s","S":"AMD","sc":"%b","t":"2021-02-22T19:15:00Z"}]' % code.encode()
    (status,) = feed.on_message(raw, 5)
    assert status.trading is trading


def test_crypto_book(data_file, json_codec):
    """A flagged book is a snapshot, what follows are deltas, before it nothing is applied."""
    line = data_file(_CRYPTO).read_bytes().splitlines()[-1]
    feed = ALPACA_CRYPTO(FeedContext(_instruments(ALPACA_CRYPTO, "BTC/USD"), json_codec))
    update = line.replace(b',"r":true', b"").replace(b'"s":0.27994', b'"s":0')
    assert feed.on_message(update, 1) == []
    (snapshot,) = feed.on_message(line, 2)
    assert isinstance(snapshot, BookSnapshot)
    assert (snapshot.bids, snapshot.asks) == ([(71859530000000, 279940000)], [(71939700000000, 839530000)])
    (delta,) = feed.on_message(update, 3)
    assert isinstance(delta, BookDelta)
    assert delta.bids == [(71859530000000, 0)]
    assert feed.take_resync_requests() == []


def test_crypto_trades_tell_the_taker(json_codec):
    """The taker's side is read where it is sent."""
    feed = ALPACA_CRYPTO(FeedContext(_instruments(ALPACA_CRYPTO, "BTC/USD"), json_codec))
    trade = b'{"T":"t","S":"BTC/USD","p":1.5,"s":0.1,"t":"2024-03-12T10:38:50Z","i":7%b}'
    raw = b"[%b]" % b",".join(trade % tks for tks in (b',"tks":"B"', b',"tks":"S"', b""))
    assert [event.aggressor for event in feed.on_message(raw, 1)] == [1, -1, 0]


def test_recorded_bodies_lie_on_the_found_grid(data_file, json_codec):
    """Trades of the vendor's own tests, sent as a stream, come out as the decimals that were written."""
    body = json_codec.decode(data_file("alpaca/go_rest_trades.json").read_bytes())
    trades = [{"T": "t", "S": symbol, **trade} for symbol, rows in body["trades"].items() for trade in rows]
    raw = json_codec.encode(trades)
    instruments = ALPACA_STOCKS.find_instruments([(1, raw)], json_codec)
    events = ALPACA_STOCKS(FeedContext(instruments, json_codec)).on_message(raw, 1)
    shown = [float(decimal_text(event.price_ticks, instruments[event.instrument].tick_size)) for event in events]
    assert shown == [trade["p"] for trade in trades]


def test_subscriptions(json_codec, msgpack_codec):
    """What is sent asks for every instrument, in the codec's own format."""
    for codec in (json_codec, msgpack_codec):
        feed = ALPACA_STOCKS(FeedContext(_instruments(ALPACA_STOCKS, "AMD", "SPY"), codec))
        (sent,) = feed.subscriptions(0)
        asked = {kind: ["AMD", "SPY"] for kind in ("trades", "quotes", "bars", "statuses")}
        assert codec.decode(sent) == {"action": "subscribe", **asked}
