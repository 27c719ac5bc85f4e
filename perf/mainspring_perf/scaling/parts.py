"""Makes the lanes that studies measure: Python or native parts, trading or only watching."""

from collections.abc import Iterator, Sequence

import msgspec

from mainspring.host.config import load_config
from mainspring.host.plan import Plan
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import wire
from mainspring.lane import Lane
from mainspring.model import Instrument
from mainspring.seams import SEAMS, MarketView, Orders, RawMessage, Subscription
from mainspring_perf.sessions import registry, usable

__all__ = ["CHUNK", "generated", "lane_of", "overrides", "parts_here", "plan_of"]

CHUNK = 512
"""How many messages a session hands to its lane at once."""

_PARTS = {
    "python": ("decoder.plugin=python", "book.plugin=bisect-list"),
    "native": ("decoder.plugin=native", "book.plugin=ladder"),
}


class _Watcher:
    """Reads the best prices of each change, and never trades."""

    subscription = Subscription(bbo=True)

    def __init__(self) -> None:
        self.spreads = 0

    def on_bbo(self, market: MarketView, orders: Orders) -> None:
        self.spreads += market.ask_ticks - market.bid_ticks


def parts_here() -> list[str]:
    """Returns the parts that can run on this host."""
    native = usable("decoder", "native") and usable("book", "ladder")
    return ["python", "native"] if native else ["python"]


def overrides(part: str) -> tuple[str, ...]:
    """Returns the overrides that select a part's decoder and book."""
    return _PARTS[part]


def plan_of(part: str, *overrides: str) -> Plan:
    """Returns the plan of the built-in configuration with a part's decoder and book, and more overrides."""
    return make_plan(load_config(None, (*_PARTS[part], *overrides)), registry())


def generated(plan: Plan) -> Iterator[RawMessage]:
    """Generates the plan's messages lazily."""
    factory = registry().get("feed", plan.feed.plugin).factory
    return iter(factory.source(plan.instruments, plan.feed.options))


def lane_of(plan: Plan, *, trading: bool, instruments: Sequence[Instrument] = ()) -> Lane:
    """Returns a fresh lane of the plan. With `trading` it runs the plan's strategies, otherwise one that only watches.

    `instruments` replace the plan's, if there are any.
    """
    if instruments:
        plan = msgspec.structs.replace(plan, instruments=tuple(instruments))
    return wire(plan, registry() if trading else _watching())


def _watching() -> Registry:
    offers = {seam: registry().offers(seam) for seam in SEAMS}
    strategies = {
        name: msgspec.structs.replace(offer, factory=lambda *_, **__: _Watcher())
        for name, offer in offers["strategy"].items()
    }
    return Registry({**offers, "strategy": strategies}, ())
