"""Feed, books and markets run as one in Rust: the lane does to the last byte what it does without."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mainspring.errors import CodecError, PluginError, WireError
from mainspring.host.config import parse_config
from mainspring.host.plan import Plan
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import Wired, wire
from mainspring.model import Fill, Side, Trade
from mainspring.seams import RawMessage
from mainspring.session import open_messages
from mainspring.session.driver import Driver

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


def _run(wired: Wired, messages: list[RawMessage]) -> None:
    driver = Driver(wired)
    for start in range(0, len(messages), _CHUNK):
        driver.run(messages[start : start + _CHUNK])
        wired.lane.fold()
    driver.stop(messages[-1][0])


def _state(wired: Wired) -> dict[str, Any]:
    """Everything that a session leaves behind, times aside."""
    lane, log = wired.lane, wired.log
    return {
        "log": log and (log.records, log.sha256),
        "refusals": lane.order_manager and lane.order_manager.quality.refusals,
        "mids": [trace.samples for trace in lane.mids],
        "feed": lane.feeds[0].feed.statistics(),
        "markets": [
            (
                (market.bid_ticks, market.bid_lots, market.ask_ticks, market.ask_lots, market.bbo_time_ns),
                (market.live, market.book_valid, market.halted, market.book_id, market.quote_id, market.now_ns),
                (market.crossed, market.stale_quotes, market.last_ticks, market.last_fraction_nanoticks),
                (market.statistics.volatility_per_day, market.statistics.daily_volume_lots),
                market.statistics.spread_ticks,
                [market.book.depth(side, 10_000) for side in Side],
            )
            for market in lane.markets
        ],
    }


@pytest.mark.parametrize("bad", [False, True])
def test_a_run_ends_at_the_time_of_its_last_message(bad: bool) -> None:
    """Also if that changed nothing, or can't be read: an order that is asked for at the end has the same time."""
    text = 'seed = 3\ninstruments = ["BTC/USDT"]\nfeed = { plugin = "simulated", seconds = 2 }\n'
    text += _STRATEGIES["momentum"] + _LIMITS
    messages = list(open_messages(_plan(text, native=False), REGISTRY))
    last_ns = messages[-1][0] + 1_000
    # A quote that has been there before changes nothing.
    same = next(raw for _, raw in messages if b"bookTicker" in raw)
    messages.append((last_ns, b"{" if bad else same))
    times = []
    for native in (False, True):
        wired = wire(_plan(text, native=native), REGISTRY)
        driver = Driver(wired)
        if bad:
            with pytest.raises((CodecError, WireError)):
                driver.run(messages)
        else:
            driver.run(messages)
        times.append(wired.lane.now_ns)
    assert times == [last_ns, last_ns]


@pytest.fixture
def same() -> Callable[[str, list[RawMessage]], Wired]:
    """Runs a session through both lanes, compares them, and returns the fused one."""

    def run(text: str, messages: list[RawMessage]) -> Wired:
        plain, fused = (wire(_plan(text, native=native), REGISTRY) for native in (False, True))
        for wired in (plain, fused):
            _run(wired, messages)
        assert _state(fused) == _state(plain)
        assert "feed+book" in fused.lane.stages.histograms()
        assert "feed+book" not in plain.lane.stages.histograms()
        whole = [wired.lane.stages.histograms()["whole_path"].count for wired in (plain, fused)]
        assert whole == [len(messages)] * 2
        return fused

    return run


def _generated(text: str) -> list[RawMessage]:
    plan = _plan(text, native=False)
    return list(open_messages(plan, REGISTRY))


@pytest.mark.parametrize("strategy", _STRATEGIES)
def test_a_generated_session_is_traded_alike(same: Callable[..., Wired], strategy: str) -> None:
    """Orders, fills and refusals, statistics, samples and books are the same, with gaps and faults on the way."""
    text = f'instruments = ["BTC/USDT", "ETH/USDT"]\nfeed.plugin = "simulated"\nfeed.seconds = 60\n{_FAULTS}'
    text += _STRATEGIES[strategy] + _LIMITS
    wired = same(text, _generated(text))
    assert wired.log is not None
    assert wired.log.records > 0
    assert wired.lane.feeds[0].feed.statistics().gaps > 0


@pytest.mark.parametrize("strategy", _STRATEGIES)
def test_a_recorded_session_is_traded_alike(
    same: Callable[..., Wired], messages_of: Callable[[str], Iterator[RawMessage]], strategy: str
) -> None:
    """The same of the recorded spot session's beginning."""
    messages = list(islice(messages_of("binance/spot/btcusdt_20240808.gz"), 12_000))
    # Read as the simulated feed's messages are, which is as Binance spot's, on the finer lots of the capture.
    text = f'instruments = ["BTC/USDT"]\nfeed.plugin = "simulated"\n{_STRATEGIES[strategy]}{_LIMITS}'
    same(text + '[instrument."BTC/USDT"]\nlot_size = 0.00000001\n', messages)


