"""The native frame decoder is the plain one, however the stream is cut; and it feeds books."""

import random
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainspring.errors import FrameError, WireError
from mainspring.model import Instrument, Side
from mainspring.seams import FeedContext, FuseContext
from mainspring.testing import plain_codec
from mainspring.wire import FrameDecoder, encode_frame
from mainspring_native import why_missing
from mainspring_native.books import ladder
from mainspring_native.decoders import native_decoder
from mainspring_plugins.feeds.alpaca_crypto import ALPACA_CRYPTO

if why_missing() is None:
    from mainspring_native import _native as native

_RELAXED = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
_PAYLOADS = st.one_of(
    st.binary(max_size=130),
    st.text(max_size=20).map(str.encode),
    st.tuples(st.text(min_size=1, max_size=5), st.integers(0, 3)).map(lambda cut: cut[0].encode()[: -cut[1] or None]),
    st.integers(120, 130).map(bytes),
    st.integers(65_530, 65_540).map(bytes),
)
_FRAMES = st.lists(
    st.tuples(st.sampled_from([0, 0, 1, 1, 1, 2, 2, 8, 9, 10, 3]), st.booleans(), _PAYLOADS, st.integers(0, 40)),
    max_size=6,
)


def _frame(opcode: int, final: bool, payload: bytes, oddity: int, mask: bytes | None) -> bytes:
    """A frame, now and then with something that the protocol forbids."""
    first = (0x80 if final else 0) | opcode | (0x40 if oddity == 1 else 0)
    masked = 0 if mask is None else 0x80
    length = len(payload)
    if length > 65_535 or oddity == 2:
        header = bytes((first, masked | 127)) + length.to_bytes(8, "big")
    elif length > 125 or oddity == 3:
        header = bytes((first, masked | 126)) + length.to_bytes(2, "big")
    else:
        header = bytes((first, masked | length))
    if mask is None:
        return header + payload
    return header + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def _outcome(decoder: Any, chunks: list[bytes]) -> tuple[list[Any], Any]:
    events: list[Any] = []
    for chunk in chunks:
        try:
            events += decoder.feed(chunk)
        except FrameError as error:
            return events + list(error.events), (str(error), error.close_code, error.at)
    return events, None


@_RELAXED
@given(
    frames=_FRAMES, masked=st.booleans(), cuts=st.lists(st.integers(0, 400), max_size=6), most=st.integers(100, 70_000)
)
def test_both_decoders_tell_the_same(frames: Any, masked: bool, cuts: list[int], most: int) -> None:
    """Valid and broken streams, in any pieces: the same events, the same error at the same place."""
    mask = b"\x01\xfe\x37\x80" if masked else None
    stream = b"".join(_frame(opcode, final, payload, oddity, mask) for opcode, final, payload, oddity in frames)
    bounds = sorted({0, *(cut % (len(stream) + 1) for cut in cuts), len(stream)})
    pieces = [stream[start:end] for start, end in pairwise(bounds)]
    options: dict[str, Any] = {"masked": masked, "max_message_bytes": most}
    right = _outcome(FrameDecoder(**options), [stream])
    assert _outcome(FrameDecoder(**options), pieces) == right
    assert _outcome(native.FrameDecoder(**options), [stream]) == right
    assert _outcome(native.FrameDecoder(**options), pieces) == right


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("text", "right"),
    [
        (b"ok\xff!", 2),
        # A character of four bytes whose second can't follow its first, one that is cut, and half of a surrogate.
        ("κόσμε".encode() + b"\xf4\x90\x80\x80", 11),
        ("κ".encode() + b"\xe2\x82A", 4),
        (b"\xed\xa0\x80", 1),
        (b"\xc0\xaf", 0),
    ],
)
def test_a_wrong_byte_is_refused_as_soon_as_it_is_there(text: bytes, right: int, masked: bool) -> None:
    """In frames that have just begun, in whole ones, and in fragments; what came before it in the stream is given."""
    mask = b"\x01\xfe\x37\x80" if masked else None
    whole = _frame(1, True, text + bytes(70), 0, mask)
    start = len(whole) - len(text) - 70
    first = _frame(1, False, text[: right + 1], 0, mask)
    for make in (FrameDecoder, native.FrameDecoder):
        decoder = make(masked=masked)
        for at in range(start + right):
            assert decoder.feed(whole[at : at + 1]) == []
        with pytest.raises(FrameError, match="isn't UTF-8") as refused:
            decoder.feed(whole[start + right : start + right + 1])
        assert (refused.value.close_code, refused.value.at) == (1007, 0)
        with pytest.raises(FrameError, match="isn't UTF-8"):
            decoder.feed(b"")
        ping = _frame(9, True, b"!", 0, mask)
        fragments = [
            _frame(1 if number == 0 else 0, False, text[number : number + 1], 0, mask) for number in range(right)
        ]
        decoder = make(masked=masked)
        assert decoder.feed(b"".join(fragments) + ping) == [("ping", None, b"!")]
        with pytest.raises(FrameError, match="isn't UTF-8") as refused:
            decoder.feed(ping + _frame(0 if right else 1, False, text[right : right + 1], 0, mask))
        assert refused.value.events == (("ping", None, b"!"),)
        with pytest.raises(FrameError, match="isn't UTF-8"):
            make(masked=masked).feed(first)


