"""A lane made by hand: scripted feeds and routers, and real parts between them."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from mainspring.host.wiring import Wired
from mainspring.lane import (
    BookSlot,
    BoundStrategy,
    ContingentOrders,
    Effects,
    Event,
    ExecutionQuality,
    FeedHandler,
    Lane,
    LaneClock,
    LaneRiskSession,
    LaneSession,
    LaneStages,
    LaneStrategyMarket,
    Market,
    OrderManager,
    OrderTerms,
    Outbox,
    Remade,
    RiskControl,
    StatisticsOptions,
    Strategies,
    StreamStatistics,
    Timers,
)
from mainspring.model import (
    Approved,
    CancelRequest,
    Cause,
    Instrument,
    MarketEvent,
    NewOrder,
    OrderEvent,
    Refusal,
    ReplaceRequest,
    SlippageEstimate,
    encode_records,
)
from mainspring.orders import USUAL_TERMS, EncodedRecords, LogRecord, OrderLog, OrderTracker, native_terms
from mainspring.plugin_calls import guarded
from mainspring.portfolio import Marks, Portfolio
from mainspring.risk import Gate
from mainspring.seams import NEVER_NS, FeedStatistics, MarketView, RawMessage, ResyncRequest, RiskCheck, Router
from mainspring.session.driver import Driver, Recorder
from mainspring.session.replay import Replay, ReplayFeed
from mainspring.session.scripted_driver import ScriptedDriver
from mainspring.session.source import MessageSource
from mainspring_plugins.books.bisect_list import BisectListBook

INSTRUMENT = Instrument(symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.001"))
SECOND = Instrument(symbol="ETH/USDT", venue_symbol="ETHUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.001"))

_CHOICE: Any = SimpleNamespace(plugin="scripted", distribution="acme")


class Faults:
    """What scripted plugins raise, by the name of the call, such as "router.submit". Each raises every time."""

    def __init__(self) -> None:
        self.raised: dict[str, BaseException] = {}

    def check(self, call: str) -> None:
        """Raises what was planned for a call."""
        if call in self.raised:
            raise self.raised[call]


class ScriptedFeed:
    """Gives the events that were put under a message's bytes; an error put there is raised."""

    def __init__(self, faults: Faults) -> None:
        self.script: dict[bytes, Sequence[MarketEvent] | Exception] = {}
        self._faults = faults

    def on_message(self, raw: bytes, receive_time_ns: int) -> Sequence[MarketEvent]:
        self._faults.check("feed.on_message")
        events = self.script.get(raw, ())
        if isinstance(events, Exception):
            raise events
        return events

    def subscriptions(self, now_ns: int) -> Sequence[bytes]:
        return ()

    def take_resync_requests(self) -> Sequence[ResyncRequest]:
        return ()

    def statistics(self) -> FeedStatistics:
        return FeedStatistics(0, {}, {}, 0, 0)


class ScriptedBook(BisectListBook):
    """A real book that can be made to raise."""

    faults: Faults

    def apply_delta(self, bids: Any, asks: Any) -> None:
        self.faults.check("book.apply_delta")
        super().apply_delta(bids, asks)

    def apply_snapshot(self, bids: Any, asks: Any) -> None:
        self.faults.check("book.apply_snapshot")
        super().apply_snapshot(bids, asks)

    def clear(self) -> None:
        self.faults.check("book.clear")
        super().clear()

    def bbo(self) -> Any:
        self.faults.check("book.bbo")
        return super().bbo()


class ScriptedRouter:
    """Takes requests down, and hands out the events that were put into `events`, each when its time has come.

    `attempts` has all requests, `sent` those at which it didn't raise; `answer` is called
    after each of these.
    """

    def __init__(self, faults: Faults) -> None:
        self.sent: list[object] = []
        self.attempts: list[tuple[str, int]] = []
        self.events: list[OrderEvent] = []
        self.watched: list[MarketEvent] = []
        self.answer: Callable[[int], None] = lambda now_ns: None
        self._faults = faults

    @property
    def due_ns(self) -> int:
        return min((event.time_ns for event in self.events), default=NEVER_NS)

    def submit(self, order: Approved[NewOrder], now_ns: int) -> None:
        self.attempts.append(("submit", order.request.order_id))
        self._faults.check("router.submit")
        self.sent.append(order.request)
        self.answer(now_ns)

    def cancel(self, cancel: Approved[CancelRequest], now_ns: int) -> None:
        self.attempts.append(("cancel", cancel.request.order_id))
        self._faults.check("router.cancel")
        self.sent.append(("cancel", cancel.request.order_id))
        self.answer(now_ns)

    def replace(self, replace: Approved[ReplaceRequest], now_ns: int) -> None:
        self.attempts.append(("replace", replace.request.order_id))
        self._faults.check("router.replace")
        request = replace.request
        self.sent.append(("replace", request.order_id, request.price_ticks, request.size_lots))
        self.answer(now_ns)

    def poll(self, now_ns: int) -> Sequence[OrderEvent]:
        self._faults.check("router.poll")
        due = [event for event in self.events if event.time_ns <= now_ns]
        self.events = [event for event in self.events if event.time_ns > now_ns]
        return due

    def on_market(self, event: MarketEvent) -> None:
        self._faults.check("router.on_market")
        self.watched.append(event)


