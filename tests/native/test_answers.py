"""Answers to requests that only their request tells apart: both decoders give each to its own instrument."""

from decimal import Decimal

import pytest

from mainspring.model import Instrument
from mainspring.seams import FeedContext
from mainspring.wire import python_decoder
from mainspring_native.decoders import native_decoder
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT

_NAMES = ("C01", "C02", "C03")
_INSTRUMENTS = tuple(
    Instrument(symbol=f"{one}/USDT", venue_symbol=f"{one}USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.01"))
    for one in _NAMES
)


def _answer(name):
    return (
        b'{"request":"/api/v3/depth?symbol=%sUSDT&limit=1000","data":{"lastUpdateId":5,"bids":[["1.00","2.00"]],'
        b'"asks":[["3.00","4.00"]]}}' % name.encode()
    )


@pytest.mark.parametrize("decoder", [python_decoder, native_decoder])
@pytest.mark.parametrize("count", [1, 3])
def test_each_answer_is_its_own_instruments(decoder, count):
    """Several in a row, written alike but for the request; one of an instrument that isn't traded is nobody's."""
    feed = BINANCE_SPOT(FeedContext(_INSTRUMENTS[:count], OrjsonCodec(), decoder=decoder))
    found = [[one.instrument for one in feed.on_message(_answer(name), 1)] for name in (*_NAMES, "C09", *_NAMES[::-1])]
    traded = [[at] if at < count else [] for at in range(len(_NAMES))]
    assert found[:4] == [*traded, []]
    assert feed.statistics().by_cause.get("unknown-symbol", 0) == 7 - 2 * count
