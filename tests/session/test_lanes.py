"""Lanes as processes: the same results however instruments are shared out."""

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mainspring.errors import CaptureError, ConfigError
from mainspring.orders import SessionStarted, read_order_log
from mainspring.report import without_timing
from mainspring.session import run_session

from .three_markets import GENERATED, plan, without_ids

CAPTURES = Path(__file__).resolve().parents[2].parent / "shared/data/binance"
PER_ORDER = ("strategy", "slippage", "risk", "route", "venue")
NAMES = ("spot/btcusdt_20240808.gz", "usdm/btcusdt_20240808.gz", "cm/btcusd_perp_20240808.gz")
RECORDED = """
hardware.pin = "off"
feeds.spot = {{ plugin = "binance-spot", capture = "{}" }}
feeds.usdm = {{ plugin = "binance-usdm", capture = "{}" }}
[feeds.coinm]
plugin = "binance-coinm"
capture = "{}"
risk = {{ max_order_size = 10, max_position = 100 }}
strategy.maker = {{ plugin = "quote-maker", size = 1 }}
strategy.trend = {{ plugin = "momentum", size = 1 }}
"""
WHOLE = (41_249, 93_954, 48_270)


def orders_of(report, session, only_log):
    """What happened to the orders of each instrument, in the order of the log; orders and fills numbered within it."""
    files = {log.lane: Path(log.file) for log in report.order_logs} or {"1": only_log}
    reported: dict[str, list[dict[str, Any]]] = {}
    for lane in session.lanes:
        labels = [part.label(one) for part in lane.parts for one in part.instruments]
        instruments: dict[int, str] = {}
        orders: dict[str, dict[int, int]] = {}
        fills: Counter[str] = Counter()
        opened, *records = read_order_log(files[lane.name])
        assert isinstance(opened, SessionStarted)
        for record in records:
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
    assert without_ids(shared.instruments) == without_ids(alone.instruments)
    assert (shared.feeds, shared.feed, shared.refusals) == (alone.feeds, alone.feed, alone.refusals)
    # Each lane's log opens with a record of its own.
    assert shared.order_log_records - lanes == alone.order_log_records - 1 > 0
    reported = orders_of(shared, many, tmp_path / "many.log")
    assert reported == orders_of(alone, one, tmp_path / "one.log")
    passes, passed = (
        {one.stage: one.count for one in report.timing.stages if one.stage in PER_ORDER} for report in (alone, shared)
    )
    # Each lane starts and stops its strategies.
    assert 0 <= passed.pop("strategy") - passes.pop("strategy") <= 2 * lanes * len(one.feeds[0].strategies)
    assert passed == passes
    return alone, shared


@pytest.mark.parametrize(
    "messages", [(8_000,) * 3, pytest.param(WHOLE, marks=pytest.mark.gate)], ids=["begin", "whole"]
)
def test_three_recorded_markets_are_the_same_in_two_lanes(registry, tmp_path, first_messages, messages):
    """BTC at Binance spot, USD-M and COIN-M: orders, fills, counts and books are those of one lane."""
    captures = [first_messages(CAPTURES / name, many) for name, many in zip(NAMES, messages, strict=True)]
    alone, shared = compare(registry, tmp_path, RECORDED.format(*captures), 2)
    assert [one.symbol for one in shared.instruments] == ["spot:BTC/USDT", "usdm:BTC/USDT", "coinm:BTCUSD_PERP"]
    assert [feed.messages for feed in shared.feeds] == list(messages)
    # In its first minutes COIN-M hardly trades.
    assert all(one.fills > 0 for one in alone.instruments[: 3 if messages == WHOLE else 2])
    assert all(one.book.live for one in alone.instruments)


@pytest.mark.parametrize("lanes", [pytest.param(2, marks=pytest.mark.gate), 4])
def test_three_generated_markets_are_the_same_in_several_lanes(registry, tmp_path, lanes):
    """With four lanes one feed is read by two, each trading one of its instruments; its messages count once."""
    alone, shared = compare(registry, tmp_path, GENERATED, lanes)
    assert all(one.fills > 0 for one in alone.instruments)
    assert sum(feed.messages for feed in shared.feeds) == shared.feed.messages == alone.feed.messages


@pytest.mark.parametrize("book", [pytest.param("bisect-list", marks=pytest.mark.gate), "ladder"])
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
