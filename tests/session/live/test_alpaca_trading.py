"""A live session trades on an exchange in a box over a bad line, without sockets: what can go wrong does, by a seed.

At the end the session's positions and fills are the exchange's, no order is there twice, and none is open.
"""

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from mainspring.host.config import parse_config
from mainspring.host.offers import Offer
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.lane import Execution
from mainspring.model import Fill
from mainspring.seams import SEAMS
from mainspring.session.inputs import RecordedInputs
from mainspring.session.lane_run import LaneRun
from mainspring.session.live.source import LiveSource, SteadyClock
from mainspring.session.live.venue.alpaca import alpaca_instruments, build_alpaca
from mainspring.session.live.venue.alpaca.assets import Asset
from mainspring.session.live.venue.alpaca.forms import update_form
from mainspring.session.live.venue.alpaca.rest import Rest
from mainspring.session.live.venue.alpaca.streams import DataSocket, encode
from mainspring.wire import HttpAnswer

_START_NS = 1_764_000_000_000_000_000
_STEP_NS = 50_000_000
_S = 1_000_000_000
_FOR_EVER = -1
_LISTENING = b'{"stream":"listening","data":{"streams":["trade_updates"]}}'

_CONFIG = """
mode = "live"
instruments = ["BTC/USD"]
feed = { plugin = "alpaca-crypto", connect = true }
router = { plugin = "alpaca" }
orders = { answer_timeout_ms = 3_000, poll_executions_s = 5 }
journal = { path = "journal.db" }
instrument."BTC/USD" = { tick_size = 0.01, lot_size = 0.00001 }
strategy.random = { plugin = "random" }

[risk]
max_order_size = 1
max_order_notional = 100_000
max_position = 5
collar_bps = 500
max_book_age_ms = 5_000
"""


class _Trader:
    """Buys, sells what it has, replaces and cancels, at random."""

    seed = 0

    def __init__(self):
        self._random = Random(self.seed)

    def on_start(self, session):
        (self._market,) = session.markets
        session.every(seconds=0.2, call=self._act)

    def _act(self):
        market, random = self._market, self._random
        if not (market.view.live and market.bid and market.ask):
            return
        standing = [one for one in market.open_orders if one.price is not None]
        what = random.random()
        if what < 0.15 and market.open_orders:
            random.choice(list(market.open_orders)).cancel()
        elif what < 0.3 and standing:
            order = random.choice(standing)
            order.replace(price_ticks=max(order.price_ticks + random.randint(-30, 30), 1))
        elif what < 0.55 and market.position_lots > 1_000:
            away = random.choice((-5, 0, 5, 500))
            market.sell(size_lots=random.randint(100, 1_000), price_ticks=market.view.bid_ticks + away)
        elif what < 0.9:
            away = random.choice((-2_000, -20, 0, 5))
            market.buy(size_lots=random.randint(100, 3_000), price_ticks=market.view.ask_ticks + away)
        else:
            market.buy(size_lots=random.randint(100, 1_000), time_in_force="ioc")


def _registry():
    real = Registry.load()
    offers = {seam: dict(real.offers(seam)) for seam in SEAMS}
    offers["strategy"]["random"] = Offer(
        seam="strategy", name="random", factory=_Trader, summary="trades at random", distribution="tests", version="1"
    )
    return Registry(offers, ())


