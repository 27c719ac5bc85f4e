"""Instruments found in a stream: the coarsest grid that everything lies on."""

from decimal import Decimal

import msgspec
import pytest

from mainspring.errors import GridError
from mainspring.seams import FeedContext


def _stream(*messages: object) -> list[tuple[int, bytes]]:
    return [(at, msgspec.json.encode(message)) for at, message in enumerate(messages)]


def test_finest_decimals_needed(contiguous, codec, make):
    """Trailing zeros don't count; every price and size of every kind does, each for its own instrument."""
    found = contiguous.find_instruments(
        _stream(
            make.quote(b="1.50000000", B="2.000"),
            make.quote(symbol="ETHUSD", b="7", B="1"),
            make.trade(symbol="ETHUSD", p=1.5, q=0.00025),
            make.delta(1, 2, b=[["1.5", "0.0"], ["100", "3.12500"]], symbol="BTCUSD"),
        ),
        codec,
    )
    assert [(one.venue_symbol, one.tick_size, one.lot_size) for one in found] == [
        ("BTCUSD", Decimal("0.01"), Decimal("0.001")),
        ("ETHUSD", Decimal("0.01"), Decimal("0.00001")),
    ]
    assert [one.symbol for one in found] == ["BTC/USD", "ETH/USD"]
    assert {one.origin for one in found} == {"capture"}


def test_whole_numbers_give_a_step_of_one(contiguous, codec, make):
    """Without a decimal anywhere, the steps are 1."""
    quote = {"b": "100.000", "B": "2", "a": "200", "A": "30.0"}
    (found,) = contiguous.find_instruments(_stream(make.quote(**quote)), codec)
    assert (found.tick_size, found.lot_size) == (1, 1)


def test_snapshots_count_for_whom_they_are(contiguous, codec, make):
    """A snapshot's decimals count for the instrument that its stream names, and for all where nothing names one."""
    fine = make.snapshot(5, "ETHUSD")
    fine["data"]["bids"] = [["1.2345", "1"]]
    quote = {"b": "1", "B": "1", "a": "2", "A": "1"}
    quotes = [make.quote(**quote), make.quote(symbol="ETHUSD", **quote)]
    found = contiguous.find_instruments(_stream(*quotes, fine), codec)
    assert [one.tick_size for one in found] == [1, Decimal("0.0001")]
    found = contiguous.find_instruments(_stream(*quotes, fine["data"]), codec)
    assert [one.tick_size for one in found] == [Decimal("0.0001")] * 2


def test_unreadable_messages_are_passed_over(contiguous, codec, make):
    """What the feed will refuse, or ignore, doesn't count, and doesn't stop the search."""
    bad = [make.quote(b="x.123456"), make.quote(b="1." + "1" * 30), {"e": "kline"}, [1], {"s": "BTCUSD", "A": "1"}]
    stream = [*_stream(*bad), (9, b"{"), *_stream(make.quote())]
    (found,) = contiguous.find_instruments(stream, codec)
    assert (found.tick_size, found.lot_size) == (Decimal("0.01"), Decimal("0.1"))


def test_the_stream_reads_on_what_was_found(contiguous, codec, make):
    """Every message of the stream is exact on the grids found."""
    stream = _stream(make.quote(b="1.2345"), make.trade(q=0.5), make.bar())
    feed = contiguous(FeedContext(contiguous.find_instruments(stream, codec), codec))
    assert sum(len(feed.on_message(raw, at)) for at, raw in stream) == 3


def test_describe(contiguous):
    """Either name gives the other, and the listing the grid."""
    described = contiguous.describe("BTC/USD")
    assert (described.venue_symbol, described.tick_size, described.origin) == ("BTCUSD", Decimal("0.01"), "feed")
    assert contiguous.describe("", "BTCUSDT").symbol == "BTC/USDT"
    assert contiguous.describe("mine", "BTCUSDT").symbol == "mine"
    assert contiguous.describe("", "USDT").symbol == "USDT"
    assert contiguous.describe("", "XYZ").symbol == "XYZ"
    assert msgspec.structs.replace(contiguous, listing=None).describe("BTC/USD") is None


def test_a_grid_that_is_too_fine_for_a_large_value_names_both(contiguous, codec, make):
    """Where no lot size has all sizes in 64 bits, the error says which made the grid and which is too large."""
    messages = _stream(
        make.quote(symbol="DOGE", b="1", B="3", A="3"),
        make.trade(symbol="DOGE", p=1, q=0.00000000021),
        make.quote(symbol="DOGE", b="1", B="700000000000", A="3"),
        make.trade(symbol="BTCUSD", p=0.5, q=0.25),
    )
    with pytest.raises(
        GridError, match=r"of message 3 doesn't fit in 64 bits on the grid that 2\.1e-10 of message 2 needs"
    ):
        contiguous.find_instruments(messages, codec)
    fits = [one for one in messages if b"2.1e-10" not in one[1]]
    found = {one.venue_symbol: one.lot_size for one in contiguous.find_instruments(fits, codec)}
    assert found == {"DOGE": 1, "BTCUSD": Decimal("0.01")}
