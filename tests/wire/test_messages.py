"""Each kind of message, its envelope, and whose it is."""

import math
from decimal import Decimal

import msgspec
import pytest

from mainspring.errors import CodecError, GridError, WireError
from mainspring.model import Bar, BookDelta, BookSnapshot, Control, InstrumentStatus, MarkPrice, Quote, Trade
from mainspring.wire import Cause, DeltaMessage, Levels, WireFeed
from mainspring.wire._parsers import FAULTS, Tables, compile_parser
from mainspring.wire._plain import read_event


def test_every_kind(contiguous, opened, make):
    """Each kind becomes its event, exact, with the receive time where the venue sends none."""
    feed = opened(contiguous)
    assert feed.send(make.quote()) == [Quote(0, feed.now, feed.now, 7, 150, 2000, 925, 500)]
    assert feed.send(make.trade("ETHUSD")) == [Trade(1, feed.now, 1723161600500000000, 3, 150, 2000, -1)]
    assert feed.send(make.bar()) == [Bar(0, feed.now, 60_000_000_000, 150, 200, 125, 175, 12500, 4, 1.6)]
    assert feed.send({"e": "status", "s": "BTCUSD", "c": "H"}) == [
        InstrumentStatus(0, feed.now, feed.now, "H", "", False)
    ]
    assert feed.send({"e": "status", "s": "BTCUSD", "c": "?", "x": "why"}) == [
        InstrumentStatus(0, feed.now, feed.now, "?", "why", None)
    ]
    mark = {"e": "mark", "s": "BTCUSD", "E": 5, "p": "61800.12345678", "r": "-0.00010000", "T": 9}
    priced = MarkPrice(0, feed.now, 5_000_000, Decimal("61800.12345678"), Decimal("-0.0001"), 9_000_000)
    assert feed.send(mark) == [msgspec.structs.replace(priced, receive_time_ns=feed.now)]
    unfunded = MarkPrice(0, feed.now, 5_000_000, Decimal("61800.12345678"))
    assert feed.send({**mark, "r": ""}) == [msgspec.structs.replace(unfunded, receive_time_ns=feed.now)]
    assert feed.send({"e": "error", "code": 12, "msg": "no"}) == [Control(feed.now, "error", "12", "no")]
    assert feed.send(make.snapshot(4)) == [BookSnapshot(0, feed.now, feed.now, 4, [(150, 2000)], [(925, 500)])]
    assert feed.send(make.delta(5, 6)) == [BookDelta(0, feed.now, 5_000_000, 5, 6, -1, [(650, 1000)], [])]
    assert feed.feed.statistics().messages == 10
    assert feed.feed.statistics().by_kind == {
        "quote": 1, "trade": 1, "bar": 1, "status": 2, "mark": 2, "control": 1, "snapshot": 1, "delta": 1
    }  # fmt: skip


def test_optional_values(contiguous, opened, make):
    """What is optional may be absent."""
    feed = opened(contiguous)
    bar = make.bar()
    del bar["n"], bar["w"]
    (event,) = feed.send(bar)
    assert event.trades == -1
    assert math.isnan(event.vwap)


def test_envelope_or_none(contiguous, opened, make):
    """A message counts the same in its envelope and without."""
    feed = opened(contiguous)
    (bare,) = feed.send(make.trade())
    (enveloped,) = feed.send({"stream": "btcusd@trade", "data": make.trade()})
    assert msgspec.structs.replace(enveloped, receive_time_ns=bare.receive_time_ns) == bare


def test_unknown_symbols_and_kinds_are_counted(contiguous, opened, make):
    """What isn't for this session is counted by cause, and makes no event."""
    feed = opened(contiguous)
    assert feed.send(make.quote(symbol="XRPUSD")) == []
    assert feed.send(make.snapshot(5, "XRPUSD")) == []
    assert feed.send({"e": "kline", "s": "BTCUSD"}) == []
    assert feed.causes() == {Cause.UNKNOWN_SYMBOL: 2, Cause.IGNORED: 1}
    assert feed.feed.statistics().by_kind == {"quote": 1, "snapshot": 1, "ignored": 1}


def test_a_message_that_names_no_instrument(contiguous, opened, make):
    """It is the only instrument's; among several it is refused."""
    bare = make.snapshot(5)["data"]
    alone = opened(contiguous, 1)
    assert [event.instrument for event in alone.send(bare)] == [0]
    several = opened(contiguous, 2)
    with pytest.raises(WireError, match="the session has 2"):
        several.send(bare)
    assert [event.instrument for event in several.send(make.snapshot(5, "ETHUSD"))] == [1]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"u": None}, "u"),
        ({"u": True}, "u"),
        ({"u": -1}, "u"),
        ({"u": 2**63}, "u"),
        ({"u": "7"}, "u"),
        ({"s": 5}, "s"),
        ({"s": ["BTCUSD"]}, "s"),
        ({"b": "1.505"}, "b"),
        ({"b": "-1.50"}, "b"),
        ({"b": 1.5}, "b"),
        ({"B": "nan"}, "B"),
        ({"B": {"x": []}}, "B"),
        ({"A": "1_0"}, "A"),
        ({"a": "99999999999999999999"}, "a"),
    ],
)
def test_a_bad_quote_names_its_field(contiguous, opened, make, change, field):
    """A value that isn't what it is declared to be is a WireError that names the field."""
    feed = opened(contiguous)
    with pytest.raises(WireError) as caught:
        feed.send(make.quote(**change))
    assert caught.value.field == field
    assert feed.feed.statistics().messages == 0


