"""The damaged messages that candidates are held against."""

import json

import pytest

from mainspring.testing.plain_codecs import plain_codec
from mainspring.tuning.edges import edge_messages

MESSAGES = [
    (5, b'{"e":"trade","p":"1.50","t":7,"long":"x"}'),
    (7, b'{"e":"trade","p":"1.5","t":8,"long":""}'),
    (6, b'{"b":[["1.0","2"],["3","4"],["5","6"],["7","8"]]}'),
    (8, b"not a message"),
]


@pytest.fixture(scope="module")
def edges():
    return edge_messages(MESSAGES, plain_codec("json"), "json")


def raw(edges, what):
    return [message for name, (_, message) in edges if name == what]


def test_every_damage_is_there(edges):
    """Cut short, run on, not UTF-8, keys twice, wrong types, off the grid, below zero, unknown and out-of-order."""
    assert raw(edges, "an empty message") == [b""]
    assert b'{"e":"trade","p":"1.5","t":8' not in raw(edges, "a message cut in half")
    assert any(text.endswith(b"}{") for text in raw(edges, "a message with bytes after it"))
    assert all(b"\xff" in text for text in raw(edges, "a byte that isn't UTF-8"))
    assert json.loads(raw(edges, "a key that comes twice, then wrong")[0])["e"] is None
    assert json.loads(raw(edges, "p: off the grid")[0])["p"] == "1.50000000000001"
    assert json.loads(raw(edges, "p: below zero")[0])["p"] == "-1.5"
    assert json.loads(raw(edges, "e: a text that nobody knows")[0])["e"] == "tradeX"
    assert json.loads(raw(edges, "t: far ahead")[0])["t"] == 1_000_008
    assert json.loads(raw(edges, "b.0.0: [] in its place")[0])["b"][0][0] == []


def test_one_of_each_kind_is_damaged(edges):
    """Messages of equal keys are one kind, of which the shortest serves, with its lists cut to a few rows."""
    assert len(raw(edges, "an old message once more")) == 2
    assert len(json.loads(raw(edges, "an old message once more")[1])["b"]) == 3


def test_they_come_after_the_messages(edges):
    """Each is received later than all messages and than the one before it."""
    times = [at for _, (at, _) in edges]
    assert times == sorted(set(times))
    assert times[0] == 9


def test_msgpack_is_damaged_too():
    """Messages of another format are taken apart and put together by its codec."""
    codec = plain_codec("msgpack")
    found = edge_messages([(1, codec.encode({"T": "q", "p": 1.5}))], codec, "msgpack")
    assert any(name == "p: None in its place" for name, _ in found)
    assert not any(name == "white space" for name, _ in found)
