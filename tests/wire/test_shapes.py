"""Messages of every shape that paths can declare: what they give, and that both decoders agree on all that is odd."""

import zlib

import orjson
import pytest

from mainspring.model import BookDelta, BookInvalid, BookSnapshot, Trade
from mainspring.wire import (
    ORDER_CHANGES,
    ORDER_DELETES,
    ORDER_EXECUTES,
    ORDER_PASSES,
    ORDER_REDUCES,
    Checksum,
    Choice,
    Contiguous,
    ControlMessage,
    DeltaMessage,
    Format,
    Integer,
    Levels,
    Micros,
    Millis,
    Nanos,
    Price,
    QuoteMessage,
    Range,
    Rfc3339,
    Rising,
    Seconds,
    Size,
    SnapshotMessage,
    Text,
    TradeMessage,
    WireFeed,
)

from .twins import ABSENT, NOW, ODD, both, decoders, paths_of, replaced

_SIDE = Choice("side", values=(("buy", 1), ("sell", -1)))


def _delta(rows=None, **fields):
    sides = {} if rows is None else {"rows": rows}
    return DeltaMessage(when={"k.t": "d"}, symbol=Text("k.s"), **sides, **fields)


def _snapshot(**fields):
    return SnapshotMessage(when={"k.t": "s"}, symbol=Text("k.s"), bids=Levels("b"), asks=Levels("a"), **fields)


def _trade(**fields):
    return TradeMessage(when={"k.t": "t"}, symbol=Text("k.s"), price=Price("p"), size=Size("q"), **fields)


def _of(kind, **body):
    return {"k": {"t": kind, "s": "A"}, **body}


_START = _of("s", b=[["1", "1", 1]], a=[["9", "1", 2]])

