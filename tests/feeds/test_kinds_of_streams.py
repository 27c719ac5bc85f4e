"""What a message is isn't in its body alone: streams that look like others, answers, numbers that start again."""

import pytest

from mainspring.model import BookDelta, BookInvalid, BookSnapshot, Control, Trade
from mainspring.seams import FeedContext
from mainspring_plugins.feeds.binance_coinm import BINANCE_COINM
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT
from mainspring_plugins.feeds.binance_usdm import BINANCE_USDM

_NOW = 1_760_000_000_000_000_000


@pytest.fixture(params=["python", "native"])
def opened(request, json_codec):
    """Opens a feed of one instrument by one of the decoders, and reads texts with it: their events, in order."""

    def open_(declared, symbol):
        decoder = None
        if request.param == "native":
            decoder = pytest.importorskip("mainspring_native.decoders").native_decoder
        feed = declared(FeedContext((declared.describe("", symbol),), json_codec, decoder=decoder))

        def read(*texts):
            return [event for at, text in enumerate(texts) for event in feed.on_message(text.encode(), _NOW + at)]

        return feed, read

    return open_


def _in(stream, body):
    return f'{{"stream":"{stream}","data":{body}}}'


def _update(first, last, previous, bids, symbol="LTCUSDT"):
    sides = f'"b":[["{bids}","1"]],"a":[["70","2"]]'
    return f'{{"e":"depthUpdate","E":5,"s":"{symbol}","U":{first},"u":{last},"T":5,"pu":{previous},{sides}}}'


