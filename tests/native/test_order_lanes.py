"""Single orders on their way through a lane: a strategy reads the same queues whatever decodes and keeps them."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from mainspring.host.config import parse_config
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import wire
from mainspring.model import Side
from mainspring.session.driver import Driver
from mainspring.testing.declared import declared_messages
from mainspring_plugins.feeds.independent_reserve import INDEPENDENT_RESERVE

REGISTRY = Registry.load()
_TEXT = """
instruments = ["ETH/AUD"]
feed.plugin = "independent-reserve"
[strategy.one]
plugin = "momentum"
size = 0.01
"""


class _Queues:
    """Notes the orders of the best levels, and where the last of each waits."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def on_bbo(self, market: Any) -> None:
        best = [(side, price) for side in Side for price, _ in market.book.depth(side, 20)]
        for side, price in best:
            queue = market.orders.orders_at(side, price)
            place = market.orders.queue_place(queue[-1][0]) if queue else None
            self.seen.append((market.now_ns, side, queue, place, market.book.lots_at(side, price)))


def _seen(folder: Path, decoder: str, book: str) -> list[Any]:
    instrument = INDEPENDENT_RESERVE.describe("ETH/AUD")
    assert instrument is not None
    assert instrument.venue_symbol == "eth-aud"
    messages = declared_messages(INDEPENDENT_RESERVE, instrument, 3_000, encoding="json")
    (offer,) = [one for one in REGISTRY.offers("strategy").values() if one.name == "momentum"]
    fields = {name: getattr(offer, name) for name in offer.__struct_fields__}
    strategy = _Queues()
    offers = {"momentum": type(offer)(**{**fields, "factory": lambda options: strategy})}
    seams = ("feed", "decoder", "book", "codec", "slippage", "risk", "router", "queue", "latency", "records")
    registry = Registry({**{seam: REGISTRY.offers(seam) for seam in seams}, "strategy": offers}, ())
    capture = folder / "orders.txt"
    capture.write_bytes(b"".join(b"%d %b\n" % message for message in messages))
    overrides = [f"decoder.plugin={decoder}", f"book.plugin={book}", f"feed.capture={capture}"]
    wired = wire(make_plan(parse_config(_TEXT, "s.toml", Path(), overrides), REGISTRY), registry)
    driver = Driver(wired)
    for start in range(0, len(messages), 512):
        driver.run(messages[start : start + 512])
    driver.stop(messages[-1][0])
    # Fused is what is native throughout.
    fused = "feed+book" in wired.lane.stages.histograms()
    assert fused == ((decoder, book) in (("native", "order-list"), ("native", "ladder")))
    return strategy.seen


def test_a_strategy_reads_the_same_queues_in_every_lane(tmp_path: Path) -> None:
    """With each decoder and each structure, fused or not; a level is the sum of its orders."""
    first, *others = [_seen(tmp_path, *parts) for parts in product(("python", "native"), ("order-dict", "order-list"))]
    assert len(first) > 300
    assert any(len(queue) > 1 for _, _, queue, *_ in first)
    assert all(sum(lots for _, lots in queue) == there for _, _, queue, _, there in first)
    assert all(place.orders_ahead == len(queue) - 1 for _, _, queue, place, _ in first if queue)
    for other in others:
        assert other == first


@pytest.mark.parametrize("parts", [("python", "bisect-list"), ("native", "ladder")])
def test_a_structure_of_levels_knows_no_orders(parts: tuple[str, str], tmp_path: Path) -> None:
    """A strategy that asks it for orders gets none, and the levels as ever."""
    seen = _seen(tmp_path, *parts)
    assert {(*queue, place) for _, _, queue, place, _ in seen} == {(None,)}
    assert any(there for *_, there in seen)
