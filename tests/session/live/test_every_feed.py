"""Every feed that connects, over a socket: it logs in, subscribes, and reads what its venue in a box sends."""

from collections.abc import Sequence
from random import Random

import msgspec
import pytest
import trio

from mainspring.host.registry import Registry
from mainspring.host.slots import ConnectConfig
from mainspring.seams import FeedContext, RawMessage
from mainspring.session.live.feed_links import FeedLinks
from mainspring.session.live.link import Link
from mainspring.session.live.opening import trusting
from mainspring.session.live.venue import CaptureVenue, serve
from mainspring.testing import INSTRUMENT, plain_codec
from mainspring.testing.declared import declared_messages
from mainspring.wire import Credentials, Signature, WireFeed

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
        self.stages: list[str] = []

    def messages(self, link: Link, messages: Sequence[RawMessage]) -> None:
        for receive_time_ns, raw in messages:
            self.got.append(raw)
            self.feed.on_message(raw, receive_time_ns)
        for request in self.feed.take_resync_requests():
            self.links.request(request)

    def connected(self, link: Link, now_ns: int) -> None:
        self.stages.append("connected")

    def ready(self, link: Link, now_ns: int) -> None:
        self.stages.append("ready")

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
        options = ConnectConfig(address="" if asks else served.address + "?token={token}", rest=served.rest)
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
    assert sink.stages == ["connected", "ready"]


@pytest.mark.trio
async def test_a_secret_of_a_wrong_form_is_a_reason(tmp_path):
    """It is told as why there is no connection, without the secret, and ends nothing else."""
    declared = _FEEDS["alpaca-crypto", "json"]
    assert declared.connection is not None
    assert declared.connection.login is not None
    signed = msgspec.structs.replace(declared.connection.login, signature=Signature(payload="{key}", key="base64"))
    declared = msgspec.structs.replace(declared, connection=msgspec.structs.replace(declared.connection, login=signed))
    codec = plain_codec("json")
    venue = CaptureVenue(declared, (_INSTRUMENT,), codec, (), speed=0)
    sink = _Sink(declared(FeedContext((_INSTRUMENT,), codec)))
    async with trio.open_nursery() as nursery:
        served = await nursery.start(lambda task_status: serve(venue, tmp_path, task_status=task_status))
        links = FeedLinks(
            declared,
            (_INSTRUMENT,),
            codec,
            sink,
            encoding="json",
            tls=trusting(served.trust),
            seed=1,
            options=ConnectConfig(address=served.address, rest=served.rest),
            credentials=Credentials("a-key", "no base64!"),
        )
        nursery.start_soon(links.run)
        with trio.fail_after(20):
            while not sink.lost:
                await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    assert "isn't valid base64" in sink.lost[0]
    assert "no base64!" not in sink.lost[0]
