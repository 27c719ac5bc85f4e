"""Lanes as processes: the same results however instruments are shared out, and failures that are named."""

import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from mainspring.errors import CaptureError, ConfigError, LaneError
from mainspring.host.config import parse_config
from mainspring.host.session_planning import make_session
from mainspring.orders import read_order_log
from mainspring.report import warnings, without_timing
from mainspring.session import run_session
from mainspring.session.lanes import Finished, Progressed, Ready
from mainspring_plugins.codecs.msgpack import MsgpackCodec

CAPTURES = Path(__file__).resolve().parents[2].parent / "shared/data/binance"
PER_ORDER = ("strategy", "slippage", "risk", "route", "venue")
NAMES = ("spot/btcusdt_20240808.gz", "usdm/btcusdt_20240808.gz", "cm/btcusd_perp_20240808.gz")

TRADING = """
[router]
plugin = "paper"
latency_us = 250
latency_jitter = "lognormal"
latency_jitter_us = 300
[strategy.maker]
plugin = "quote-maker"
size = 0.01
[strategy.trend]
plugin = "momentum"
size = 0.01
[risk]
max_order_size = 0.5
max_order_notional = 50_000
max_position = 1.0
collar_bps = 50
max_book_age_ms = 2_000
"""

GENERATED = """
hardware.pin = "off"
[feeds.a]
plugin = "simulated"
seed = 11
seconds = 25
instruments = ["BTC/USDT"]
[feeds.b]
plugin = "simulated"
seed = 12
seconds = 25
instruments = ["ETH/USDT", "BTC/USDT"]
[feeds.c]
plugin = "simulated"
seed = 13
seconds = 25
instruments = ["SOL/USDT"]
"""

RECORDED = f"""
hardware.pin = "off"
[feeds.spot]
capture = "{CAPTURES / NAMES[0]}"
[feeds.usdm]
capture = "{CAPTURES / NAMES[1]}"
[feeds.coinm]
capture = "{CAPTURES / NAMES[2]}"
risk.max_order_size = 10
risk.max_position = 100
strategy.maker = {{ plugin = "quote-maker", size = 1 }}
strategy.trend = {{ plugin = "momentum", size = 1 }}
"""


def plan(registry, text, *overrides):
    return make_session(parse_config(text + TRADING, "s.toml", Path(), overrides), registry)


def orders_of(report, session, only_log):
    """What happened to the orders of each instrument, in the order of the log; orders and fills numbered within it."""
    files = {(log.feed, log.lane): Path(log.file) for log in report.order_logs} or {("", "1"): only_log}
    reported: dict[str, list[dict[str, Any]]] = {}
    for lane in session.lanes:
        for part in lane.parts:
            labels = [part.label(one) for one in part.instruments]
            instruments: dict[int, str] = {}
            orders: dict[str, dict[int, int]] = {}
            fills: Counter[str] = Counter()
            for record in read_order_log(files[part.name, lane.name], MsgpackCodec()):
                plain = msgspec.to_builtins(record)
                order = plain.pop("order", None)
                if order is not None:
                    plain.update(order)
                number = plain["order_id"]
                label = instruments.setdefault(number, labels[plain.pop("instrument", 0)])
                plain.pop("instrument", None)
                numbers = orders.setdefault(label, {})
                plain["order_id"] = numbers.setdefault(number, len(numbers) + 1)
                if "fill_id" in plain:
                    fills[label] += 1
                    plain["fill_id"] = fills[label]
                reported.setdefault(label, []).append(plain)
    return reported


def compare(registry, tmp_path, text, lanes):
    """Runs a session in one lane and in several, and holds all that is said of instruments and feeds side by side."""
    one, many = plan(registry, text), plan(registry, text, f"lanes={lanes}")
    assert (len(one.lanes), len(many.lanes)) == (1, lanes)
    assert sorted(name for lane in many.lanes for name in lane.instruments) == sorted(one.lanes[0].instruments)
    alone = run_session(one, registry, order_log=tmp_path / "one.log")
    shared = run_session(many, registry, order_log=tmp_path / "many.log")
    assert [lane.ended for lane in shared.lanes] == ["finished"] * lanes
    assert shared.instruments == alone.instruments
    assert (shared.feeds, shared.feed, shared.refusals) == (alone.feeds, alone.feed, alone.refusals)
    assert shared.order_log_records == alone.order_log_records > 0
    reported = orders_of(shared, many, tmp_path / "many.log")
    assert reported == orders_of(alone, one, tmp_path / "one.log")
    passes, passed = (
        {one.stage: one.count for one in report.timing.stages if one.stage in PER_ORDER} for report in (alone, shared)
    )
    assert passed == passes
    return alone, shared


