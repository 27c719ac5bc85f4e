"""Two lanes of one generated session: the plain one and the native one, and everything that they report."""

from collections.abc import Mapping, Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any, Final

from mainspring.host.config import parse_config
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import Wired, wire
from mainspring.lane import FillRecord
from mainspring.orders import OrderTracker
from mainspring.seams import RawMessage
from mainspring.session import open_messages
from mainspring_native._native import OrderTracker as NativeTracker

__all__ = ["SLIPPAGE_MODELS", "generated_config", "generated_messages", "interrupted_messages", "make_lane", "state_of"]

SLIPPAGE_MODELS: Final = ("square-root", "almgren-chriss", "book-walk")
"""Those with a native twin, by their plain names."""

_SEAMS: Final = (
    "feed", "decoder", "book", "codec", "slippage", "risk", "router", "queue", "latency", "records", "strategy",
)  # fmt: skip
_PARTS: Final = {
    False: ("decoder.plugin=python", "book.plugin=bisect-list", "router.plugin=paper"),
    True: ("decoder.plugin=native", "book.plugin=ladder", "router.plugin=native-paper"),
}
_REGISTRY: Final = Registry.load()
_START_NS: Final = 1_704_067_200_000_000_000
_PAUSE_SECONDS: Final = 2
_STRATEGY: Final = """
[strategy.{name}]
plugin = "{name}"
size = 0.01
"""


def generated_config(
    seed: int, strategies: Sequence[str], *, seconds: float, checks: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Draws a session's config: one or two instruments, latencies, queue model, limits and faults of the feed.

    `checks` are further risk checks with their limits.
    """
    random = Random(seed)
    symbols = random.choice(('"BTC/USDT"', '"BTC/USDT", "ETH/USDT"'))
    latency = random.choice((0, 1, 250, 20_000))
    answer = random.choice((0, 0, 100, 50_000))
    faults = random.choice(("", "drop = 0.002, duplicate = 0.01", "reorder = 0.005, stale = 0.003, off_tick = 0.002"))
    known = random.choice(("", *3 * ("market = { daily_volume = 20_000, daily_volatility = 0.03 }",)))
    further = "\n".join(f"{name} = {limit}" for name, limit in checks.items())
    text = f"""
seed = {seed}
instruments = [{symbols}]
feed = {{ plugin = "simulated", seconds = {seconds}, faults = {{ {faults} }} }}
router = {{ maker_fee_bps = {random.choice(("-0.5", "1"))}, taker_fee_bps = 5 }}
latency = {{ plugin = "constant", request_us = {latency}, response_us = {answer} }}
orders.answer_timeout_ms = {random.choice((0, 40))}
queue.plugin = "{random.choice(("proportional", "pessimistic", "power-probability"))}"
{known}
[risk]
max_order_size = 0.5
max_order_notional = 20_000
max_position = 0.2
max_book_age_ms = {random.choice((20, 2_000))}
collar_bps = {random.choice(("20", "{ limit = 5, passive = 60 }"))}
{further}
[strategy.two]
plugin = "quote-maker"
size = 0.01
edge_ticks = 3
"""
    return text + "".join(_STRATEGY.format(name=name) for name in strategies)


def generated_messages(text: str, *overrides: str) -> list[RawMessage]:
    """Returns the messages of a config's feed, each with its receive time. `overrides` change the config."""
    registry = _registry({"chaos": None, "restless": None})
    plan = make_plan(parse_config(text, "s.toml", Path(), (*_PARTS[False], *overrides)), registry)
    return list(open_messages(plan, registry))


def interrupted_messages(text: str, *, seconds: float) -> list[RawMessage]:
    """Returns the messages of two sessions of `seconds`, one after the other.

    What the first loses doesn't end trading for good: the second begins with books of its own.
    """
    messages: list[RawMessage] = []
    for part in range(2):
        start_ns = _START_NS + part * int((seconds + _PAUSE_SECONDS) * 1e9)
        messages += generated_messages(text, f"feed.start_ns={start_ns}", f"feed.seed={part + 1}")
    assert messages == sorted(messages, key=itemgetter(0)), "messages are received one after the other"
    return messages


def make_lane(text: str, model: str, strategies: dict[str, Any], *, native: bool) -> Wired:
    """Wires a lane of a config, with all parts native or none.

    `model` is one of `SLIPPAGE_MODELS`. `strategies` are objects, by the plugin names that the config has for them.
    """
    slippage = f"slippage.plugin={'native-' if native else ''}{model}"
    registry = _registry(strategies)
    wired = wire(make_plan(parse_config(text, "s.toml", Path(), [*_PARTS[native], slippage]), registry), registry)
    manager = wired.lane.order_manager
    assert manager is not None
    assert type(manager.tracker) is (NativeTracker if native else OrderTracker)
    return wired


def _registry(strategies: dict[str, Any]) -> Registry:
    """The installed plugins, and strategies of these names, which exist already."""
    offers = {seam: dict(_REGISTRY.offers(seam)) for seam in _SEAMS}
    momentum = offers["strategy"]["momentum"]
    fields = {name: getattr(momentum, name) for name in momentum.__struct_fields__}
    for name, made in strategies.items():
        # It has the options of the strategy whose offer it takes, and no use for them.
        offers["strategy"][name] = type(momentum)(**{**fields, "name": name, "factory": partial(_given, made)})
    return Registry(offers, ())


def _given(made: Any, **_options: object) -> Any:
    return made


def state_of(wired: Wired) -> dict[str, Any]:
    """Returns all that a report would say of a lane, and what it keeps of orders, by name."""
    manager, log = wired.lane.order_manager, wired.log
    assert manager is not None
    assert log is not None
    quality, tracker = manager.quality, manager.tracker
    return {
        "log": (log.records, log.sha256),
        "refusals": quality.refusals,
        "discrepancies": manager.discrepancies,
        "statements": manager.portfolio.statements(),
        "by strategy": [manager.portfolio.strategies(market.index) for market in wired.lane.markets],
        "tallies": [
            (one.orders, one.accepted, one.rejected, one.cancelled, one.replaced, one.fills, one.maker_fills)
            for one in quality.tallies
        ],
        "costs": [
            (role, cost.fills, cost.causes_bps(), cost.queue_risk_bps(), cost.arrival_cost_bps(), cost.fill_cost_bps())
            for one in quality.tallies
            for role, cost in one.costs.items()
        ],
        "markouts": [
            (markout.fills, markout.bps(), markout.half_units)
            for one in quality.tallies
            for cost in one.costs.values()
            for markout in cost.markouts
        ],
        "open": [
            (order.order, order.price_ticks, order.size_lots, order.filled_lots, str(order.state))
            for order in tracker.all_open()
        ],
        "lots": [(lots.buy, lots.sell) for lots in tracker.open_lots],
        "stops": dict(tracker.stops),
        "sent": [(trace.seen, trace.samples) for trace in quality.orders],
        "filled": [(trace.seen, [_figures(record) for record in trace.samples]) for trace in quality.fills],
        "stages": {
            stage: histogram.count
            for stage, histogram in wired.lane.stages.histograms().items()
            if stage in ("strategy", "slippage", "risk", "route", "venue", "whole_path")
        },
    }


def _figures(record: FillRecord) -> tuple[object, ...]:
    arrival = record.arrival
    expected = (arrival.estimate, arrival.mid_half_ticks, arrival.submitted_ns, record.expected_bps())
    mids = (record.mid_half_ticks, record.mid_after_half_ticks, record.later_mids)
    return record.number, record.fill, record.strategy, expected, mids
