"""Order-by-order messages in the documented forms of venues: the books, queues and prints that both decoders make."""

import json
import zlib
from decimal import Decimal
from typing import Any

import pytest

from mainspring.errors import MainspringError, WireError
from mainspring.host.drafting import draft_feed
from mainspring.model import (
    NO_ID,
    BookDelta,
    BookInvalid,
    BookOrders,
    BookSnapshot,
    Instrument,
    QueuePlace,
    Side,
    Trade,
)
from mainspring.seams import FeedContext
from mainspring.testing.declared import declared_messages
from mainspring.wire import (
    ORDER_CHANGES,
    ORDER_DELETES,
    ORDER_EXECUTES,
    ORDER_PASSES,
    ORDER_REDUCES,
    ORDER_SETS,
    Base,
    Checksum,
    Choice,
    Contiguous,
    DeltaMessage,
    Format,
    Integer,
    Joined,
    Levels,
    Nanos,
    Range,
    Rfc3339,
    SnapshotMessage,
    Text,
    Unsequenced,
    WireFeed,
)
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.books.order_dict import OrderDictBook

_NOW = 1_700_000_000_000_000_000
_SIDE = Choice("side", values=(("buy", 1), ("sell", -1)))


class Venue:
    """A feed of each decoder with its books, which are handed every message and must agree."""

    def __init__(self, codec, messages, *names, sequencing=None, instruments=None):
        declared = WireFeed(format=Format(messages=messages, sequencing=sequencing or Unsequenced()))
        instruments = instruments or tuple(
            Instrument(symbol=name, venue_symbol=name, tick_size=Decimal("0.01"), lot_size=Decimal("0.0001"))
            for name in names
        )
        self.feeds = [declared(FeedContext(instruments, codec))]
        self.books: list[list[Any]] = [[OrderDictBook(one) for one in instruments]]
        try:
            from mainspring_native.books import order_list
            from mainspring_native.decoders import native_decoder
        except ImportError:
            return
        self.feeds.append(declared(FeedContext(instruments, codec, decoder=native_decoder)))
        self.books.append([order_list(one) for one in instruments])

    def send(self, message):
        """The events of a message, which are those of all decoders."""
        raw = json.dumps(message).encode()
        first, *others = [list(feed.on_message(raw, _NOW)) for feed in self.feeds]
        assert all(other == first for other in others), (message, first, others)
        for books in self.books:
            for event in first:
                if isinstance(event, BookDelta):
                    books[event.instrument].apply_delta(event.bids, event.asks)
                elif isinstance(event, BookSnapshot):
                    books[event.instrument].apply_snapshot(event.bids, event.asks)
                elif isinstance(event, BookOrders):
                    books[event.instrument].apply_orders(event.orders)
                elif isinstance(event, BookInvalid):
                    books[event.instrument].clear()
        assert all(feed.statistics() == self.feeds[0].statistics() for feed in self.feeds)
        return first

    def refuses(self, message):
        """Whether all decoders refuse a message, in the same words."""
        raw, said = json.dumps(message).encode(), []
        for feed in self.feeds:
            with pytest.raises(WireError) as caught:
                feed.on_message(raw, _NOW)
            said.append(str(caught.value))
        assert len(set(said)) == 1
        return said[0]

    def place(self, order_id, index=0):
        """The place of an order, the same in all books."""
        places = {books[index].queue_place(order_id) for books in self.books}
        assert len(places) == 1
        return places.pop()

    def depth(self, side, index=0):
        """The levels of a side, the same in all books."""
        first, *others = [books[index].depth(side, 99) for books in self.books]
        assert all(other == first for other in others)
        return first

    def queue(self, side, price, index=0):
        """The orders at a price, the same in all books."""
        first, *others = [books[index].orders_at(side, price) for books in self.books]
        assert all(other == first for other in others)
        return first


def _row(action, places):
    return Levels("", single=True, action=action, **places)


def _coinbase(action, kind, **places):
    return DeltaMessage(
        when={"type": kind},
        symbol=Text("product_id"),
        event_time=Rfc3339("time"),
        sequence=Range("sequence", "sequence"),
        rows=_row(action, {"price": "price", "size": "size", "order": "order_id"} | places),
    )