def test_a_text_may_not_end_within_a_character() -> None:
    """Whole or in fragments; within fragments a character may be cut anywhere."""
    for make in (FrameDecoder, native.FrameDecoder):
        assert make().feed(b"\x01\x01\xe2\x00\x01\x82\x80\x01\xac") == [("text", None, "€".encode())]
        for stream in (b"\x81\x02\xe2\x82", b"\x01\x01\xe2\x80\x01\x82", b"\x01\x02\xe2\x82\x80\x00"):
            for pieces in ([stream], [stream[:3], stream[3:]]):
                with pytest.raises(FrameError, match="isn't UTF-8"):
                    _feed_all(make(), pieces)


def _feed_all(decoder: Any, chunks: list[bytes]) -> None:
    for chunk in chunks:
        decoder.feed(chunk)


@pytest.mark.parametrize(
    ("stream", "masked", "events"),
    [
        (b"\x81\x05Hello", False, [("text", None, b"Hello")]),
        (b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", True, [("text", None, b"Hello")]),
        (b"\x01\x03Hel\x80\x02lo", False, [("text", None, b"Hello")]),
        (b"\x89\x05Hello", False, [("ping", None, b"Hello")]),
        (b"\x82\x7e\x01\x00" + bytes(256), False, [("binary", None, bytes(256))]),
        (b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + bytes(65_536), False, [("binary", None, bytes(65_536))]),
        (b"\x01\x03Hel\x89\x01!\x80\x02lo", False, [("ping", None, b"!"), ("text", None, b"Hello")]),
        (b"\x88\x04\x03\xe8ok\x81\x01x", False, [("close", 1000, b"ok")]),
    ],
)
def test_the_examples_of_the_rfc(stream: bytes, masked: bool, events: list[Any]) -> None:
    """RFC 6455, section 5.7, a control frame between fragments, and nothing after a close."""
    for make in (FrameDecoder, native.FrameDecoder):
        assert make(masked=masked).feed(stream) == events


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (b"\xc1\x00", 1002),
        (b"\x83\x00", 1002),
        (b"\x81\x80", 1002),
        (b"\x09\x00", 1002),
        (b"\x89\x7e\x00\x7e", 1002),
        (b"\x81\x7e\x00\x05", 1002),
        (b"\x81\x7f\x80" + bytes(7), 1002),
        (b"\x80\x00", 1002),
        (b"\x01\x00\x01\x00", 1002),
        (b"\x88\x01\x03", 1002),
        (b"\x88\x02\x03\xed", 1002),
        (b"\x88\x03\x03\xe8\xff", 1007),
        (b"\x81\x01\xff", 1007),
        (b"\x81\x7f" + (2**24 + 1).to_bytes(8, "big"), 1009),
    ],
)
def test_a_broken_rule_closes_with_the_right_code(stream: bytes, code: int) -> None:
    """In both decoders, in the same words; and every later call says so again."""
    reported = set()
    for make in (FrameDecoder, native.FrameDecoder):
        decoder = make()
        assert decoder.feed(b"\x81\x01a") == [("text", None, b"a")]
        for chunk in (stream, b"\x81\x01b"):
            with pytest.raises(FrameError) as caught:
                decoder.feed(chunk)
            assert (caught.value.close_code, caught.value.at) == (code, 5 if stream == b"\x01\x00\x01\x00" else 3)
            reported.add(str(caught.value))
    assert len(reported) == 1