def test_three_recorded_markets_are_the_same_in_two_lanes(registry, tmp_path):
    """BTC at Binance spot, USD-M and COIN-M: orders, fills, counts and books are those of one lane."""
    absent = [name for name in NAMES if not (CAPTURES / name).exists()]
    if absent:
        pytest.skip(f"captures absent: {', '.join(f'binance/{name}' for name in absent)}")
    alone, shared = compare(registry, tmp_path, RECORDED, 2)
    assert [one.symbol for one in shared.instruments] == ["spot:BTC/USDT", "usdm:BTC/USDT", "coinm:BTCUSD_PERP"]
    assert [feed.messages for feed in shared.feeds] == [41_249, 93_954, 48_270]
    assert all(one.fills > 0 for one in alone.instruments)
    assert all(one.book.live for one in alone.instruments)


@pytest.mark.parametrize("lanes", [2, 4])
def test_three_generated_markets_are_the_same_in_several_lanes(registry, tmp_path, lanes):
    """With four lanes one feed is read by two, each trading one of its instruments; its messages count once."""
    alone, shared = compare(registry, tmp_path, GENERATED, lanes)
    assert all(one.fills > 0 for one in alone.instruments)
    assert sum(feed.messages for feed in shared.feeds) == shared.feed.messages == alone.feed.messages


@pytest.mark.parametrize("book", ["bisect-list", "ladder"])
def test_the_native_decoder_is_the_same_in_several_lanes(registry, tmp_path, book):
    """Feeds, and with a native book whole markets, run in Rust: sharing out changes nothing there either."""
    if "native" not in registry.offers("decoder"):
        pytest.skip("mainspring-native absent")
    compare(registry, tmp_path, f'decoder.plugin = "native"\nbook.plugin = "{book}"\n{GENERATED}', 4)


def test_without_a_cache_each_lane_generates_the_whole_session(registry, tmp_path, monkeypatch):
    """Where the generated session can't be kept, a lane with one of its instruments makes the messages of all."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    text = (
        'hardware.pin = "off"\ninstruments = ["BTC/USDT", "ETH/USDT"]\nfeed.plugin = "simulated"\nfeed.seconds = 10\n'
    )
    alone, shared = compare(registry, tmp_path, text, 2)
    assert "can't be cached" in alone.feed.warning
    assert [one.symbol for one in shared.instruments] == ["BTC/USDT", "ETH/USDT"]


def test_a_message_of_nobody_is_refused_in_lanes_as_in_one(registry, tmp_path):
    """Of a capture of two instruments, a snapshot that names none isn't that of the one which a lane trades."""
    lines = []
    for symbol in ("BTC/USDT", "ETH/USDT"):
        one = plan(registry, f'instruments = ["{symbol}"]\nfeed = {{ plugin = "simulated", seconds = 3 }}\n').feeds[0]
        lines += registry.get("feed", "simulated").factory.source(one.instruments, one.feed.options)
    capture = tmp_path / "both.txt"
    capture.write_bytes(b"".join(b"%d %s\n" % line for line in sorted(lines, key=lambda line: line[0])))
    text = f"""
    hardware.pin = "off"
    instruments = ["BTC/USDT", "ETH/USDT"]
    feed = {{ plugin = "binance-spot", capture = "{capture}" }}
    """
    with pytest.raises(CaptureError, match="names no instrument"):
        run_session(plan(registry, text), registry)
    report = run_session(plan(registry, text, "lanes=2"), registry)
    assert [lane.ended for lane in report.lanes] == ["failed", "failed"]
    assert all("names no instrument" in (lane.failure or "") for lane in report.lanes)
    # What the lanes had done until then is reported.
    assert sorted(one.symbol for one in report.instruments) == ["BTC/USDT", "ETH/USDT"]


def test_two_runs_in_lanes_are_the_same(registry):
    """The whole report, its times aside, the digest over the order logs included."""
    session = plan(registry, GENERATED, "lanes=2")
    first, second = (without_timing(run_session(session, registry)) for _ in range(2))
    assert first == second
    assert first.order_log_sha256


@pytest.fixture
def blocked(tmp_path):
    """An order log that takes one page and then no more, so that a lane which writes it can't come to its end."""
    fcntl = pytest.importorskip("fcntl", reason="named pipes are absent on this system")
    if not hasattr(fcntl, "F_SETPIPE_SZ"):
        pytest.skip("a named pipe's size can't be set on this system")
    held = []

    def block(name):
        path = tmp_path / name
        os.mkfifo(path)
        held.append(os.open(path, os.O_RDWR))
        fcntl.fcntl(held[-1], fcntl.F_SETPIPE_SZ, 4096)

    yield block
    for fd in held:
        os.close(fd)