COINBASE_FULL = (
    _coinbase(ORDER_PASSES, "received"),
    _coinbase(ORDER_SETS, "open", size="remaining_size", side=_SIDE),
    _coinbase(ORDER_DELETES, "done", passes_unknown=True),
    _coinbase(ORDER_EXECUTES, "match", order="maker_order_id", trade_id="trade_id"),
    _coinbase(ORDER_CHANGES, "change", size="new_size", passes_unknown=True),
    SnapshotMessage(
        has=("request", "data.bids"),
        symbol=Text("request", after="/products/", until="/"),
        last_id=Integer("data.sequence"),
        bids=Levels("data.bids", order=2),
        asks=Levels("data.asks", order=2),
    ),
)


def _coinbase_said(kind, sequence, **fields):
    return {"type": kind, "product_id": "X", "time": "2014-11-07T08:19:27.028459Z", "sequence": sequence, **fields}


_COINBASE_BOOK: dict[str, Any] = {
    "request": "/products/X/book?level=3",
    "data": {
        "sequence": 3,
        "bids": [["295.96", "4.39", "da863862"], ["295.96", "1", "b1"], ["295.95", "2", "b2"]],
        "asks": [["295.97", "25.23", "a1"]],
    },
}


def test_coinbase_full(codec):
    """Received, open, match, done and change: each takes a number, and resting orders make the book and the prints."""
    venue = Venue(codec, COINBASE_FULL, "X", sequencing=Contiguous())
    assert venue.send(_coinbase_said("received", 3, order_id="n", size="1", price="295.96", side="buy")) == []
    assert [type(one) for one in venue.send(_COINBASE_BOOK)] == [BookSnapshot, BookOrders]
    assert venue.depth(Side.BUY) == [(29596, 53900), (29595, 20000)]
    assert venue.place("b1") == QueuePlace(29596, 10000, 1, 43900)

    (nothing,) = venue.send(_coinbase_said("received", 4, order_id="n", size="2", price="295.96", side="buy"))
    assert (list(nothing.bids), list(nothing.asks), nothing.last_id) == ([], [], 4)
    venue.send(_coinbase_said("open", 5, order_id="n", remaining_size="2.00", price="295.96", side="buy"))
    assert venue.place("n") == QueuePlace(29596, 20000, 2, 53900)

    hit = {"maker_order_id": "da863862", "taker_order_id": "t", "size": "0.39", "price": "295.96", "side": "buy"}
    trade, delta, orders = venue.send(_coinbase_said("match", 6, trade_id=10, **hit))
    assert trade == Trade(0, _NOW, trade.event_time_ns, 10, 29596, 3900, -1)
    assert (list(delta.bids), list(orders.orders)) == ([(29596, 70000)], [("da863862", 1, 29596, 40000)])
    assert venue.place("n") == QueuePlace(29596, 20000, 2, 50000)
    # An order that was never on the book is done too; a market order is changed without a price.
    assert len(venue.send(_coinbase_said("done", 7, order_id="t", reason="filled", side="sell"))) == 1
    assert len(venue.send(_coinbase_said("change", 8, order_id="m", new_size="1", price=None, side="buy"))) == 1
    venue.send(_coinbase_said("change", 9, order_id="b1", new_size="0.5", old_size="1", price="295.96", side="buy"))
    assert venue.queue(Side.BUY, 29596) == [("da863862", 40000), ("b1", 5000), ("n", 20000)]
    venue.send(_coinbase_said("done", 10, order_id="da863862", reason="canceled", side="buy", price="295.96"))
    assert venue.place("n") == QueuePlace(29596, 20000, 1, 5000)
    assert "order_id" in venue.refuses(_coinbase_said("open", 11))


