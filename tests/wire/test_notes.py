"""Notes of a recording among a venue's messages: a lost connection takes the trust from every book."""

import msgspec
import pytest

from mainspring.errors import CodecError
from mainspring.host.registry import Registry
from mainspring.model import BookInvalid, BookSnapshot
from mainspring.seams import LOST, FeedContext
from mainspring.testing import INSTRUMENT, plain_codec
from mainspring.testing.declared import declared_messages
from mainspring.wire import WireFeed, python_decoder

# Some venues write a symbol's two parts apart.
_INSTRUMENT = msgspec.structs.replace(INSTRUMENT, venue_symbol="BTC-USDT")
_FEEDS = {
    (name, encoding): offer.factory
    for name, offer in Registry.load().offers("feed").items()
    if isinstance(offer.factory, WireFeed)
    for encoding in str(offer.capabilities.get("encodings", "json")).split(",")
}


def _decoders():
    """The plain decoder, and the native one where it is installed."""
    try:
        from mainspring_native.decoders import native_decoder
    except ModuleNotFoundError:
        return [python_decoder]
    return [python_decoder, native_decoder]


def _run(decoder, declared, encoding, messages):
    """The events of each message, and the feed's figures."""
    feed = decoder(declared, FeedContext((_INSTRUMENT,), plain_codec(encoding), encoding))
    events = [list(feed.on_message(raw, at_ns)) for at_ns, raw in messages]
    return events, feed.statistics()


@pytest.mark.parametrize(("name", "encoding"), sorted(_FEEDS))
def test_no_book_survives_a_lost_connection(name, encoding):
    """In every feed that ships: the book is invalid until its next snapshot, and no other note changes anything."""
    declared = _FEEDS[name, encoding]
    made = declared_messages(declared, _INSTRUMENT, 60, encoding=encoding)
    notes = [(made[29][0], b"!sent {}"), (made[29][0], LOST + b" mute: nothing came")]
    messages = [*made[:30], *notes, *made[30:]]
    found = [_run(decoder, declared, encoding, messages) for decoder in _decoders()]
    assert all(one == found[0] for one in found)
    events, statistics = found[0]
    assert statistics.by_kind["note"] == 2
    assert statistics.by_cause["connection"] == 1
    assert events[30] == []
    had_book = any(isinstance(event, BookSnapshot) for some in events[:30] for event in some)
    assert events[31] == ([BookInvalid(0, made[29][0], "connection")] if had_book else [])
    after = [event for some in events[32:] for event in some if hasattr(event, "bids")]
    assert not had_book or not after or isinstance(after[0], BookSnapshot)


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
def test_what_merely_looks_like_a_note_is_refused(encoding):
    """A message that no codec can read, and that isn't a note, is refused as before."""
    declared = _FEEDS["alpaca-crypto", encoding]
    for decoder in _decoders():
        feed = decoder(declared, FeedContext((_INSTRUMENT,), plain_codec(encoding), encoding))
        with pytest.raises(CodecError):
            feed.on_message(b"?lost", 1)
        assert feed.statistics().messages == 0
