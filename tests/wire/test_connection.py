"""Connections by declaration: what is sent, signed, answered and inflated."""

import gzip
import zlib
from decimal import Decimal
from typing import Any

import orjson
import pytest

from mainspring.errors import ConfigError, WireError
from mainspring.model import Instrument
from mainspring.wire import (
    Connection,
    Credentials,
    Heartbeat,
    Login,
    Ping,
    Signature,
    Subscribe,
    answers,
    challenge_of,
    dials,
    inflate,
    login_message,
    ping_bytes,
)

_NOW_NS = 1_700_000_000_123_456_789


def _instrument(venue_symbol: str) -> Instrument:
    return Instrument(symbol=venue_symbol, venue_symbol=venue_symbol, tick_size=Decimal("0.01"), lot_size=Decimal(1))


def _connection(**fields: Any) -> Connection:
    return Connection(**{"address": "wss://stream.invalid", **fields})


def _sent(message: Any, *symbols: str, each: bool = False) -> list[Any]:
    connection = _connection(subscribe=(Subscribe(message=message, each=each),))
    (dial,) = dials(connection, [_instrument(one) for one in symbols], orjson.dumps, _NOW_NS)
    return [orjson.loads(one) for one in dial.messages]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ({"a": ["{venue_symbol}"]}, {"a": ["X", "Y"]}),
        (
            {"a": ["{venue_symbol}@d", "{venue_symbol_lower}@t", "all"]},
            {"a": ["X@d", "x@t", "Y@d", "y@t", "all"]},
        ),
        ({"a": [{"c": "t", "i": "{venue_symbol}"}]}, {"a": [{"c": "t", "i": "X"}, {"c": "t", "i": "Y"}]}),
        ([{"t": "u"}, {"codes": ["{venue_symbol}"]}], [{"t": "u"}, {"codes": ["X", "Y"]}]),
        ({"ch": "d:{venue_symbols}", "n": "{number}", "s": "{time_s}"}, {"ch": "d:X,Y", "n": 1, "s": 1_700_000_000}),
        (
            {"t": "at {time_ms}", "deep": {"a": ["{venue_symbol}"], "b": None}},
            {"t": "at 1700000000123", "deep": {"a": ["X", "Y"], "b": None}},
        ),
    ],
)
def test_a_template_is_filled_for_all_instruments(template: Any, expected: Any) -> None:
    """Items of arrays that name one are repeated; all else stays; numbers and times become integers."""
    assert _sent(template, "X", "Y") == [expected]


def test_one_message_each() -> None:
    """Numbers go on; the arrays of such a message hold the one instrument."""
    assert _sent({"id": "{number}", "p": ["{venue_symbol}", "100ms"]}, "X", "Y", each=True) == [
        {"id": 1, "p": ["X", "100ms"]},
        {"id": 2, "p": ["Y", "100ms"]},
    ]
    with pytest.raises(ValueError, match="needs each=True"):
        Subscribe(message={"ch": "{venue_symbol}"})


def test_as_many_connections_as_the_limit_asks_for() -> None:
    """Every instrument is on one of them, and a token stands in the address."""
    connection = _connection(
        address="wss://stream.invalid/?token={token}",
        instruments=2,
        subscribe=(Subscribe(message={"a": ["{venue_symbol}"]}),),
    )
    found = dials(connection, [_instrument(one) for one in "ABCDE"], orjson.dumps, 0, token="t-1")
    assert [orjson.loads(dial.messages[0])["a"] for dial in found] == [["A", "B"], ["C", "D"], ["E"]]
    assert {dial.address for dial in found} == {"wss://stream.invalid/?token=t-1"}


@pytest.mark.parametrize("address", ["ws://a.invalid", "https://a.invalid", "a.invalid", ""])
def test_connections_are_encrypted(address: str) -> None:
    """An address without TLS is refused when it is declared."""
    with pytest.raises(ValueError, match="wss://"):
        _connection(address=address)
    with pytest.raises(ValueError, match="always encrypted"):
        _connection(rest="http://a.invalid")


# RFC 4231, test case 2, and an example of Binance's documentation ("SIGNED endpoint examples").
_JEFE = ("Jefe", "what do ya want for nothing?")
_BINANCE = (
    "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j",
    "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559",
)