def test_a_lost_message_shows_in_the_numbers_and_in_an_order_that_is_missing(codec):
    """A gap quarantines; so does an execution of an order that isn't there, or of more than it has."""
    match = {"trade_id": 1, "price": "295.96", "side": "buy"}
    for sequence, fields in (
        (5, {"maker_order_id": "b1", "size": "0.1"}),
        (4, {"maker_order_id": "zz", "size": "0.1"}),
        (4, {"maker_order_id": "b1", "size": "1.0001"}),
    ):
        venue = Venue(codec, COINBASE_FULL, "X", sequencing=Contiguous())
        venue.send(_COINBASE_BOOK)
        assert venue.send(_coinbase_said("match", sequence, **match, **fields)) == [BookInvalid(0, _NOW, "gap")]
        assert venue.place("b1") is None
        later = {**_COINBASE_BOOK, "data": {**_COINBASE_BOOK["data"], "sequence": 5}}
        assert [type(one) for one in venue.send(later)] == [BookSnapshot, BookOrders]
        statistics = venue.feeds[0].statistics()
        assert (statistics.gaps, statistics.resyncs) == (1, 1)


def test_what_was_kept_is_applied_without_its_prints(codec):
    """Messages from before the snapshot are applied behind it, but an execution of then is no news."""
    venue = Venue(codec, COINBASE_FULL, "X", sequencing=Contiguous())
    hit = {"maker_order_id": "b1", "size": "0.5", "price": "295.96", "trade_id": 1}
    assert venue.send(_coinbase_said("match", 4, **hit)) == []
    assert [type(one) for one in venue.send(_COINBASE_BOOK)] == [BookSnapshot, BookOrders, BookDelta, BookOrders]
    assert venue.place("b1") == QueuePlace(29596, 5000, 1, 43900)


_BITSTAMP: dict[str, Any] = {"order": "id", "price": "price_str", "size": "amount_str"}
BITSTAMP_LIVE_ORDERS = (
    *(
        DeltaMessage(
            when={"event": f"order_{word}"},
            symbol=Text("channel", after="live_orders_"),
            rows=Levels("data", single=True, **_BITSTAMP, **fields),
        )
        for word, fields in (
            ("created", {"side": Choice("order_type", values=((0, 1), (1, -1)))}),
            ("changed", {"action": ORDER_CHANGES, "passes_unknown": True}),
            ("deleted", {"action": ORDER_DELETES, "passes_unknown": True}),
        )
    ),
    SnapshotMessage(
        has=("request", "data.bids"),
        symbol=Text("request", after="/order_book/", until="/"),
        bids=Levels("data.bids", order=2),
        asks=Levels("data.asks", order=2),
    ),
)


def test_bitstamp_live_orders(codec):
    """Created, changed and deleted orders with integer ids, over a snapshot of orders (`group=2`) in arrays."""
    venue = Venue(codec, BITSTAMP_LIVE_ORDERS, "btcusd")
    book = {"bids": [["100.00", "1.5", 1458]], "asks": [["101.00", "2", 1459], ["101.00", "1", 1460]]}
    venue.send({"request": "/api/v2/order_book/btcusd/?group=2", "data": book})

    def say(word, **fields):
        data = {"order_type": 1, "price": 101, "amount": 3, **fields}
        return venue.send({"event": f"order_{word}", "channel": "live_orders_btcusd", "data": data})

    say("created", id=1461, price_str="101.00", amount_str="3")
    assert venue.queue(Side.SELL, 10100) == [(1459, 20000), (1460, 10000), (1461, 30000)]
    say("changed", id=1459, price_str="101.00", amount_str="1")
    say("changed", id=1460, price_str="101.00", amount_str="4")
    assert venue.queue(Side.SELL, 10100) == [(1459, 10000), (1461, 30000), (1460, 40000)]
    # An order that was filled at once is deleted too, and was never here.
    say("deleted", id=77, price_str="101.00", amount_str="0")
    say("deleted", id=1459, price_str="101.00", amount_str="0")
    assert venue.depth(Side.SELL) == [(10100, 70000)]


_BITFINEX: dict[str, Any] = {
    "order": 0,
    "price": 1,
    "size": 2,
    "signed": True,
}
BITFINEX_R0 = (
    SnapshotMessage(has=("1.0.0",), rows=Levels("1", **_BITFINEX), restarts=True),
    DeltaMessage(
        has=("1.2",),
        rows=Levels(
            "1",
            single=True,
            action=Choice("1", values=((0, ORDER_DELETES),), otherwise=ORDER_SETS),
            passes_unknown=True,
            **_BITFINEX,
        ),
    ),
)