class ReadableLog(OrderLog):
    """An order log that keeps its records to be read."""

    def __init__(self) -> None:
        super().__init__(encode_records, [])
        self.kept: list[LogRecord] = []

    def write_all(self, records: Sequence[LogRecord | EncodedRecords]) -> None:
        self.kept += [one for one in records if not isinstance(one, EncodedRecords)]
        super().write_all(records)


class OneTick:
    """A slippage model that always says one tick."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def estimate(self, order: NewOrder, market: MarketView) -> SlippageEstimate | Refusal:
        self._faults.check("slippage.estimate")
        if not (market.bid_lots and market.ask_lots):
            return Refusal("no-mid-price")
        mid = (market.bid_ticks + market.ask_ticks) * 0.005
        return SlippageEstimate(0.01, mid, (Cause("spread", 0.01),))


class Smallest:
    """A risk check that lets orders of up to ten lots pass."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def check(self, order: NewOrder, market: object, account: object) -> Refusal | None:
        self._faults.check("risk.check")
        return Refusal("too-large", f"{order.size_lots} lots") if order.size_lots > 10 else None


def remake(check: RiskCheck, value: str) -> Remade:
    """Makes a check of the same class with a JSON value as its limit; a smaller one is tighter."""
    made: Any = type(check)()
    made.limit = msgspec.json.decode(value, type=int)
    return Remade(made, made.limit > cast("Any", check).limit)


