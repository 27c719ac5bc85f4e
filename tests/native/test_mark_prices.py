"""Mark prices through both decoders: the same events, and the same words for what can't be read."""

import json
from typing import Any

import pytest

from mainspring.errors import WireError
from mainspring.seams import FeedContext
from mainspring.wire import python_decoder
from mainspring_native.decoders import native_decoder
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.feeds.binance_coinm import BINANCE_COINM
from mainspring_plugins.feeds.binance_usdm import BINANCE_USDM

GOOD = {
    "e": "markPriceUpdate",
    "E": 1562305380000,
    "s": "BTCUSDT",
    "p": "11794.15000001",
    "r": "0.0001",
    "T": 1562306400000,
}

TEXTS = (
    "1",
    "0.1",
    "0",
    "0.000",
    "-1",
    "-0",
    "",
    ".5",
    "5.",
    "1e5",
    "NaN",
    " 1",
    "1_0",
    "٣",
    "+1",
    "1.2.3",
    "--1",
    "inf",
)
LONG = ("1" * 20, "1" * 21, "0." + "1" * 20, "0." + "1" * 21)
PRICES: list[Any] = [*TEXTS, *LONG, None, 5, 1.5, True]
RATES: list[Any] = ["0", "-0.00010000", "0.0001", "", "-", "-.1", "1e-4", "0,1", "-0", None, 0.1, []]
TIMES: list[Any] = [0, -1, 2**63 // 10**6, 2**63 // 10**6 + 1, 2**64, "5", 1.5, None, True]
NAMES: list[Any] = ["XRPUSDT", 5, ""]


def variants():
    """The good message with each value in turn, and without each of its keys."""
    for key, values in (("p", PRICES), ("r", RATES), ("T", TIMES), ("E", TIMES), ("s", NAMES)):
        for value in values:
            yield {**GOOD, key: value}
        yield {name: value for name, value in GOOD.items() if name != key}
    # An empty rate says that nothing is funded; its time has to be readable all the same.
    yield from ({**GOOD, "r": "", "T": value} for value in TIMES)


def outcome(feed, raw):
    """What a feed makes of a message: its events, or the words of its error."""
    try:
        return list(feed.on_message(raw, 7)), None
    except WireError as error:
        return [], (type(error), str(error), error.field)


@pytest.mark.parametrize("declared", [BINANCE_USDM, BINANCE_COINM])
def test_both_decoders_read_and_refuse_alike(declared):
    """Good and bad prices, rates and times: the same event or the same error, and the same counts."""
    instrument = declared.describe("", "BTCUSDT")
    assert instrument is not None
    context = FeedContext((instrument,), OrjsonCodec())
    plain, native = python_decoder(declared, context), native_decoder(declared, context)
    read = refused = 0
    # A kind that was met before takes the fast path: every variant comes after a good one, too.
    for message in [one for variant in variants() for one in (GOOD, variant)]:
        raw = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        expected = outcome(plain, raw)
        assert repr(outcome(native, raw)) == repr(expected), message
        read, refused = read + len(expected[0]), refused + (expected[1] is not None)
    assert plain.statistics() == native.statistics()
    assert read > refused > 30