def test_bitfinex_raw_books(codec):
    """Rows of id, price and amount: its sign is the side, and the price 0 deletes the order."""
    venue = Venue(codec, BITFINEX_R0, "tBTCUSD")
    venue.send([17082, [[1001, 100, 1], [1002, 100, 2], [1003, 101, -3]]])
    assert venue.depth(Side.BUY) == [(10000, 30000)]
    assert venue.depth(Side.SELL) == [(10100, 30000)]
    venue.send([17082, [1001, 100, 1.5]])
    assert venue.queue(Side.BUY, 10000) == [(1002, 20000), (1001, 15000)]
    venue.send([17082, [1003, 101.5, -1]])
    assert venue.depth(Side.SELL) == [(10150, 10000)]
    venue.send([17082, [1002, 0, 1]])
    venue.send([17082, [9999, 0, -1]])
    assert venue.depth(Side.BUY) == [(10000, 15000)]


def _kraken_orders(key: str, **fields: Any) -> Levels:
    places: dict[str, Any] = {"order": "order_id", "price": "limit_price", "size": "order_qty", "passes_unknown": True}
    return Levels(key, optional=True, **places, **fields)


_KRAKEN_ACTION = Choice("event", values=(("add", ORDER_SETS), ("modify", ORDER_SETS), ("delete", ORDER_DELETES)))
_KRAKEN: dict[str, Any] = {
    "each": "data",
    "symbol": Text("symbol"),
    "checksum": Checksum("checksum", levels=10, layout="asks-bids", separator="", text="digits", orders=True),
    "depth": 2,
}
KRAKEN_LEVEL3 = (
    SnapshotMessage(
        when={"/channel": "level3", "/type": "snapshot"},
        bids=_kraken_orders("bids"),
        asks=_kraken_orders("asks"),
        restarts=True,
        **_KRAKEN,
    ),
    DeltaMessage(
        when={"/channel": "level3", "/type": "update"},
        bids=_kraken_orders("bids", action=_KRAKEN_ACTION),
        asks=_kraken_orders("asks", action=_KRAKEN_ACTION),
        **_KRAKEN,
    ),
)


def _kraken_said(word, bids, asks, text):
    item = {"symbol": "X", "bids": bids, "asks": asks, "checksum": zlib.crc32(text.encode())}
    return {"channel": "level3", "type": word, "data": [item]}


def _kraken_order(order_id, price, size, event=None):
    said = {} if event is None else {"event": event}
    return {**said, "order_id": order_id, "limit_price": price, "order_qty": size, "timestamp": "2023-10-06T18:20:56Z"}


def test_kraken_level3(codec):
    """Orders in the rows of both sides, cut to the levels that were asked for, and a checksum over every order."""
    venue = Venue(codec, KRAKEN_LEVEL3, "X")
    bids = [_kraken_order("OA-1", 5.62, 1.5), _kraken_order("OA-2", 5.62, 2.0), _kraken_order("OA-3", 5.61, 1.0)]
    asks = [_kraken_order("OB-1", 5.64, 3.0)]
    text = "56430000" + "56215000" + "56220000" + "56110000"
    venue.send(_kraken_said("snapshot", bids, asks, text))
    assert venue.place("OA-2") == QueuePlace(562, 20000, 1, 15000)
    # The second of two equal levels proves its queue: the other order wouldn't have this sum.
    changed = [_kraken_order("OA-1", 5.62, 1.5, "delete"), _kraken_order("OA-4", 5.62, 1.0, "add")]
    venue.send(_kraken_said("update", changed, [], "56430000" + "56220000" + "56210000" + "56110000"))
    # A new best level pushes the worst out, with its orders.
    better = [_kraken_order("OA-5", 5.63, 0.5, "add"), _kraken_order("OA-6", 5.6, 9.0, "add")]
    delta, orders = venue.send(_kraken_said("update", better, None, "56430000" + "5635000" + "56220000" + "56210000"))
    assert list(delta.bids) == [(563, 5000), (560, 90000), (561, 0), (560, 0)]
    assert list(orders.orders) == [("OA-5", 1, 563, 5000)]
    assert venue.place("OA-3") is venue.place("OA-6") is None
    wrong = _kraken_said("update", [_kraken_order("OA-4", 5.62, 1.0, "delete")], [], "x")
    assert venue.send(wrong) == [BookInvalid(0, _NOW, "checksum")]
    statistics = venue.feeds[0].statistics()
    assert (statistics.checksums, statistics.checksums_right) == (4, 3)


