"""Numbers of all messages of a connection: what a loss, a repetition and another connection do, by both decoders."""

import json
from decimal import Decimal
from typing import Any

import pytest

from mainspring.errors import WireError
from mainspring.model import BookDelta, BookInvalid, BookSnapshot, Instrument, Trade
from mainspring.seams import FeedContext
from mainspring.testing import plain_codec
from mainspring.wire import (
    Cause,
    DeltaMessage,
    Format,
    Levels,
    MessageNumbers,
    Price,
    Size,
    SnapshotMessage,
    SocketSnapshot,
    Text,
    TradeMessage,
    WireFeed,
)

_SIDES: dict[str, Any] = {"symbol": Text("s"), "bids": Levels("b"), "asks": Levels("a")}
_MESSAGES = (
    SnapshotMessage(when={"e": "snapshot"}, restarts=True, **_SIDES),
    DeltaMessage(when={"e": "delta"}, **_SIDES),
    TradeMessage(when={"e": "trade"}, symbol=Text("s"), price=Price("p"), size=Size("q")),
)


def _declared(numbers: MessageNumbers) -> WireFeed:
    return WireFeed(
        format=Format(messages=_MESSAGES, numbers=numbers), resync=SocketSnapshot({"op": "snapshot {venue_symbol}"})
    )


class _Feeds:
    """Both decoders, which must say the same; `send` numbers messages of kinds."""

    def __init__(self, declared: WireFeed):
        decoders = [None, pytest.importorskip("mainspring_native.decoders").native_decoder]
        instruments = tuple(
            Instrument(symbol=name, venue_symbol=name, tick_size=Decimal(1), lot_size=Decimal(1)) for name in "AB"
        )
        codec = plain_codec("json")
        self.feeds = [declared(FeedContext(instruments, codec, "json", decoder)) for decoder in decoders]
        self.now = 0

    def send(self, kind: str, symbol: str = "A", **extra: Any) -> list[Any]:
        self.now += 1
        body = {"e": kind, "s": symbol, "p": "7", "q": "2", "b": [["6", "1"]], "a": [["8", "1"]], **extra}
        raw = json.dumps(body).encode()
        events, other = (list(feed.on_message(raw, self.now)) for feed in self.feeds)
        assert events == other
        assert self.feeds[0].statistics() == self.feeds[1].statistics()
        return events

    def statistics(self) -> Any:
        return self.feeds[0].statistics()

    def resyncs(self) -> list[Any]:
        first, second = (list(feed.take_resync_requests()) for feed in self.feeds)
        assert first == second
        return first


@pytest.fixture
def live():
    """Two live books; the next message is number 2."""
    feeds = _Feeds(_declared(MessageNumbers(key="n")))
    for number, symbol in enumerate("AB"):
        (snapshot,) = feeds.send("snapshot", symbol, n=number)
        assert isinstance(snapshot, BookSnapshot)
    return feeds


def test_a_lost_message_quarantines_every_book(live):
    """Whatever was lost, and at whatever message it shows: a trade here, which is taken."""
    (delta,) = live.send("delta", n=2)
    assert isinstance(delta, BookDelta)
    *invalid, trade = live.send("trade", "B", n=4)
    assert invalid == [BookInvalid(0, 4, Cause.GAP), BookInvalid(1, 4, Cause.GAP)]
    assert isinstance(trade, Trade)
    assert live.statistics().by_cause == {Cause.GAP: 1}
    assert live.statistics().gaps == 2
    assert [one.target for one in live.resyncs()] == ['{"op":"snapshot A"}', '{"op":"snapshot B"}']
    assert live.send("delta", n=5) == []
    (snapshot,) = live.send("snapshot", n=6)
    assert isinstance(snapshot, BookSnapshot)
    assert len(live.send("delta", n=7)) == 1
    assert live.send("delta", "B", n=8) == []
    assert live.statistics().resyncs == 1


