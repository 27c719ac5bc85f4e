"""Makes a lane from a plan: creates and binds every part. After this nothing uses pluggy, registry or config."""

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from time import perf_counter_ns
from typing import Any, cast

from mainspring.host.check_maker import CheckMaker
from mainspring.host.fusing import fuse
from mainspring.host.guard import calling
from mainspring.host.maker import Maker
from mainspring.host.plan import Choice, LanePlan, Plan
from mainspring.host.registry import Registry
from mainspring.host.strategy_maker import StrategyMaker
from mainspring.host.swapping import Swapping
from mainspring.lane import (
    BookSlot,
    ContingentOrders,
    Effects,
    ExecutionQuality,
    FeedHandler,
    FlagBoard,
    FusedQuality,
    Lane,
    LaneClock,
    LaneRiskSession,
    LaneStages,
    Market,
    OrderManager,
    OrderTerms,
    Outbox,
    Requests,
    Strategies,
    StreamStatistics,
    Timers,
    last_trade,
)
from mainspring.orders import OrderLog, OrderTracker, Sink, TradingDay
from mainspring.plugin_calls import guarded, guarded_pair
from mainspring.portfolio import Marks, Portfolio, PositionUnits
from mainspring.risk import Gate
from mainspring.seams import (
    SEAMS,
    Feed,
    Fused,
    LatencyContext,
    Records,
    Router,
    RouterContext,
)

__all__ = ["Wired", "wire"]


class Wired:
    """A lane and what its driver needs.

    `routers` are those of its feeds, by the feed's place in the lane; `sends` and `polls` their methods, wrapped so
    that what they raise names the plugin. `queries` are how each is asked about orders, None if it won't be. `log`
    takes the lane's records. All four are empty, and `log` is None, if only markets are rebuilt. `poll_executions_ns`
    is how often venues are asked without a reason, 0 for never; `answer_timeout_ns` and `compare_balances` are those of
    the plan.
    """

    def __init__(
        self,
        lane: Lane,
        routers: Sequence[tuple[Router, Choice]],
        log: OrderLog | None,
        *,
        queried: bool = False,
        poll_executions_ns: int = 0,
        answer_timeout_ns: int = 0,
        compare_balances: bool = False,
    ) -> None:
        """`queried` says that those routers are asked that can be."""
        self.lane = lane
        self.log = log
        self.poll_executions_ns = poll_executions_ns
        self.answer_timeout_ns = answer_timeout_ns
        self.compare_balances = compare_balances
        self.queries: list[Callable[..., None] | None] = [
            guarded_pair(query, "router", choice.plugin, choice.distribution)
            if queried and (query := getattr(router, "query", None)) is not None
            else None
            for router, choice in routers
        ]
        self.routers = tuple(router for router, _ in routers)
        self.sends: list[Mapping[str, Callable[..., None]]] = [
            {name: guarded_pair(getattr(router, name), "router", choice.plugin, choice.distribution) for name in _SENDS}
            for router, choice in routers
        ]
        self.polls = [guarded(router.poll, "router", choice.plugin, choice.distribution) for router, choice in routers]


_SENDS = ("submit", "replace", "cancel")


def wire(plan: LanePlan | Plan, registry: Registry, *, order_log: Sink | None = None, queried: bool = False) -> Wired:
    """Makes the lane of a plan; a `Plan` is a lane of one feed. `order_log` takes the encoded order log, or None.

    `queried` says that routers will be asked about orders: see `mainspring.seams.AnsweringRouter`.

    Raises `PluginError` or `ConfigError`, naming the plugin, if one of its factories raised.
    """
    lane = plan if isinstance(plan, LanePlan) else LanePlan(name="1", parts=(plan,))
    return _Wiring(lane, registry, queried=queried).wire(order_log)


