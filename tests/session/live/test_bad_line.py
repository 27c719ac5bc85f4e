"""A live session trades on an exchange in a box over a bad line, without sockets: what can go wrong does, by a seed.

At the end the session's positions and fills are the exchange's, no order is there twice, and none is open.
"""

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, cast
from urllib.parse import parse_qsl

import msgspec
import pytest

from mainspring.host.config import parse_config
from mainspring.host.offers import Offer
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.lane import Execution
from mainspring.model import Fill, Replaced
from mainspring.seams import SEAMS
from mainspring.session.inputs import RecordedInputs
from mainspring.session.lane_run import LaneRun
from mainspring.session.live.source import LiveSource, SteadyClock
from mainspring.session.live.venue.alpaca import alpaca_instruments, build_alpaca
from mainspring.session.live.venue.alpaca.assets import Asset
from mainspring.session.live.venue.alpaca.forms import update_form
from mainspring.session.live.venue.alpaca.rest import Rest
from mainspring.session.live.venue.alpaca.streams import DataSocket, encode
from mainspring.session.live.venue.binance import binance_instruments, build_binance
from mainspring.session.live.venue.binance.streams import MarketSocket
from mainspring.wire import Credentials, HttpAnswer, answer_message, signed_path
from mainspring_plugins.routers._binance_names import split_name

_START_NS = 1_764_000_000_000_000_000
_STEP_NS = 50_000_000
_S = 1_000_000_000
_FOR_EVER = -1
_KEYS = Credentials("key", "secret-of-a-test")
# How far Binance's clock is ahead of the session's: more than it would take.
_AHEAD_NS = 7_000_000_000
_CONFIG = """
mode = "live"
instruments = ["{symbol}"]
feed = {{ plugin = "{feed}", connect = true }}
router = {{ plugin = "{router}" }}
orders = {{ answer_timeout_ms = {timeout_ms}, poll_executions_s = 5 }}
journal = {{ path = "journal.db" }}
instrument."{symbol}" = {{ tick_size = 0.01, lot_size = 0.00001 }}
strategy.random = {{ plugin = "random" }}

[risk]
max_order_size = 1
max_order_notional = 100_000
max_position = 5
collar_bps = 500
max_book_age_ms = 5_000
"""


class _Alpaca:
    """Alpaca's API in front of the exchange."""

    symbol, feed, router, timeout_ms = "BTC/USD", "alpaca-crypto", "alpaca", 3_000
    # With crashes: long enough for the last session to have its answers.
    seconds = 24

    def __init__(self, registry, seed, clock_ns):
        instruments = alpaca_instruments([self.symbol])
        assets = [Asset(one) for one in instruments]
        self.exchange = build_alpaca(instruments, registry, seed=seed, clock_ns=clock_ns).exchange
        self._asset, self._clock_ns = assets[0], clock_ns
        self._rest = Rest(assets, self.exchange, clock_ns())
        self._data = DataSocket(assets, self.exchange, crypto=True)
        self._data.received({"action": "auth", "key": "k", "secret": "s"}, clock_ns())

    def subscribe(self):
        subscribe = {"action": "subscribe", "trades": ["*"], "quotes": ["*"], "orderbooks": ["*"]}
        return [encode(one, "json") for one in self._data.received(subscribe, self._clock_ns())]

    def unsubscribe(self):
        everything = {"trades": ["*"], "quotes": ["*"], "orderbooks": ["*"]}
        self._data.received({"action": "unsubscribe", **everything}, self._clock_ns())

    def advance(self):
        messages = self._data.messages(self.exchange.advance(self._clock_ns()))
        return [encode(messages, "json")] if messages else []

    def updates(self):
        return [msgspec.json.encode(update_form(self._asset, one)) for one in self.exchange.take_updates()]

    def connect(self, router):
        router.received(b'{"stream":"listening","data":{"streams":["trade_updates"]}}', self._clock_ns())

    def execute(self, request, entry):
        path, _, query = request.path.removeprefix("/v2").partition("?")
        fields = dict(one.split("=", 1) for one in query.replace("%3A", ":").split("&")) if query else {}
        body = msgspec.json.decode(request.body) if request.body else None
        status, answer = self._rest.respond(request.method, path, fields, body, self._clock_ns())
        return HttpAnswer(status, b"" if answer is None else msgspec.json.encode(answer))

    @staticmethod
    def new_order(request):
        return msgspec.json.decode(request.body)["client_order_id"] if request.method == "POST" else None

    @staticmethod
    def name(client_order_id):
        return client_order_id.partition("-r")[0]