def test_a_replay_is_run_alike(same: Callable[..., Wired]) -> None:
    """Without strategies nothing stops the run, and the GIL is released: the same books and statistics."""
    text = f'mode = "replay"\ninstruments = ["BTC/USDT"]\nfeed.plugin = "simulated"\nfeed.seconds = 60\n{_FAULTS}'
    wired = same(text, _generated(text))
    histograms = wired.lane.stages.histograms()
    assert histograms["feed"].count == 0
    assert histograms["feed+book"].count == histograms["whole_path"].count


def test_mark_prices_are_taken_alike(same: Callable[[str, list[RawMessage]], Wired], tmp_path: Path) -> None:
    """One each tenth of a second, with two fundings on the way: the same orders, funding and marks, fused or not."""
    start_ns, step_ns, random = 1_723_161_600 * 10**9, 20_000_000, Random(3)
    bid, made = 600_000, []
    for at in range(4_000):
        now_ns = start_ns + at * step_ns
        sent_ms, name = now_ns // 10**6, '"s":"BTCUSDT"'
        if at == 0:
            raw = '{"lastUpdateId":1,"E":0,"bids":[["60000.0","5.001"]],"asks":[["60000.1","5.001"]]}'
        elif at % 5 == 0:
            due_ms = (start_ns + (at // 1_500 + 1) * 1_500 * step_ns) // 10**6
            raw = (
                f'{{"e":"markPriceUpdate","E":{sent_ms},{name},"p":"{bid / 10 + 0.03:.8f}","r":"0.0002","T":{due_ms}}}'
            )
        else:
            bid += random.choice((-3, -1, 0, 1, 3))
            best = f'"b":"{bid / 10:.1f}","B":"{random.randint(1, 9)}.001","a":"{(bid + 1) / 10:.1f}","A":"0.501"'
            raw = f'{{"e":"bookTicker","E":{sent_ms},{name},"u":{at + 1},{best}}}'
        made.append((now_ns, raw.encode()))
    capture = tmp_path / "marks.cap"
    capture.write_bytes(b"".join(b"%d %s\n" % message for message in made))
    text = f'feed = {{ plugin = "binance-usdm", capture = "{capture}" }}\n'
    text += 'portfolio.mark = "venue"\nslippage.plugin = "fixed-bps"\n'
    wired = same(text + _STRATEGIES["quote-maker"] + _LIMITS, made)
    manager = wired.lane.order_manager
    assert manager is not None
    (statement,) = manager.portfolio.statements()
    assert statement.mark_source == "venue"
    assert statement.funding


class _Scribe:
    """Notes what it sees, and now and then sends an order that rests, and cancels it later."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def see(self, what: str, market: Any) -> None:
        best = (market.bid_ticks, market.bid_lots, market.ask_ticks, market.ask_lots)
        rows = market.book.depth(Side.BUY, 3), market.book.walk(Side.SELL, 10**6)
        self.seen.append((what, market.index, market.now_ns, best, market.live, rows, market.bbo_time_ns))
        if len(self.seen) % 400 == 0 and best[1]:
            market.buy(size_lots=100, price_ticks=market.bid_ticks - 3)
        elif len(self.seen) % 400 == 37:
            market.cancel_all()


class _BestPrices(_Scribe):
    def on_bbo(self, market: Any) -> None:
        self.see("bbo", market)


class _Events(_BestPrices):
    def on_fill(self, fill: Fill, order: Any) -> None:
        self.see(f"{fill}", order.market)

    def on_order(self, order: Any, event: Any) -> None:
        self.see(f"{event}", order.market)


class _Timer(_Scribe):
    seconds = 1.0

    def on_start(self, session: Any) -> None:
        self.session = session
        session.every(seconds=self.seconds, call=self.tick)

    def tick(self) -> None:
        for market in self.session.markets:
            self.see("timer", market)


class _TimerAndBestPrices(_BestPrices, _Timer):
    seconds = 0.25


class _TimerAndFills(_Timer):
    def on_fill(self, fill: Fill, order: Any) -> None:
        self.see(f"{fill}", order.market)


class _Trades(_Scribe):
    def on_trade(self, market: Any, trade: Trade) -> None:
        self.see(f"{trade}", market)


@pytest.mark.parametrize("strategy", [_BestPrices, _Events, _TimerAndBestPrices, _Trades, _TimerAndFills])
def test_a_strategy_sees_the_same_whatever_calls_it(strategy: type[_Scribe]) -> None:
    """Each callback, in order, with the same market before it; the router is idle at times and busy at others."""
    text = f'instruments = ["BTC/USDT", "ETH/USDT"]\nfeed.plugin = "simulated"\nfeed.seconds = 60\n{_FAULTS}'
    text += _STRATEGIES["momentum"] + _LIMITS
    messages = _generated(text)
    seen, logs = [], []
    for native in (False, True):
        wired = _with_strategy(_plan(text, native=native), scribe := strategy())
        _run(wired, messages)
        seen.append(scribe.seen)
        assert wired.log is not None
        logs.append(wired.log.sha256)
    assert seen[0] == seen[1]
    assert len(seen[0]) > 50
    assert logs[0] == logs[1]


class _AddsATimer(_BestPrices):
    """Sets a timer from a callback, for an instant before the next message."""

    def on_start(self, session: Any) -> None:
        self.session = session

    def on_bbo(self, market: Any) -> None:
        self.see("bbo", market)
        if len(self.seen) % 7 == 0:
            self.session.at(market.now_ns + 1, lambda: self.see("timer", market))


class _Fails(_BestPrices):
    def on_bbo(self, market: Any) -> None:
        self.see("bbo", market)
        if len(self.seen) == 480:
            raise LookupError("lost the thread")


def test_a_timer_set_by_a_callback_fires_before_the_next_message() -> None:
    """The run ends for it, and goes on after it."""
    test_a_strategy_sees_the_same_whatever_calls_it(_AddsATimer)


def test_a_strategy_that_raises_ends_the_run_alike() -> None:
    """After the same message, with the same error, which names plugin and distribution, and the same orders."""
    text = f'instruments = ["BTC/USDT", "ETH/USDT"]\nfeed.plugin = "simulated"\nfeed.seconds = 60\n{_FAULTS}'
    text += _STRATEGIES["momentum"] + _LIMITS
    messages = _generated(text)
    ends = []
    for native in (False, True):
        wired = _with_strategy(_plan(text, native=native), scribe := _Fails())
        driver = Driver(wired)
        with pytest.raises(
            PluginError, match="strategy one 'momentum' of mainspring raised LookupError: lost"
        ) as raised:
            driver.run(messages)
        driver.drain()
        assert wired.log is not None
        assert isinstance(raised.value.__cause__, LookupError)
        ends.append((wired.lane.at, wired.lane.mode, scribe.seen, wired.log.sha256, str(raised.value)))
    assert ends[0] == ends[1]


def _with_strategy(plan: Plan, strategy: Any) -> Wired:
    """The plan's lane with another strategy in the place of its only one."""
    (offer,) = [one for one in REGISTRY.offers("strategy").values() if one.name == "momentum"]
    offers = {"momentum": type(offer)(**{**_fields(offer), "factory": lambda options: strategy})}
    registry = Registry({**{seam: REGISTRY.offers(seam) for seam in _SEAMS}, "strategy": offers}, ())
    return wire(plan, registry)


_SEAMS = ("feed", "decoder", "book", "codec", "slippage", "risk", "router", "queue", "latency", "records")


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
    wired = wire(_plan(text, native=native), REGISTRY)
    driver = Driver(wired)
    with pytest.raises(WireError, match="'b' is missing"):
        driver.run(spoilt)
    assert wired.lane.at == 700
    assert wired.lane.feeds[0].feed.statistics().messages == 700
    driver.run(spoilt, 701)
    driver.stop(messages[-1][0])
    whole = wire(_plan(text, native=native), REGISTRY)
    driver = Driver(whole)
    driver.run(messages)
    driver.stop(messages[-1][0])
    assert _state(wired) == _state(whole)


def test_a_list_that_is_filled_again_is_read_again() -> None:
    """A driver may hand over one list again and again: what stands in it now is run, not what stood in it before."""
    session = 'instruments = ["BTC/USDT"]\nfeed.seconds = 5\n' + _STRATEGIES["momentum"]
    plan = _plan(session, native=True)
    messages = list(open_messages(plan, REGISTRY))
    again, whole = wire(plan, REGISTRY), wire(plan, REGISTRY)
    Driver(whole).run(messages)
    driver = Driver(again)
    buffer: list[RawMessage] = []
    for start in range(0, len(messages), 16):
        buffer[:] = messages[start : start + 16]
        driver.run(buffer)
    assert again.lane.markets[0].now_ns == whole.lane.markets[0].now_ns
    assert _state(again)["markets"] == _state(whole)["markets"]