def _tops(events):
    return [(type(one), one.bids[0][0] // 10**8) for one in events if isinstance(one, BookDelta | BookSnapshot)]


def test_views_are_whole_books_until_updates_come(opened):
    """A partial depth stream says that it is an update. It replaces the book, also where it begins without one."""
    feed, read = opened(BINANCE_USDM, "LTCUSDT")
    stream = "ltcusdt@depth10@500ms"
    events = read(*(_in(stream, _update(n, n + 3, n - 1, 60 - n)) for n in (10, 14, 13, 18)))
    assert _tops(events) == [(BookSnapshot, 50), (BookSnapshot, 46), (BookSnapshot, 42)]
    assert dict(feed.statistics().by_cause) == {"stale": 1}
    whole = '{"lastUpdateId":40,"E":5,"T":5,"bids":[["61","1"]],"asks":[["70","1"]]}'
    later = read(
        _in("ltcusdt@depth@100ms", _update(38, 41, 37, 62)),
        _in(stream, _update(42, 42, 41, 63)),
        whole,
        _in(stream, _update(43, 43, 42, 64)),
        _in("ltcusdt@depth@100ms", _update(42, 45, 41, 65)),
    )
    # The first update ends the views: they aren't a book that it could continue.
    assert isinstance(later[0], BookInvalid)
    assert _tops(later) == [(BookSnapshot, 61), (BookDelta, 62), (BookDelta, 65)]
    assert dict(feed.statistics().by_cause) == {"stale": 1, "pre-snapshot": 1, "view": 2}


def test_views_on_spot_name_their_instrument_by_the_stream(opened):
    """Spot's partial depth names nothing but its last id, and never passes for an answer of the whole book."""
    feed, read = opened(BINANCE_SPOT, "LTCUSDT")
    view = '{"lastUpdateId":%s,"bids":[["%s","1"]],"asks":[["70","1"]]}'
    streams = [_in("ltcusdt@depth20@100ms", view % (number, 60 + number)) for number in (3, 4, 9)]
    update = _update(5, 6, 0, 52).replace('"pu":0,', "")
    events = read(*streams[:2], update, view % (5, 51), streams[2], _in("ethusdt@depth20", view % (11, 1)))
    assert _tops(events) == [(BookSnapshot, 63), (BookSnapshot, 64), (BookSnapshot, 51), (BookDelta, 52)]
    assert dict(feed.statistics().by_cause) == {"pre-snapshot": 1, "view": 1, "unknown-symbol": 1}


def test_a_raw_stream_cannot_tell_a_view(opened):
    """Without an envelope the message is what it says that it is."""
    _, read = opened(BINANCE_USDM, "LTCUSDT")
    whole = '{"lastUpdateId":9,"E":5,"T":5,"bids":[["61","1"]],"asks":[["70","1"]]}'
    assert _tops(read(whole, _update(10, 10, 9, 62))) == [(BookSnapshot, 61), (BookDelta, 62)]


@pytest.mark.parametrize(
    ("declared", "symbol", "more"),
    [(BINANCE_SPOT, "LTCUSDT", ""), (BINANCE_COINM, "LTCUSD_PERP", '"E":5,"symbol":"LTCUSD_PERP",')],
)
def test_the_websocket_api_answers_with_a_snapshot(opened, declared, symbol, more):
    """An answer under "result" is the snapshot; one of something else stays an answer."""
    feed, read = opened(declared, symbol)
    answer = (
        '{"id":"q7","status":200,"result":{"lastUpdateId":7,%s"bids":[["6","1"]],"asks":[["7","1"]]},"rateLimits":[]}'
    )
    events = read('{"id":1,"result":null}', '{"id":2,"status":200,"result":{"serverTime":5}}', answer % more)
    assert [type(one) for one in events] == [Control, Control, BookSnapshot]
    assert (events[-1].last_id, events[-1].bids) == (7, [(6 * 10**8, 10**8 if declared is BINANCE_SPOT else 1)])
    assert feed.statistics().by_kind == {"control": 2, "snapshot": 1}


def test_a_broken_answer_is_refused(opened):
    """What is wrong in it is named as in any snapshot."""
    from mainspring.errors import WireError

    _, read = opened(BINANCE_SPOT, "LTCUSDT")
    with pytest.raises(WireError, match="'bids' must be an array"):
        read('{"id":1,"result":{"lastUpdateId":7,"bids":{},"asks":[]}}')


def _trade(number, time, kind="trade", key="t"):
    return f'{{"e":"{kind}","E":5,"s":"LTCUSDT","{key}":{number},"p":"6","q":"1","T":{time},"m":true}}'


def _ids(events):
    return [one.trade_id for one in events if isinstance(one, Trade)]


def test_trade_ids_that_begin_anew_are_taken_up(opened):
    """Eight trades in a row behind the last one, not older than it, are a new numbering; what came again is not."""
    feed, read = opened(BINANCE_SPOT, "LTCUSDT")
    assert _ids(read(*(_trade(900 + n, 50 + n) for n in range(20)))) == list(range(900, 920))
    # Sent again after a reconnection: times from before.
    assert _ids(read(*(_trade(900 + n, 50 + n) for n in range(20)))) == []
    assert _ids(read(*(_trade(1 + n, 69 + n) for n in range(12)))) == [8, 9, 10, 11, 12]
    # A run that something interrupts counts from there.
    assert _ids(read(*(_trade(n, 90) for n in (1, 2, 3, 4, 2, 3, 4, 5, 6, 7, 8, 9, 10)))) == [9, 10]
    assert dict(feed.statistics().by_cause) == {"duplicate": 1, "out-of-order": 19 + 7 + 11}


def test_aggregated_trades_are_trades_and_count_once(opened):
    """They are trades where the single ones don't come, and repetitions where these do."""
    feed, read = opened(BINANCE_USDM, "LTCUSDT")
    assert _ids(read(_trade(7, 5, "aggTrade", "l"), _trade(9, 5, "aggTrade", "l"))) == [7, 9]
    assert _ids(read(_trade(10, 6), _trade(11, 6), _trade(11, 6, "aggTrade", "l"), _trade(12, 6))) == [10, 11, 12]
    assert dict(feed.statistics().by_cause) == {"duplicate": 1}


def test_tickers_and_other_named_messages_are_ignored(opened):
    """A 24 hour ticker has the keys of a best bid and offer, and a name of its own: it is counted, and no quote."""
    feed, read = opened(BINANCE_SPOT, "LTCUSDT")
    ticker = '{"e":"24hrTicker","E":5,"s":"LTCUSDT","b":"60","B":"1","a":"70","A":"1","p":"1","u":"x"}'
    assert read(_in("ltcusdt@ticker", ticker), ticker) == []
    assert dict(feed.statistics().by_cause) == {"ignored": 2}


def test_a_chain_that_goes_back_is_refused(opened):
    """An update that names the last one and ends before it isn't applied, and no more is what follows it."""
    feed, read = opened(BINANCE_USDM, "LTCUSDT")
    whole = '{"lastUpdateId":9,"E":5,"T":5,"bids":[["61","1"]],"asks":[["70","1"]]}'
    events = read(whole, _update(8, 30, 7, 62), _update(11, 12, 30, 63), _update(13, 14, 12, 64))
    assert _tops(events) == [(BookSnapshot, 61), (BookDelta, 62)]
    assert dict(feed.statistics().by_cause) == {"out-of-order": 2}


def test_a_symbol_that_reads_in_two_ways_keeps_its_name():
    """Cutting it by guess would name a pair and a currency that aren't meant."""
    names = {name: BINANCE_SPOT.listing.symbol_of(name) for name in ("LTCTUSD", "LTCUSDT", "LTCUSD", "XYZ")}
    assert names == {"LTCTUSD": "LTCTUSD", "LTCUSDT": "LTC/USDT", "LTCUSD": "LTC/USD", "XYZ": "XYZ"}


def test_times_in_microseconds_are_read(opened):
    """With `timeUnit=MICROSECOND` all times have sixteen digits."""
    _, read = opened(BINANCE_SPOT, "LTCUSDT")
    (trade,) = read(_trade(1, 1_760_000_000_123_456))
    assert trade.event_time_ns == 1_760_000_000_123_456_000