@pytest.mark.parametrize(
    ("key", "algorithm", "signature"),
    [
        (_JEFE, "sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            _JEFE,
            "sha384",
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        ),
        (
            _JEFE,
            "sha512",
            bytes.fromhex(
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
            ).hex(),
        ),
        (_BINANCE, "sha256", "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
    ],
)
def test_signatures_are_those_of_published_examples(key: tuple[str, str], algorithm: Any, signature: str) -> None:
    """A keyed hash of the payload with the secret, in hexadecimal digits."""
    login = Login(
        message={"sign": "{signature}"}, accepted={}, signature=Signature(payload=key[1], algorithm=algorithm)
    )
    assert orjson.loads(login_message(login, Credentials("k", key[0]), orjson.dumps, 0)) == {"sign": signature}


def test_a_login_names_key_and_time_and_a_challenge_is_hashed_first() -> None:
    """The same as base64 of the digest, from a secret in base64; the time is that at which the login expires."""
    login = Login(
        message={"key": "{key}", "expires": "{time_s}", "sign": "{signature}", "pass": "{passphrase}"},
        accepted={"event": "login"},
        signature=Signature(payload="{challenge}", algorithm="sha512", key="base64", encoding="base64", hashed=True),
        challenge={"event": "challenge"},
        challenge_at="message",
        expires_s=60,
    )
    challenge = challenge_of(login, {"event": "challenge", "message": "c-1"})
    assert challenge == "c-1"
    assert challenge_of(login, {"event": "info"}) is None
    made = orjson.loads(login_message(login, Credentials("k", "c2VjcmV0", "p"), orjson.dumps, _NOW_NS, challenge="c-1"))
    # Made with OpenSSL: printf c-1 | openssl dgst -sha256 -binary | openssl dgst -sha512 -hmac secret -binary | base64
    assert made == {"key": "k", "expires": 1_700_000_060, "pass": "p", "sign": _OPENSSL}
    with pytest.raises(ConfigError, match="isn't valid base64") as caught:
        login_message(login, Credentials("k", "no base64!"), orjson.dumps, 0)
    assert "no base64!" not in str(caught.value)


_OPENSSL = "Tkzz0m7INdItIWIqMK+t5hKdFunnWVn6z/qEIbCXcrow8AHGIYb8asizSIM95nsUySFwQ8gCI6yEyIIoqEtbEg=="


def test_credentials_never_show() -> None:
    """Neither as text nor in an error that quotes them."""
    assert "hush" not in f"{Credentials('hush', 'hush', 'hush')!r} {Credentials('hush', 'hush')}"


def test_heartbeats_are_answered_and_nothing_else() -> None:
    """The value of the question goes into the answer."""
    connection = _connection(
        keepalive=(
            Heartbeat(has=("ping",), answer={"pong": "{/ping}", "also": ["{/no}", 1]}),
            Heartbeat(when={"p.type": "test*"}, answer={"method": "test"}),
            Ping(every_s=5),
        )
    )
    answer = answers(connection, orjson.dumps)
    assert answer({"ping": 7}) == b'{"pong":7,"also":[null,1]}'
    assert answer({"p": {"type": "test_request"}}) == b'{"method":"test"}'
    assert [answer(message) for message in ({"p": {"type": "no"}}, [1], "ping", None, {})] == [None] * 5


def test_pings_are_text_json_or_the_protocols() -> None:
    """Text goes as it is."""
    pings = (Ping(every_s=1, message="ping"), Ping(every_s=1, message={"id": "{number}"}), Ping(every_s=1))
    assert [ping_bytes(one, orjson.dumps, 4, _NOW_NS) for one in pings] == [b"ping", b'{"id":4}', None]


def _raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


@pytest.mark.parametrize(("compression", "pack"), [("gzip", gzip.compress), ("deflate", _raw_deflate)])
def test_compressed_messages_are_bounded(compression: Any, pack: Any) -> None:
    """What is whole comes out; what is cut, damaged or too large is refused, the last without being expanded."""
    connection = _connection(compression=compression)
    packed = pack(b'{"a":1}')
    assert inflate(connection, packed, 100) == b'{"a":1}'
    for wrong, problem in (
        (packed[:-6], "cut short"),
        (b"\xff" + packed, f"isn't {compression}"),
        (pack(bytes(10**7)), "larger than 100 bytes"),
    ):
        with pytest.raises(WireError, match=problem):
            inflate(connection, wrong, 100)
    assert inflate(_connection(), b"as it is", 1) == b"as it is"
