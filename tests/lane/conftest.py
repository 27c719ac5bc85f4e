"""A lane made by hand: a feed that says what it is told, a router that does as it is told, and real parts between."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, cast

import pytest

from mainspring.lane import (
    BoundStrategy,
    Gateway,
    Lane,
    LaneStages,
    Market,
    OrderManager,
    Outbox,
    StatisticsOptions,
    StreamStatistics,
    Trading,
)
from mainspring.model import (
    ApprovedOrder,
    Cause,
    Instrument,
    MarketEvent,
    NewOrder,
    OrderEvent,
    Refusal,
    SlippageEstimate,
)
from mainspring.orders import OrderLog, OrderTracker
from mainspring.risk import Gate
from mainspring.seams import NEVER_NS, FeedStatistics, MarketView, ResyncRequest, Router
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.codecs.msgpack import MsgpackCodec

INSTRUMENT = Instrument(symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.001"))
SECOND = Instrument(symbol="ETH/USDT", venue_symbol="ETHUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.001"))


class ScriptedFeed:
    """Gives the events that were put under a message's bytes."""

    def __init__(self) -> None:
        self.script: dict[bytes, Sequence[MarketEvent]] = {}

    def on_message(self, raw: bytes, receive_time_ns: int) -> Sequence[MarketEvent]:
        return self.script.get(raw, ())

    def subscriptions(self) -> Sequence[bytes]:
        return ()

    def take_resync_requests(self) -> Sequence[ResyncRequest]:
        return ()

    def statistics(self) -> FeedStatistics:
        return FeedStatistics(0, {}, {}, 0, 0)


class ScriptedRouter:
    """Takes orders down, and hands out the events that were put into `events`, each when its time has come."""

    def __init__(self) -> None:
        self.sent: list[object] = []
        self.events: list[OrderEvent] = []
        self.watched: list[MarketEvent] = []

    @property
    def due_ns(self) -> int:
        return min((event.time_ns for event in self.events), default=NEVER_NS)

    def submit(self, order: ApprovedOrder, now_ns: int) -> None:
        self.sent.append(order.order)

    def cancel(self, order_id: int, now_ns: int) -> None:
        self.sent.append(("cancel", order_id))

    def replace(self, order_id: int, price_ticks: int, size_lots: int, now_ns: int) -> None:
        self.sent.append(("replace", order_id, price_ticks, size_lots))

    def poll(self, now_ns: int) -> Sequence[OrderEvent]:
        due = [event for event in self.events if event.time_ns <= now_ns]
        self.events = [event for event in self.events if event.time_ns > now_ns]
        return due

    def on_market(self, event: MarketEvent) -> None:
        self.watched.append(event)


class OneTick:
    """A slippage model that always says one tick."""

    def estimate(self, order: NewOrder, market: MarketView) -> SlippageEstimate | Refusal:
        if not (market.bid_lots and market.ask_lots):
            return Refusal("no-mid-price")
        mid = (market.bid_ticks + market.ask_ticks) * 0.005
        return SlippageEstimate(0.01, mid, (Cause("spread", 0.01),))


class Smallest:
    """A risk check that lets orders of up to ten lots pass."""

    def check(self, order: NewOrder, market: object, account: object) -> Refusal | None:
        return Refusal("too-large", f"{order.size_lots} lots") if order.size_lots > 10 else None


class Bench:
    """A lane with its parts in reach, and a clock that ticks 1,000 ns a reading."""

    def __init__(self, strategies: dict[str, Any], instruments: Sequence[Instrument], *, quotes_only: bool) -> None:
        self.readings = 0
        self.feed = ScriptedFeed()
        self.router = ScriptedRouter()
        self.markets = [
            Market(index, one, BisectListBook(one), StreamStatistics(one, StatisticsOptions()))
            for index, one in enumerate(instruments)
        ]
        self.tracker = OrderTracker(instruments)
        outbox = Outbox()
        bound = [
            BoundStrategy(
                name, "scripted", "acme", strategy, [Gateway(name, m, self.tracker, outbox) for m in self.markets]
            )
            for name, strategy in strategies.items()
        ]
        self.stages = LaneStages()
        self.log = OrderLog(MsgpackCodec())
        trading = Trading(
            models=[OneTick() for _ in instruments],
            gate=Gate([(("smallest", Smallest()),) for _ in instruments]),
            router=cast("Router", self.router),  # Its `due_ns` can only be read.
            tracker=self.tracker,
            log=self.log,
            outbox=outbox,
            strategies=bound,
            owners={"slippage": ("one-tick", "acme"), "router": ("scripted", "acme")},
        )
        self.order_manager = OrderManager(trading, self.markets, self.stages, self.clock)
        self.lane = Lane(
            feed=self.feed,
            markets=self.markets,
            order_manager=self.order_manager,
            strategies=bound,
            watch_market=self.router.on_market,
            top_of_book=quotes_only,
            stages=self.stages,
            owners=dict.fromkeys(("feed", "decoder", "book", "router"), ("scripted", "acme")),
            clock=self.clock,
        )
        self.messages = 0

    def clock(self) -> int:
        self.readings += 1
        return self.readings * 1_000

    def say(self, now_ns: int, *events: MarketEvent) -> None:
        """One message that the feed makes these events of."""
        self.messages += 1
        raw = str(self.messages).encode()
        self.feed.script[raw] = events
        self.lane.on_message(now_ns, raw)


@pytest.fixture
def bench() -> Callable[..., Bench]:
    """Makes a bench of strategies by name."""

    def make(
        strategies: dict[str, Any] | None = None,
        *,
        instruments: int = 1,
        quotes_only: bool = False,
    ) -> Bench:
        return Bench(strategies or {}, (INSTRUMENT, SECOND)[:instruments], quotes_only=quotes_only)

    return make
