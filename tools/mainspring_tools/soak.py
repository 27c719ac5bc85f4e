"""Runs a session that trades without end, and prints its resident memory and Python's objects at each tenth."""

import argparse
import gc
import os
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from mainspring.data.scratch import scratch_folder
from mainspring.host.config import parse_config
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import Wired, wire
from mainspring.seams import RawMessage
from mainspring.session.driver import Driver

__all__ = ["Sample", "soak", "trading_lane", "trading_messages"]

_REGISTRY: Final = Registry.load()
_SEAMS: Final = ("feed", "decoder", "book", "codec", "slippage", "risk", "router", "queue", "latency", "records")
_CHUNK: Final = 4_096
_EVENT_NS: Final = 1_000_000
_CONFIG: Final = """
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
    """Enters, replaces and cancels an order by turns; now and then takes what is offered, or asks for too much."""

    def __init__(self) -> None:
        self.turn = 0

    def on_bbo(self, market: Any) -> None:
        self.turn += 1
        standing = market.open_orders
        if self.turn % 31 == 0:
            market.buy(size_lots=2**40, price_ticks=market.bid_ticks)
        elif self.turn % 7 == 0:
            trade = market.buy if market.position_lots <= 0 else market.sell
            trade(size_lots=2, time_in_force="ioc")
        elif not standing:
            market.buy(size_lots=10, price_ticks=market.bid_ticks - 20, post_only=True)
        elif standing[0].state == "accepted" and self.turn % 3:
            standing[0].replace(price_ticks=standing[0].price_ticks - 1)
        else:
            standing[0].cancel()


def _trades(**_options: object) -> _Trades:
    return _Trades()


def trading_messages() -> Iterator[RawMessage]:
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


def trading_lane(folder: Path) -> Wired:
    """Wires a session with such a strategy. `folder` gets the few messages that its plan is made from."""
    (folder / "quotes").write_bytes(b"".join(b"%d %s\n" % message for message in islice(trading_messages(), 3)))
    plan = make_plan(parse_config(_CONFIG, "s.toml", folder), _REGISTRY)
    offers = {seam: _REGISTRY.offers(seam) for seam in _SEAMS}
    (offer,) = [one for one in _REGISTRY.offers("strategy").values() if one.name == "momentum"]
    fields = {name: getattr(offer, name) for name in offer.__struct_fields__}
    offers["strategy"] = {"momentum": type(offer)(**{**fields, "factory": _trades})}
    return wire(plan, Registry(offers, ()))


class Sample(NamedTuple):
    """How far a session had come, and what it kept: bytes of resident memory, containers that gc tracks."""

    records: int
    fills: int
    resident: int
    objects: int


def soak(every: int, folder: Path) -> Iterator[Sample]:
    """Runs a session without end, and yields a sample after `every` records in the order log, and so on.

    `folder` gets the few messages that its plan is made from.
    """
    wired = trading_lane(folder)
    driver, source, due = Driver(wired), trading_messages(), every
    manager, log = wired.lane.order_manager, wired.log
    assert manager is not None
    assert log is not None
    while True:
        driver.run([next(source) for _ in range(_CHUNK)])
        wired.lane.fold()
        if log.records >= due:
            assert not manager.discrepancies, manager.discrepancies
            gc.collect()
            fills = sum(tally.fills for tally in manager.quality.tallies)
            yield Sample(log.records, fills, _resident(), len(gc.get_objects()))
            due += every


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main(records: int) -> None:
    """Prints ten samples up to that many records."""
    started = time.monotonic()
    with scratch_folder("soak") as folder:
        for sample in islice(soak(records // 10, folder), 10):
            print(
                f"{sample.records:>12,} records, {sample.fills:>10,} fills: {sample.resident / 1e6:7.1f} MB resident, "
                f"{sample.objects:,} objects, {time.monotonic() - started:,.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m mainspring_tools.soak", description=__doc__)
    parser.add_argument(
        "records", type=int, nargs="?", default=10_000_000, help="records of the order log to go on for"
    )
    main(parser.parse_args().records)
