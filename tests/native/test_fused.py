"""Feed, books and markets run as one in Rust: the lane does to the last byte what it does without."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from mainspring.errors import WireError
from mainspring.host.config import parse_config
from mainspring.host.plan import Plan
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import wire
from mainspring.lane import Lane
from mainspring.model import Side, Trade
from mainspring.seams import RawMessage, Subscription
from mainspring.session import open_messages

REGISTRY = Registry.load()
_CHUNK = 512
_LIMITS = """
[risk]
max_order_size = 0.5
max_order_notional = 50_000
max_position = 1.0
collar_bps = 50
max_book_age_ms = 2_000
"""
_STRATEGIES = {
    "quote-maker": '[strategy.one]\nplugin = "quote-maker"\nsize = 0.01\nedge_ticks = 2\n',
    "momentum": '[strategy.one]\nplugin = "momentum"\nsize = 0.01\n',
    "both": '[strategy.one]\nplugin = "quote-maker"\nsize = 0.01\nedge_ticks = 9\n'
    '[strategy.two]\nplugin = "momentum"\nsize = 0.01\n',
}
_FAULTS = "feed.faults = { drop = 0.002, duplicate = 0.01, stale = 0.01 }\n"


def _plan(text: str, *, native: bool) -> Plan:
    decoder, book = ("native", "ladder") if native else ("python", "bisect-list")
    overrides = [f"decoder.plugin={decoder}", f"book.plugin={book}"]
    return make_plan(parse_config(text, "s.toml", Path(), overrides), REGISTRY)


def _run(lane: Lane, messages: list[RawMessage]) -> None:
    for start in range(0, len(messages), _CHUNK):
        lane.run(messages[start : start + _CHUNK])
        lane.fold()
    lane.finish(messages[-1][0])


def _state(lane: Lane) -> dict[str, Any]:
    """Everything that a session leaves behind, times aside."""
    order_manager = lane.order_manager
    return {
        "log": order_manager
        and (order_manager.trading.log.records, order_manager.trading.log.sha256, order_manager.refusals),
        "mids": [trace.samples for trace in lane.mids],
        "feed": lane.feed.statistics(),
        "markets": [
            (
                (market.bid_ticks, market.bid_lots, market.ask_ticks, market.ask_lots, market.bbo_time_ns),
                (market.live, market.book_valid, market.halted, market.book_id, market.quote_id, market.now_ns),
                (market.crossed, market.stale_quotes),
                (market.statistics.volatility_per_day, market.statistics.daily_volume_lots),
                market.statistics.spread_ticks,
                [market.book.depth(side, 10_000) for side in Side],
            )
            for market in lane.markets
        ],
    }


@pytest.fixture
def same() -> Callable[[str, list[RawMessage]], Lane]:
    """Runs a session through both lanes, holds one against the other, and returns the fused one."""

    def run(text: str, messages: list[RawMessage]) -> Lane:
        plain, fused = (wire(_plan(text, native=native), REGISTRY) for native in (False, True))
        for lane in (plain, fused):
            _run(lane, messages)
        assert _state(fused) == _state(plain)
        assert "feed+book" in fused.stages.histograms()
        assert "feed+book" not in plain.stages.histograms()
        whole = [lane.stages.histograms()["whole_path"].count for lane in (plain, fused)]
        assert whole == [len(messages)] * 2
        return fused

    return run


def _generated(text: str) -> list[RawMessage]:
    plan = _plan(text, native=False)
    return list(open_messages(plan, REGISTRY))


@pytest.mark.parametrize("strategy", _STRATEGIES)
def test_a_generated_session_is_traded_alike(same: Callable[..., Lane], strategy: str) -> None:
    """Orders, fills and refusals, statistics, samples and books are the same, with gaps and faults on the way."""
    text = f'instruments = ["BTC/USDT", "ETH/USDT"]\nfeed.plugin = "simulated"\nfeed.seconds = 60\n{_FAULTS}'
    text += _STRATEGIES[strategy] + _LIMITS
    lane = same(text, _generated(text))
    assert lane.order_manager is not None
    assert lane.order_manager.trading.log.records > 0
    assert lane.feed.statistics().gaps > 0


@pytest.mark.parametrize("strategy", _STRATEGIES)
def test_a_recorded_session_is_traded_alike(
    same: Callable[..., Lane], messages_of: Callable[[str], Iterator[RawMessage]], strategy: str
) -> None:
    """The same of the recorded spot session's beginning."""
    messages = list(islice(messages_of("binance/spot/btcusdt_20240808.gz"), 12_000))
    # Read as the simulated feed's messages are, which is as Binance spot's, on the finer lots of the capture.
    text = f'instruments = ["BTC/USDT"]\nfeed.plugin = "simulated"\n{_STRATEGIES[strategy]}{_LIMITS}'
    same(text + '[instrument."BTC/USDT"]\nlot_size = 0.00000001\n', messages)


