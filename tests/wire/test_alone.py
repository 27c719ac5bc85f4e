"""A message that names no instrument, in a lane that trades one of several."""

from decimal import Decimal

import msgspec
import pytest

from mainspring.errors import WireError
from mainspring.host.registry import Registry
from mainspring.model import BookSnapshot, Instrument
from mainspring.seams import FeedContext
from mainspring_plugins.codecs.json import JsonCodec
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT

SNAPSHOT = b'{"lastUpdateId":5,"bids":[["100.00","1"]],"asks":[["100.01","1"]]}'


@pytest.mark.parametrize("decoder", ["python", "native"])
def test_it_is_the_only_instruments_or_nobodys(decoder):
    """Alone, the one instrument takes a bare snapshot; with others on the connection it is refused, as with two."""
    offers = Registry.load().offers("decoder")
    if decoder not in offers:
        pytest.skip(f"the decoder {decoder} isn't installed")
    bitcoin, ether = (
        Instrument(symbol=symbol, venue_symbol=symbol, tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"))
        for symbol in ("BTCUSDT", "ETHUSDT")
    )
    context = FeedContext((bitcoin,), JsonCodec(), decoder=offers[decoder].factory)
    (snapshot,) = BINANCE_SPOT(context).on_message(SNAPSHOT, 1)
    assert isinstance(snapshot, BookSnapshot)
    for crowded in (
        msgspec.structs.replace(context, alone=False),
        msgspec.structs.replace(context, instruments=(bitcoin, ether)),
    ):
        feed = BINANCE_SPOT(crowded)
        with pytest.raises(WireError, match="names no instrument"):
            feed.on_message(SNAPSHOT, 1)
        assert feed.statistics().messages == 0
