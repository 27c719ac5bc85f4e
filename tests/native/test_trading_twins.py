"""Sessions that trade in fused runs: to the last byte and figure what the plain lane does, whatever is asked for."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from mainspring.host.config import load_config, parse_config
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import Wired, wire
from mainspring.orders import OrderTracker
from mainspring.seams import RawMessage
from mainspring.session import open_messages
from mainspring.session.driver import Driver
from mainspring_native._native import OrderTracker as NativeTracker

REGISTRY = Registry.load()
_PARTS = {
    False: ("decoder.plugin=python", "book.plugin=bisect-list", "router.plugin=paper", "slippage.plugin=square-root"),
    True: ("decoder.plugin=native", "book.plugin=ladder", "router.plugin=native-paper"),
}
_NATIVE_MODELS = ("native-square-root", "native-almgren-chriss", "native-book-walk")
_PLAIN = {name: name.removeprefix("native-") for name in _NATIVE_MODELS}
_FEW = 30
# Seeds at which the lanes once differed. 11557: a level that our orders had left has to go with the print that explains
# its last fall, or an order that joins it later stands behind what is gone.
_DIFFERED = (11_557,)


class _Chaos:
    """Asks for whatever there is, sensible or not, at random, and notes everything that it is told."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.seen: list[object] = []
        self.orders: list[Any] = []

    def on_start(self, session: Any) -> None:
        self.session = session
        session.every(seconds=self.random.choice((0.05, 0.3, 5.0)), call=self.tick)

    def on_bbo(self, market: Any) -> None:
        best = market.bid_ticks, market.bid_lots, market.ask_ticks, market.ask_lots, market.live, market.position_lots
        self.seen.append((market.index, market.now_ns, best))
        if self.random.random() < 0.06:
            self.ask(market)

    def on_fill(self, fill: Any, order: Any) -> None:
        account = order.market.account
        self.seen.append((fill, repr(order), account.position_lots, account.open_buy_lots, account.open_sell_lots))
        if self.random.random() < 0.3:
            self.ask(order.market)

    def on_order(self, order: Any, event: Any) -> None:
        self.seen.append((event, repr(order), order.market.open_orders and len(order.market.open_orders)))
        if self.random.random() < 0.2:
            self.change(order)

    def tick(self) -> None:
        self.seen.append((self.session.now_ns, [market.position_lots for market in self.session.markets]))
        self.ask(self.random.choice(self.session.markets))

    def ask(self, market: Any) -> None:
        """One to three requests, so that some meet others on their way."""
        for _ in range(self.random.choice((1, 1, 2, 3))):
            if self.orders and self.random.random() < 0.5:
                self.change(self.random.choice(self.orders[-6:]))
            elif self.random.random() < 0.03:
                market.cancel_all()
            else:
                self.enter(market)

    def enter(self, market: Any) -> None:
        random = self.random
        trade = random.choice((market.buy, market.sell))
        # Now and then more than the limits allow.
        size_lots = random.choice((1, 50, 400, 1_500, 3_000, 60_000, 2**62))
        mid = (market.bid_ticks + market.ask_ticks) // 2
        if mid <= 200 or random.random() < 0.25:
            self.orders.append(trade(size_lots=size_lots, time_in_force=random.choice((None, "ioc", "fok"))))
            return
        price_ticks = mid + random.choice((0, 1, -1, 2, -2, 5, -5, 40, -40, -150, mid, -mid + 1))
        terms: dict[str, Any] = random.choice(
            ({}, {}, {"post_only": True}, {"time_in_force": "ioc"}, {"time_in_force": "fok"})
        )
        self.orders.append(trade(size_lots=size_lots, price_ticks=price_ticks, **terms))

    def change(self, order: Any) -> None:
        random = self.random
        if random.random() < 0.4:
            order.cancel()
        elif order.price_ticks:
            changes = [{"price_ticks": max(order.price_ticks + random.randrange(-4, 5), 1)}]
            changes.append({"size_lots": max(order.size_lots + random.choice((-60, -1, 0, 1, 60, 2**61)), 1)})
            order.replace(**random.choice((changes[0], changes[1], changes[0] | changes[1])))


def _config(seed: int) -> tuple[str, str]:
    random = Random(seed)
    symbols = random.choice(('"BTC/USDT"', '"BTC/USDT", "ETH/USDT"'))
    latency = random.choice((0, 1, 250, 20_000))
    answer = random.choice((0, 0, 100, 50_000))
    text = f"""
seed = {seed}
instruments = [{symbols}]
feed = {{ plugin = "simulated", seconds = {random.choice((4, 10))}, faults = {{ drop = 0.002, duplicate = 0.01 }} }}
router = {{ maker_fee_bps = {random.choice(("-0.5", "1"))}, taker_fee_bps = 5 }}
latency = {{ plugin = "constant", request_us = {latency}, response_us = {answer} }}
orders.answer_timeout_ms = {random.choice((0, 40))}
queue.plugin = "{random.choice(("proportional", "pessimistic", "power-probability"))}"
[strategy.one]
plugin = "momentum"
size = 0.01
[strategy.two]
plugin = "quote-maker"
size = 0.01
edge_ticks = 3
[risk]
max_order_size = 0.5
max_order_notional = 20_000
max_position = 0.2
max_book_age_ms = {random.choice((20, 2_000))}
collar_bps = {random.choice(("20", "{ limit = 5, passive = 60 }"))}
"""
    return text, random.choice(_NATIVE_MODELS)