class _Heard(list[bytes]):
    """Stands for a connection: what is put on it is kept."""

    def put(self, message, *, counts=True):
        self.append(msgspec.json.encode(message))

    def take(self):
        taken = list(self)
        self.clear()
        return taken


class _Binance:
    """Binance's API in front of the exchange, whole but for the sockets: its signatures, times and limits count."""

    market: Any
    symbol, timeout_ms, seconds = "BTC/USDT", 8_000, 46
    # It is slow to say that an order isn't there: that is certain once the window of the request is over.

    def __init__(self, registry, seed, clock_ns):
        instruments = binance_instruments([self.symbol], self.market)
        self._venue: Any = build_binance(
            instruments, registry, self.market, seed=seed, clock_ns=lambda: clock_ns() + _AHEAD_NS, secret=_KEYS.secret
        )
        self.exchange = self._venue.exchange
        self._instruments, self._clock_ns = instruments, clock_ns
        self._data: Any = _Heard()
        self._account: Any = _Heard()
        self._venue._keyed.append(cast("Any", self._account))
        self._venue._listen_key.respond("POST", clock_ns() + _AHEAD_NS)

    def subscribe(self):
        names = [f"btcusdt@{kind}" for kind in ("depth@100ms", "bookTicker", "aggTrade")]
        socket = MarketSocket(self._instruments, names, combined=True)
        self._venue._sockets = {socket: self._data}
        return []

    def unsubscribe(self):
        self._venue._sockets = {}

    def snapshot(self, path):
        status, body, _ = self._ask("GET", path)
        assert status == 200
        return answer_message(path, msgspec.json.encode(body))

    def advance(self):
        self._venue.advance()
        return self._data.take()

    def updates(self):
        return self._account.take()

    def connect(self, router):
        router.connected(self._clock_ns())
        if self.market == "spot":
            router.received(b'{"id":"subscriptions","status":200,"result":[{"subscriptionId":0}]}', self._clock_ns())

    def execute(self, request, entry):
        status, body, headers = self._ask(request.method, signed_path(entry, _KEYS, request))
        return HttpAnswer(status, msgspec.json.encode(body), headers)

    def _ask(self, method, path):
        path, _, query = path.partition("?")
        headers = [(b"x-mbx-apikey", b"key")]
        scope = {"method": method, "path": path, "query_string": query.encode(), "headers": headers}
        return self._venue.admit(scope) or self._venue.answer(scope, b"")

    @staticmethod
    def new_order(request):
        path, _, query = request.path.partition("?")
        return dict(parse_qsl(query))["newClientOrderId"] if request.method == "POST" and path.endswith("r") else None

    @staticmethod
    def name(client_order_id):
        return split_name(client_order_id)[0]


class _Spot(_Binance):
    market, feed, router = "spot", "binance-spot", "binance-spot"