class Bench:
    """A lane with its parts in reach, its driver, and a clock that ticks 1,000 ns a reading.

    Each feed has a router, whose fault is at "router". `feed`, `router` and `say` are those of the first feed.
    """

    def __init__(
        self,
        strategies: Mapping[str, Any],
        instruments: Sequence[Sequence[Instrument]],
        *,
        quotes_only: bool,
        wait_for_journal: bool,
        scripted: bool,
        checks: Sequence[tuple[str, RiskCheck]],
        terms: str,
        cancel_on_disconnect: bool,
    ) -> None:
        """`instruments` are those of each feed; `checks` are asked after that of the size, about all of them.

        `terms` are the terms of orders that the venue does.
        """
        self.readings = 0
        self.messages = 0
        self.faults = Faults()
        self.feeds = [ScriptedFeed(self.faults) for _ in instruments]
        self.routers = [ScriptedRouter(self.faults) for _ in instruments]
        self.feed, self.router = self.feeds[0], self.routers[0]
        self.time, self.stages, self.effects, self.outbox = LaneClock(), LaneStages(), Effects(), Outbox()
        flat = [(place, one) for place, own in enumerate(instruments) for one in own]
        self.markets = [self._market(index, one, quotes_only) for index, (_, one) in enumerate(flat)]
        self.tracker = OrderTracker([one for _, one in flat])
        self.marks = Marks(self.markets)
        self.portfolio = Portfolio([one for _, one in flat], self.tracker.open_lots, self.marks)
        self.log = ReadableLog()
        timers = Timers(self.time)
        self.prices: dict[int, int] = {}
        self.contingent = ContingentOrders(self.tracker, self.outbox, self.time, timers, self.prices.get)
        self.strategies = Strategies(
            [self._bound(name, one, timers) for name, one in strategies.items()], timers, self.outbox, len(flat)
        )
        # Attributes of their own, so that a test can read what the lane knows.
        models: list[Any] = [OneTick(self.faults) for _ in flat]
        self.order_manager = OrderManager(
            markets=self.markets,
            router_of=[place for place, _ in flat],
            models=models,
            estimates=[guarded(model.estimate, "slippage model", "scripted", "acme") for model in models],
            risk=RiskControl(
                Gate(
                    [(("smallest", Smallest(self.faults)), *checks) for _ in flat],
                    owners={"smallest": "acme"},
                    stops=self.tracker.stops,
                ),
                LaneRiskSession(
                    self.markets,
                    [place for place, _ in flat],
                    tuple(strategies),
                    self.tracker,
                    self.portfolio,
                    self.time,
                ),
                [(one.symbol,) for _, one in flat],
                remake,
            ),
            tracker=self.tracker,
            portfolio=self.portfolio,
            terms=OrderTerms([native_terms(terms) for _ in flat], self.portfolio.accounts, self.tracker),
            quality=ExecutionQuality(self.markets, self.portfolio.valuations, self.stages),
            outbox=self.outbox,
            effects=self.effects,
            time=self.time,
            stages=self.stages,
            clock=self.clock,
            wait_for_journal=wait_for_journal,
        )
        self.quality = self.order_manager.quality
        self.lane = Lane(
            feeds=[
                self._handler(place, [at for at, (own, _) in enumerate(flat) if own == place])
                for place in range(len(instruments))
            ],
            markets=self.markets,
            strategies=self.strategies,
            order_manager=self.order_manager,
            time=self.time,
            stages=self.stages,
            effects=self.effects,
            cancel_on_disconnect=cancel_on_disconnect,
            contingent=self.contingent,
            clock=self.clock,
        )
        # A router's `due_ns` can only be read here.
        self.wired = Wired(self.lane, [(cast("Router", router), _CHOICE) for router in self.routers], self.log)
        self.driver = (ScriptedDriver if scripted else Driver)(self.wired)

    def clock(self) -> int:
        """Ticks a microsecond a reading."""
        self.readings += 1
        return self.readings * 1_000

    def message(self, now_ns: int, *events: MarketEvent, feed: int = 0) -> tuple[int, bytes]:
        """Makes a message of a feed that leads to these events."""
        self.messages += 1
        raw = str(self.messages).encode()
        self.feeds[feed].script[raw] = events
        return now_ns, raw

    def say(self, now_ns: int, *events: MarketEvent, feed: int = 0) -> None:
        """Runs a message of a feed that leads to these events, with all that falls due before it."""
        self.driver.run([self.message(now_ns, *events, feed=feed)], feed=feed)

    def replay(
        self, messages: Sequence[Sequence[RawMessage]], chunk: int = 512, *, recorder: Recorder | None = None
    ) -> Replay:
        """Makes a replay of each feed's messages, which reads `chunk` of them at a time and skips bad ones."""
        plan: Any = SimpleNamespace(
            chunk=SimpleNamespace(value=chunk), source=SimpleNamespace(skip_bad=True), feed=_CHOICE
        )
        feeds = [
            ReplayFeed(plan, index, handler, MessageSource(f"feed {index}", make=partial(iter, own)))
            for index, (handler, own) in enumerate(zip(self.lane.feeds, messages, strict=True))
        ]
        return Replay(self.wired, feeds, "test", recorder)

    def tell(self, event: Event) -> None:
        """Hands the lane an event, and does the effects."""
        self.driver.feed(event)

    def _market(self, index: int, instrument: Instrument, quotes_only: bool) -> Market:
        book = ScriptedBook(instrument)
        book.faults = self.faults
        slot = BookSlot(book, "scripted", "acme")
        return Market(
            index, instrument, slot, StreamStatistics(instrument, StatisticsOptions()), top_of_book=quotes_only
        )

    def _bound(self, name: str, strategy: Any, timers: Timers) -> BoundStrategy:
        markets = [
            LaneStrategyMarket(
                f"scripted:{market.instrument.symbol}",
                name,
                market,
                self.time,
                self.outbox,
                self.portfolio.accounts[market.index],
                self.portfolio.own_position(name, market.index),
                self.outbox.client_order_id,
                contingent=self.contingent,
            )
            for market in self.markets
        ]
        session = LaneSession(name, markets, self.time, timers, partial(self.portfolio.profit, name))
        return BoundStrategy(
            session, strategy, plugin="scripted", distribution="acme", record=self.stages.strategy, clock=self.clock
        )

    def _handler(self, place: int, own: Sequence[int]) -> FeedHandler:
        return FeedHandler(
            feed=self.feeds[place],
            markets=self.markets,
            own=[self.markets[index] for index in own],
            observer=cast("Router", self.routers[place]),
            fused=None,
            callbacks=self.strategies.callbacks,
            note_mark=self.marks.note,
            stages=self.stages,
            owners=dict.fromkeys(("feed", "decoder", "router"), ("scripted", "acme")),
            clock=self.clock,
        )


@pytest.fixture
def bench() -> Callable[..., Bench]:
    """Makes a bench of strategies by name: one feed of some instruments, or several of one each."""

    def make(
        strategies: Mapping[str, Any] | None = None,
        *,
        instruments: int = 1,
        feeds: int = 1,
        quotes_only: bool = False,
        wait_for_journal: bool = False,
        scripted: bool = False,
        checks: Sequence[tuple[str, RiskCheck]] = (),
        terms: str = USUAL_TERMS,
        cancel_on_disconnect: bool = False,
    ) -> Bench:
        """`scripted` makes the driver one that is fed executions as they are listed."""
        own = [[INSTRUMENT]] * feeds if feeds > 1 else [[INSTRUMENT, SECOND][:instruments]]
        return Bench(
            strategies or {},
            own,
            quotes_only=quotes_only,
            wait_for_journal=wait_for_journal,
            scripted=scripted,
            checks=checks,
            terms=terms,
            cancel_on_disconnect=cancel_on_disconnect,
        )

    return make