def _itch(kind, action, **places):
    return DeltaMessage(
        when={"t": kind},
        symbol=Text("stock"),
        event_time=Nanos("ns"),
        sequence=Range("n", "n"),
        rows=_row(action, {"price": "price", "size": "shares", "order": "ref"} | places),
    )


ITCH = (
    _itch("A", ORDER_SETS, side=Choice("side", values=(("B", 1), ("S", -1)))),
    _itch("E", ORDER_EXECUTES, trade_id="match"),
    # An execution at another price than the order's, printable or not.
    _itch("C", Choice("printable", (("Y", ORDER_EXECUTES), ("N", ORDER_REDUCES))), trade_id="match"),
    _itch("X", ORDER_REDUCES),
    _itch("D", ORDER_DELETES),
    _itch("U", ORDER_SETS, order="new", replaces="ref"),
    SnapshotMessage(
        when={"t": "start"},
        symbol=Text("stock"),
        bids=Levels("b", order=2),
        asks=Levels("a", order=2),
        last_id=Integer("n"),
    ),
)


def test_itch_like_messages(codec):
    """Add, execute, cancel in part, delete and replace: sizes are taken off, and a replacement has a new id."""
    venue = Venue(codec, ITCH, "Z", sequencing=Contiguous())
    venue.send({"t": "start", "stock": "Z", "n": 0, "b": [], "a": []})
    numbers = iter(range(1, 99))

    def say(kind, **fields):
        return venue.send({"t": kind, "stock": "Z", "ns": 5, "n": next(numbers), **fields})

    for ref, side, price in ((1, "B", "10.00"), (2, "B", "10.00"), (3, "B", "9.99"), (4, "S", "10.02")):
        say("A", ref=ref, side=side, price=price, shares=100)
    trade, delta, _ = say("E", ref=1, shares=30, match="900")
    assert (trade.trade_id, trade.price_ticks, trade.size_lots, trade.aggressor) == (900, 1000, 300000, -1)
    assert list(delta.bids) == [(1000, 1700000)]
    say("X", ref=1, shares=20)
    assert venue.place(2) == QueuePlace(1000, 1000000, 1, 500000)
    trade, delta, _ = say("C", ref=4, shares=10, price="10.01", match="901", printable="Y")
    assert (trade.price_ticks, trade.aggressor, list(delta.asks)) == (1001, 1, [(1002, 900000)])
    assert len(say("C", ref=4, shares=10, price="10.01", match="902", printable="N")) == 2
    # A print may be finer than orders are.
    trade, *_ = say("C", ref=4, shares=0.5, price="10.0125", match="903", printable="Y")
    assert (trade.price_ticks, trade.fraction_nanoticks, trade.size_lots) == (1001, 250_000_000, 5000)
    # A replacement keeps the side, takes a new price, and stands behind those that wait there.
    _, orders = say("U", ref=1, new=11, shares=70, price="9.99")
    assert list(orders.orders) == [(1, 1, 1000, 0), (11, 1, 999, 700000)]
    assert venue.queue(Side.BUY, 999) == [(3, 1000000), (11, 700000)]
    say("D", ref=2)
    assert venue.depth(Side.BUY) == [(999, 1700000)]
    assert say("D", ref=2) == [BookInvalid(0, _NOW, "gap")]


_PER_CURRENCY = Levels(
    "Data",
    single=True,
    order="OrderGuid",
    price="Price.{quote}",
    size="Volume",
    side=Choice("OrderType", values=(("LimitBid", 1), ("LimitOffer", -1))),
)
SHARED_BASE = (
    DeltaMessage(
        when={"Event": "New"}, symbol=Base("Channel", after="book-"), sequence=Range("n", "n"), rows=_PER_CURRENCY
    ),
    DeltaMessage(
        when={"Event": "Gone"},
        symbol=Base("Channel", after="book-"),
        sequence=Range("n", "n"),
        rows=Levels("Data", single=True, order="OrderGuid", action=ORDER_DELETES, passes_unknown=True),
    ),
    SnapshotMessage(
        has=("request", "data.Buy"),
        symbol=Joined(("data.Base", "data.Quote"), lower=True),
        bids=Levels("data.Buy", order="Guid", price="Price", size="Volume"),
        asks=Levels("data.Sell", order="Guid", price="Price", size="Volume"),
        unnumbered=True,
    ),
)
_GUID = "be3c69b7-1c5e-446f-b80d-8398aae065c5"


