"""The times of messages, read without the rest: those that the feed reads, of every declared feed."""

import tracemalloc
from decimal import Decimal

import msgspec
import pytest

from mainspring.host.registry import Registry
from mainspring.model import Bar
from mainspring.seams import FeedContext
from mainspring.testing import INSTRUMENT, plain_codec
from mainspring.testing.declared import declared_messages
from mainspring.wire import MessageTimes, Millis, SnapshotMessage, WireFeed

_REGISTRY = Registry.load()
_INSTRUMENT = msgspec.structs.replace(INSTRUMENT, venue_symbol="BTC-USDT")
_FEEDS = {
    (name, encoding): offer.factory
    for name, offer in _REGISTRY.offers("feed").items()
    if isinstance(offer.factory, WireFeed)
    for encoding in str(offer.capabilities.get("encodings", "json")).split(",")
}
_AT_MS = 1_700_000_000_123
_TRADE = b'{"e":"trade","E":%d,"s":"BTCUSDT","t":%d,"p":"1.00","q":"1.00000","T":%d,"m":true}'


def _times(name="binance-spot"):
    declared = _REGISTRY.get("feed", name).factory
    return MessageTimes(declared.format, plain_codec("json").decode)


@pytest.mark.parametrize(("name", "encoding"), _FEEDS)
def test_the_times_are_those_of_the_feed(name, encoding):
    """Of every message that the feed makes events of, the newest time that isn't the receipt's, bars left out."""
    declared = _FEEDS[name, encoding]
    codec = plain_codec(encoding)
    feed = declared(FeedContext((_INSTRUMENT,), codec, encoding))
    times = MessageTimes(declared.format, codec.decode)
    compared = 0
    for receive_time_ns, raw in declared_messages(declared, _INSTRUMENT, 400, encoding=encoding):
        # One that no message says.
        read_ns = receive_time_ns + 1
        events = [one for one in feed.on_message(raw, read_ns) if not isinstance(one, Bar)]
        said = [one.event_time_ns for one in events if getattr(one, "event_time_ns", read_ns) != read_ns]
        if said:
            assert times.newest(raw) == max(said), raw
            compared += 1
    assert compared > 50 or not any(getattr(one, "event_time", None) for one in declared.format.messages)


def test_messages_say_their_times():
    """Those between which others are missing too; None if one says none, and for what can't be read."""
    times = _times()
    assert times.newest(_TRADE % (_AT_MS, 5, _AT_MS)) == _AT_MS * 1_000_000
    assert times.newest(b'{"stream":"x","data":%s}' % (_TRADE % (_AT_MS, 900, _AT_MS + 1))) == (_AT_MS + 1) * 1_000_000
    assert times.newest(b'{"u":1,"s":"BTCUSDT","b":"1.00","B":"1.00000","a":"2.00","A":"1.00000"}') is None
    for unreadable in (b"nonsense", b"[1]", b"1", b'{"data":1}', b'{"e":"trade","T":"soon"}', b'{"e":"trade"}'):
        assert times.newest(unreadable) is None


def test_a_snapshot_inside_an_answer_says_its_time():
    """Its keys are in the object that holds it."""
    declared = _REGISTRY.get("feed", "binance-spot").factory.format
    inside = next(one for one in declared.messages if isinstance(one, SnapshotMessage) and one.inside is not None)
    timed = msgspec.structs.replace(inside, event_time=Millis("E"))
    times = MessageTimes(msgspec.structs.replace(declared, messages=(timed,)), plain_codec("json").decode)
    raw = b'{"id":1,"%s":{"lastUpdateId":3,"E":%d,"bids":[],"asks":[]}}' % (str(inside.inside).encode(), _AT_MS)
    assert times.newest(raw) == _AT_MS * 1_000_000


def test_reading_times_keeps_nothing():
    """Neither updates, for a book that has no snapshot, nor the prices and sizes in them."""
    times = _times()
    update = '{{"e":"depthUpdate","E":{0},"s":"BTCUSDT","U":{0},"u":{0},"b":[["98.00","{1}"]],"a":[]}}'
    updates = [update.format(number, Decimal(number) / 100_000).encode() for number in range(1, 4_000)]
    times.newest(updates[0])
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for raw in updates:
            times.newest(raw)
        assert tracemalloc.get_traced_memory()[0] - before < 10_000
    finally:
        tracemalloc.stop()