@pytest.mark.parametrize("kind", ["text", "binary", "ping", "pong", "close"])
@pytest.mark.parametrize("mask", [None, b"\x01\x02\x03\x04"])
@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536])
def test_what_is_sent_is_read(kind: str, mask: bytes | None, length: int) -> None:
    """Both encoders make the same frame, and a decoder of the other side reads it."""
    payload = b"\x03\xe8" + b"x" * (length - 2) if kind == "close" and length > 1 else b"x" * length
    if kind not in ("text", "binary") and length > 125:
        for encode in (encode_frame, native.encode_frame):
            with pytest.raises(ValueError, match="at most 125 bytes"):
                encode(kind, payload, mask)
        return
    frame = encode_frame(kind, payload, mask)
    assert native.encode_frame(kind, payload, mask) == frame
    if kind != "close" or length != 1:
        ((reported, _, _),) = native.FrameDecoder(masked=mask is not None).feed(frame)
        assert reported == kind


_BTC = Instrument(symbol="BTC/USD", venue_symbol="BTC/USD", tick_size=Decimal("0.01"), lot_size=Decimal("0.0001"))


def _fused() -> Any:
    feed: Any = native_decoder(ALPACA_CRYPTO, FeedContext((_BTC,), plain_codec("json")))
    return feed.fuse(
        FuseContext(
            books=(ladder(_BTC),),
            top_of_book=False,
            volatility_half_life_s=300.0,
            warm_up_s=10.0,
            daily_volume_lots=(None,),
            daily_volatility=None,
        )
    )


def _books(count: int) -> list[bytes]:
    made = random.Random(1)
    time = "2024-08-09T00:00:00.123456789Z"
    rows = [(61_000 + made.randrange(-900, 900) / 100, made.randrange(9) / 10_000) for _ in range(count)]
    updates = [
        f'[{{"T":"o","S":"BTC/USD","t":"{time}","b":[{{"p":{price},"s":{size}}}],"a":[]}}]'.encode()
        for price, size in rows
    ]
    return [f'[{{"T":"o","S":"BTC/USD","t":"{time}","b":[],"a":[],"r":true}}]'.encode(), *updates]


def test_a_chunk_of_frames_becomes_a_book_in_one_call() -> None:
    """However the stream is cut, the book is that of the messages one by one; pings on the way are handed back."""
    messages = _books(500)
    plain = _fused()
    plain.run(plain.batch([(1, raw) for raw in messages]), 0, 2**62, None, timed=False)
    stream = b"".join(
        encode_frame("text", raw) + (encode_frame("ping", b"%d" % at) if at % 100 == 0 else b"")
        for at, raw in enumerate(messages)
    )
    for size in (1_000_000, 4_096, 77):
        fused, decoder, others = _fused(), native.FrameDecoder(check_utf8=False), []
        for start in range(0, len(stream), size):
            chunk = stream[start : start + size]
            at, reported = fused.run_frames(decoder, chunk, 0, 1, callbacks=False, timed=False)
            assert at == len(chunk)
            others += reported
        books = [one.markets[0].book for one in (fused, plain)]
        assert books[0].depth(Side.BUY, 1_000) == books[1].depth(Side.BUY, 1_000) != []
        assert others == [("ping", None, b"%d" % at) for at in range(0, 501, 100)]


def test_a_chunk_stops_where_somebody_wants_to_look() -> None:
    """With wakes it ends behind each change, and goes on from there; a refused message can be passed over."""
    messages = _books(50)
    messages.insert(20, b'[{"T":"o","S":"BTC/USD"}]')
    chunk = b"".join(encode_frame("text", raw) for raw in messages)
    fused, decoder = _fused(), native.FrameDecoder()
    at = callbacks = 0
    refused = []
    while at < len(chunk):
        try:
            at, _ = fused.run_frames(decoder, chunk, at, 1, callbacks=True, timed=True)
        except WireError as error:
            refused.append(str(error))
            at = fused.raised_at
            continue
        callbacks += bool(fused.changed())
    assert refused == ["field 't' is missing"]
    assert callbacks > 1
