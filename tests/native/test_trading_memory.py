"""A session that trades without end keeps to its memory: what has ended is forgotten, but for the log."""

import gc
import os
import weakref
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from mainspring.host.config import parse_config
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import Wired, wire
from mainspring.seams import RawMessage
from mainspring.session.driver import Driver

REGISTRY = Registry.load()
_CHUNK = 4_096
_MOST_GROWTH = 3_000_000
# Records by which all is kept that will be of ended orders, and the samples for the report are full.
_FULL = 240_000
_EVENT_NS = 1_000_000
_CONFIG = """
instruments = ["BTC/USDT"]
feed.plugin = "binance-spot"
feed.capture = "quotes"
slippage = { plugin = "native-book-walk" }
router = { maker_fee_bps = 1, taker_fee_bps = 5 }
latency = { plugin = "constant", request_us = 250 }
[strategy.one]
plugin = "momentum"
size = 0.01
[risk]
max_order_size = 100
max_order_notional = 1_000_000
max_position = 100_000
collar_bps = 1_000
max_book_age_ms = 2_000
"""


class _Trades:
    """Enters, replaces and cancels an order by turns, and now and then takes what is offered."""

    def __init__(self) -> None:
        self.turn = 0

    def on_bbo(self, market: Any) -> None:
        self.turn += 1
        standing = market.open_orders
        if self.turn % 7 == 0:
            trade = market.buy if market.position_lots <= 0 else market.sell
            trade(size_lots=2, time_in_force="ioc")
        elif not standing:
            market.buy(size_lots=10, price_ticks=market.bid_ticks - 20, post_only=True)
        elif standing[0].state == "accepted" and self.turn % 3:
            standing[0].replace(price_ticks=standing[0].price_ticks - 1)
        else:
            standing[0].cancel()


def _messages() -> Iterator[RawMessage]:
    """A book, and then changes of it without end."""
    rows = ",".join(f'["{price}.00000000","9.00000000"]' for price in range(1_000, 990, -1))
    asks = ",".join(f'["{price}.00000000","9.00000000"]' for price in range(1_002, 1_012))
    yield 1_000, f'{{"lastUpdateId":1,"bids":[{rows}],"asks":[{asks}]}}'.encode()
    for number in count(2):
        # The touch moves back and forth by a tick, so that what was taken of a level is gone with it.
        up = number % 2
        size = number % 50 + 1
        bids, asks = f'["1001","{9 * up}.0"]', f'["1002","{9 - 9 * up}.0"],["1003","{size}.0"]'
        yield (
            1_000 + number * _EVENT_NS,
            f'{{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":{number},"u":{number},"b":[{bids}],"a":[{asks}]}}'.encode(),
        )


def _lane(folder: Path) -> Wired:
    (folder / "quotes").write_bytes(b"".join(b"%d %s\n" % message for message in islice(_messages(), 3)))
    plan = make_plan(parse_config(_CONFIG, "s.toml", folder), REGISTRY)
    offers = {seam: REGISTRY.offers(seam) for seam in _SEAMS}
    (offer,) = [one for one in REGISTRY.offers("strategy").values() if one.name == "momentum"]
    fields = {name: getattr(offer, name) for name in offer.__struct_fields__}
    offers["strategy"] = {"momentum": type(offer)(**{**fields, "factory": lambda options: _Trades()})}
    return wire(plan, Registry(offers, ()))


_SEAMS = ("feed", "decoder", "book", "codec", "slippage", "risk", "router", "queue", "latency", "records")


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _grows(events: int, folder: Path) -> int:
    """Runs a session of so many records in the order log; returns by how many bytes it grew once it was full."""
    wired = _lane(folder)
    driver, source, first = Driver(wired), _messages(), 0
    assert wired.log is not None
    while wired.log.records < events:
        driver.run([next(source) for _ in range(_CHUNK)])
        wired.lane.fold()
        if not first and wired.log.records >= _FULL:
            first = _resident()
    manager = wired.lane.order_manager
    assert manager is not None
    assert not manager.discrepancies
    assert sum(tally.fills for tally in manager.quality.tallies) > events // 60, manager.quality.refusals
    return _resident() - first


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc/self/statm to read the memory from")
def test_memory_stays_flat_while_orders_come_and_go(tmp_path: Path) -> None:
    """Once what is kept of ended orders is full, nothing is added."""
    assert _grows(420_000, tmp_path) < _MOST_GROWTH


@pytest.mark.gate
@pytest.mark.weekly
def test_memory_stays_flat_over_ten_million_order_events(tmp_path: Path) -> None:
    """The same, for as long as a busy session lasts."""
    assert _grows(10_000_000, tmp_path) < _MOST_GROWTH


def test_a_lane_that_traded_is_freed(tmp_path: Path) -> None:
    """What a run knows of its lane leads back to it: the garbage collector finds that."""
    wired = _lane(tmp_path)
    driver, seen = Driver(wired), weakref.ref(wired.lane)
    driver.run(list(islice(_messages(), 2_000)))
    assert wired.log is not None
    assert wired.log.records > 2_000
    del wired, driver
    gc.collect()
    assert seen() is None