SHAPES = {
    "by place": (_delta(bids=Levels("b", price=1, size=2), asks=Levels("a")), _of("d", b=[["new", "1", "2"]], a=[])),
    "by key": (
        _delta(bids=Levels("x.b", price="p", size="q.0"), asks=Levels("x.a", optional=True)),
        _of("d", x={"b": [{"p": 1.5, "q": [2]}], "a": None}),
    ),
    "side in row": (
        _delta(Levels("c", price=1, size=2, side=Choice("0", values=(("buy", 1), ("sell", -1))))),
        _of("d", c=[["buy", "1", "2"], ["sell", "3", "0"]]),
    ),
    "side in message": (
        _delta(Levels("c", price="p", size="q", side=Choice("../side", values=(("buy", 1), ("sell", -1))))),
        _of("d", side="sell", c=[{"p": "1", "q": "2"}]),
    ),
    "sign as side": (
        _delta(Levels("c", price=0, size=2, signed=True, deletes=Choice("1", values=((0, 1),), otherwise=0))),
        _of("d", c=[[1, 2, 3], [4, 1, -5], [6, 0, -1], [7, 1, 0]]),
    ),
    "action words": (
        _delta(
            Levels("c", price="p", size="q", side=_SIDE, deletes=Choice("do", values=(("delete", 1),), otherwise=0))
        ),
        _of("d", c=[{"side": "buy", "do": "delete", "p": "1"}, {"side": "buy", "do": "new", "p": "2", "q": "1"}]),
    ),
    "one level a message": (
        _delta(Levels("", single=True, price="p", size="q", side=_SIDE)),
        _of("d", side="buy", p="1", q="2.5"),
    ),
    "both sides in a row": (
        _delta(bids=Levels("u", price="bp", size="bs"), asks=Levels("u", price="ap", size="as")),
        _of("d", u=[{"bp": 1, "bs": 2, "ap": 3, "as": 4}]),
    ),
    "by id": (
        _delta(
            Levels(
                "c", price="p", size="q", side=_SIDE, id="id", deletes=Choice("/do", values=(("x", 1),), otherwise=0)
            )
        ),
        _of("d", do="x", c=[{"id": 7, "side": "buy", "p": 2}, {"id": 7, "side": "buy"}]),
    ),
    "placeholder": (_delta(bids=Levels("b", placeholder=True), asks=Levels("a")), _of("d", b=[["0", "0"]], a=[])),
    "scaled": (
        _delta(bids=Levels("b", scale=(("A", 4), ("", 2)), size_scale=(("", 3),)), asks=Levels("a")),
        _of("d", b=[[12300, 4]], a=[["5", "6"]]),
    ),
    "items": (
        DeltaMessage(
            when={"/ch": "book*", "t": "d"},
            each="data",
            symbol=Text("/inst", after="-", until="."),
            sequence=Range("n", "n", text=True),
            bids=Levels("b"),
            asks=Levels("a"),
        ),
        {"ch": "books", "inst": "x-A.y", "data": [{"t": "d", "n": "5", "b": [["1", "1"]], "a": []}, {"t": "?"}]},
    ),
    "items of items": (
        DeltaMessage(
            when={"/ch": "book", "t": "d"},
            each="data.*.books",
            symbol=Text("s"),
            bids=Levels("b"),
            asks=Levels("a"),
        ),
        {
            "ch": "book",
            "data": [
                {"books": [{"t": "d", "s": "A", "b": [["1", "1"]], "a": []}, {"t": "?"}]},
                {"books": []},
                {"books": [{"t": "d", "s": "A", "b": [], "a": [["3", "1"]]}]},
            ],
        },
    ),
    "array": (
        DeltaMessage(
            when={"-2": "*book"},
            symbol=Text("-1"),
            bids=Levels("1.b", optional=True),
            asks=Levels("1.a", optional=True),
            depth=Text("2", until="-"),
        ),
        [3, {"b": [["1", "1"], ["2", "1"]], "a": []}, "1-book", "A"],
    ),
    "orders": (
        _delta(
            Levels("c", price="p", size="q", side=_SIDE, order="id", replaces="old", passes_unknown=True),
            sequence=Range("n", "n"),
        ),
        _of("d", n=1, side="buy", c=[{"id": "x", "old": 7, "side": "buy", "p": 2, "q": "1.5"}]),
    ),
    "changes of orders": (
        _delta(
            Levels(
                "c",
                price="p",
                size="q",
                order="id",
                trade_id="t",
                action=Choice(
                    "do",
                    values=(
                        ("set", ORDER_CHANGES),
                        ("cut", ORDER_REDUCES),
                        ("hit", ORDER_EXECUTES),
                        ("delete", ORDER_DELETES),
                        ("A", ORDER_PASSES),
                    ),
                ),
            )
        ),
        _of(
            "d",
            c=[
                {"id": 1, "do": "set", "p": None, "q": 2},
                {"id": 1, "do": "cut", "q": "0.5"},
                {"id": 1, "do": "hit", "p": "1.01", "q": "0.5", "t": "77"},
                {"id": 2, "do": "delete"},
                {"do": "A"},
            ],
        ),
    ),
    "signed orders": (
        _delta(Levels("c", price=1, size=2, signed=True, order=0)),
        _of("d", c=[[1, "2", -3], ["be3c69b7-1c5e-446f-b80d-8398aae065c5", 4.5, "1"]]),
    ),
    "checksum": (
        _delta(bids=Levels("b"), asks=Levels("a"), checksum=Checksum("c", levels=2)),
        _of("d", b=[["2.50", "1"]], a=[], c=str(zlib.crc32(b"2.50:1:9:1:1:1"))),
    ),
    "quote": (
        QuoteMessage(
            when={"k.t": "q"},
            symbol=Text("k.s"),
            event_time=Seconds("t"),
            bid_price=Price("b"),
            bid_size=Size("B"),
            ask_price=Price("a"),
            ask_size=Size("A"),
        ),
        _of("q", t=1.5, b="1E0", B=2, a=None, A=None),
    ),
    "millis": (_trade(event_time=Millis("t", text=True)), _of("t", t="1619093543708.2642", p="1", q="2")),
    "micros": (_trade(event_time=Micros("t")), _of("t", t=1619093543708264, p=1.25, q=2)),
    "nanos": (_trade(event_time=Nanos("t", text=True)), _of("t", t="1619378327739050725", p="1", q="2")),
    "iso": (
        _trade(event_time=Rfc3339("t"), trade_id=Integer("i", text=True)),
        _of("t", t="2021-04-17T16:43:37Z", i="7", p="1", q="2"),
    ),
    "signed trade": (_trade(signed=True), _of("t", p=1, q=-2)),
    "control": (
        ControlMessage(when={"k.t": "e"}, kind="error", inside="e", code=Integer("c"), text=Text("m", after=":")),
        _of("e", e={"c": 3, "m": "x:y"}),
    ),
}


def _feeds(message):
    """A feed of each decoder, for a format of that declaration and a snapshot's."""
    snapshot = _snapshot(restarts=True, checksum=getattr(message, "checksum", None) and Checksum("c", 2, optional=True))
    rows = getattr(message, "rows", None)
    if rows is not None and rows.order is not None:
        snapshot = SnapshotMessage(
            when={"k.t": "s"}, symbol=Text("k.s"), bids=Levels("b", order=2), asks=Levels("a", order=2), restarts=True
        )
    declared = WireFeed(format=Format(messages=(message, snapshot)))
    return decoders(declared)


