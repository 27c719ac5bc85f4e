"""Every feed that connects, over a socket: it logs in, subscribes, and reads what its venue in a box sends."""

from collections.abc import Sequence
from random import Random

import msgspec
import pytest
import trio

from mainspring.host.registry import Registry
from mainspring.seams import FeedContext, RawMessage
from mainspring.session.live.feed_links import FeedLinks
from mainspring.session.live.link import Link, LinkOptions
from mainspring.session.live.opening import trusting
from mainspring.session.live.venue import CaptureVenue, serve
from mainspring.testing import INSTRUMENT, plain_codec
from mainspring.testing.declared import declared_messages
from mainspring.wire import Credentials, WireFeed

_INSTRUMENT = msgspec.structs.replace(INSTRUMENT, venue_symbol="BTC-USDT")
_FEEDS = {
    (name, encoding): offer.factory
    for name, offer in Registry.load().offers("feed").items()
    if isinstance(offer.factory, WireFeed) and offer.factory.connection is not None
    for encoding in str(offer.capabilities.get("encodings", "json")).split(",")
}
_SECRET = "bm90IGEgc2VjcmV0IG9mIGFueWJvZHk="


class _Sink:
    """Keeps what arrives, and asks for the snapshots that the feed wants."""

    def __init__(self, feed):
        self.feed = feed
        self.links: FeedLinks | None = None
        self.got: list[bytes] = []
        self.sent_messages: list[bytes] = []
        self.lost: list[str] = []

    def messages(self, link: Link, messages: Sequence[RawMessage]) -> None:
        for receive_time_ns, raw in messages:
            self.got.append(raw)
            self.feed.on_message(raw, receive_time_ns)
        for request in self.feed.take_resync_requests():
            self.links.request(request)

    def connected(self, link: Link, now_ns: int) -> None:
        pass

    def disconnected(self, link: Link, now_ns: int, why: str) -> None:
        self.lost.append(why)

    def sent(self, link: Link, now_ns: int, message: bytes) -> None:
        self.sent_messages.append(message)


def _whole(sink: _Sink, venue: CaptureVenue) -> bool:
    """Whether the stream has arrived, and the venue was asked for the instrument."""
    streamed = sum(not one.startswith(b'{"request":') for one in sink.got)
    return streamed >= len(venue.stream) and b"BTC" in b"".join(venue.received).upper()


@pytest.mark.trio
@pytest.mark.parametrize(("name", "encoding"), sorted(_FEEDS))
async def test_a_feed_reads_its_venue(name, encoding, tmp_path):
    """All that the venue sends arrives, in order, and is read as it was offline; no secret is among what was sent."""
    declared = _FEEDS[name, encoding]
    codec = plain_codec(encoding)
    made = declared_messages(declared, _INSTRUMENT, 80, encoding=encoding)
    venue = CaptureVenue(declared, (_INSTRUMENT,), codec, made, encoding=encoding, speed=0)
    feed = declared(FeedContext((_INSTRUMENT,), codec, encoding))
    sink = _Sink(feed)
    async with trio.open_nursery() as nursery:
        served = await nursery.start(lambda task_status: serve(venue, tmp_path, task_status=task_status))
        # Where a token says the address, it is the box's.
        asks = declared.connection.token is not None and declared.connection.token.address_at
        options = LinkOptions(address="" if asks else served.address + "?token={token}", rest=served.rest)
        sink.links = FeedLinks(
            declared,
            (_INSTRUMENT,),
            codec,
            sink,
            encoding=encoding,
            tls=trusting(served.trust),
            seed=Random(name).getrandbits(32),
            options=options,
            credentials=Credentials("a-key", _SECRET, "a-phrase"),
        )
        nursery.start_soon(sink.links.run)
        with trio.fail_after(20):
            while not _whole(sink, venue):
                assert not sink.lost, sink.lost
                await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    assert [one for one in sink.got if not one.startswith(b'{"request":')] == [raw for _, raw in venue.stream]
    assert not any(_SECRET.encode() in one for one in sink.sent_messages)