def _lane(text: str, model: str, chaos: _Chaos, *, native: bool) -> Wired:
    overrides = [*_PARTS[native][:3], f"slippage.plugin={model if native else _PLAIN[model]}"]
    plan = make_plan(parse_config(text, "s.toml", Path(), overrides), REGISTRY)
    (offer,) = [one for one in REGISTRY.offers("strategy").values() if one.name == "momentum"]
    fields = {name: getattr(offer, name) for name in offer.__struct_fields__}
    chaotic = type(offer)(**{**fields, "factory": lambda options: chaos})
    offers = {seam: REGISTRY.offers(seam) for seam in _SEAMS}
    offers["strategy"] = {**offers["strategy"], "momentum": chaotic}
    return wire(plan, Registry(offers, ()))


_SEAMS = ("feed", "decoder", "book", "codec", "slippage", "risk", "router", "queue", "latency", "records", "strategy")


def _run(wired: Wired, messages: list[RawMessage], chunk: int) -> None:
    driver = Driver(wired)
    for start in range(0, len(messages), chunk):
        driver.run(messages[start : start + chunk])
        wired.lane.fold()
    driver.stop(messages[-1][0])
    wired.lane.fold()


def _state(wired: Wired) -> dict[str, Any]:
    manager, log = wired.lane.order_manager, wired.log
    assert manager is not None
    assert log is not None
    quality, tracker = manager.quality, manager.tracker
    return {
        "log": (log.records, log.sha256),
        "refusals": quality.refusals,
        "discrepancies": manager.discrepancies,
        "statements": manager.portfolio.statements(),
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
        "sent": [trace.samples for trace in quality.orders],
        "stages": {
            stage: histogram.count
            for stage, histogram in wired.lane.stages.histograms().items()
            if stage in ("strategy", "slippage", "risk", "route", "venue", "whole_path")
        },
    }


def _compare(seed: int) -> tuple[int, int]:
    """Runs one session both ways; returns how many records and fills it has."""
    text, model = _config(seed)
    plan = make_plan(parse_config(text, "s.toml", Path(), _PARTS[False]), REGISTRY)
    messages = list(open_messages(plan, REGISTRY))
    plain, fused = _Chaos(seed), _Chaos(seed)
    lanes = [_lane(text, model, chaos, native=native) for chaos, native in ((plain, False), (fused, True))]
    managers = [lane.order_manager for wired in lanes if (lane := wired.lane)]
    assert [type(manager and manager.tracker) for manager in managers] == [OrderTracker, NativeTracker]
    for wired in lanes:
        _run(wired, messages, Random(seed).choice((7, 64, 512, len(messages))))
    assert fused.seen == plain.seen, f"seed {seed}"
    states = [_state(wired) for wired in lanes]
    for name, expected in states[0].items():
        assert states[1][name] == expected, f"seed {seed}: {name}"
    return states[0]["log"][0], sum(tally[5] for tally in states[0]["tallies"])


def test_sessions_are_traded_alike() -> None:
    """What strategies ask for and hear, the log, the money and every figure of the report are equal."""
    counts = [_compare(seed) for seed in (*range(_FEW), *_DIFFERED)]
    records, fills = (sum(count) for count in zip(*counts, strict=True))
    assert records > 300 * _FEW
    assert fills > 30 * _FEW


@pytest.mark.gate
def test_more_sessions_are_traded_alike() -> None:
    """A hundred other seeds; `python -m pytest -m gate` prints the seed that differs."""
    for seed in range(1_000, 1_100):
        _compare(seed)


@pytest.mark.gate
@pytest.mark.weekly
def test_ten_thousand_sessions_are_traded_alike() -> None:
    """Ten thousand seeds."""
    for seed in range(10_000, 20_000):
        _compare(seed)


def test_what_is_not_native_is_found_in_the_plan() -> None:
    """The built-in configuration is all native; a model, router or book in Python is named, unless the decoder is."""

    def outside(*overrides: str) -> list[str]:
        plan = make_plan(load_config(None, overrides), REGISTRY)
        return [choice.slot for choice in plan.outside_runs]

    assert outside() == []
    assert outside("slippage.plugin=square-root") == ["slippage"]
    assert outside("router.plugin=paper", "book.plugin=bisect-list") == ["book", "router"]
    assert outside("decoder.plugin=python") == []
    assert outside("mode=replay", "book.plugin=bisect-list") == []
