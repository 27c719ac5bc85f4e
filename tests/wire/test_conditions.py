"""Condition codes of prints: for what a print counts, in every shape and encoding, by both decoders."""

import json
from decimal import Decimal
from typing import Any

import msgpack
import pytest

from mainspring.errors import WireError
from mainspring.lane.market import Market
from mainspring.model import PRINT_ALL, PRINT_LAST, PRINT_MATCH, PRINT_VOLUME, Instrument, Trade
from mainspring.seams import FeedContext
from mainspring.testing import plain_codec
from mainspring.wire import Conditions, Format, Price, Size, Text, TradeMessage, WireFeed

_INSTRUMENT = Instrument(symbol="A", venue_symbol="A", tick_size=Decimal("0.01"), lot_size=Decimal(1))
_CODES = (("W", PRINT_VOLUME), ("I", PRINT_VOLUME | PRINT_MATCH), ("Q", 0), ("\u00e9", PRINT_LAST))
_PRINT: dict[str, Any] = {"symbol": Text("s"), "price": Price("p"), "size": Size("q")}
_FORMATS = {
    "flat": Format(messages=(TradeMessage(when={"e": "t"}, **_PRINT, conditions=Conditions("c", _CODES)),)),
    "batch": Format(
        messages=(TradeMessage(when={"e": "t"}, **_PRINT, conditions=Conditions("c", _CODES)),), batch=True
    ),
    "paths": Format(
        messages=(TradeMessage(when={"e": "t"}, **_PRINT, conditions=Conditions("x.c", _CODES, PRINT_VOLUME)),)
    ),
}
_ABSENT = object()


def _feeds(shape, encoding):
    decoders = [None, pytest.importorskip("mainspring_native.decoders").native_decoder]
    declared = WireFeed(format=_FORMATS[shape])
    codec = plain_codec(encoding)
    return [declared(FeedContext((_INSTRUMENT,), codec, encoding, decoder)) for decoder in decoders]


def _raw(shape, encoding, codes):
    body: dict[str, Any] = {"e": "t", "s": "A", "p": "1.25", "q": "7"}
    if codes is not _ABSENT:
        body |= {"x": {"c": codes}} if shape == "paths" else {"c": codes}
    whole = [body] if shape == "batch" else body
    return msgpack.packb(whole) if encoding == "msgpack" else json.dumps(whole, ensure_ascii=False).encode()


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
@pytest.mark.parametrize("shape", _FORMATS)
@pytest.mark.parametrize(
    ("codes", "counts"),
    [
        (_ABSENT, PRINT_ALL),
        ([], PRINT_ALL),
        ("W", PRINT_VOLUME),
        (["I"], PRINT_VOLUME | PRINT_MATCH),
        (["I", "W"], PRINT_VOLUME),
        (["W", "I", "Q"], 0),
        ("\u00e9", PRINT_LAST),
        (["@"], None),
        (["@", "I"], None),
    ],
)
def test_a_print_counts_for_what_all_its_codes_allow(shape, encoding, codes, counts):
    """A code that isn't declared counts as `otherwise`; both decoders say the same, also of messages written alike."""
    if counts is None:
        otherwise = PRINT_VOLUME if shape == "paths" else PRINT_ALL
        counts = otherwise & (PRINT_VOLUME | PRINT_MATCH) if "I" in codes else otherwise
    for feed in _feeds(shape, encoding):
        for _ in range(3):
            (trade,) = feed.on_message(_raw(shape, encoding, codes), 5)
            assert trade == Trade(0, 5, 5, -1, 125, 7, 0, counts)


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
@pytest.mark.parametrize("shape", _FORMATS)
@pytest.mark.parametrize("codes", [None, 1, True, {"I": 1}, ["I", 1], [["I"]], [None], 1.5])
def test_what_is_no_code_is_refused(shape, encoding, codes):
    """By both decoders, with the field's name; nothing is counted."""
    for feed in _feeds(shape, encoding):
        with pytest.raises(WireError, match="must be condition codes"):
            feed.on_message(_raw(shape, encoding, codes), 5)
        assert feed.statistics().messages == 0


class _Statistics:
    def __init__(self):
        self.lots = 0

    def on_trade(self, _now_ns, _price_ticks, size_lots):
        self.lots += size_lots


def test_a_market_takes_what_counts():
    """The last price and the volume each take the prints that count for them."""
    statistics: Any = _Statistics()
    book: Any = None
    market = Market(0, _INSTRUMENT, book, statistics, top_of_book=False)
    for price, lots, counts in ((10, 1, PRINT_ALL), (20, 2, PRINT_VOLUME), (30, 4, PRINT_LAST), (40, 8, PRINT_MATCH)):
        market.on_trade(Trade(0, 1, 1, 1, price, lots, 0, counts))
    assert (market.last_ticks, statistics.lots) == (30, 3)