class _Line:
    """The session, the exchange, and the line between them. `trouble` is how likely each thing goes wrong, 0 to 1."""

    def __init__(self, seed, folder: Path, registry, trouble, record_inputs=None):
        self._random = Random(seed)
        self.trouble = trouble
        self.now_ns = _START_NS
        _Trader.seed = seed
        instruments = alpaca_instruments(["BTC/USD"])
        assets = [Asset(one) for one in instruments]
        self.exchange = build_alpaca(instruments, registry, seed=seed, clock_ns=lambda: self.now_ns).exchange
        self._asset = assets[0]
        self._rest = Rest(assets, self.exchange, self.now_ns)
        self._data = DataSocket(assets, self.exchange, crypto=True)
        self._data.received({"action": "auth", "key": "k", "secret": "s"}, self.now_ns)
        self.happened: Counter[str] = Counter()
        self.posts: Counter[str] = Counter()
        self._events: list[tuple[int, int, int, Any]] = []
        self._placed = 0
        self._life = 0
        self.fills: list[Fill] = []
        self.plan = make_session(parse_config(_CONFIG, "test.toml", folder), registry).lanes[0]
        self._registry = registry
        self._start(record_inputs)

    def crash(self):
        """The session's process dies, and another takes over. What was under way to it is lost."""
        self._life += 1
        self.run.__exit__(None, None, None)
        self._data.received(
            {"action": "unsubscribe", "trades": ["*"], "quotes": ["*"], "orderbooks": ["*"]}, self.now_ns
        )
        self._start()

    def _start(self, record_inputs=None):
        clock = SteadyClock(lambda: self.now_ns)

        def opens(part, *_):
            self._source = LiveSource(part.source.name, clock)
            return self._source

        self.run = LaneRun(self.plan, self._registry, {}, opens, recorder=self, record_inputs=record_inputs)
        routers: Any = self.run.routers
        (self.router,) = routers
        subscribe = {"action": "subscribe", "trades": ["*"], "quotes": ["*"], "orderbooks": ["*"]}
        for messages in self._data.received(subscribe, self.now_ns):
            self._push(messages)
        self._up = True
        self.router.received(_LISTENING, self.now_ns)

    def record(self, event, messages):
        """Takes what the lane is fed."""
        if isinstance(event, Execution) and isinstance(event.event, Fill):
            self.fills.append(event.event)

    def step(self):
        self.now_ns += _STEP_NS
        self._push(self._data.messages(self.exchange.advance(self.now_ns)))
        self._say_updates()
        for due_ns, _, life, do in sorted(self._events, key=lambda one: one[:2]):
            if due_ns <= self.now_ns and life in (self._life, _FOR_EVER):
                do()
        self._events = [one for one in self._events if one[0] > self.now_ns]
        self.run.catch_up(self.now_ns)
        for request in self.router.take_requests(self.now_ns):
            self._carry(request)
        if self._up and self._goes_wrong(0.01):
            self.happened["stream down"] += 1
            self._up = False
            self.router.disconnected(self.now_ns)
            self._later(self._random.uniform(0.2, 3), self._connect)

    def _connect(self):
        self._up = True
        self.router.received(_LISTENING, self.now_ns)

    def _push(self, messages):
        if messages:
            self._source.push([(self.now_ns, encode(messages, "json"))])

    def _goes_wrong(self, likely):
        return self._random.random() < likely * self.trouble

    def _later(self, seconds, do, life=None):
        self._placed += 1
        life = self._life if life is None else life
        self._events.append((self.now_ns + int(seconds * _S), self._placed, life, do))

    def _say_updates(self):
        for update in self.exchange.take_updates():
            raw = msgspec.json.encode(update_form(self._asset, update))
            if not self._up or self._goes_wrong(0.1):
                self.happened["update lost"] += 1
            elif self._goes_wrong(0.02):
                self.happened["update garbled"] += 1
                self._later(0.01, lambda: self.router.received(b'{"stream":"trade_up', self.now_ns))
            else:
                for _ in range(1 + self._goes_wrong(0.1)):
                    delay_s = self._random.uniform(0.5, 2) if self._goes_wrong(0.1) else 0.02
                    self._later(delay_s, lambda raw=raw: self.router.received(raw, self.now_ns))

    def _carry(self, request):
        change = request.method != "GET"
        if request.method == "POST":
            self.posts[msgspec.json.decode(request.body)["client_order_id"]] += 1
        if change and self._goes_wrong(0.04):
            self.happened["never left"] += 1
            self._later(0.1, lambda: self.router.unanswered(request, self.now_ns, sent=False))
        elif self._goes_wrong(0.04):
            self.happened["lost on the way"] += 1
            self._later(2, lambda: self.router.unanswered(request, self.now_ns, sent=True))
        elif self._goes_wrong(0.05):
            status = self._random.choice((429, 500, 503))
            self.happened[f"status {status}"] += 1
            self._later(0.1, lambda: self.router.answered(request, HttpAnswer(status, b"{}"), self.now_ns))
        else:
            life = self._life
            self._later(self._random.uniform(0, 0.1), lambda: self._execute(request, life), _FOR_EVER)

    def _execute(self, request, life):
        path, _, query = request.path.removeprefix("/v2").partition("?")
        fields = dict(one.split("=", 1) for one in query.replace("%3A", ":").split("&")) if query else {}
        body = msgspec.json.decode(request.body) if request.body else None
        status, answer = self._rest.respond(request.method, path, fields, body, self.now_ns)
        raw = b"" if answer is None else msgspec.json.encode(answer)
        if request.method != "GET" and self._goes_wrong(0.05):
            self.happened["answer lost"] += 1
            self._later(2, lambda: self.router.unanswered(request, self.now_ns, sent=True), life)
        elif request.method != "GET" and self._goes_wrong(0.05):
            self.happened["done, and called a failure"] += 1
            told = self._random.choice((408, 502))
            self._later(0.02, lambda: self.router.answered(request, HttpAnswer(told), self.now_ns), life)
        else:
            self._later(0.02, lambda: self.router.answered(request, HttpAnswer(status, raw), self.now_ns), life)


