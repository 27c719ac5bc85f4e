"""Messages made from a declaration: every shape of the language is made so that feeds read all of it."""

from decimal import Decimal

import orjson
import pytest

from mainspring.model import Instrument
from mainspring.seams import FeedContext
from mainspring.testing.declared import declared_messages
from mainspring.wire import (
    ORDER_CHANGES,
    ORDER_DELETES,
    ORDER_PASSES,
    ORDER_REDUCES,
    ORDER_SETS,
    Chained,
    Checksum,
    Choice,
    Contiguous,
    ControlMessage,
    DeltaMessage,
    Flag,
    Format,
    Integer,
    Levels,
    Message,
    Micros,
    Millis,
    Nanos,
    Price,
    QuoteMessage,
    Range,
    Rfc3339,
    Seconds,
    Size,
    SnapshotMessage,
    Text,
    TradeMessage,
    WireFeed,
)
from mainspring_perf.candidates import candidates
from mainspring_perf.feed import benchmarks, unmeasured
from mainspring_plugins.codecs.orjson import OrjsonCodec

_INSTRUMENT = Instrument(symbol="AB", venue_symbol="AB", tick_size=Decimal("0.01"), lot_size=Decimal("0.001"))
_SYMBOL = Text("/k.s")
_SIDE = Choice("side", values=(("buy", 1), ("sell", -1)))
_DELETED = Choice("/k.t", values=(("gone", 1),), otherwise=0)


def _book(delta, *, snapshot=None, kinds=("d",), sequencing=None, **of_both):
    """A snapshot, and deltas of each kind."""
    of_snapshot = {"bids": Levels("b"), "asks": Levels("a"), "restarts": True, **(snapshot or {})}
    messages: tuple[Message, ...] = (
        *(DeltaMessage(when={"/k.t": kind}, symbol=_SYMBOL, **delta, **of_both) for kind in kinds),
        SnapshotMessage(when={"/k.t": "s"}, symbol=_SYMBOL, **of_snapshot, **of_both),
    )
    return Format(messages=messages, **({} if sequencing is None else {"sequencing": sequencing}))


def _sides(**fields):
    return {"bids": Levels("b", **fields), "asks": Levels("a", **fields)}


def _quote(**fields):
    quote = {"symbol": Text("s"), "bid_price": Price("bp"), "bid_size": Size("bs"), "ask_price": Price("ap")}
    return Format(messages=(QuoteMessage(**{**quote, "ask_size": Size("as"), **fields}),))


def _trade(**fields):
    trade = {"symbol": Text("/s"), "price": Price("p"), "size": Size("q")}
    return Format(messages=(TradeMessage(**{**trade, **fields}),))


def _orders(*actions, key="", of_both=None):
    """A snapshot of orders, and deltas of each action."""
    rows = [Levels(key, single=True, **{"price": "p", "size": "q", "order": "id", **more}) for more in actions]
    messages: tuple[Message, ...] = (
        *(
            DeltaMessage(when={"/k.t": f"d{at}"}, symbol=_SYMBOL, rows=row, **(of_both or {}))
            for at, row in enumerate(rows)
        ),
        SnapshotMessage(
            when={"/k.t": "s"},
            symbol=_SYMBOL,
            bids=Levels("b", order=2),
            asks=Levels("a", order=2),
            restarts=True,
            **(of_both or {}),
        ),
    )
    return Format(messages=messages)


_NUMBERED = {"last_id": Integer("n", text=True)}