def _last(shape):
    message, sample = SHAPES[shape]
    feeds = _feeds(message)
    both(feeds, _START)
    return both(feeds, sample)


@pytest.mark.parametrize(
    ("shape", "bids", "asks"),
    [
        ("by place", [(100, 2000)], []),
        ("by key", [(150, 2000)], []),
        ("side in row", [(100, 2000)], [(300, 0)]),
        ("side in message", [], [(100, 2000)]),
        ("sign as side", [(100, 3000), (700, 0)], [(400, 5000), (600, 0)]),
        ("action words", [(100, 0), (200, 1000)], []),
        ("one level a message", [(100, 2500)], []),
        ("both sides in a row", [(100, 2000)], [(300, 4000)]),
        ("by id", [(200, 0), (200, 0)], []),
        ("placeholder", [], []),
        ("scaled", [(123, 4)], []),
        ("items", [(100, 1000)], []),
        ("items of items", [(100, 1000)], []),
        ("array", [(100, 1000), (200, 1000), (100, 0)], []),
        ("checksum", [(250, 1000)], []),
    ],
)
def test_levels_of_every_shape(shape, bids, asks):
    """Each shape gives the levels that it stands for, on the sides that it says."""
    if shape == "scaled":
        # 12300 is 1.23 with four decimals; an offer of plain text isn't scaled.
        asks = [(500, 6000)]
    (delta, *_) = _last(shape)
    assert isinstance(delta, BookDelta)
    assert (list(delta.bids), list(delta.asks)) == (bids, asks)


@pytest.mark.parametrize(
    ("shape", "time_ns"),
    [
        ("quote", 1_500_000_000),
        ("millis", 1619093543708264200),
        ("micros", 1619093543708264000),
        ("nanos", 1619378327739050725),
        ("iso", 1618677817000000000),
    ],
)
def test_times_of_every_unit(shape, time_ns):
    """Seconds, milli-, micro- and nanoseconds, as numbers or text, with fractions or without, come out exact."""
    (event,) = _last(shape)
    assert event.event_time_ns == time_ns


def test_the_sign_of_a_trade_is_its_aggressor():
    """A negative size is a sale of its amount."""
    (trade,) = _last("signed trade")
    assert isinstance(trade, Trade)
    assert (trade.size_lots, trade.aggressor) == (2000, -1)


@pytest.mark.parametrize("shape", SHAPES)
def test_decoders_agree_on_odd_values(shape):
    """With any value of the message missing or replaced by an odd one, all decoders say the same, errors included."""
    message, sample = SHAPES[shape]
    for path in paths_of(sample):
        for value in [*ODD, ABSENT]:
            feeds = _feeds(message)
            both(feeds, _START)
            both(feeds, replaced(sample, path, value))
            both(feeds, sample)
            first, *others = [feed.statistics() for feed in feeds]
            assert all(other == first for other in others)


@pytest.mark.parametrize("shape", SHAPES)
def test_decoders_agree_on_cut_messages(shape):
    """A message cut short anywhere, or with a byte of it changed, is refused by all decoders or taken by all."""
    message, sample = SHAPES[shape]
    raw = orjson.dumps(sample)
    feeds = _feeds(message)
    for at in range(len(raw)):
        both(feeds, raw[:at])
        both(feeds, raw[:at] + b'"' + raw[at + 1 :])
        both(feeds, raw[:at] + b"\\" + raw[at + 1 :])
    both(feeds, raw.replace(b'"A"', b'"\\u0041"'))


_PROVED = WireFeed(
    format=Format(
        messages=(
            _delta(bids=Levels("b"), asks=Levels("a"), checksum=Checksum("c", 10, "asks-bids", "", "digits")),
            _snapshot(checksum=Checksum("c", 10, "asks-bids", "", "digits"), restarts=True),
        )
    )
)


