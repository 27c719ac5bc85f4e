"""Corrected and cancelled prints in a session: the strategy is told, and every part agrees with its native twin."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mainspring.host.config import parse_config
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import wire
from mainspring.model import Trade, TradeCorrection
from mainspring.session.driver import Driver
from mainspring.testing import INSTRUMENT, FakeSession

REGISTRY = Registry.load()
_CONFIG = """
instruments = ["ABC"]
feed = { plugin = "alpaca-stocks", capture = "made.cap" }
market = { warm_up_s = 1 }
[instrument.ABC]
venue_symbol = "ABC"
tick_size = "0.01"
lot_size = "1"
[strategy.one]
plugin = "quote-maker"
size = 10
edge_ticks = 1
[risk]
max_order_size = 100
max_order_notional = 100_000
max_position = 1_000
"""
_NATIVE = ("decoder.plugin=native", "book.plugin=ladder", "router.plugin=native-paper")
_PLAIN = ("decoder.plugin=python", "book.plugin=bisect-list", "router.plugin=paper")
_START_NS = 1_740_000_000_000_000_000


def _messages(seed: int) -> list[tuple[int, bytes]]:
    """Quotes, and prints of which every fifth is corrected or cancelled; some lie between two ticks."""
    random, made = Random(seed), []
    printed: list[tuple[int, float, int]] = []
    for number in range(3_000):
        now_ns = _START_NS + number * 5_000_000
        time = f"2025-02-19T21:20:{number * 5 // 1000:02d}.{number * 5 % 1000:03d}Z"
        head: dict[str, Any] = {"S": "ABC", "t": time}
        price = 100 + random.randrange(-4, 5) / 100 + random.choice((0, 0, 0.005))
        roll = random.random()
        if roll < 0.5:
            bid = round(99.95 + random.randrange(5) / 100, 2)
            body = {"T": "q", "bp": bid, "bs": 1, "ap": round(bid + 0.02, 2), "as": 2}
        elif roll < 0.9 or len(printed) < 3:
            printed.append((number, round(price, 4), random.randrange(1, 300)))
            body = {"T": "t", "i": number, "p": printed[-1][1], "s": printed[-1][2], "c": [random.choice("@I49")]}
        else:
            trade_id, was, size = printed[-1] if roll < 0.95 else random.choice(printed)
            body = {"T": "x", "i": trade_id, "p": was, "s": size}
            if random.random() < 0.5:
                now = {"ci": number, "cp": round(price, 4), "cs": random.randrange(1, 300), "cc": ["@"]}
                body = {"T": "c", "oi": trade_id, "op": was, "os": size, "oc": ["@"], **now}
        made.append((now_ns, json.dumps([head | body]).encode()))
    return made


def _run(folder: Path, messages: list[tuple[int, bytes]], parts: tuple[str, ...], *, prints: bool) -> Any:
    wired = wire(make_plan(parse_config(_CONFIG, "s.toml", folder, parts), REGISTRY), REGISTRY)
    (handler,) = wired.lane.feeds
    handler.prints_wanted = prints
    driver = Driver(wired)
    driver.run(messages)
    driver.stop(messages[-1][0])
    (market,) = wired.lane.markets
    assert wired.log is not None
    statistics = market.statistics
    last = market.last_ticks, market.last_fraction_nanoticks
    return wired.log.sha256, wired.log.records, last, statistics.daily_volume_lots, handler.statistics()


@pytest.mark.parametrize("seed", range(3))
def test_twins_take_the_same_corrections(seed, tmp_path):
    """Run as one in Rust, message by message over native markets, and plainly."""
    pytest.importorskip("mainspring_native._native")
    messages = _messages(seed)
    (tmp_path / "made.cap").write_bytes(b"".join(b"%d %b\n" % message for message in messages))
    plain = _run(tmp_path, messages, _PLAIN, prints=False)
    assert plain[1] > 100, f"seed {seed}"
    assert plain[-1].by_kind.keys() == {"quote", "trade", "correction", "cancel"}
    for prints in (False, True):
        assert _run(tmp_path, messages, _NATIVE, prints=prints) == plain, f"seed {seed}"


class _Watcher:
    def __init__(self) -> None:
        self.seen: list[Any] = []

    def on_correction(self, market: Any, correction: TradeCorrection) -> None:
        self.seen.append((market.name, correction))


def test_a_strategy_is_told():
    """It gets the correction with its market, and its bars keep what was reported."""
    watcher = _Watcher()
    session = FakeSession((INSTRUMENT,))
    session.start(watcher)
    correction = TradeCorrection(0, 1, 1, Trade(0, 1, 1, 7, 100, 5, 0), None)
    session.print_correction(correction)
    assert watcher.seen == [(INSTRUMENT.symbol, correction)]