def test_a_loss_before_any_book_is_counted(live):
    """Where no book is live there is nothing to quarantine, and the loss is a gap all the same."""
    feeds = _Feeds(_declared(MessageNumbers(key="n")))
    feeds.send("trade", n=5)
    assert feeds.statistics().gaps == 0
    assert [type(event) for event in feeds.send("trade", n=7)] == [Trade]
    assert (feeds.statistics().gaps, feeds.statistics().by_cause) == (1, {Cause.GAP: 1})


def test_what_came_already_is_not_applied(live):
    """A message that comes twice, and one that comes late: a trade would count twice, a level would be of the past."""
    live.send("trade", n=2)
    assert live.send("trade", n=2) == []
    assert live.send("snapshot", n=1) == []
    assert live.statistics().by_cause == {Cause.DUPLICATE: 1, Cause.OUT_OF_ORDER: 1}
    assert live.statistics().by_kind == {"snapshot": 3, "trade": 2}
    assert len(live.send("delta", n=3)) == 1


def test_another_connection_quarantines_every_book(live):
    """Where the numbers start again another connection has begun, and nobody knows what was missed between."""
    live.send("trade", n=2)
    events = live.send("snapshot", n=0)
    assert [type(event) for event in events] == [BookInvalid, BookInvalid, BookSnapshot]
    assert {event.cause for event in events[:2]} == {Cause.CONNECTION}
    assert (live.statistics().gaps, live.statistics().by_cause) == (0, {Cause.CONNECTION: 1})
    assert len(live.send("delta", n=1)) == 1
    assert live.send("delta", "B", n=2) == []


def test_another_connection_whose_beginning_was_lost(live):
    """Eight messages in a row behind the last one are no late ones."""
    for number in range(2, 40):
        live.send("trade", n=number)
    for number in (9, 10, 11, 30, *range(3, 10)):
        assert live.send("trade", n=number) == []
    assert [type(event) for event in live.send("trade", n=10)] == [BookInvalid, BookInvalid, Trade]
    assert live.statistics().by_cause == {Cause.OUT_OF_ORDER: 11, Cause.CONNECTION: 1}
    assert len(live.send("trade", n=11)) == 1


def test_channels_are_numbered_apart():
    """Each has its own numbers, as text here; another connection starts them all."""
    feeds = _Feeds(_declared(MessageNumbers(key="/n", channel="ch", text=True, first=1)))
    feeds.send("snapshot", ch="book", n="1")
    for number in (1, 2, 3):
        feeds.send("trade", ch="trades", n=str(number))
    assert len(feeds.send("delta", ch="book", n="2")) == 1
    assert [type(event) for event in feeds.send("trade", ch="trades", n="5")] == [BookInvalid, Trade]
    assert [type(event) for event in feeds.send("snapshot", ch="book", n="1")] == [BookSnapshot]
    assert feeds.send("trade", ch="trades", n="2") != []
    assert feeds.statistics().by_cause == {Cause.GAP: 1, Cause.CONNECTION: 1}


def test_messages_without_a_number_are_passed_over(live):
    """An answer to a request has none. One that isn't a number is refused, and a refused message counts as lost."""
    assert len(live.send("delta")) == 1
    assert len(live.send("delta", n=2)) == 1
    for wrong in ("3", -3, 2.5, None):
        for feed in live.feeds:
            with pytest.raises(WireError, match="'/n' must be an integer"):
                feed.on_message(json.dumps({"e": "trade", "s": "A", "p": "7", "q": "2", "n": wrong}).encode(), 9)
    with pytest.raises(WireError):
        live.send("trade", n=3, p="seven")
    assert [type(event) for event in live.send("trade", n=4)] == [BookInvalid, BookInvalid, Trade]


def test_such_a_feed_proves_its_books_by_sequence():
    """`plugins list` says so."""
    assert _declared(MessageNumbers(key="n")).proves == ("sequence",)
