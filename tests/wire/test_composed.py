"""Messages that name their channel by a number, hold items by their symbols, or are of several kinds at once."""

import msgspec
import orjson
import pytest

from mainspring.errors import WireError
from mainspring.model import BookDelta, BookInvalid, BookSnapshot, Trade
from mainspring.seams import FeedContext
from mainspring.wire import (
    ChannelNumbers,
    Checksum,
    Choice,
    DeltaMessage,
    Format,
    Integer,
    Levels,
    MessageNumbers,
    Millis,
    Price,
    Size,
    SnapshotMessage,
    Text,
    TradeMessage,
    WireFeed,
)

from .twins import ABSENT, INSTRUMENTS, NOW, ODD, both, decoders, paths_of, replaced

_SIDE = Choice("side", values=(("buy", 1), ("sell", -1)))
_BOOK = {"channel.channel": "book"}
_SYMBOL = Text("channel.symbol", after="t")
_ROWS = Levels("message.1", price=0, size=2, signed=True)

_NUMBERED = Format(
    messages=(
        SnapshotMessage(when=_BOOK, has=("message.1.0.0",), symbol=_SYMBOL, rows=_ROWS, restarts=True),
        DeltaMessage(
            when=_BOOK,
            has=("message.1.2",),
            symbol=_SYMBOL,
            rows=msgspec.structs.replace(_ROWS, single=True, deletes=Choice("1", values=((0, 1),), otherwise=0)),
        ),
        DeltaMessage(
            when={**_BOOK, "message.1": "cs"},
            symbol=_SYMBOL,
            bids=Levels("message.bids", optional=True),
            asks=Levels("message.asks", optional=True),
            checksum=Checksum("message.2", levels=25, text="shortest", negative_asks=True),
        ),
        TradeMessage(
            when={"channel.channel": "trades", "message.1": "te"},
            symbol=_SYMBOL,
            trade_id=Integer("message.2.0"),
            event_time=Millis("message.2.1"),
            size=Size("message.2.2"),
            price=Price("message.2.3"),
            signed=True,
        ),
    ),
    channels=ChannelNumbers(answer={"event": "subscribed"}, number="chanId", at="0"),
    numbers=MessageNumbers(key="message.-1", first=1),
)
_ANSWERS = (
    {"event": "subscribed", "channel": "book", "chanId": 10, "symbol": "tA"},
    {"event": "subscribed", "channel": "trades", "chanId": 11, "symbol": "tB"},
)
_OF_CHANNELS = ([10, [[1, 2, 1.5], [3, 1, -2]], 1], [10, [3, 0, -1], 2], [11, "te", [7, 1000, -0.5, 2], 3])

_KEYED = Format(
    messages=(
        SnapshotMessage(each="snapshot.*", symbol=Text("@snapshot"), bids=Levels("b"), asks=Levels("a"), restarts=True),
        DeltaMessage(when={"/ch": "book"}, each="update.*", symbol=Text("@update"), bids=Levels("b"), asks=Levels("a")),
        TradeMessage(
            when={"/ch": "trades"},
            each="update.*",
            symbol=Text("@update"),
            price=Price("p"),
            size=Size("q"),
            aggressor=_SIDE,
        ),
    )
)
_BY_KEY = (
    {"ch": "book", "snapshot": {"A": {"b": [["1", "2"]], "a": []}, "B": {"b": [], "a": [["4", "1"]]}}},
    {"ch": "book", "update": {"B": {"b": [["3", "2"]], "a": []}, "C": {"b": [], "a": []}}},
    {"ch": "trades", "update": {"A": [{"p": "1", "q": "2", "side": "buy"}, {"p": "1", "q": "3", "side": "sell"}]}},
)

_MIXED = Format(
    messages=(
        SnapshotMessage(when={"reset": True}, symbol=Text("m"), bids=Levels("b"), asks=Levels("a"), restarts=True),
        DeltaMessage(has=("b",), symbol=Text("m"), bids=Levels("b"), asks=Levels("a")),
        TradeMessage(each="t", symbol=Text("/m"), price=Price("p"), size=Size("q"), aggressor=_SIDE),
    ),
    mixed=True,
)
_OF_SEVERAL = (
    {"m": "A", "reset": True, "b": [["1", "2"]], "a": [], "t": [{"p": "1", "q": "2", "side": "buy"}]},
    {"m": "A", "b": [["1", "1"]], "a": [], "t": []},
    {"m": "A", "b": [["1", "3"]], "a": [], "t": [{"p": "1", "q": "1", "side": "sell"}]},
    {"m": "A", "t": [{"p": "1", "q": "4", "side": "sell"}]},
    {"m": "A"},
)

_ARRAYS = Format(
    messages=(
        SnapshotMessage(
            each="", when={"0": "AE"}, symbol=Text("1"), asks=Levels("2.asks"), bids=Levels("3.bids"), restarts=True
        ),
        DeltaMessage(
            when={"0": "E"},
            symbol=Text("1"),
            rows=Levels("", single=True, price=3, size=4, side=Choice("2", values=(("BID", 1), ("ASK", -1)))),
        ),
    )
)
_OF_PLACES: tuple[object, ...] = (
    [["AE", "A", {"asks": [["3", "1"]]}, {"bids": [["1", "1"]]}]],
    ["E", "A", "ASK", "3", "0"],
    ["Q"],
    [],
)

_ALL = {
    "channels": (_NUMBERED, _ANSWERS, _OF_CHANNELS),
    "by key": (_KEYED, (), _BY_KEY),
    "mixed": (_MIXED, (), _OF_SEVERAL),
    "arrays": (_ARRAYS, (), _OF_PLACES),
}


