"""Coinbase Advanced Trade in its documented messages: books in events, trades in arrays of events, in both decoders."""

import itertools
import json
from typing import Any

import pytest

from mainspring.model import BookDelta, BookInvalid, BookSnapshot, Control, Trade
from mainspring.seams import FeedContext
from mainspring_plugins.feeds.coinbase_advanced import COINBASE_ADVANCED

_INSTRUMENTS = tuple(
    instrument for name in ("BTC/USD", "ETH/USD") if (instrument := COINBASE_ADVANCED.describe(name)) is not None
)
_TIME = "2023-02-09T20:32:50.714964855Z"
_NUMBER = 10**8
_SENT = itertools.count()


def _said(channel: str, *events: dict[str, Any]) -> dict[str, Any]:
    return {"channel": channel, "client_id": "", "timestamp": _TIME, "sequence_num": next(_SENT), "events": events}


def _update(side: str, price: str, quantity: str) -> dict[str, str]:
    return {"side": side, "event_time": "1970-01-01T00:00:00Z", "price_level": price, "new_quantity": quantity}


def _trade(trade_id: str, price: str, product: str = "ETH-USD") -> dict[str, str]:
    return {
        "trade_id": trade_id,
        "product_id": product,
        "price": price,
        "size": "0.3",
        "side": "SELL",
        "time": "2019-08-14T20:42:27.265Z",
    }


@pytest.fixture(params=["python", "native"])
def feed(request: pytest.FixtureRequest, json_codec: Any) -> Any:
    decoder = None
    if request.param == "native":
        decoder = pytest.importorskip("mainspring_native.decoders").native_decoder
    return COINBASE_ADVANCED(FeedContext(_INSTRUMENTS, json_codec, decoder=decoder))


def _events(feed: Any, message: dict[str, Any]) -> list[Any]:
    return list(feed.on_message(json.dumps(message).encode(), 7))


def test_books_start_with_their_snapshots(feed: Any) -> None:
    """Each event is a book of its own; a quantity of 0 removes the level."""
    book = [_update("bid", "21921.73", "0.06317902"), _update("offer", "21921.74", "1")]
    start = {"type": "snapshot", "product_id": "BTC-USD", "updates": book}
    (snapshot,) = _events(feed, _said("l2_data", start))
    assert isinstance(snapshot, BookSnapshot)
    assert (snapshot.bids, snapshot.asks) == ([(21921_73 * 10**6, 6317902)], [(21921_74 * 10**6, _NUMBER)])
    changes = [_update("bid", "21921.73", "0"), _update("offer", "21921.3", "0.02")]
    others = {"type": "update", "product_id": "ETH-USD", "updates": changes}
    mine = {"type": "update", "product_id": "BTC-USD", "updates": changes}
    (delta,) = _events(feed, _said("l2_data", others, mine))
    assert isinstance(delta, BookDelta)
    assert (delta.instrument, delta.bids, delta.asks[0][1]) == (0, [(21921_73 * 10**6, 0)], 2_000_000)
    assert feed.statistics().by_cause == {"pre-snapshot": 1}


def test_every_trade_of_every_event_is_read(feed: Any) -> None:
    """Those of a snapshot are from before the subscription, and are ignored."""
    first = {"type": "update", "trades": [_trade("1", "1260.01"), _trade("2", "1260.02", "BTC-USD")]}
    events = _events(feed, _said("market_trades", first, {"type": "update", "trades": [_trade("3", "1260.03")]}))
    assert [type(event) for event in events] == [Trade] * 3
    assert [(event.instrument, event.trade_id) for event in events] == [(1, 1), (0, 2), (1, 3)]
    assert {event.aggressor for event in events} == {0}
    assert events[0].price_ticks == 1260_01 * 10**6
    assert _events(feed, _said("market_trades", {"type": "snapshot", "trades": [_trade("0", "1260")]})) == []
    assert feed.statistics().by_kind == {"trade": 3, "ignored": 1}


def test_what_the_connection_says_is_counted(feed: Any) -> None:
    """Subscriptions and errors are controls; heartbeats say nothing of a market."""
    (control,) = _events(feed, _said("subscriptions", {"subscriptions": {"level2": ["BTC-USD"]}}))
    assert control == Control(7, "subscription", "", "")
    (error,) = _events(feed, {"type": "error", "message": "authentication failure"})
    assert error == Control(7, "error", "", "authentication failure")
    beat = {"current_time": "2023-06-23 20:31:56.12 +0000 UTC m=+91717.52", "heartbeat_counter": 3049}
    assert _events(feed, _said("heartbeats", beat)) == []
    assert feed.statistics().by_kind == {"control": 2, "ignored": 1}


def test_a_lost_message_quarantines_every_book(feed: Any) -> None:
    """All messages of a connection share one counter, so a lost heartbeat is one reason to distrust all books."""
    for product in ("BTC-USD", "ETH-USD"):
        start = {"type": "snapshot", "product_id": product, "updates": [_update("bid", "2.5", "1")]}
        assert [type(event) for event in _events(feed, _said("l2_data", start))] == [BookSnapshot]
    next(_SENT)
    events = _events(feed, _said("market_trades", {"type": "update", "trades": [_trade("1", "1260.01")]}))
    assert [type(event) for event in events] == [BookInvalid, BookInvalid, Trade]
    assert feed.statistics().by_cause == {"gap": 1}
    (snapshot,) = _events(feed, _said("l2_data", start))
    assert isinstance(snapshot, BookSnapshot)
    assert feed.statistics().resyncs == 1
