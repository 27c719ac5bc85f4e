"""A conversation on one connection: what is said when, with nothing but bytes and times."""

import msgspec
import orjson
import pytest

from mainspring.errors import WireError
from mainspring.testing import INSTRUMENT, plain_codec
from mainspring.wire import (
    Connection,
    Conversation,
    Credentials,
    Heartbeat,
    Login,
    Ping,
    Signature,
    Subscribe,
    dials,
)

_SECOND = 1_000_000_000
_CODEC = plain_codec("json")


def _talk(now_ns=0, credentials=None, **declared):
    """An opened conversation about one instrument."""
    subscribe = (Subscribe(message={"sub": "{venue_symbol}"}, each=True), Subscribe(message={"op": "status"}))
    connection = Connection(address="wss://venue.test/ws", subscribe=subscribe, **declared)
    (dial,) = dials(connection, (INSTRUMENT,), _CODEC.encode, now_ns)
    talk = Conversation(connection, dial, _CODEC, credentials=credentials, silence_s=10, data_silence_s=60)
    talk.opened(now_ns)
    return talk


def _said(talk, now_ns):
    return [
        orjson.loads(message) if kind == "message" and message[:1] in b"[{" else message or kind
        for kind, message in talk.take(now_ns)
    ]


def test_subscriptions_keep_to_the_venues_rate():
    """Two a second: the second message waits half a second, and nothing is sent twice."""
    talk = _talk(messages_a_second=2.0)
    assert _said(talk, 0) == [{"sub": INSTRUMENT.venue_symbol}]
    assert talk.due_ns == _SECOND // 2
    assert _said(talk, talk.due_ns - 1) == []
    assert _said(talk, talk.due_ns) == [{"op": "status"}]
    assert _said(talk, 10 * _SECOND - 1) == []


def test_a_ping_of_the_protocol_stands_in_for_none():
    """A venue that declares no keepalive is pinged every 15 s, and pongs keep the connection alive."""
    talk = _talk()
    talk.take(0)
    for beat in range(1, 4):
        talk.received(b'{"tick":1}', 15 * beat * _SECOND - 6 * _SECOND)
        assert _said(talk, 15 * beat * _SECOND) == ["ping"]
        talk.heard(15 * beat * _SECOND)
        assert talk.why_dead(15 * beat * _SECOND) is None


def test_declared_pings_and_their_answers_stay_here():
    """A text ping is sent as it is; its answer isn't a message for the feed."""
    talk = _talk(keepalive=(Ping(every_s=20, message="ping", answer="pong"),))
    talk.take(0)
    assert _said(talk, 20 * _SECOND) == [b"ping"]
    assert talk.received(b"pong", 20 * _SECOND) is None
    assert talk.received(b'{"a":1}', 20 * _SECOND) == b'{"a":1}'


def test_a_question_is_answered_ahead_of_what_waits():
    """At a slow rate a heartbeat is answered at once, with the value that it asked about."""
    beat = Heartbeat(when={"op": "ping"}, answer={"op": "pong", "ts": "{/ts}"})
    talk = _talk(messages_a_second=0.1, keepalive=(beat,))
    assert _said(talk, 0) == [{"sub": INSTRUMENT.venue_symbol}]
    assert talk.received(b'{"op":"ping","ts":7}', _SECOND) is None
    assert talk.due_ns <= _SECOND
    assert _said(talk, _SECOND) == [{"op": "pong", "ts": 7}]


def test_a_login_with_a_challenge_comes_before_subscriptions():
    """Asked for, signed, accepted: only then is anything subscribed, and it counts as ready."""
    login = Login(
        message={"op": "login", "key": "{key}", "sign": "{signature}"},
        accepted={"ok": True},
        signature=Signature(payload="{challenge}"),
        challenge={"op": "challenge"},
        challenge_at="challenge",
    )
    talk = _talk(credentials=Credentials("k", "s"), login=login)
    assert _said(talk, 0) == [{"op": "challenge"}]
    assert talk.received(b'{"challenge":"abc"}', 1) is None
    (sent,) = _said(talk, 1)
    assert (sent["key"], len(sent["sign"])) == ("k", 64)
    assert not talk.ready
    assert talk.received(b'{"ok":true}', 2) is None
    assert talk.ready
    assert len(_said(talk, 2)) == 2


def test_a_login_without_credentials_is_refused():
    """Rather than connect as nobody."""
    login = Login(message={"key": "{key}"}, accepted={"ok": True})
    with pytest.raises(WireError, match="no credentials"):
        _talk(login=login)


def test_a_mute_connection_is_noticed():
    """Nothing at all for ten seconds; or pongs, but no market data for a minute."""
    talk = _talk()
    assert talk.why_dead(10 * _SECOND - 1) is None
    assert "mute" in talk.why_dead(10 * _SECOND)
    for second in range(5, 60, 5):
        talk.heard(second * _SECOND)
        assert talk.why_dead(second * _SECOND) is None
    talk.heard(60 * _SECOND)
    assert "no market data for 60 s" in talk.why_dead(60 * _SECOND)
    assert talk.due_ns <= 60 * _SECOND


def test_a_message_that_cannot_be_expanded_is_refused():
    """Where a venue compresses each message."""
    talk = _talk(compression="gzip")
    with pytest.raises(WireError, match="isn't gzip"):
        talk.received(b'{"a":1}', 1)


def test_credentials_show_nothing():
    """Neither in their text nor in an error's."""
    assert "s3cret" not in str(Credentials("key", "s3cret")) + repr(Credentials("key", "s3cret"))
    assert msgspec.structs.asdict(Credentials("key", "s3cret"))["secret"] == "s3cret"
