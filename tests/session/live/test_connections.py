"""What a live session says of its connections: on a virtual clock, and with a venue in a box that does it."""

import socket
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec
import pytest
import trio

from mainspring.host.config import load_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.host.slots import ConnectConfig
from mainspring.model import Instrument
from mainspring.session.control import ConnectionsQuestion, ControlFolder, Reply
from mainspring.session.lane_run import LaneRun
from mainspring.session.live.book_watch import BookWatch
from mainspring.session.live.feed_links import FeedLinks
from mainspring.session.live.meter import LagMeter, LinkMeter
from mainspring.session.live.opening import trusting
from mainspring.session.live.session import LiveSession
from mainspring.session.live.venue import CaptureVenue, Fault, serve
from mainspring.wire.dialling import subscriptions

_REGISTRY = Registry.load()
_S = 1_000_000_000
_MS = 1_000_000
_ENOUGH_S = 60.0
_BTC = Instrument(symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"))


class _Clock:
    """A clock that stands still until it is set."""

    def __init__(self):
        self.now_ns = 5 * _S

    def __call__(self):
        return self.now_ns

    def advance(self, seconds):
        self.now_ns += round(seconds * _S)


def test_a_connection_is_counted_on_its_clock():
    """Uptime without the time between connections, losses by cause, failures, messages and the last one's age."""
    clock = _Clock()
    meter = LinkMeter(clock)
    meter.begin()
    clock.advance(1)
    meter.fail()
    clock.advance(2)
    meter.connect()
    clock.advance(10)
    meter.read([(1, b"a"), (1, b"b")])
    clock.advance(5)
    assert meter.lose("mute: nothing came for 45 s, nor any answer to a ping") == 15
    clock.advance(2)
    meter.connect()
    clock.advance(1)
    assert meter.lose("no market data for 301 s, though pings are answered") == 1
    meter.connect()
    clock.advance(4)
    found = meter.report(["BTC/USDT"], "market data")
    assert (found.up, found.seconds, found.uptime_s, found.last_message_s) == (True, 25, 20, 12)
    assert (found.connected, found.failed, found.messages) == (3, 1, 2)
    assert found.lost == {"mute": 1, "no market data": 1}
    assert found.lag is None


def test_the_lag_is_apart_from_the_clocks():
    """A clock that is 7 s ahead isn't lag; what a message takes beyond the fastest is. Drift is forgotten."""
    lag = LagMeter()
    for late_ms in (20, 0, 50, 5):
        lag.add(100 * _S + 7 * _S + late_ms * _MS, 100 * _S)
    found = lag.report()
    assert found is not None
    assert (found.count, found.skew_ms, found.last_ms) == (4, 7_000, 5)
    assert found.max_ms == 50
    # Our clock gains a second: at first that can't be told from lag, after two periods it is skew.
    for period in range(3):
        at_ns = (100 + 700 * (period + 1)) * _S
        lag.add(at_ns + 8 * _S, at_ns)
    found = lag.report()
    assert found is not None
    assert (found.skew_ms, found.last_ms, found.max_ms) == (8_000, 0, 1_000)


def test_lags_are_kept_in_little_memory():
    """However many there are, and however much they differ: percentiles are to a tenth of a millisecond."""
    lag = LagMeter()
    lag.add(0, 0)
    for number in range(40_000):
        lag.add(number * _MS + number * 4_999 % (50 * _MS), number * _MS)
    assert len(lag._histogram._distinct) <= 502
    found = lag.report()
    assert found.p50_ms == pytest.approx(25, abs=0.1)
    assert found.p99_ms == pytest.approx(49.5, abs=0.1)
    assert 49.9 < found.max_ms < 50


def test_the_lag_is_sampled():
    """The first messages of a connection are all asked for their times, the others one in 20 ms."""
    clock = _Clock()
    asked: list[bytes] = []

    def venue_ns(raw):
        asked.append(raw)
        return _S - 3 * _MS

    meter = LinkMeter(clock, venue_ns)
    meter.begin()
    meter.connect()
    meter.read([(_S, b"%d" % n) for n in range(64)])
    assert len(asked) == 64
    for _ in range(10):
        clock.advance(0.01)
        meter.read([(_S, b"more"), (_S, b"more")])
    assert len(asked) == 69
    found = meter.report([], "market data").lag
    assert (found.count, found.skew_ms, found.max_ms) == (69, 3, 0)


@pytest.mark.parametrize("address", ["", "wss://localhost:1/stream"])
def test_what_a_venue_serves_apart_has_a_connection_of_its_own(address):
    """Binance's mark prices of futures. An address that is configured serves everything."""
    declared = _REGISTRY.get("feed", "binance-usdm").factory
    codec = _REGISTRY.best("codec", format="json").factory()
    links = FeedLinks(
        declared,
        [_BTC],
        codec,
        cast("Any", None),
        encoding="json",
        tls=trusting(),
        seed=1,
        options=ConnectConfig(address=address),
    ).links
    found = {}
    for link in links:
        message = b" ".join(subscriptions(link._connection.subscribe, link.instruments, codec.encode, _S))
        found[urlsplit(link._connection.address).path] = message
    assert [link.instruments for link in links] == [(_BTC,)] * len(links)
    if address:
        (everything,) = found.values()
        assert all(b"btcusdt@" + one in everything for one in (b"depth@0ms", b"bookTicker", b"trade", b"markPrice@1s"))
    else:
        assert set(found) == {"/public/stream", "/market/stream"}
        assert b"markPrice@1s" in found["/market/stream"]
        assert b"markPrice@1s" not in found["/public/stream"]
        assert b"depth@0ms" in found["/public/stream"]


def test_the_time_without_a_book():
    """From the start until the first book, and from each loss on."""
    clock = _Clock()
    market: Any = SimpleNamespace(book_valid=False, crossed=0)
    watch = BookWatch([("BTC/USDT", market)], clock)
    clock.advance(2)
    market.book_valid = True
    watch.look()
    clock.advance(10)
    market.book_valid = False
    watch.look()
    clock.advance(0.5)
    market.book_valid, market.crossed = True, 3
    watch.look()
    clock.advance(1)
    (found,) = watch.report()
    assert (found.valid, found.without_s, found.outages, found.crossed) == (True, 2.5, 1, 3)
    market.book_valid = False
    clock.advance(1)
    watch.look()
    clock.advance(1)
    (found,) = watch.report()
    assert (found.valid, found.without_s, found.outages, found.seconds) == (False, 3.5, 2, 15.5)


def _messages(count=400):
    """As many updates, of which the one numbered 300 crosses the book until the next, and a snapshot for them."""
    for number in range(2, count + 2):
        bids = {300: '["102.00","1.00000"]', 301: '["102.00","0.00000"]'}.get(number, '["98.00","2.00000"]')
        raw = f'{{"e":"depthUpdate","E":{number},"s":"BTCUSDT","U":{number},"u":{number},"b":[{bids}],"a":[]}}'
        yield number * _MS, raw.encode()
        if number == 5:
            rows = [",".join(f'["{99 - n}.00","1.00000"]' for n in range(40))]
            rows.append(",".join(f'["{101 + n}.00","1.00000"]' for n in range(40)))
            yield number * _MS, f'{{"lastUpdateId":3,"bids":[{rows[0]}],"asks":[{rows[1]}]}}'.encode()


def _perform(folder, enough, *faults, silence_s=20, notices=None, speed=0, **changed):
    """Runs a paper session against the box until enough has happened; returns what it and its control folder say.

    `changed` is what else is said of the connection than the box says; `notices` gets what a person is told.
    """
    declared = _REGISTRY.get("feed", "binance-spot").factory
    codec = _REGISTRY.best("codec", format="json").factory()
    venue = CaptureVenue(declared, [_BTC], codec, _messages(), speed=speed, faults=faults)
    control = ControlFolder(folder / "control")
    asked: list[str] = []
    replies: list[Reply] = []

    def run(served):
        options = {"silence_s": silence_s, "data_silence_s": 30, **msgspec.to_builtins(served), **changed}
        connect = ", ".join(f"{key}={value!r}" for key, value in options.items())
        overrides = [
            "mode=paper",
            'feed.plugin="binance-spot"',
            f"feed.connect={{{connect}}}",
            'instrument={"BTC/USDT"={venue_symbol="BTCUSDT", tick_size="0.01", lot_size="0.00001"}}',
        ]
        (lane,) = make_session(load_config(None, overrides), _REGISTRY).lanes
        live = LiveSession(lane, _REGISTRY, ([] if notices is None else notices).append)
        with LaneRun(lane, _REGISTRY, {}, live.open_source, control=control) as lane_run:

            def look():
                (feed,) = lane_run.connections().feeds
                if not enough(feed):
                    return
                if not asked:
                    asked.append(control.ask(ConnectionsQuestion()))
                elif found := control.take_replies(asked[0], 0):
                    replies.extend(found)
                    lane_run.stopped_early = "enough"

            live.run(lane_run, look, _ENOUGH_S)
            return lane_run.finish().live

    async def main():
        async with trio.open_nursery() as nursery:
            served = await nursery.start(lambda task_status: serve(venue, folder, task_status=task_status))
            found = await trio.to_thread.run_sync(run, served)
            nursery.cancel_scope.cancel()
        return found

    (feed,) = trio.run(main).feeds
    (reply,) = replies
    assert reply.done
    return feed, reply.live.feeds[0]


def test_a_session_counts_its_messages_and_a_crossed_book(tmp_path):
    """One connection, each message once, and the one update that crossed the book. The control folder says the same."""
    feed, replied = _perform(tmp_path, lambda feed: feed.connections[0].messages >= 400 and feed.books[0].valid)
    (link,) = feed.connections
    (book,) = feed.books
    assert (link.connected, link.lost, link.messages, feed.gaps) == (1, {}, 400, 0)
    assert (book.instrument, book.crossed, book.outages, book.valid) == ("BTC/USDT", 1, 0, True)
    assert 0 < book.without_s < book.seconds
    assert 0 < link.uptime_s <= link.seconds
    assert replied.connections[0].messages == 400
    assert replied.books[0].crossed == 1


@pytest.mark.parametrize(
    ("fault", "cause"), [("close", "the venue closed the connection"), ("mute", "mute")], ids=["dropped", "mute"]
)
def test_a_lost_connection_is_counted_by_its_cause(tmp_path, fault, cause):
    """It is made again, and both connections' messages count."""

    def again(feed):
        return feed.connections[0].connected == 2 and feed.connections[0].messages >= 500

    feed, _ = _perform(tmp_path, again, Fault(fault, 100), silence_s=1)
    (link,) = feed.connections
    assert (link.connected, link.lost, link.messages) == (2, {cause: 1}, 500)
    assert link.uptime_s < link.seconds


def test_a_gap_is_counted(tmp_path):
    """The venue leaves out one update: that is a gap, and no connection is lost."""

    def enough(feed):
        return feed.connections[0].messages >= 399

    # At half the pace of the recording, so that the snapshot is there before: without a book there is no gap.
    feed, _ = _perform(tmp_path, enough, Fault("drop", 350), speed=0.5)
    assert (feed.gaps, feed.connections[0].lost, feed.connections[0].messages) == (1, {}, 399)
    assert not feed.books[0].valid


def test_a_snapshot_that_is_not_fetched_is_told(tmp_path):
    """Once for a reason, though it is asked for again and again, each time counted."""
    notices: list[str] = []
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"https://localhost:{nobody.getsockname()[1]}"
        feed, _ = _perform(tmp_path, lambda feed: sum(feed.failed_requests.values()) > 1, notices=notices, rest=address)
    assert not feed.books[0].valid
    told = [notice for notice in notices if "snapshot" in notice]
    assert len(told) == 1
    assert told[0].startswith("binance-spot: the snapshot isn't fetched, and is asked for again: localhost:")
