"""A session, an exchange, and the line between them on a clock of their own."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any, Final, Self

from mainspring.host.config import parse_config
from mainspring.host.offers import Offer
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.lane import Event, Execution
from mainspring.model import Fill, Replaced
from mainspring.seams import SEAMS, RawMessage, ResyncRequest
from mainspring.session.lane_run import LaneRun
from mainspring.session.live.source import LiveSource, SteadyClock
from mainspring.session.live.trading import LiveTrading
from mainspring.wire import HttpAnswer, HttpRequest
from mainspring_tools.bad_line.sides import Side

__all__ = ["Line", "crashes_of", "differences", "line_registry", "trade"]

_START_NS: Final = 1_764_000_000_000_000_000
_STEP_NS: Final = 50_000_000
_S: Final = 1_000_000_000
_FOR_EVER: Final = -1
_BEGIN_NS: Final = 60 * _S
_CONFIG: Final = """
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


class _Trader:
    """Buys, sells what it has, replaces and cancels, at random."""

    seed = 0

    def __init__(self) -> None:
        self._random = Random(self.seed)  # noqa: S311  a trial's

    def on_start(self, session: Any) -> None:
        (self._market,) = session.markets
        session.every(seconds=0.2, call=self._act)

    def _act(self) -> None:
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


def line_registry() -> Registry:
    """Returns the installed plugins, and a strategy that trades at random."""
    real = Registry.load()
    offers: dict[str, Any] = {seam: dict(real.offers(seam)) for seam in SEAMS}
    offers["strategy"]["random"] = Offer(
        seam="strategy", name="random", factory=_Trader, summary="trades at random", distribution="tools", version="1"
    )
    return Registry(offers, ())