def test_a_wrong_checksum_quarantines_and_the_next_snapshot_ends_it():
    """The delta that doesn't fit is withheld; deltas after it are withheld too, until a snapshot that is right."""
    feeds = decoders(_PROVED)
    right = zlib.crc32(b"900050" + b"100020")
    assert isinstance(both(feeds, _of("s", b=[["1.000", "0.020"]], a=[["9.000", "0.050"]], c=right))[0], BookSnapshot)
    after = zlib.crc32(b"900050" + b"200030" + b"100020")
    (delta,) = both(feeds, _of("d", b=[["2.000", "0.030"]], a=[], c=after - 2**32))
    assert isinstance(delta, BookDelta)
    assert both(feeds, _of("d", b=[["3.000", "0.030"]], a=[], c=after)) == [BookInvalid(0, NOW, "checksum")]
    assert both(feeds, _of("d", b=[["3.000", "0.030"]], a=[], c=after)) == []
    assert both(feeds, _of("s", b=[["1.000", "0.020"]], a=[["9.000", "0.050"]], c=1)) == [
        BookInvalid(0, NOW, "checksum")
    ]
    assert isinstance(both(feeds, _of("s", b=[["1.000", "0.020"]], a=[["9.000", "0.050"]], c=right))[0], BookSnapshot)
    statistics = feeds[0].statistics()
    assert (statistics.checksums, statistics.checksums_right, statistics.resyncs) == (5, 3, 1)
    assert statistics.by_cause == {"checksum": 2, "quarantined": 1}
    assert all(feed.statistics() == statistics for feed in feeds)


def test_an_unknown_id_is_a_gap():
    """A level without its price whose id never came with one was lost: the book is quarantined until a snapshot."""
    message, _ = SHAPES["by id"]
    feeds = _feeds(message)
    both(feeds, _START)
    assert both(feeds, _of("d", do="", c=[{"id": 1, "side": "buy", "q": 1}])) == [BookInvalid(0, NOW, "gap")]
    assert isinstance(both(feeds, _START)[0], BookSnapshot)
    assert [(feed.statistics().gaps, feed.statistics().resyncs) for feed in feeds] == [(1, 1)] * len(feeds)


def test_a_book_is_cut_to_the_depth_that_the_venue_keeps():
    """Levels beyond the depth go, with the message that pushed them out, and don't come back when others leave."""
    deep = _delta(bids=Levels("b"), asks=Levels("a"), depth=2)
    feeds = decoders(WireFeed(format=Format(messages=(deep, _snapshot(restarts=True)))))
    both(feeds, _of("s", b=[["1", "1"], ["2", "1"]], a=[["9", "1"]]))
    (delta,) = both(feeds, _of("d", b=[["3", "1"]], a=[["8", "1"], ["7", "1"]]))
    assert list(delta.bids) == [(300, 1000), (100, 0)]
    assert list(delta.asks) == [(800, 1000), (700, 1000), (900, 0)]


@pytest.mark.parametrize(
    ("rule", "ids", "taken"),
    [(Rising(), (6, 9, 9, 8, 12), (6, 9, 12)), (Contiguous(), (5, 6, 7, 7, 8), (6, 7, 8))],
    ids=["rising", "contiguous"],
)
def test_rules_of_numbering(rule, ids, taken):
    """Rising ids may have holes and contiguous ones may not; neither may repeat or go back."""
    delta = _delta(bids=Levels("b"), asks=Levels("a"), sequence=Range("n", "n"))
    feeds = decoders(
        WireFeed(format=Format(messages=(delta, _snapshot(last_id=Integer("n"), restarts=True)), sequencing=rule))
    )
    both(feeds, {**_START, "n": 5})
    events = [both(feeds, _of("d", b=[], a=[], n=number)) for number in ids]
    assert tuple(event.last_id for group in events for event in group) == taken


def test_what_isnt_declared_is_counted():
    """Kinds and items of no declaration are ignored, and symbols of other instruments are passed over, each counted."""
    message, sample = SHAPES["items"]
    feeds = _feeds(message)
    both(feeds, sample)
    both(feeds, {"ch": "trades"})
    both(feeds, {**sample, "inst": "x-C.y"})
    counts = feeds[0].statistics().by_cause
    assert (counts["ignored"], counts["unknown-symbol"]) == (3, 1)
    assert all(feed.statistics() == feeds[0].statistics() for feed in feeds)


@pytest.mark.parametrize(
    "build",
    [
        lambda: _delta(),
        lambda: _delta(Levels("c")),
        lambda: _delta(Levels("c", side=_SIDE), bids=Levels("b"), asks=Levels("a")),
        lambda: _delta(bids=Levels("b", signed=True), asks=Levels("a")),
        lambda: Format(messages=(_snapshot(),), unwrap="data"),
    ],
)
def test_declarations_that_contradict_themselves(build):
    """A declaration without levels, with rows that say no side, or with both ways of unwrapping is refused at once."""
    with pytest.raises(ValueError):  # noqa: PT011
        build()