def _read(of):
    """The events of each message, which all decoders agree on."""
    declared, before, messages = _ALL[of]
    feeds = decoders(WireFeed(format=declared))
    return [both(feeds, message) for message in (*before, *messages)], feeds


def test_the_number_of_a_channel_stands_for_its_answer():
    """Books and trades, whose messages look alike, get their kind and symbol from the answers to subscriptions."""
    (_, _, (snapshot,), (delta,), (trade,)), feeds = _read("channels")
    assert isinstance(snapshot, BookSnapshot)
    assert (list(snapshot.bids), list(snapshot.asks)) == ([(100, 1500)], [(300, 2000)])
    assert (snapshot.instrument, list(delta.asks)) == (0, [(300, 0)])
    assert (trade.instrument, trade.trade_id, trade.aggressor, trade.price_ticks) == (1, 7, -1, 200)
    assert both(feeds, [12, [5, 1, 1], 4]) == [], "a channel of which nothing is known"
    assert both(feeds, [10, "hb", 5]) == []
    answer = {**_ANSWERS[0], "symbol": "tB"}
    both(feeds, answer)
    assert both(feeds, [10, [[1, 1, 1]], 6])[0].instrument == 1, "the channel has another meaning now"
    assert {feed.statistics().by_kind["ignored"] for feed in feeds} == {5}


def test_a_refusal_of_a_numbered_message_names_the_field():
    """The path is that of the declaration, and the channel's answer is known to what words the error."""
    _, feeds = _read("channels")
    kind, text = both(feeds, [11, "te", [8, 1000, -0.5, "x"], 4])
    assert issubclass(kind, WireError | ValueError)
    assert "message.2.3" in text


def test_a_numbered_message_of_a_checksum():
    """A message that holds nothing but a checksum proves the book, or ends it."""
    _, feeds = _read("channels")
    (event,) = both(feeds, [10, "cs", 5, 4])
    assert isinstance(event, BookInvalid)
    assert event.cause == "checksum"


def test_items_by_their_keys():
    """Each value of an object is a message of the instrument that its key names, and so is each item of an array."""
    ((first, second), (delta,), trades), feeds = _read("by key")
    assert [type(one) for one in (first, second)] == [BookSnapshot, BookSnapshot]
    assert (first.instrument, second.instrument, delta.instrument) == (0, 1, 1)
    assert [(trade.instrument, trade.size_lots, trade.aggressor) for trade in trades] == [(0, 2000, 1), (0, 3000, -1)]
    # Of two equal keys the later counts, in the place of the first.
    twice = b'{"ch":"book","update":{"A":{"b":[],"a":[]},"B":{"b":[],"a":[]},"A":{"b":[["1","9"]],"a":[]}}}'
    assert [(one.instrument, list(one.bids)) for one in both(feeds, twice)] == [(0, [(100, 9000)]), (1, [])]
    assert {feed.statistics().by_cause["unknown-symbol"] for feed in feeds} == {1}


def test_a_message_of_several_kinds():
    """A book and its trades come out of one message; one that is of no kind is ignored."""
    (first, second, third, fourth, fifth), feeds = _read("mixed")
    assert [type(one) for one in first] == [BookSnapshot, Trade]
    assert [type(one) for one in second] == [BookDelta]
    assert [type(one) for one in third] == [BookDelta, Trade]
    assert [one.size_lots for one in fourth] == [4000]
    assert fifth == []
    assert {feed.statistics().by_kind["ignored"] for feed in feeds} == {1}
    # Written alike, with and without trades: no memory of how messages are written mixes them up.
    for message in _OF_SEVERAL[1:] * 3:
        both(feeds, message)


def test_an_array_is_a_message_where_its_items_are_none():
    """A batch and a message by places are both arrays: what isn't a batch of one kind may be a message of another."""
    ((snapshot,), (delta,), nothing, empty), feeds = _read("arrays")
    assert isinstance(snapshot, BookSnapshot)
    assert list(delta.asks) == [(300, 0)]
    assert nothing == empty == []
    assert {feed.statistics().by_kind["ignored"] for feed in feeds} == {1}


@pytest.mark.parametrize("of", _ALL)
def test_decoders_agree_on_odd_values(of):
    """With any value missing or replaced by an odd one, all decoders say the same, errors and counts included."""
    declared, before, messages = _ALL[of]
    feeds = decoders(WireFeed(format=declared))
    for message in (*before, *messages):
        both(feeds, message)
    for sample in (*before, *messages):
        for path in paths_of(sample):
            for value in [*ODD, ABSENT]:
                both(feeds, replaced(sample, path, value))
            both(feeds, sample)
    first, *others = [feed.statistics() for feed in feeds]
    assert all(other == first for other in others)


def test_a_channel_is_known_in_msgpack():
    """The same messages in msgpack give the same."""
    pytest.importorskip("mainspring_native")
    from mainspring_native.decoders import native_decoder

    from .conftest import PlainJson

    context = FeedContext(INSTRUMENTS, PlainJson(), decoder=native_decoder)
    packed = WireFeed(format=_NUMBERED)(msgspec.structs.replace(context, encoding="msgpack"))
    plain = WireFeed(format=_NUMBERED)(context)
    for message in (*_ANSWERS, *_OF_CHANNELS):
        told = [list(feed.on_message(raw, NOW)) for feed, raw in ((plain, orjson.dumps(message)),)]
        assert [list(packed.on_message(msgspec.msgpack.encode(message), NOW))] == told
