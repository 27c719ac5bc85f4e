"""Verification on small streams: what counts as a truth, and what as a problem."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from mainspring.data.verify import Tally, verify
from mainspring.model import Instrument
from mainspring.seams import FeedContext
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT

_INSTRUMENT = Instrument(symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal(1), lot_size=Decimal(1))


def _depth(first: int, last: int, bids: Sequence[list[str]] = (), asks: Sequence[list[str]] = ()) -> dict[str, Any]:
    return {"e": "depthUpdate", "E": 1, "s": "BTCUSDT", "U": first, "u": last, "b": bids, "a": asks}


def _quote(update_id: int, bid: list[str], ask: list[str]) -> dict[str, Any]:
    return {"u": update_id, "s": "BTCUSDT", "b": bid[0], "B": bid[1], "a": ask[0], "A": ask[1]}


def _snapshot(last_id: int, bids: list[list[str]], asks: list[list[str]]) -> dict[str, Any]:
    return {"lastUpdateId": last_id, "bids": bids, "asks": asks}


_START = _snapshot(10, [["100", "1"], ["99", "2"]], [["102", "3"], ["103", "4"]])
_QUOTE = _quote(10, ["100", "1"], ["102", "3"])


def _verify(*messages: object, count: int = 1):
    instruments = (_INSTRUMENT, msgspec.structs.replace(_INSTRUMENT, symbol="ETH/USDT", venue_symbol="ETHUSDT"))[:count]
    feed = BINANCE_SPOT(FeedContext(instruments, OrjsonCodec()))
    raw = [(at, msgspec.json.encode(message)) for at, message in enumerate(messages)]
    return verify(raw, feed, [BisectListBook(one) for one in instruments], instruments)


def test_quotes_ahead_and_behind():
    """A quote may come before or after the message that takes the book to its id; ids jumped over don't count."""
    report = _verify(
        _START,
        _QUOTE,
        _quote(11, ["1", "1"], ["2", "1"]),
        _quote(13, ["101", "5"], ["102", "3"]),
        _quote(14, ["1", "1"], ["2", "1"]),
        _depth(11, 13, bids=[["101", "5"]]),
        _depth(14, 16),
    )
    (verdict,) = report.instruments
    assert (verdict.quotes_behind, verdict.quotes_ahead) == (Tally(1, 1), Tally(1, 1))
    assert report.ok


def test_a_quote_before_the_snapshot():
    """A quote from before the snapshot counts for a buffered delta that follows it, and for the snapshot itself."""
    report = _verify(_QUOTE, _quote(12, ["100", "1"], ["102", "9"]), _depth(9, 12, asks=[["102", "9"]]), _START)
    assert report.instruments[0].quotes_ahead == Tally(2, 2)
    assert report.ok


@pytest.mark.parametrize("change", [{"b": "99"}, {"B": "2"}, {"a": "101"}, {"A": "4"}])
def test_a_mismatch(change):
    """Another price or size of either side is a mismatch, told in the venue's units."""
    report = _verify(_START, _QUOTE | change)
    assert report.truths == Tally(1, 0)
    assert not report.ok
    assert "1 of 1 truths don't match" in report.problems[0]


def test_an_empty_side():
    """The price of a side of no size means nothing."""
    report = _verify(_snapshot(10, [["100", "1"]], []), _quote(10, ["100", "1"], ["5", "0"]))
    assert report.ok


def test_nothing_to_verify_against():
    """A stream without a truth isn't a success, nor is one without a snapshot, nor an empty one."""
    for messages, problem in (((_START, _depth(11, 12)), "nothing to verify"), ((_depth(11, 12),), "no snapshot")):
        report = _verify(*messages)
        assert not report.ok
        assert problem in report.problems[0]
    assert not _verify().ok


def test_each_instrument_needs_a_truth():
    """One instrument's truths don't speak for another."""
    report = _verify({"stream": "btcusdt@x", "data": _START}, _QUOTE, count=2)
    assert not report.ok
    assert report.problems == ("ETH/USDT: no snapshot started the book",)


def test_a_later_snapshot():
    """A snapshot with the book's id must hold the same levels, as far as it and the first one reach."""
    change = _depth(11, 12, bids=[["98", "9"], ["101", "7"]], asks=[["102", "0"]])
    same = _snapshot(12, [["101", "7"], ["100", "1"], ["99", "2"], ["98", "1"]], [["103", "4"], ["104", "4"]])
    report = _verify(_START, change, same)
    assert report.instruments[0].later_snapshots == Tally(1, 1)
    assert report.ok
    for side, rows in (
        ("bids", [["101", "7"], ["99", "2"]]),
        ("bids", [["101", "6"]]),
        ("asks", [["102", "1"], ["103", "4"]]),
        ("asks", [["103", "5"]]),
    ):
        assert not _verify(_START, change, same | {side: rows}).ok
    assert _verify(_START, change, same | {"lastUpdateId": 13}).truths == Tally(0, 0)


def test_a_crossed_book():
    """Each message that leaves the best bid at or above the best offer is counted."""
    report = _verify(_START, _QUOTE, _depth(11, 11, bids=[["102", "1"]]), _depth(12, 12, bids=[["102", "0"]]))
    assert report.instruments[0].crossed == 1
    assert not report.ok


def test_a_gap_that_was_fixed():
    """A gap is a problem even where a snapshot fixed it; only then isn't the book quarantined at the end."""
    report = _verify(_START, _QUOTE, _depth(15, 16), _snapshot(15, [["1", "1"]], [["2", "1"]]))
    (verdict,) = report.instruments
    assert (verdict.gaps, verdict.quarantined, report.ok) == (1, False, False)


def test_a_refused_message():
    """A message that the feed can't read is counted and is a problem."""
    report = _verify(_START, _QUOTE, _depth(11, 12, bids=[["x", "1"]]), _depth(11, 12))
    assert report.refused == 1
    assert not report.ok
    assert "message 3" in report.problems[0]