class _Usdm(_Binance):
    market, feed, router = "usdm", "binance-usdm", "binance-usdm"


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

    def __init__(self, seed, folder: Path, registry, trouble, record_inputs=None, *, side):
        self._random = Random(seed)
        self.trouble = trouble
        self.now_ns = _START_NS
        _Trader.seed = seed
        self.side = side(registry, seed, lambda: self.now_ns)
        self.exchange = self.side.exchange
        self.happened: Counter[str] = Counter()
        self.posts: Counter[str] = Counter()
        self._events: list[tuple[int, int, int, Any]] = []
        self._placed = 0
        self._life = 0
        self.fills: list[Fill] = []
        self.replaced = 0
        self._up = False
        self.plan = make_session(parse_config(self._config(), "test.toml", folder), registry).lanes[0]
        self._registry = registry
        self._start(record_inputs)

    def _config(self):
        side = self.side
        return _CONFIG.format(symbol=side.symbol, feed=side.feed, router=side.router, timeout_ms=side.timeout_ms)

    def crash(self):
        """The session's process dies, and another takes over. What was under way to it is lost."""
        self._life += 1
        self.run.__exit__(None, None, None)
        self.side.unsubscribe()
        self._start()

    def _start(self, record_inputs=None):
        clock = SteadyClock(lambda: self.now_ns)

        def opens(part, *_):
            self._source = LiveSource(part.source.name, clock)
            return self._source

        self.run = LaneRun(self.plan, self._registry, {}, opens, recorder=self, record_inputs=record_inputs)
        routers: Any = self.run.routers
        (self.router,) = routers
        self.run.ask_for_snapshots(self._snapshot)
        self._push(self.side.subscribe())
        self._connect()

    def _snapshot(self, feed, request):
        """A snapshot is asked for by HTTP, and its answer is a message."""
        self._later(0.02, lambda: self._push([self.side.snapshot(request.target)]))

    def record(self, event, messages):
        """Takes what the lane is fed."""
        if isinstance(event, Execution) and isinstance(event.event, Replaced):
            self.replaced += 1
        if isinstance(event, Execution) and isinstance(event.event, Fill):
            self.fills.append(event.event)

    def step(self):
        self.now_ns += _STEP_NS
        self._push(self.side.advance())
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
        self.side.connect(self.router)

    def _push(self, messages):
        if messages:
            self._source.push([(self.now_ns, one) for one in messages])

    def _goes_wrong(self, likely):
        return self._random.random() < likely * self.trouble

    def _later(self, seconds, do, life=None):
        self._placed += 1
        life = self._life if life is None else life
        self._events.append((self.now_ns + int(seconds * _S), self._placed, life, do))

    def _say_updates(self):
        for raw in self.side.updates():
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
        if name := self.side.new_order(request):
            self.posts[name] += 1
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
        answer = self.side.execute(request, self.router.entry)
        if request.method != "GET" and self._goes_wrong(0.05):
            self.happened["answer lost"] += 1
            self._later(2, lambda: self.router.unanswered(request, self.now_ns, sent=True), life)
        elif request.method != "GET" and self._goes_wrong(0.05):
            self.happened["done, and called a failure"] += 1
            told = self._random.choice((408, 502))
            self._later(0.02, lambda: self.router.answered(request, HttpAnswer(told), self.now_ns), life)
        else:
            self._later(0.02, lambda: self.router.answered(request, answer, self.now_ns), life)


def _trade(seed, folder, registry, trouble, seconds=20, record_inputs=None, crashes=(), side=_Alpaca):
    line = _Line(seed, folder, registry, trouble, record_inputs, side=side)
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
        theirs[line.side.name(fill.order.client_order_id)] += fill.size_lots
    assert ours == theirs


@pytest.fixture(scope="module")
def registry():
    return _registry()


@pytest.mark.parametrize("side", [_Alpaca, _Spot, _Usdm])
def test_a_good_line(tmp_path, registry, side):
    """Nothing goes wrong: no difference is found, nothing is unknown, orders are replaced."""
    with (line := _trade(1, tmp_path, registry, 0.0, side=side)).run as run:
        _same(line)
        assert run.trading.reconciling.differences == []
        assert len(line.exchange.executions) > 10
        assert line.replaced


@pytest.mark.parametrize(
    ("side", "seed"),
    [*((_Alpaca, seed) for seed in range(50)), *((side, seed) for side in (_Spot, _Usdm) for seed in range(20))],
)
def test_a_bad_line(tmp_path, registry, side, seed):
    """Updates are lost, doubled, late and garbled, requests and answers are lost, and the stream goes down."""
    with (line := _trade(seed, tmp_path, registry, 1.0, side=side)).run:
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


@pytest.mark.parametrize(
    ("side", "seed"),
    [
        *((_Alpaca, seed) for seed in range(100, 110)),
        *((side, seed) for side in (_Spot, _Usdm) for seed in range(100, 105)),
    ],
)
def test_a_bad_line_and_crashes(tmp_path, registry, side, seed):
    """The process dies twice in between, with orders open and requests under way; the next one takes over."""
    # A session that waits longer for answers takes longer to begin.
    wait = side.timeout_ms // 50
    crashes, seconds = (190 + wait + seed % 100, 240 + wait), side.seconds
    with (line := _trade(seed, tmp_path, registry, 1.0, seconds, crashes=crashes, side=side)).run as run:
        _same(line)
        assert run.trading.took_over is not None