class _Wiring:
    """Makes one lane. Instruments have one index each over all feeds of the lane."""

    def __init__(self, plan: LanePlan, registry: Registry, *, queried: bool) -> None:
        self._queried = queried or plan.parts[0].poll_executions_ns > 0
        self._plan = plan
        self._registry = registry
        self._maker = Maker(registry)
        self._stages = LaneStages()
        self._effects = Effects()
        self._markets: list[Market] = []
        self._instruments = tuple(instrument for part in plan.parts for instrument in part.instruments)
        self._labels = [part.label(instrument) for part in plan.parts for instrument in part.instruments]
        # What a market is told of the end of the trading day, by index: nothing, or when it is.
        self._day_ends: list[dict[str, Any]] = [
            {"day_end_ns": TradingDay(part.day_ends).end_ns} if part.day_ends else {}
            for part in plan.parts
            for _ in part.instruments
        ]
        self._checker = CheckMaker(registry, self._instruments, self._maker.make)
        self._swapping = Swapping(plan.parts, registry, self._maker, self._labels, self._instruments)
        self._firsts = tuple(accumulate((len(part.instruments) for part in plan.parts), initial=0))

    def wire(self, order_log: Sink | None) -> Wired:
        """Makes the lane."""
        parts = self._plan.parts
        feeds = [self._feed(part, first) for part, first in zip(parts, self._firsts, strict=False)]
        trading = parts[0].router is not None
        manager, log, routers = None, None, []
        fused = next((one for _, one in feeds if one is not None), None)
        self._time = LaneClock() if fused is None else fused.clock()
        timers = Timers(self._time)
        make_requests = Requests if fused is None else fused.requests
        outbox = Outbox(self._plan.number, make_requests(parts[0].max_answers))
        tracker = self._order_tracker(fused)
        marks = Marks(self._markets, parts[0].portfolio.mark)
        make_units = PositionUnits if fused is None else fused.position_units
        portfolio = Portfolio(self._instruments, tracker.open_lots, marks, make_units)
        contingent = ContingentOrders(
            tracker,
            outbox,
            self._time,
            timers,
            marks.half_ticks if parts[0].stop_trigger == "mark" else last_trade(self._markets),
        )
        costs = None if fused is None else fused.costs(tracker, self._markets, portfolio.valuations)
        swapping = self._swapping
        swapping.board = FlagBoard((one.flag for one in parts[0].flags), self._time)
        maker = StrategyMaker(
            self._registry,
            self._maker,
            swapping,
            labels=self._labels,
            markets=self._markets,
            day_ends=self._day_ends,
            time=self._time,
            timers=timers,
            outbox=outbox,
            portfolio=portfolio,
            stages=self._stages,
            fused=fused,
            contingent=contingent,
        )
        strategies = Strategies(
            maker.make(parts, self._firsts) if trading else [],
            timers,
            outbox,
            len(self._markets),
        )
        if trading:
            routers = [self._router(part, first, outbox) for part, first in zip(parts, self._firsts, strict=False)]
            log = self._order_log(order_log)
            manager = self._order_manager(tracker, portfolio, costs, outbox)
        handlers = [
            self._handler(part, place, feed, fused, costs, routers, strategies, marks)
            for place, (part, (feed, fused)) in enumerate(zip(parts, feeds, strict=True))
        ]
        lane = Lane(
            feeds=handlers,
            markets=self._markets,
            strategies=strategies,
            order_manager=manager,
            time=self._time,
            stages=self._stages,
            effects=self._effects,
            cancel_on_disconnect=parts[0].cancel_on_disconnect,
            contingent=contingent,
            parts={choice.seam: self._part(choice) for choice in parts[0].slots},
            changing=swapping.changing(manager, self._checker, timers, outbox),
        )
        return Wired(
            lane,
            routers,
            log,
            queried=self._queried,
            poll_executions_ns=parts[0].poll_executions_ns,
            answer_timeout_ns=parts[0].answer_timeout_ns,
            compare_balances=parts[0].compare_balances,
        )

    def _feed(self, part: Plan, first: int) -> tuple[Feed, Fused | None]:
        """Makes a feed with its books and markets; fused if its decoder can."""
        registry, maker = self._registry, self._maker
        feed: Feed = maker.make(part.feed, maker.feed_context(part, first))
        books = tuple(maker.make(part.book, instrument) for instrument in part.instruments)
        top_of_book = not registry.get("feed", part.feed.plugin).capabilities.get("books", True)
        if not self._swapping.keeps_apart(part):
            with calling(registry.get("decoder", part.decoder.plugin), "run feed and books as one"):
                fused = fuse(feed, books, part, first, top_of_book=top_of_book)
            if fused is not None:
                self._markets += fused.markets
                return feed, fused
        for index, (instrument, book) in enumerate(zip(part.instruments, books, strict=True), first):
            slot = BookSlot(book, part.book.plugin, part.book.distribution)
            self._swapping.book(index, slot, part.book)
            statistics = StreamStatistics(instrument, part.market)
            self._markets.append(Market(index, instrument, slot, statistics, top_of_book=top_of_book))
        return self._swapping.feed(part, first, feed), None

    def _order_tracker(self, fused: Fused | None) -> OrderTracker:
        """Makes what tracks the lane's orders: that of a fused feed, which its runs know, if there is one."""
        timeout_ns = self._plan.parts[0].answer_timeout_ns
        if fused is None:
            return OrderTracker(self._instruments, answer_timeout_ns=timeout_ns)
        return cast("OrderTracker", fused.order_tracker(self._instruments, answer_timeout_ns=timeout_ns))

    def _handler(
        self,
        part: Plan,
        place: int,
        feed: Feed,
        fused: Fused | None,
        costs: Any,
        routers: Sequence[tuple[Router, Choice]],
        strategies: Strategies,
        marks: Marks,
    ) -> FeedHandler:
        first, end = self._firsts[place : place + 2]
        watches = part.router is not None and self._registry.get("router", part.router.plugin).capabilities.get(
            "watches_market", False
        )
        return FeedHandler(
            feed=feed,
            markets=self._markets,
            own=self._markets[first:end],
            observer=routers[place][0] if watches else None,
            fused=fused,
            costs=costs,
            callbacks=strategies.callbacks,
            note_mark=marks.note,
            stages=self._stages,
            owners=_owners(part),
            clock=perf_counter_ns,
        )

    def _router(self, part: Plan, first: int, outbox: Outbox) -> tuple[Router, Choice]:
        assert part.router is not None
        own = self._markets[first : first + len(part.instruments)]
        make, seed = self._maker.make, self._plan.parts[0].seed
        queue, latency = part.queue, part.latency
        context = RouterContext(
            part.instruments,
            tuple(market.book for market in own),
            seed,
            queues=tuple(make(queue, one) for one in part.instruments) if queue else (),
            latencies=tuple(make(latency, LatencyContext(one, seed)) for one in part.instruments) if latency else (),
            first_index=first,
            client_order_id=outbox.client_order_id,
            order_id_of=outbox.order_id_of,
            queried=self._queried,
        )
        return self._maker.make(part.router, context), part.router

    def _order_manager(self, tracker: OrderTracker, portfolio: Portfolio, costs: Any, outbox: Outbox) -> OrderManager:
        models, estimates, checks, owners, missing = [], [], [], {}, []
        for part in self._plan.parts:
            assert part.slippage is not None
            for instrument in part.instruments:
                model = self._maker.make(part.slippage, instrument)
                owner = (part.slippage.plugin, part.slippage.distribution)
                models.append(model)
                estimates.append(guarded_pair(model.estimate, "slippage model", *owner))
                checks.append(tuple((one.plugin, self._checker.make(one, instrument)) for one in part.risk))
            owners.update({one.plugin: one.distribution for one in part.risk})
            missing += [name for name in part.missing_limits if name not in missing]
        router_of = [place for place, part in enumerate(self._plan.parts) for _ in part.instruments]
        strategies = dict.fromkeys(one.name for part in self._plan.parts for one in part.strategies)
        return OrderManager(
            markets=self._markets,
            router_of=router_of,
            models=models,
            estimates=estimates,
            risk=self._checker.control(
                Gate(checks, missing_required=missing, owners=owners, stops=tracker.stops),
                LaneRiskSession(self._markets, router_of, tuple(strategies), tracker, portfolio, self._time),
                self._labels,
            ),
            tracker=tracker,
            portfolio=portfolio,
            quality=self._quality(portfolio, costs),
            terms=OrderTerms(
                [frozenset(part.terms) for part in self._plan.parts for _ in part.instruments],
                portfolio.accounts,
                tracker,
            ),
            outbox=outbox,
            effects=self._effects,
            time=self._time,
            stages=self._stages,
            clock=perf_counter_ns,
        )

    def _quality(self, portfolio: Portfolio, costs: Any) -> ExecutionQuality:
        if costs is None:
            return ExecutionQuality(self._markets, portfolio.valuations, self._stages)
        return cast("ExecutionQuality", FusedQuality(costs, portfolio.valuations, self._stages))

    def _order_log(self, sink: Sink | None) -> OrderLog:
        choice = self._plan.parts[0].records
        assert choice is not None
        records: Records = self._maker.make(choice)
        encode = guarded(records.encode, "records", choice.plugin, choice.distribution)
        return OrderLog(encode, list(zip(self._labels, self._instruments, strict=True)), sink)

    def _part(self, choice: Choice) -> Any:
        """Makes the plugin of a slot that the lane itself doesn't know: one, or one for each instrument."""
        if SEAMS[choice.seam].slot == "lane":
            return self._maker.make(choice, self._instruments)
        return tuple(self._maker.make(choice, instrument) for instrument in self._instruments)


def _owners(plan: Plan) -> dict[str, tuple[str, str]]:
    """Plugin and distribution of the parts that a feed handler calls, for errors."""
    parts = {"feed": plan.feed, "decoder": plan.decoder, "router": plan.router}
    return {part: (choice.plugin, choice.distribution) for part, choice in parts.items() if choice is not None}