class Line:
    """`trouble` is how likely each thing goes wrong, 0 to 1; `happened` counts what went wrong.

    `posts` counts the new orders that left, by client order id. Use it as a context: it closes the session.
    """

    def __init__(
        self,
        side: type[Side],
        seed: int,
        folder: Path,
        registry: Registry,
        *,
        trouble: float = 1.0,
        record_inputs: Path | None = None,
    ) -> None:
        """`folder` gets the journal, and `record_inputs` is the file for what the lane is fed, if it is wanted."""
        self._random = Random(seed)  # noqa: S311  a trial's
        self.trouble = trouble
        self.now_ns = _START_NS
        _Trader.seed = seed
        self.side = side(registry, seed, lambda: self.now_ns)
        self.exchange = self.side.exchange
        self.happened: Counter[str] = Counter()
        self.posts: Counter[str] = Counter()
        self._events: list[tuple[int, int, int, Callable[[], object]]] = []
        self._placed = 0
        self._life = 0
        self.fills: list[Fill] = []
        self.replaced = 0
        self._up = False
        config = _CONFIG.format(symbol=side.symbol, feed=side.feed, router=side.router, timeout_ms=side.timeout_ms)
        self.plan = make_session(parse_config(config, "test.toml", folder), registry).lanes[0]
        self._registry = registry
        self._open = ExitStack()
        self._start(record_inputs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def trading(self) -> LiveTrading:
        """What drives the session that runs now."""
        assert self.run.trading is not None
        return self.run.trading

    def crash(self) -> None:
        """The session's process dies, and another takes over. What was under way to it is lost."""
        self._life += 1
        self._open.close()
        self.side.unsubscribe()
        self._start()

    def _start(self, record_inputs: Path | None = None) -> None:
        clock = SteadyClock(lambda: self.now_ns)

        def opens(part: Any, *_: object) -> LiveSource:
            self._source = LiveSource(part.source.name, clock)
            return self._source

        run = LaneRun(self.plan, self._registry, {}, opens, recorder=self, record_inputs=record_inputs)
        self.run = self._open.enter_context(run)
        routers: Any = self.run.routers
        (self.router,) = routers
        self.run.ask_for_snapshots(self._snapshot)
        self._push(self.side.subscribe())
        self._connect()

    def _snapshot(self, feed: int, request: ResyncRequest) -> None:
        """A snapshot is asked for by HTTP, and its answer is a message."""
        self._later(0.02, lambda: self._push([self.side.snapshot(request.target)]))

    def record(self, event: Event, messages: Sequence[RawMessage]) -> None:
        """Takes what the lane is fed."""
        if isinstance(event, Execution) and isinstance(event.event, Replaced):
            self.replaced += 1
        if isinstance(event, Execution) and isinstance(event.event, Fill):
            self.fills.append(event.event)

    def step(self) -> None:
        """Goes on by 50 ms."""
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

    def _connect(self) -> None:
        self._up = True
        self.side.connect(self.router)

    def _push(self, messages: Sequence[bytes]) -> None:
        if messages:
            self._source.push([(self.now_ns, one) for one in messages])

    def _goes_wrong(self, likely: float) -> bool:
        return self._random.random() < likely * self.trouble

    def _later(self, seconds: float, do: Callable[[], object], life: int | None = None) -> None:
        self._placed += 1
        life = self._life if life is None else life
        self._events.append((self.now_ns + int(seconds * _S), self._placed, life, do))

    def _say_updates(self) -> None:
        for raw in self.side.updates():
            if not self._up or self._goes_wrong(0.1):
                self.happened["update lost"] += 1
            elif self._goes_wrong(0.02):
                self.happened["update garbled"] += 1
                self._later(0.01, lambda: self.router.received(b'{"stream":"trade_up', self.now_ns))
            else:
                for _ in range(1 + self._goes_wrong(0.1)):
                    delay_s = self._random.uniform(0.5, 2) if self._goes_wrong(0.1) else 0.02
                    self._later(delay_s, lambda raw=raw: self.router.received(raw, self.now_ns))  # type: ignore[misc]

    def _carry(self, request: HttpRequest) -> None:
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

    def _execute(self, request: HttpRequest, life: int) -> None:
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


def trade(line: Line, seconds: int = 20, crashes: Collection[int] = ()) -> None:
    """Trades for that long and then ends the session, with a good line; it crashes at steps of `crashes`.

    Goes on for up to a minute more if the line has been so bad that the last session hasn't begun to trade.
    """
    steps = seconds * _S // _STEP_NS
    for number in range(steps + _BEGIN_NS // _STEP_NS):
        if number in crashes:
            line.crash()
        line.step()
        if number >= steps - 1 and line.trading.trading:
            break
    assert line.trading.trading, "the last session never began to trade"
    line.trouble = 0.0
    line.trading.end(line.now_ns)
    for number in range(60 * _S // _STEP_NS):
        line.step()
        if number > 15 * _S // _STEP_NS and line.trading.reconciling.done:
            break


def crashes_of(side: type[Side], seed: int) -> tuple[int, int]:
    """Returns at which steps the process dies. A session that waits longer for answers takes longer to begin."""
    wait = side.timeout_ms // 50
    return 190 + wait + seed % 100, 240 + wait


def differences(line: Line) -> list[str]:
    """Returns what both sides have differently at the end, a sentence each."""
    lane = line.trading.lane
    manager, ledger = lane.order_manager, line.exchange.ledger
    assert manager is not None
    ours: Counter[str] = Counter()
    for fill in line.fills:
        ours[manager.outbox.client_order_id(fill.order_id)] += fill.size_lots
    theirs: Counter[str] = Counter()
    for fill in line.exchange.executions:
        theirs[line.side.name(fill.order.client_order_id)] += fill.size_lots
    positions = [account.position_lots for account in manager.portfolio.accounts]
    checks = {
        f"the exchange has open orders: {line.exchange.open_orders()}": line.exchange.open_orders() == [],
        f"the session has {lane.open_orders} open orders": lane.open_orders == 0,
        f"positions are {positions}, and {ledger.position_lots} there": positions == ledger.position_lots,
        f"orders left more than once: {line.posts}": max(line.posts.values(), default=0) <= 1,
        f"fills are {dict(ours - theirs)} more, {dict(theirs - ours)} less than there": ours == theirs,
    }
    return [said for said, good in checks.items() if not good]
