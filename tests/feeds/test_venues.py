"""Recordings of other venues, read whole by both decoders: no gap, no crossed book, every checksum right."""

import gzip
from decimal import Decimal
from importlib import import_module
from typing import NamedTuple

import pytest

from mainspring.data import read_cryptofeed
from mainspring.data.verify import verify
from mainspring.host.registry import Registry
from mainspring.model import BookInvalid, Instrument
from mainspring.seams import FeedContext
from mainspring.wire import Cause
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.feeds.kraken import KRAKEN


class Recorded(NamedTuple):
    """A recording and what is in it. `unread` are messages that say nothing of a market, or nothing that we read."""

    module: str
    name: str
    files: tuple[str, ...]
    kinds: dict[str, int]
    checksums: int = 0
    truths: int = 0
    instruments: int = 10


RECORDED = [
    # cryptofeed's own test of these recordings counts 290, 28 and 74.
    Recorded(
        "okx",
        "OKX",
        ("OKX.ws.1.0",),
        {"snapshot": 3, "delta": 287, "quote": 28, "trade": 74, "control": 18},
        checksums=290,
        instruments=3,
    ),
    # It counts 9,729 books and 107 trades too. A ticker has no sizes, so it is no quote.
    Recorded(
        "coinbase",
        "COINBASE",
        ("COINBASE.ws.28.0",),
        {"snapshot": 10, "delta": 9719, "trade": 107, "control": 3, "ignored": 107},
    ),
    # 4,279 books, 18 tickers and 10 trades there too; heartbeats and the system's status are ignored.
    Recorded(
        "kraken_v1",
        "KRAKEN_V1",
        ("KRAKEN.ws.48.0", "KRAKEN.ws.49.0", "KRAKEN.ws.50.0"),
        {"snapshot": 10, "delta": 4269, "quote": 18, "trade": 10, "control": 30, "ignored": 95},
        checksums=4269,
    ),
    # Candles and tickers without sizes are ignored. cryptofeed counts two recordings, of which this is one.
    Recorded(
        "bitget",
        "BITGET",
        ("BITGET.ws.1.0",),
        {"snapshot": 8, "delta": 435, "trade": 430, "control": 32, "ignored": 171},
        checksums=443,
        instruments=8,
    ),
    # Of 3,853 updates, cryptofeed leaves out 39 that the snapshots hold and counts the 9 snapshots: 3,823.
    Recorded(
        "kucoin",
        "KUCOIN",
        ("KUCOIN.ws.1.0", "KUCOIN.http.0.0"),
        {"snapshot": 9, "delta": 3853, "quote": 830, "trade": 18, "control": 14, "ignored": 6},
        truths=798,
        instruments=9,
    ),
    # 46 books and 89 tickers there too.
    Recorded("deribit", "DERIBIT", ("DERIBIT.ws.1.0",), {"snapshot": 10, "delta": 36, "quote": 89, "control": 1}),
    # 7,024 books and 3 trades there too; tickers without sizes and the trades before the session are ignored.
    Recorded(
        "kraken_futures",
        "KRAKEN_FUTURES",
        ("KRAKEN_FUTURES.ws.1.0",),
        {"snapshot": 10, "delta": 7014, "trade": 3, "control": 30, "ignored": 118},
    ),
    # 9 trades there too. It counts 169 books: it fetches its snapshots later, and drops what comes before.
    Recorded(
        "gateio",
        "GATEIO",
        ("GATEIO.ws.1.0", "GATEIO.http.0.0"),
        {"snapshot": 10, "delta": 172, "trade": 9, "control": 22, "ignored": 36},
    ),
    # 75 tickers there too, and 326 of 352 updates: the snapshots hold the other 26.
    Recorded(
        "gateio_futures",
        "GATEIO_FUTURES",
        ("GATEIO_FUTURES.ws.1.0", "GATEIO_FUTURES.http.0.0"),
        {"snapshot": 10, "delta": 352, "quote": 75, "control": 22, "ignored": 1},
        truths=18,
    ),
    # 1,979 books and 436 tickers there too. Of 27 trades, 10 are from before the session.
    Recorded(
        "bitmex",
        "BITMEX",
        ("BITMEX.ws.1.0",),
        {"snapshot": 10, "delta": 1969, "quote": 436, "trade": 17, "control": 30, "ignored": 11},
    ),
    # 292 books and 73 trades there too; pings are ignored.
    Recorded("huobi", "HUOBI", ("HUOBI.ws.44.0",), {"snapshot": 292, "trade": 73, "control": 20, "ignored": 6}),
    # 294 books and 6 trades there too.
    Recorded(
        "poloniex",
        "POLONIEX",
        ("POLONIEX.ws.1.0",),
        {"snapshot": 11, "delta": 283, "trade": 6, "control": 2},
        instruments=11,
    ),
    # 4 trades there too. Of 277 updates, 8 come before their snapshots, which cryptofeed counts with the other 269.
    Recorded(
        "ascendex",
        "ASCENDEX",
        ("ASCENDEX.ws.1.0",),
        {"snapshot": 10, "delta": 277, "trade": 4, "control": 21, "ignored": 2},
    ),
    # 1,337 books there too. Its trades are mostly those before the session, and of another recording.
    Recorded(
        "phemex",
        "PHEMEX",
        ("PHEMEX.ws.1.0",),
        {"snapshot": 13, "delta": 1324, "trade": 25, "control": 20, "ignored": 10},
        truths=3,
    ),
    # 145 books and 304 trades there too.
    Recorded("upbit", "UPBIT", ("UPBIT.ws.62.0",), {"snapshot": 145, "trade": 304}, instruments=5),
    # Of 1,663 updates, 37 cancel what no snapshot has any more: cryptofeed counts the rest and 5 snapshots, 1,631.
    Recorded(
        "independent_reserve",
        "INDEPENDENT_RESERVE",
        ("INDEPENDENT_RESERVE.ws.1.0", "INDEPENDENT_RESERVE.http.0.0"),
        {"snapshot": 5, "delta": 1663, "control": 1, "ignored": 1},
        instruments=5,
    ),
    # 84 tickers and 2 trades there too. One update of 177 is in its snapshot. Candles are ignored.
    Recorded(
        "binance_spot",
        "BINANCE_SPOT",
        ("BINANCE.ws.1.0", "BINANCE.http.0.0"),
        {"snapshot": 4, "delta": 177, "quote": 84, "trade": 2, "ignored": 2},
        truths=26,
        instruments=4,
    ),
    # 613 tickers and 756 of 764 updates there too: the snapshots hold the other 8. 91 trades are aggregated.
    Recorded(
        "binance_usdm",
        "BINANCE_USDM",
        ("BINANCE_FUTURES.ws.1.0", "BINANCE_FUTURES.http.0.0"),
        {"snapshot": 4, "delta": 764, "quote": 613, "trade": 91, "ignored": 67},
        truths=50,
        instruments=4,
    ),
]


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda one: one.module)
def test_the_list_of_plugins_names_the_recording(recorded):
    """What `plugins list` says that a feed was tested on is what it is tested on here."""
    offer = Registry.load(["mainspring"]).get("feed", recorded.module.replace("_", "-"))
    said = str(offer.capabilities["recordings"]).split("; ")
    assert said[0] == f"cryptofeed's, {sum(recorded.kinds.values()):,} messages"


