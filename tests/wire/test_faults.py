"""Broken messages: the compiled reading and the plain one agree, nothing else escapes, and nothing is left behind."""

import copy
from contextlib import suppress
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainspring.errors import CodecError, WireError
from mainspring.model import MarketEvent
from mainspring.wire._parsers import FAULTS, Tables, compile_parser
from mainspring.wire._plain import read_event

_GARBAGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=4),
    st.sampled_from(["-1", "1_0", " 1", "1e5", "NaN", "1.005", "9" * 30, "12", "1.5", "0"]),
    st.recursive(
        st.sampled_from(["1", "2.5", "x", 1, None, True]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("01ab"), inner, max_size=3),
        max_leaves=6,
    ),
)
_RELAXED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, derandomize=True)


def _places(value: object, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a nested value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in inner for place in [(*at, key), *_places(item, (*at, key))]]


def _broken(message: dict[str, Any], data: st.DataObject) -> dict[str, Any]:
    """A copy with one to three values replaced or, in objects, removed."""
    message = copy.deepcopy(message)
    for _ in range(data.draw(st.integers(1, 3))):
        places = _places(message)
        if not places:
            break
        *path, last = data.draw(st.sampled_from(places))
        holder: Any = message
        for key in path:
            holder = holder[key]
        if isinstance(holder, dict) and data.draw(st.booleans()):
            del holder[last]
        else:
            holder[last] = data.draw(_GARBAGE)
    return message


def _all_kinds(make) -> list[dict[str, Any]]:
    status = {"e": "status", "s": "BTCUSD", "c": "H", "x": "halted"}
    mark = {"e": "mark", "s": "BTCUSD", "E": 5, "p": "61800.12", "r": "0.0001", "T": 9}
    wide = make.delta(1, 2, 0, b=[["1.5", "2"], ["1", "0"]], a=[["2", "1.125", "more"]])
    return [make.quote(), make.trade(), make.bar(), status, mark, make.snapshot(4)["data"], wide]


@_RELAXED
@given(data=st.data())
def test_compiled_and_plain_readings_agree(chained, instruments, make, data):
    """Each takes what the other takes, and makes the same event of it."""
    tables = Tables()
    for message in chained.format.messages[:-1]:
        parse = compile_parser(message, 0, instruments[0], tables)
        for sample in _all_kinds(make):
            broken = _broken(sample, data) if data.draw(st.booleans()) else sample
            try:
                plain = read_event(message, broken, 0, instruments[0], 99)
            except WireError:
                with pytest.raises(FAULTS):
                    parse(broken, 99)
            else:
                compiled = parse(broken, 99)
                assert type(compiled) is type(plain)
                assert repr(compiled) == repr(plain)


@_RELAXED
@given(data=st.data())
def test_refused_messages_leave_no_trace(chained, opened, make, data):
    """A feed that was fed broken messages in between goes on as one that wasn't."""
    clean, faulty = opened(chained), opened(chained)
    stream = [make.snapshot(1), make.quote(), make.delta(1, 3, 0), make.trade(), make.delta(4, 5, 3), make.bar()]
    for message in [*stream, make.delta(9, 9, 8), make.delta(10, 12, 9), make.snapshot(11), make.delta(13, 14, 12)]:
        faulty.now = clean.now
        for sample in (message, message.get("data", message)):
            before = faulty.feed.statistics()
            try:
                taken = faulty.send(_broken(sample, data))
            except (WireError, CodecError):
                assert faulty.feed.statistics() == before
            else:
                # What is still a good message may count as one: the two feeds part here.
                assert isinstance(taken, list)
                return
        faulty.now = clean.now
        assert faulty.send(message) == clean.send(message)
    assert faulty.feed.statistics() == clean.feed.statistics()


@_RELAXED
@given(data=st.data())
def test_only_our_errors_escape(chained, books_by_rows, opened, make, data):
    """Whatever a message was turned into, its bytes included, it is read or refused."""
    feed, batches = opened(chained), opened(books_by_rows)
    samples = [*_all_kinds(make), make.snapshot(4), {"e": "error", "code": 5, "msg": "m"}]
    raw = bytearray(msgspec.json.encode(_broken(data.draw(st.sampled_from(samples)), data)))
    for _ in range(data.draw(st.integers(0, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    for target, bytes_ in ((feed, bytes(raw)), (batches, b"[" + bytes(raw) + b"]")):
        events = []
        with suppress(WireError, CodecError):
            events = target.feed.on_message(bytes_, 5)
        assert all(isinstance(event, get_args(MarketEvent)) for event in events)