SHAPES = {
    "negative places": _quote(
        when={"-2": "t"}, symbol=Text("-1"), bid_price=Price("1.0"), bid_size=Size("1.1"), ask_price=Price("1.2")
    ),
    "a pattern and a symbol": _quote(when={"ch": "*.bbo"}, symbol=Text("ch", after="m.", until=".")),
    "a pattern that ends with the mark": _quote(when={"ch": "bbo:*"}, symbol=Text("ch", after=":")),
    "a pattern inside": _quote(when={"ch": "*@bbo*"}, symbol=Text("ch", until="@")),
    "items of the root": _trade(each="", symbol=Text("s"), has=("x.y",), when={"e": True}),
    "signed trades in arrays": _trade(
        each="d.list", when={"/t": 7}, price=Price("0", scale=(("A", 4),)), size=Size("1", number=True), signed=True
    ),
    "items of items": _trade(each="d.*.list", when={"/t": 7, "/d.0.u": "x"}, price=Price("0"), size=Size("1")),
    "rows by sign": _book({"rows": Levels("r", price="p", size="q", signed=True, number=True)}, each="d"),
    "rows by side": _book({"rows": Levels("r", price=1, size=2, side=Choice("0", values=((1, 1), (2, -1))))}),
    "rows of one side": _book({"rows": Levels("r", side=Choice("../side", values=(("b", 1), ("s", -1))))}, each="d"),
    "one row": _book({"rows": Levels("", single=True, price="p", size="q", side=_SIDE)}, each="d"),
    "both sides in a row": _book(
        {"bids": Levels("r", price="bp", size="bs"), "asks": Levels("r", price="ap", size="as")}
    ),
    "deleted by a count": _book(_sides(price=1, size=2, deletes=Choice("0", values=((0, 1),), otherwise=0))),
    "ids, deleted by the kind": _book(
        {"rows": Levels("r", price="p", size="q", id="id", side=_SIDE, deletes=_DELETED)},
        snapshot={"bids": None, "asks": None, "rows": Levels("r", price="p", size="q", id="id", side=_SIDE)},
        kinds=("new", "change", "gone"),
    ),
    "scaled": _book(_sides(scale=(("X", 1), ("", 3)), size_scale=(("", 0),)), snapshot=_sides(scale=(("", 2),))),
    "checksums as sent": _book(_sides(), checksum=Checksum("c", levels=25)),
    "checksums of digits": _book(
        _sides(number=True),
        checksum=Checksum("c", levels=10, layout="asks-bids", separator="", text="digits"),
        depth=Text("/k.d", after="book-"),
        each="d",
    ),
    "the shortest checksums": _book(
        _sides(), checksum=Checksum("c", levels=5, text="shortest", negative_asks=True), depth=Integer("depth")
    ),
    "orders": _orders(
        {"side": _SIDE},
        {"action": ORDER_CHANGES},
        {"side": _SIDE, "replaces": "old"},
        {"action": ORDER_REDUCES},
        {"side": _SIDE},
        {"action": ORDER_DELETES},
        {"action": ORDER_PASSES},
    ),
    "orders by sign": _orders({"signed": True, "number": True, "price": 1, "size": 2, "order": 0}, key="r"),
    "orders that say what they do, with checksums": _orders(
        {"side": _SIDE, "action": Choice("do", values=(("new", ORDER_SETS), ("gone", ORDER_DELETES)))},
        of_both={"checksum": Checksum("c", 10, "asks-bids", "", "digits", orders=True)},
    ),
    "contiguous": _book(
        {**_sides(), "sequence": Range("f", "l", text=True)}, snapshot=_NUMBERED, sequencing=Contiguous()
    ),
    "chained": _book(
        {**_sides(), "sequence": Range("l", "l", "x.p")}, snapshot=_NUMBERED, sequencing=Chained(), depth=20
    ),
    "a whole book by a flag": Format(
        messages=(DeltaMessage(when={"k.t": 1}, symbol=Text("s"), **_sides(), reset=Flag("r")),)
    ),
    "whole books each time": Format(
        messages=(
            SnapshotMessage(
                when={"k.t": 1}, symbol=Text("s"), last_id=Integer("t"), event_time=Millis("t"), **_sides()
            ),
            ControlMessage(has=("error",), kind="error"),
        )
    ),
    **{
        type(time).__name__ + ("" if at < 5 else " as text"): _trade(symbol=Text("k.s"), event_time=time)
        for at, time in enumerate(
            (
                Seconds("t.t"),
                Millis("t"),
                Micros("t"),
                Nanos("t"),
                Rfc3339("t"),
                Millis("t", text=True),
                Nanos("t", text=True),
            )
        )
    },
}


@pytest.mark.parametrize("decoder", ["python", "native"])
@pytest.mark.parametrize("shape", SHAPES)
def test_messages_of_every_shape_are_read(shape, decoder):
    """Each message counts as one of a declared kind; nothing is withheld, no gap shows, and every checksum is right."""
    declared = WireFeed(format=SHAPES[shape])
    messages = declared_messages(declared, _INSTRUMENT, 120, encoding="json")
    run_by = None
    if decoder == "native":
        run_by = pytest.importorskip("mainspring_native.decoders").native_decoder
    feed = declared(FeedContext((_INSTRUMENT,), OrjsonCodec(), decoder=run_by))
    events = [len(feed.on_message(raw, receive_time_ns)) for receive_time_ns, raw in messages]
    statistics = feed.statistics()
    if "orders" in shape:
        # Levels, and orders if any changed.
        assert set(events) <= {1, 2}
    else:
        assert events == [1] * len(messages)
    assert (statistics.messages, dict(statistics.by_cause), statistics.gaps) == (len(messages), {}, 0)
    assert statistics.checksums == statistics.checksums_right
    assert (statistics.checksums > 0) == ("checksums" in shape)


def test_texts_that_contradict_themselves_are_refused():
    """A pattern that no text with the symbol fits is an error that names it, and not a message of another kind."""
    declared = WireFeed(format=_quote(when={"ch": "a*"}, symbol=Text("ch", after="b", until="c")))
    assert orjson.loads(declared_messages(declared, _INSTRUMENT, 1, encoding="json")[0][1])["ch"] == "abABc"
    declared = WireFeed(format=_quote(when={"ch": "abx*"}, symbol=Text("ch", after="b", until="c")))
    with pytest.raises(ValueError, match=r"no text fits 'abx\*'"):
        declared_messages(declared, _INSTRUMENT, 1, encoding="json")


def test_every_declared_feed_is_measured():
    """Each declared feed has its benchmarks, so that only those of other plugins may be named as unmeasured."""
    measured = {one.offer.name for one in benchmarks(tiny=True)}
    assert {offer.name for offer in candidates("feed") if isinstance(offer.factory, WireFeed)} <= measured
    assert not unmeasured().keys() & measured