def _trade(seed, folder, registry, trouble, seconds=20, record_inputs=None, crashes=()):
    line = _Line(seed, folder, registry, trouble, record_inputs)
    for number in range(seconds * _S // _STEP_NS):
        if number in crashes:
            line.crash()
        line.step()
    assert line.run.trading.trading
    line.trouble = 0.0
    line.run.trading.end(line.now_ns)
    for number in range(60 * _S // _STEP_NS):
        line.step()
        if number > 15 * _S // _STEP_NS and line.run.trading.reconciling.done:
            break
    return line


def _same(line):
    """Compares what both sides have at the end."""
    lane = line.run.trading.lane
    manager, ledger = lane.order_manager, line.exchange.ledger
    assert line.exchange.open_orders() == []
    assert lane.open_orders == 0
    assert [account.position_lots for account in manager.portfolio.accounts] == ledger.position_lots
    assert max(line.posts.values()) == 1
    ours: Counter[str] = Counter()
    for fill in line.fills:
        ours[manager.outbox.client_order_id(fill.order_id)] += fill.size_lots
    theirs: Counter[str] = Counter()
    for fill in line.exchange.executions:
        theirs[fill.order.client_order_id.partition("-r")[0]] += fill.size_lots
    assert ours == theirs


@pytest.fixture(scope="module")
def registry():
    return _registry()


def test_a_good_line(tmp_path, registry):
    """Nothing goes wrong: no difference is found, nothing is unknown."""
    with (line := _trade(1, tmp_path, registry, 0.0)).run as run:
        _same(line)
        assert run.trading.reconciling.differences == []
        assert len(line.exchange.executions) > 10
        assert any(order.replaces for order in line.exchange.orders.values())


@pytest.mark.parametrize("seed", range(50))
def test_a_bad_line(tmp_path, registry, seed):
    """Updates are lost, doubled, late and garbled, requests and answers are lost, and the stream goes down."""
    with (line := _trade(seed, tmp_path, registry, 1.0)).run:
        _same(line)
        assert sum(line.happened.values()) > 5, line.happened


def test_what_a_live_session_was_fed_is_fed_again(tmp_path, registry):
    """Its recorded inputs, what the venue said among them, give every record of the order log again."""
    inputs = tmp_path / "live.inputs"
    with (line := _trade(3, tmp_path, registry, 1.0, record_inputs=inputs)).run as run:
        log = run.finish().log
    with LaneRun(line.plan, registry, {}, inputs=RecordedInputs(inputs)) as again:
        while again.step():
            pass
        repeated = again.finish().log
    assert (repeated.sha256, repeated.records) == (log.sha256, log.records)
    assert log.records > 100


@pytest.mark.parametrize("seed", range(100, 110))
def test_a_bad_line_and_crashes(tmp_path, registry, seed):
    """The process dies twice in between, with orders open and requests under way; the next one takes over."""
    with (line := _trade(seed, tmp_path, registry, 1.0, seconds=24, crashes=(150 + seed, 300))).run as run:
        _same(line)
        assert run.trading.took_over is not None