def test_a_replay_is_run_alike(same: Callable[..., Lane]) -> None:
    """Without strategies nothing stops the run, and the GIL is released: the same books and statistics."""
    text = f'mode = "replay"\ninstruments = ["BTC/USDT"]\nfeed.plugin = "simulated"\nfeed.seconds = 60\n{_FAULTS}'
    lane = same(text, _generated(text))
    histograms = lane.stages.histograms()
    assert histograms["feed"].count == 0
    assert histograms["feed+book"].count == histograms["whole_path"].count


class _Scribe:
    """Takes down what it sees, and now and then sends an order that rests, and cancels it later."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self.seen: list[object] = []

    def _see(self, what: str, market: Any, orders: Any) -> None:
        best = (market.bid_ticks, market.bid_lots, market.ask_ticks, market.ask_lots)
        rows = market.book.depth(Side.BUY, 3), market.book.walk(Side.SELL, 10**6)
        self.seen.append((what, market.index, market.now_ns, best, market.live, rows, market.bbo_time_ns))
        if len(self.seen) % 400 == 0 and best[1]:
            orders.submit(Side.BUY, 100, market.bid_ticks - 3)
        elif len(self.seen) % 400 == 37:
            for order in list(orders.open_orders()):
                orders.cancel(order.order.order_id)

    def on_bbo(self, market: Any, orders: Any) -> None:
        self._see("bbo", market, orders)

    def on_trade(self, trade: Trade, market: Any, orders: Any) -> None:
        self._see(f"{trade}", market, orders)

    def on_timer(self, market: Any, orders: Any) -> None:
        self._see("timer", market, orders)

    def on_fill(self, fill: Any, market: Any, orders: Any) -> None:
        self._see(f"{fill}", market, orders)

    def on_order_event(self, event: Any, market: Any, orders: Any) -> None:
        self._see(f"{event}", market, orders)


@pytest.mark.parametrize(
    "subscription",
    [
        Subscription(bbo=True),
        Subscription(bbo=True, fills=True, order_events=True),
        Subscription(bbo=True, timer_ms=250),
        Subscription(trades=True),
        Subscription(timer_ms=1_000, fills=True),
    ],
    ids=["bbo", "events", "timer", "trades", "timer alone"],
)
def test_a_strategy_sees_the_same_whatever_calls_it(subscription: Subscription) -> None:
    """Each wake, in order, with the same market before it; the router is idle at times and busy at others."""
    text = f'instruments = ["BTC/USDT", "ETH/USDT"]\nfeed.plugin = "simulated"\nfeed.seconds = 60\n{_FAULTS}'
    text += _STRATEGIES["momentum"] + _LIMITS
    messages = _generated(text)
    seen, logs = [], []
    for native in (False, True):
        lane = _with_strategy(_plan(text, native=native), scribe := _Scribe(subscription))
        _run(lane, messages)
        seen.append(scribe.seen)
        assert lane.order_manager is not None
        logs.append(lane.order_manager.trading.log.sha256)
    assert seen[0] == seen[1]
    assert len(seen[0]) > 50
    assert logs[0] == logs[1]


def _with_strategy(plan: Plan, strategy: Any) -> Lane:
    """The plan's lane with another strategy in the place of its only one."""
    (offer,) = [one for one in REGISTRY.offers("strategy").values() if one.name == "momentum"]
    offers = {"momentum": type(offer)(**{**_fields(offer), "factory": lambda _instruments, options: strategy})}
    registry = Registry({**{seam: REGISTRY.offers(seam) for seam in _SEAMS}, "strategy": offers}, ())
    return wire(plan, registry)


_SEAMS = ("feed", "decoder", "book", "codec", "slippage", "risk", "router")


def _fields(offer: Any) -> dict[str, Any]:
    return {name: getattr(offer, name) for name in offer.__struct_fields__}


@pytest.mark.parametrize("native", [False, True], ids=["plain", "fused"])
@pytest.mark.parametrize("mode", ["paper", "replay"])
def test_a_message_that_is_refused_is_told_by_its_place(native: bool, mode: str) -> None:
    """All before it have been run, `at` is its place, and the lane can go on behind it."""
    text = f'mode = "{mode}"\ninstruments = ["BTC/USDT"]\nfeed.plugin = "simulated"\nfeed.seconds = 20\n'
    if mode == "paper":
        text += _STRATEGIES["quote-maker"] + _LIMITS
    messages = _generated(text)
    spoilt = [*messages[:700], (messages[700][0], b'{"u":1,"s":"BTCUSDT","A":"x"}'), *messages[700:]]
    lane = wire(_plan(text, native=native), REGISTRY)
    with pytest.raises(WireError, match="'b' is missing"):
        lane.run(spoilt)
    assert lane.at == 700
    assert lane.feed.statistics().messages == 700
    lane.run(spoilt, 701)
    lane.finish(messages[-1][0])
    whole = wire(_plan(text, native=native), REGISTRY)
    whole.run(messages)
    whole.finish(messages[-1][0])
    assert _state(lane) == _state(whole)
