"""Both decoders with every codec: a message gives the same events, or is refused by the same kind of error."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mainspring.errors import CodecError, WireError
from mainspring.model import Instrument
from mainspring.seams import Codec, Feed, FeedContext
from mainspring.wire import python_decoder
from mainspring_native.decoders import native_decoder
from mainspring_plugins.codecs.json import JsonCodec
from mainspring_plugins.codecs.msgspec_json import MsgspecJsonCodec
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.codecs.simdjson import SimdjsonCodec
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT

_SUITE = Path(__file__).resolve().parents[2].parent / "shared/data/codecs/JSONTestSuite"
_INSTRUMENT = Instrument(
    symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.0001")
)
_QUOTE = b'{"u":7,"s":"BTCUSDT","b":"61865.76","B":"0.5","a":"61865.77","A":"1.25","x":%b}'
_NUMBERS = (
    *(b"18446744073709551615", b"18446744073709551616", b"-9223372036854775809", b"9" * 30, b"9" * 309, b"-0"),
    *(b"1e999", b"1e-999", b"1e99999999999999999999", b"-0.0", b"01", b"1.", b"NaN", b"Infinity", b"null"),
)
_TEXTS = (b'"\\ud800"', b'"\\u0000"', b'"\0"', b'"\xff"', b'"\xed\xa0\x80"', b'"\\ud83d\\ude00"', b"\xef\xbb\xbf1")


def _feeds() -> Iterator[Feed]:
    makers: list[Any] = [OrjsonCodec, JsonCodec, MsgspecJsonCodec]
    try:
        SimdjsonCodec()
    except ImportError:
        pass
    else:
        makers.append(SimdjsonCodec)
    for make in makers:
        codec: Codec = make()
        for decoder in (python_decoder, native_decoder):
            yield decoder(BINANCE_SPOT, FeedContext((_INSTRUMENT,), codec, "json"))


def _outcome(feed: Feed, raw: bytes, number: int) -> str:
    try:
        return repr(list(feed.on_message(raw, number)))
    except CodecError:
        # Each codec has words of its own.
        return "CodecError"
    except WireError as error:
        return f"WireError: {error}"


def _alike(messages: list[bytes]) -> list[str]:
    """What all decoders make of the messages."""
    feeds = list(_feeds())
    found = []
    for number, raw in enumerate(messages):
        outcomes = [_outcome(feed, raw, number) for feed in feeds]
        assert len(set(outcomes)) == 1, (raw[:200], outcomes)
        found.append(outcomes[0])
    assert len({repr(feed.statistics()) for feed in feeds}) == 1
    return found


def test_json_test_suite_comes_out_alike() -> None:
    """Every file of JSONTestSuite as a message, and as a field that no declaration names."""
    files = sorted(_SUITE.glob("test_*/*.json"))
    if not files:
        pytest.skip("captures absent: codecs/JSONTestSuite")
    data = [path.read_bytes() for path in files]
    found = _alike([*data, *(_QUOTE % one for one in data)])
    assert found.count("CodecError") > 300
    assert sum(one.startswith("[Quote") for one in found) > 100


@pytest.mark.parametrize("levels", [2, 64, 65, 1022, 1023, 1024, 1025])
def test_nesting_comes_out_alike(levels: int) -> None:
    """Up to the contract's bound it is taken, beyond it refused; the quote itself is one level."""
    inside = levels - 1
    nested = [b"[" * inside + b"]" * inside, b'{"y":' * inside + b"1" + b"}" * inside]
    found = _alike([_QUOTE % one for one in nested])
    assert [one.startswith("[Quote") for one in found] == [levels <= 1024] * 2


@pytest.mark.parametrize("seed", range(3))
def test_odd_numbers_texts_and_keys_come_out_alike(seed: int) -> None:
    """In fields that are read and in others, with keys twice, bytes after the message and bytes changed."""
    draw = Random(seed)
    messages = []
    for _ in range(400):
        raw = _QUOTE % draw.choice((*_NUMBERS, *_TEXTS, b"1"))
        if draw.random() < 0.5:
            raw = raw.replace(
                draw.choice((b"7", b'"61865.76"', b'"0.5"', b'"BTCUSDT"')), draw.choice(_NUMBERS + _TEXTS)
            )
        if draw.random() < 0.3:
            raw = raw[:-1] + draw.choice(
                (b',"u":8}', b',"\\u0075":9}', b',"b":"1.00"}', b',"x":"\\ud800","x":1}', b"} ", b"}\0", b"}{}")
            )
        if draw.random() < 0.2:
            place = draw.randrange(len(raw))
            raw = raw[:place] + draw.randbytes(1) + raw[place + 1 :]
        messages.append(raw)
    found = _alike(messages)
    assert min(found.count("CodecError"), sum(one.startswith("[Quote") for one in found)) > 20