def test_one_message_for_several_instruments(codec):
    """A message with a price in each currency changes each book that shares its base, and counts once."""
    venue = Venue(codec, SHARED_BASE, "eth-aud", "eth-usd", "dot-aud", sequencing=Contiguous())
    new = {"OrderType": "LimitBid", "OrderGuid": _GUID, "Price": {"aud": 12.5, "usd": 9.5}, "Volume": 2}
    assert venue.send({"Event": "New", "Channel": "book-eth", "n": 7, "Data": new}) == []
    assert venue.send({"Event": "New", "Channel": "book-xyz", "n": 7, "Data": new}) == []
    for quote in ("Aud", "Usd"):
        buy = [{"Guid": "g", "Price": 9.4, "Volume": 1}]
        book = {"Base": "Eth", "Quote": quote, "Buy": buy, "Sell": []}
        events = venue.send({"request": "/orders", "data": book})
        # What was kept continues an unnumbered snapshot, whatever its number is.
        assert [type(one) for one in events] == [BookSnapshot, BookOrders, BookDelta, BookOrders]
    assert venue.depth(Side.BUY, 0) == [(1250, 20000), (940, 10000)]
    assert venue.depth(Side.BUY, 1) == [(950, 20000), (940, 10000)]
    events = venue.send({"Event": "Gone", "Channel": "book-eth", "n": 8, "Data": {"OrderGuid": _GUID}})
    assert [event.instrument for event in events] == [0, 0, 1, 1]
    assert venue.place(_GUID, 0) is venue.place(_GUID, 1) is None
    lost = venue.send({"Event": "Gone", "Channel": "book-eth", "n": 10, "Data": {"OrderGuid": "g"}})
    assert lost == [BookInvalid(0, _NOW, "gap"), BookInvalid(1, _NOW, "gap")]
    assert venue.feeds[0].statistics().by_kind == {"delta": 4, "snapshot": 2}


def test_grids_of_a_shared_base(codec):
    """An instrument's grid comes of its own currency's prices, and a base alone names no instrument if others do."""
    declared = WireFeed(format=Format(messages=SHARED_BASE, sequencing=Contiguous()))
    new = {"OrderType": "LimitBid", "OrderGuid": _GUID, "Price": {"aud": 12.5, "usd": 9.125}, "Volume": 0.25}
    book = {"Base": "Eth", "Quote": "Aud", "Buy": [{"Guid": "g", "Price": 9, "Volume": 1}], "Sell": []}
    messages = [
        (number, json.dumps(message).encode())
        for number, message in enumerate(
            [
                {"Event": "New", "Channel": "book-eth", "n": 7, "Data": new},
                {"request": "/orders", "data": book},
            ]
        )
    ]
    (found,) = declared.find_instruments(messages, codec)
    assert (found.venue_symbol, found.tick_size, found.lot_size) == ("eth-aud", Decimal("0.1"), Decimal("0.01"))
    both = declared.find_instruments(messages[:1], codec)
    assert [(one.venue_symbol, one.tick_size) for one in both] == [
        ("eth-aud", Decimal("0.1")),
        ("eth-usd", Decimal("0.001")),
    ]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Levels("b", action=ORDER_DELETES), "of orders"),
        (lambda: Levels("b", order=2, id=3), "neither the id of a level"),
        (lambda: Checksum("c", levels=10, orders=True), "not of what was sent"),
        (lambda: SnapshotMessage(bids=Levels("b", order=2), asks=Levels("a")), "levels or orders"),
        (lambda: SnapshotMessage(rows=Levels("b", order=2)), "either a side"),
        (lambda: SnapshotMessage(rows=Levels("b", order=2, signed=True, action=ORDER_CHANGES)), "no action"),
        (lambda: SnapshotMessage(bids=Levels("b", order=2), asks=Levels("a", order=2), cut=True), "isn't cut"),
        (lambda: SnapshotMessage(bids=Levels("b"), asks=Levels("a"), unnumbered=True, restarts=True), "unnumbered"),
        (lambda: Format(messages=(ITCH[0], SnapshotMessage(bids=Levels("b"), asks=Levels("a")))), "not of both"),
        (
            lambda: Format(messages=(ITCH[1], SHARED_BASE[2]), sequencing=Contiguous()),
            "how things stand, not what is taken off",
        ),
    ],
)
def test_declarations_that_mean_nothing_are_refused(make, says):
    """What goes together only by mistake is refused where it is declared."""
    with pytest.raises(ValueError, match=says):
        make()