def lane_of(session, instrument):
    return next(lane.name for lane in session.lanes if instrument in lane.instruments)


def test_a_lane_that_is_killed_is_named_and_the_others_end_their_work(registry, tmp_path, blocked):
    """Killed from outside while it runs: process, signal, instruments and remedy are told; the rest is as without."""
    session = plan(registry, GENERATED, "lanes=2")
    victim = lane_of(session, "c:SOL/USDT")
    blocked(f"orders.c.{victim}.log")
    killed: list[int] = []

    def reported(name, process, said):
        if name == victim and isinstance(said, Progressed) and not killed:
            os.kill(process, signal.SIGKILL)
            killed.append(process)

    report = run_session(session, registry, order_log=tmp_path / "orders.log", reported=reported)
    whole = run_session(plan(registry, GENERATED), registry)
    lost = next(lane for lane in report.lanes if lane.name == victim)
    assert lost.ended == "failed"
    assert f"process {killed[0]} was killed by SIGKILL before its report" in (lost.failure or "")
    assert "dmesg" in (lost.failure or "")
    assert [lane.ended for lane in report.lanes if lane is not lost] == ["finished"]
    assert lost.messages > 0
    assert report.instruments == [one for one in whole.instruments if one.symbol not in lost.instruments]
    first = warnings(report)[0]
    for words in (f"Lane {victim}", str(killed[0]), "SIGKILL", *lost.instruments):
        assert words in first
    assert not psutil.pid_exists(killed[0])


def test_a_lane_that_dies_before_any_runs_doesnt_hold_up_the_others(registry):
    """Killed as soon as it is ready; the other is told to go all the same."""
    session = plan(registry, GENERATED, "lanes=2")

    def reported(name, process, said):
        if name == "1" and isinstance(said, Ready):
            os.kill(process, signal.SIGKILL)

    report = run_session(session, registry, reported=reported)
    assert [lane.ended for lane in report.lanes] == ["failed", "finished"]
    assert report.lanes[0].messages == 0
    assert {one.symbol for one in report.instruments} == set(report.lanes[1].instruments)


def test_a_broken_message_is_the_failure_of_its_lane(registry, tmp_path):
    """A capture that breaks off in the middle ends its lane with file and line; the others go on."""
    whole = plan(registry, 'instruments = ["BTC/USDT"]\nfeed = { plugin = "simulated", seconds = 10 }\n')
    feed = whole.feeds[0]
    messages = list(registry.get("feed", "simulated").factory.source(feed.instruments, feed.feed.options))
    broken = [(at, raw[:-5] if number == 700 else raw) for number, (at, raw) in enumerate(messages)]
    for name, lines in (("good.txt", messages), ("bad.txt", broken)):
        (tmp_path / name).write_bytes(b"".join(b"%d %s\n" % line for line in lines))
    text = f"""
    hardware.pin = "off"
    [feeds.good]
    plugin = "binance-spot"
    capture = "{tmp_path / "good.txt"}"
    [feeds.bad]
    plugin = "binance-spot"
    capture = "{tmp_path / "bad.txt"}"
    """
    report = run_session(plan(registry, text, "lanes=2"), registry)
    lost = next(lane for lane in report.lanes if lane.ended == "failed")
    assert lost.instruments == ["bad:BTC/USDT"]
    assert "bad.txt, line 701" in (lost.failure or "")
    assert "--skip-bad" in (lost.failure or "")
    assert [one.symbol for one in report.instruments] == ["good:BTC/USDT", "bad:BTC/USDT"]
    assert lost.messages == 701


def test_an_error_before_anything_ran_is_the_sessions(registry, monkeypatch):
    """A lane that can't be made ends the session with its error: nothing is run."""
    session = plan(registry, GENERATED, "lanes=2", "strategy.maker.size=0.0000001")
    ran = []
    with pytest.raises(LaneError, match=r"lane \d: .*quote-maker.* can't be made: .*1E-7") as caught:
        run_session(session, registry, reported=lambda _name, _process, said: ran.append(said))
    assert caught.value.lane in ("1", "2")
    assert not [said for said in ran if isinstance(said, Progressed)]
    assert not [said for said in ran if isinstance(said, Finished) and said.result.messages]