@pytest.mark.parametrize("key", ["s", "u", "b", "B", "a"])
def test_a_missing_field_is_named(contiguous, opened, make, key):
    """So is one that isn't there."""
    quote = make.quote()
    del quote[key]
    with pytest.raises(WireError, match="is missing") as caught:
        opened(contiguous).send(quote)
    assert caught.value.field == key


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        (None, "b"),
        ("12", "b"),
        ({"1": "2"}, "b"),
        (["12"], "b[0]"),
        ([{"1": 0, "2": 0}], "b[0]"),
        ([["1.5", "1"], ["1.5"]], "b[1][1]"),
        ([["1.5", "1"], []], "b[1][0]"),
        ([["1.5", None]], "b[0][1]"),
        ([[["1.5"], "1"]], "b[0][0]"),
        ([["1.555", "1"]], "b[0][0]"),
    ],
)
def test_a_bad_level_names_its_place(contiguous, opened, make, rows, field):
    """A broken level names its row and place; text and objects don't pass for arrays."""
    feed = opened(contiguous)
    with pytest.raises(WireError) as caught:
        feed.send(make.delta(1, 2, b=rows))
    assert caught.value.field == field
    if isinstance(caught.value, GridError):
        assert caught.value.instrument == "BTCUSD"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"U": 3}, "U"), ({"u": 0}, "U"), ({"E": -1}, "E"), ({"E": 2**63}, "E"), ({"E": 1.5}, "E"), ({"E": "5"}, "E")],
)
def test_a_bad_delta_names_its_field(contiguous, opened, make, change, field):
    """Ids that run backwards and times that are none are refused."""
    with pytest.raises(WireError) as caught:
        opened(contiguous).send(make.delta(1, 2, **change))
    assert caught.value.field == field


def test_levels_the_other_way_round(instruments):
    """Whatever the places of price and size, only arrays pass for arrays and only objects for objects."""
    tables = Tables()
    for levels, good, bad in (
        (Levels("b", price=1, size=0), ["2", "1.5"], ("21", {0: "2", 1: "1.5"}, None)),
        (Levels("b", price="p", size="s"), {"s": "2", "p": "1.5"}, ("ps", ["2", "1.5"], None)),
    ):
        message = DeltaMessage(bids=levels, asks=Levels("a"))
        parse = compile_parser(message, 0, instruments[0], tables)
        assert parse({"b": [good], "a": []}, 1).bids == [(150, 2000)]
        for row in bad:
            with pytest.raises(FAULTS):
                parse({"b": [good, row], "a": []}, 1)
            with pytest.raises(WireError):
                read_event(message, {"b": [good, row], "a": []}, 0, instruments[0], 1)
    with pytest.raises(ValueError, match="both"):
        Levels("b", price=0, size="s")
    with pytest.raises(ValueError, match="counts from 0"):
        Levels("b", price=0, size=-1)


def test_longer_levels(contiguous, opened, make):
    """A level may hold more than its price and size."""
    feed = opened(contiguous)
    feed.send(make.snapshot(1))
    (event,) = feed.send(make.delta(2, 2, b=[["1.5", "1", []], ["1.6", "2"]]))
    assert event.bids == [(150, 1000), (160, 2000)]


@pytest.mark.parametrize("raw", [b"[]", b"5", b"null", b'"x"', b'{"data":[]}', b'{"data":5,"stream":"x"}'])
def test_what_isnt_an_object_is_refused(contiguous, opened, raw):
    """So is an envelope without an object in it."""
    with pytest.raises(WireError):
        opened(contiguous).feed.on_message(raw, 1)


@pytest.mark.parametrize("message", [{}, {"e": None}, {"e": 5, "s": "BTCUSD"}, {"e": ["depth"]}, {"e": {}}])
def test_a_message_of_no_kind_is_refused(contiguous, opened, message):
    """A message whose kind can't be read is broken, not of another kind."""
    with pytest.raises(WireError) as caught:
        opened(contiguous).send(message)
    assert caught.value.field == "e"


def test_a_codecs_refusal_passes(contiguous, opened):
    """Bytes that aren't JSON are the codec's error."""
    with pytest.raises(CodecError):
        opened(contiguous).feed.on_message(b"{", 1)


def test_a_batch_is_all_or_nothing(books_by_rows, opened):
    """One broken message in a batch refuses the batch, and the feed is as before."""
    feed = opened(books_by_rows)
    good = {"T": "o", "S": "BTCUSD", "t": 5, "b": [{"p": 1.5, "s": 2}], "a": [], "r": True}
    for bad in (good | {"b": [{"p": 1.5}]}, good | {"r": 1}, good | {"t": "now"}, good | {"b": [["p", "s"]]}, 7):
        with pytest.raises(WireError):
            feed.send([good, bad])
    assert feed.feed.statistics().messages == 0
    assert len(feed.send([good, {"T": "success", "msg": "hi"}, {"T": "x"}, good | {"r": False}])) == 3
    assert feed.feed.statistics().by_kind == {"delta": 2, "control": 1, "ignored": 1}
    with pytest.raises(WireError):
        feed.send(good)


def test_subscriptions(contiguous, opened):
    """The message to send is filled in for every instrument."""
    assert opened(contiguous).feed.subscriptions(0) == [b'{"op":"sub","args":["btcusd@depth","ethusd@depth"]}']


def test_declarations_are_data(contiguous, chained, books_by_rows):
    """A whole feed can be written out and read back, so that another decoder can compile it."""
    for declared in (contiguous, chained, books_by_rows):
        assert msgspec.json.decode(msgspec.json.encode(declared), type=WireFeed) == declared