def test_what_proves_books_of_orders():
    """A change of an order that must be there proves; one that may be of an order that never was doesn't."""

    def proves(*messages):
        return WireFeed(format=Format(messages=messages)).proves

    assert proves(ITCH[1], ITCH[-1]) == ("orders",)
    assert proves(ITCH[0], ITCH[-1]) == proves(*BITSTAMP_LIVE_ORDERS) == ()
    assert proves(*KRAKEN_LEVEL3) == ("checksum",)
    assert WireFeed(format=Format(messages=COINBASE_FULL, sequencing=Contiguous())).proves == ("sequence", "orders")


@pytest.mark.parametrize(
    ("messages", "sequencing"),
    [
        (COINBASE_FULL, Contiguous()),
        (BITSTAMP_LIVE_ORDERS, Unsequenced()),
        (BITFINEX_R0, Unsequenced()),
        (KRAKEN_LEVEL3, Unsequenced()),
        (ITCH, Contiguous()),
        (SHARED_BASE, Contiguous()),
    ],
)
def test_a_draft_claims_nothing_of_orders(codec, messages, sequencing):
    """Messages of each form are read by their declaration; a draft made of them proves no book, if there is one."""
    instrument = Instrument(symbol="A-B", venue_symbol="a-b", tick_size=Decimal("0.01"), lot_size=Decimal("0.0001"))
    declared = WireFeed(format=Format(messages=messages, sequencing=sequencing))
    made = declared_messages(declared, instrument, 300, encoding="json")
    feed = declared(FeedContext((instrument,), codec))
    assert all(feed.on_message(raw, receive_time_ns) for receive_time_ns, raw in made)
    assert (feed.statistics().gaps, dict(feed.statistics().by_cause)) == (0, {})
    try:
        draft = draft_feed(made, codec, BisectListBook)
    except MainspringError:
        return
    assert not any("without a gap" in proof or "are right" in proof for proof in draft.proofs)


def test_ids_that_are_none_are_refused(codec):
    """An id is text or a whole number of 64 bits; anything else is refused by the same words."""
    venue = Venue(codec, ITCH, "Z", sequencing=Contiguous())
    venue.send({"t": "start", "stock": "Z", "n": 0, "b": [], "a": []})
    refs: tuple[Any, ...] = ("", -1, 1.0, None, True, [], 2**63)
    for ref in refs:
        said = venue.refuses({"t": "D", "stock": "Z", "ns": 5, "n": 1, "ref": ref})
        assert "must be the id of an order" in said
    assert "is missing" in venue.refuses({"t": "D", "stock": "Z", "ns": 5, "n": 1})
    assert venue.feeds[0].statistics().messages == 1


def test_sizes_beyond_64_bits_are_cut(codec):
    """Orders whose sum is beyond 64 bits make a level of the largest size there is."""
    most = 2**63 - 1
    instrument = Instrument(symbol="Z", venue_symbol="Z", tick_size=Decimal(1), lot_size=Decimal(1))
    venue = Venue(codec, ITCH, sequencing=Contiguous(), instruments=(instrument,))
    venue.send({"t": "start", "stock": "Z", "n": NO_ID + 1, "b": [["1", str(most), 1], ["1", str(most), 2]], "a": []})
    assert venue.depth(Side.BUY) == [(1, most)]
    assert venue.place(2) == QueuePlace(1, most, 1, most)