def test_a_signal_ends_all_lanes_in_order(registry):
    """SIGTERM to the session's process: each lane reports on what it has run, and says why it ended.

    Lanes are out of reach of the terminal's Ctrl-C, which would go to every process of its session.
    """
    session = plan(registry, GENERATED, "lanes=2")
    sessions = set()

    def reported(name, process, said):
        if isinstance(said, Ready) and hasattr(os, "getsid"):
            sessions.add(os.getsid(process))
        if name == "1" and isinstance(said, Ready):
            os.kill(os.getpid(), signal.SIGTERM)

    report = run_session(session, registry, reported=reported)
    assert [lane.ended for lane in report.lanes] == ["stopped", "stopped"]
    assert report.stopped_early == "signal SIGTERM"
    assert len(report.instruments) == 4
    if hasattr(os, "getsid"):
        assert len(sessions) == 2
        assert os.getsid(0) not in sessions


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="signal absent: SIGSTOP")
def test_a_lane_that_is_stopped_is_told_of(registry, monkeypatch):
    """A stopped process is named as soon as it is noticed, and the session goes on with it once it is continued."""
    monkeypatch.setattr("mainspring.session.lanes.silence._SAY_AFTER_S", 0.0)
    session = plan(registry, GENERATED, "lanes=2")
    stopped: list[int] = []
    notices = []

    def reported(name, process, said):
        if name == "2" and isinstance(said, Ready) and not stopped:
            stopped.append(process)
            os.kill(process, signal.SIGSTOP)

    def notice(text):
        notices.append(text)
        if "has been stopped" in text:
            os.kill(stopped[0], signal.SIGCONT)

    report = run_session(session, registry, reported=reported, notice=notice)
    assert [lane.ended for lane in report.lanes] == ["finished", "finished"]
    assert notices[0].startswith(f"lane 2 (process {stopped[0]}) has been stopped from outside")
    assert notices[1] == f"lane 2 (process {stopped[0]}) goes on"


def test_a_lane_that_doesnt_stop_in_time_is_killed_and_named(registry, tmp_path, blocked, monkeypatch):
    """One that hangs in a write is killed once its time is over; the other has ended in order."""
    monkeypatch.setattr("mainspring.session.lanes.parent.STOP_WITHIN_S", 2)
    session = plan(registry, GENERATED, "lanes=2")
    hung = lane_of(session, "c:SOL/USDT")
    blocked(f"orders.c.{hung}.log")
    ended = []

    def reported(name, _process, said):
        if name != hung and isinstance(said, Finished):
            ended.append(name)
            os.kill(os.getpid(), signal.SIGINT)

    report = run_session(session, registry, order_log=tmp_path / "orders.log", reported=reported)
    lost = next(lane for lane in report.lanes if lane.name == hung)
    assert ended
    assert lost.ended == "failed"
    assert "was killed because it didn't stop within 10 s of signal SIGINT" in (lost.failure or "")
    assert [lane.ended for lane in report.lanes if lane is not lost] == ["finished"]


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["lanes=0"], 'lanes: must be a whole number of at least 1, or "auto"; found the number 0'),
        (["lanes=many"], 'lanes: must be a whole number of at least 1, or "auto"; found the text "many"'),
        (["lanes=5"], "lanes: 5 lanes for 4 instruments: a lane without one would do nothing. At most 4"),
        (
            ["lanes=2", "hardware.pin=[0, 4095]"],
            "hardware.pin: 4095 isn't an online CPU of this host; there are",
        ),
        (["lanes=2", "hardware.pin=[0]"], "hardware.pin: names 1 CPU for 2 lanes; name one per lane, in order"),
        (["lanes=2", "hardware.pin=[-1, 0]"], "hardware.pin"),
        (["lanes=2", "hardware.pin=fastest"], 'hardware.pin: no strategy is named "fastest"'),
        (["lanes=2", "hardware.pin=auto", "hardware.nic=eth99"], "hardware.nic: this host has no interface"),
        (["hardware.fifo_priority=100"], "hardware.fifo_priority"),
        (["hardware.pinn=auto"], 'did you mean "pin"?'),
        (["feed.seed=1"], "feed: only works with one feed, but this session has: a, b, c. Write feeds.NAME"),
        (["feeds.a.sed=1"], 'feeds.a.sed: no such key; did you mean "seed"?'),
        (["feeds.a.strategy.maker.plugin=quote-makr"], "feeds.a.strategy.maker.plugin"),
        (["feeds.a.risk.max_position=-1"], "feeds.a.risk.max_position"),
        (["feeds.a.instruments=[]"], "feeds.a.instruments: names none"),
        (["feeds.a=simulated"], "feeds.a: expected a table"),
    ],
)
def test_what_cant_be_had_is_refused_by_its_key(registry, overrides, said):
    """Each wrong value names the key and what would be right."""
    with pytest.raises(ConfigError) as caught:
        plan(registry, GENERATED, *overrides)
    assert said in str(caught.value).replace("--set ", "")