@pytest.mark.parametrize(
    ("feed", "folder"), [("binance-spot", "spot"), ("binance-usdm", "usdm"), ("binance-coinm", "cm")]
)
def test_it_names_the_captures_of_binance(data_file, feed, folder):
    """Those are read whole by the tests of decoders and captures."""
    lines = 0
    for path in (data_file("binance/NOTE.txt").parent / folder).glob("*.gz"):
        with gzip.open(path) as file:
            lines += sum(1 for _ in file)
    said = str(Registry.load(["mainspring"]).get("feed", feed).capabilities["recordings"]).split("; ")[-1]
    assert said.removesuffix(" messages") == f"hftbacktest's, {lines:,}"


def _session(data_file, json_codec, recorded):
    declared = getattr(import_module(f"mainspring_plugins.feeds.{recorded.module}"), recorded.name)
    messages = list(read_cryptofeed(*(data_file(f"cryptofeed/{file}") for file in recorded.files)))
    return declared, messages, declared.find_instruments(messages, json_codec)


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: recorded.module)
def test_a_recording_is_read_whole(data_file, json_codec, recorded):
    """Every message is read, every book starts once, goes on without a gap and never crosses; all truths match."""
    declared, messages, instruments = _session(data_file, json_codec, recorded)
    feed = declared(FeedContext(instruments, json_codec))
    report = verify(messages, feed, [BisectListBook(one) for one in instruments], instruments)
    statistics = feed.statistics()
    assert (report.refused, report.by_kind) == (0, recorded.kinds)
    assert statistics.messages >= len(messages)
    assert report.checksums.compared == report.checksums.matched == recorded.checksums
    assert report.truths.compared == report.truths.matched == recorded.truths + recorded.checksums
    assert len(instruments) == recorded.instruments
    assert sum(one.snapshots for one in report.instruments) == recorded.kinds["snapshot"]
    assert all((one.gaps, one.crossed) == (0, 0) for one in report.instruments)
    assert set(report.by_cause) <= {Cause.PRE_SNAPSHOT, Cause.STALE, Cause.IGNORED}


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: recorded.module)
def test_decoders_agree_on_a_recording(data_file, json_codec, recorded):
    """The native decoder gives the events and counts of the Python one, in order, message by message."""
    pytest.importorskip("mainspring_native")
    from mainspring_native.decoders import native_decoder

    declared, messages, instruments = _session(data_file, json_codec, recorded)
    plain = declared(FeedContext(instruments, json_codec))
    native = declared(FeedContext(instruments, json_codec, decoder=native_decoder))
    for receive_time_ns, raw in messages:
        assert list(native.on_message(raw, receive_time_ns)) == list(plain.on_message(raw, receive_time_ns)), raw[:200]
    assert native.statistics() == plain.statistics()


