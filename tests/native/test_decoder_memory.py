"""A native feed is freed when it isn't used any more: nothing in Rust keeps it."""

import gc
import weakref
from decimal import Decimal

from mainspring.model import Instrument
from mainspring.seams import FeedContext
from mainspring.testing import plain_codec
from mainspring_native.decoders import native_decoder
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT


def test_a_feed_that_is_dropped_is_freed() -> None:
    """Its codec, which the decoder's error path refers to, goes with it."""

    class Codec(type(plain_codec("json"))):  # type: ignore[misc]
        """One that can be referred to weakly."""

    instrument = Instrument(symbol="A/B", venue_symbol="AB", tick_size=Decimal("0.01"), lot_size=Decimal("0.001"))
    codec = Codec()
    seen = weakref.ref(codec)
    feed = native_decoder(BINANCE_SPOT, FeedContext((instrument,), codec))
    del feed, codec
    gc.collect()
    assert seen() is None