_BTC_USD = Instrument(
    symbol="BTC/USD", venue_symbol="BTC/USD", tick_size=Decimal("0.1"), lot_size=Decimal("0.00000001")
)


@pytest.mark.parametrize(
    ("file", "checksums"),
    [("kraken_v2_book_tickvault.jsonl", 4), ("kraken_v2_official_checksum_example.json", 1)],
)
def test_checksums_of_numbers(data_file, json_codec, file, checksums):
    """Kraken's second version sends numbers: the digits of its checksums come from the grid, in both decoders."""
    from mainspring_native.decoders import native_decoder

    lines = data_file(f"kraken-v2/{file}").read_bytes().splitlines()
    for decoder in (None, native_decoder):
        feed = KRAKEN(FeedContext((_BTC_USD,), json_codec, decoder=decoder))
        events = [event for number, line in enumerate(lines) for event in feed.on_message(line, number)]
        assert not any(isinstance(event, BookInvalid) for event in events)
        assert (feed.statistics().checksums, feed.statistics().checksums_right) == (checksums, checksums)


def test_a_recording_verifies_on_the_command_line(data_file, mainspring):
    """`mainspring verify` reads the recording as it is, with its answers, and recognises the feed."""
    code, out, err = mainspring("verify", data_file("cryptofeed/KUCOIN.ws.1.0"))
    assert code == 0, err
    assert "feed kucoin" in out
    assert "798 of 798 truths match" in out
