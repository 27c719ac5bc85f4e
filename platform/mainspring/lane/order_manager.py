"""The order side of a lane: prices, checks and routes what strategies ask for, and brings back what becomes of it."""

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import msgspec

from mainspring.errors import OrderStateError
from mainspring.lane.arrival import ArrivalPrice
from mainspring.lane.callbacks import BoundStrategy
from mainspring.lane.gateway import CancelRequest, Outbox, ReplaceRequest
from mainspring.lane.market import Market
from mainspring.lane.markouts import Markouts
from mainspring.lane.tally import FillRecord, InstrumentTally
from mainspring.lane.timing import LaneStages
from mainspring.lane.trace import Trace
from mainspring.model import (
    Accepted,
    ApprovedOrder,
    Cancelled,
    Fill,
    NewOrder,
    OrderEvent,
    Refusal,
    Rejected,
    Replaced,
    SlippageEstimate,
)
from mainspring.orders import (
    Approved,
    CancelRequested,
    Order,
    OrderLog,
    OrderTracker,
    Refused,
    ReplaceRequested,
    SubmitRequested,
)
from mainspring.plugin_calls import wrap_error
from mainspring.risk import Gate
from mainspring.seams import Router, SlippageModel

__all__ = ["OrderManager", "Trading"]

RequestKind: TypeAlias = Literal["new", "cancel", "replace"]

_FILL_MARKS = 2_000
_ORDER_MARKS = 2_000


class Trading:
    """An order manager's parts, bound at wiring. `owners` names plugin and distribution of "slippage" and "router"."""

    __slots__ = ("gate", "log", "models", "outbox", "owners", "router", "strategies", "tracker")

    def __init__(
        self,
        *,
        models: Sequence[SlippageModel],
        gate: Gate,
        router: Router,
        tracker: OrderTracker,
        log: OrderLog,
        outbox: Outbox,
        strategies: Sequence[BoundStrategy],
        owners: dict[str, tuple[str, str]],
    ) -> None:
        self.models = tuple(models)
        self.gate = gate
        self.router = router
        self.tracker = tracker
        self.log = log
        self.outbox = outbox
        self.strategies = tuple(strategies)
        self.owners = owners


class OrderManager:
    """Processes order requests after a strategy has returned, and delivers order events when they are due.

    A refusal becomes a `Rejected` event that is delivered with the next message, so that a strategy that retries at
    once can't block the lane. `deliver` has work if `refused` isn't empty or the router is due. `clock` returns
    nanoseconds and times the stages.
    """

    def __init__(
        self, trading: Trading, markets: Sequence[Market], stages: LaneStages, clock: Callable[[], int]
    ) -> None:
        self.trading = trading
        self.router = trading.router
        self.refusals: dict[str, int] = {}
        self.tallies = [InstrumentTally(account) for account in trading.tracker.accounts]
        self.markouts = Markouts(markets, self.tallies)
        self.fills: list[Trace[FillRecord]] = [Trace(_FILL_MARKS) for _ in markets]
        self.orders: list[Trace[tuple[int, NewOrder, bool]]] = [Trace(_ORDER_MARKS) for _ in markets]
        """Orders that were sent: when, what then stood at the venue, and whether it replaced what stood there."""
        self._sent: list[tuple[int, NewOrder, bool]] = []
        self._markets = markets
        self._stages = stages
        self._clock = clock
        self._strategies = {bound.name: bound for bound in trading.strategies}
        self._fill_count = 0
        self.arrivals: dict[int, ArrivalPrice] = {}
        """Of each order that hasn't ended, by its id."""
        self.mids_before: list[tuple[int, int | None]] = [(0, None) for _ in markets]
        """Of each market the time of the last message that touched it, and the mid before that message."""
        # Of replaces on their way, oldest first: they hold from the moment the venue has replaced the order.
        self._replacement_arrivals: dict[int, list[ArrivalPrice]] = {}
        self.refused: list[tuple[Rejected, str]] = []
        self.before_work: Callable[[], None] | None = None
        """Called before the requests of strategies are worked off: the lane brings an idle router up to date."""
        self._work: dict[type, Callable[..., None]] = {
            NewOrder: self._new,
            CancelRequest: self._cancel,
            ReplaceRequest: self._replace,
        }

    def work(self, now_ns: int) -> None:
        """Works off what the strategies have asked for, in the order in which they asked."""
        if self.before_work is not None:
            self.before_work()
        requests = self.trading.outbox.requests
        self.trading.outbox.requests = []
        for request in requests:
            self._work[type(request)](request, now_ns)

    def deliver(self, now_ns: int) -> None:
        """Hands out the order events up to now: to the tracker, the log, and the strategies that want them."""
        refused, self.refused = self.refused, []
        for rejected, strategy in refused:
            self._wake(rejected, strategy, now_ns)
        if self.router.due_ns > now_ns:
            return
        try:
            events = self.router.poll(now_ns)
        except BaseException as error:  # noqa: BLE001  a stranger's router may raise anything
            wrap_error("router", *self.trading.owners["router"], error)
        for event in events:
            self._take(event, now_ns)

    def note_mid(self, market: Market, now_ns: int) -> None:
        """Called before a message of that time changes a market whose instrument may fill an order of ours."""
        if self.mids_before[market.index][0] != now_ns:
            self.mids_before[market.index] = (now_ns, market.mid_half_ticks())

    def fold(self) -> None:
        """Moves what was sampled to where it is kept. Called between chunks of messages."""
        for sample in self._sent:
            self.orders[sample[1].instrument].add(sample)
        self._sent.clear()

    def _new(self, order: NewOrder, now_ns: int) -> None:
        trading = self.trading
        market = self._markets[order.instrument]
        self.tallies[order.instrument].orders += 1
        trading.log.write(SubmitRequested(now_ns, order))
        estimate = self._estimate(order, market)
        if type(estimate) is Refusal:
            self._refuse(order.order_id, order.instrument, order.strategy, "new", estimate, now_ns)
            return
        assert type(estimate) is SlippageEstimate
        clock = self._clock
        started = clock()
        decision = trading.gate.approve(order, market, trading.tracker.accounts[order.instrument])
        self._stages.risk(clock() - started)
        if type(decision) is Refusal:
            self._refuse(order.order_id, order.instrument, order.strategy, "new", decision, now_ns)
            return
        assert type(decision) is ApprovedOrder
        started = clock()
        trading.tracker.add(order)
        trading.log.write(Approved(now_ns, order.order_id))
        self.arrivals[order.order_id] = self._price(estimate, market, now_ns)
        try:
            trading.router.submit(decision, now_ns)
        except BaseException as error:  # noqa: BLE001  a stranger's router may raise anything
            wrap_error("router", *trading.owners["router"], error)
        self._stages.route(clock() - started)
        self._sent.append((now_ns, order, False))

    def _estimate(self, order: NewOrder, market: Market) -> SlippageEstimate | Refusal:
        clock = self._clock
        started = clock()
        try:
            estimate = self.trading.models[order.instrument].estimate(order, market)
        except BaseException as error:  # noqa: BLE001  a stranger's model may raise anything
            wrap_error("slippage model", *self.trading.owners["slippage"], error)
        self._stages.slippage(clock() - started)
        return estimate

    @staticmethod
    def _price(estimate: SlippageEstimate, market: Market, now_ns: int) -> ArrivalPrice:
        mid = market.mid_half_ticks()
        assert mid is not None  # a model that can't see a mid price refuses
        return ArrivalPrice(estimate, mid, now_ns)

    def _cancel(self, request: CancelRequest, now_ns: int) -> None:
        trading = self.trading
        order_id = request.order_id
        trading.log.write(CancelRequested(now_ns, order_id))
        if self._open_order(request, "cancel", now_ns) is None:
            return
        trading.tracker.request_cancel(order_id)
        try:
            trading.router.cancel(order_id, now_ns)
        except BaseException as error:  # noqa: BLE001  a stranger's router may raise anything
            wrap_error("router", *trading.owners["router"], error)

    def _replace(self, request: ReplaceRequest, now_ns: int) -> None:
        trading = self.trading
        order_id, price_ticks, size_lots = request.order_id, request.price_ticks, request.size_lots
        trading.log.write(ReplaceRequested(now_ns, order_id, price_ticks, size_lots))
        order = self._open_order(request, "replace", now_ns)
        if order is None:
            return
        index = request.instrument
        market = self._markets[index]
        leaves_lots = max(size_lots - order.filled_lots, 1)
        wanted = msgspec.structs.replace(order.order, price_ticks=price_ticks, size_lots=leaves_lots)
        estimate = self._estimate(wanted, market)
        if type(estimate) is Refusal:
            self._refuse(order_id, index, request.strategy, "replace", estimate, now_ns)
            return
        assert type(estimate) is SlippageEstimate
        clock = self._clock
        started = clock()
        decision = trading.gate.approve_replace(order, price_ticks, size_lots, market, trading.tracker.accounts[index])
        self._stages.risk(clock() - started)
        if type(decision) is Refusal:
            self._refuse(order_id, index, request.strategy, "replace", decision, now_ns)
            return
        trading.tracker.request_replace(order_id, price_ticks, size_lots)
        self._replacement_arrivals.setdefault(order_id, []).append(self._price(estimate, market, now_ns))
        started = clock()
        trading.log.write(Approved(now_ns, order_id, "replace"))
        try:
            trading.router.replace(order_id, price_ticks, size_lots, now_ns)
        except BaseException as error:  # noqa: BLE001  a stranger's router may raise anything
            wrap_error("router", *trading.owners["router"], error)
        self._stages.route(clock() - started)
        self._sent.append((now_ns, wanted, True))

    def _open_order(self, request: CancelRequest | ReplaceRequest, kind: RequestKind, now_ns: int) -> Order | None:
        """The order that a request is about; None, and the request refused, where it has ended or never was."""
        reason = "order-ended"
        try:
            order = self.trading.tracker.get(request.order_id)
            problem = f"order {request.order_id} is {order.state}" if order.ended else ""
            if order.order.instrument != request.instrument or order.order.strategy != request.strategy:
                reason = "not-yours"
                problem = f"order {request.order_id} isn't one of {request.strategy} in this instrument"
        except OrderStateError as error:
            problem = str(error)
        if not problem:
            return order
        refusal = Refusal(reason, problem)
        self._refuse(request.order_id, request.instrument, request.strategy, kind, refusal, now_ns)
        return None

    def _refuse(
        self, order_id: int, instrument: int, strategy: str, request: RequestKind, refusal: Refusal, now_ns: int
    ) -> None:
        self._count_refusal(refusal.reason)
        self.trading.log.write(Refused(now_ns, order_id, refusal.reason, refusal.detail, request))
        self.refused.append((Rejected(order_id, instrument, now_ns, refusal.reason, request), strategy))

    def _take(self, event: OrderEvent, now_ns: int) -> None:
        trading = self.trading
        order = trading.tracker.apply(event)
        trading.log.write(event)
        strategy = order.order.strategy
        self._count(event, strategy)
        if order.ended:
            self.arrivals.pop(event.order_id, None)
            self._replacement_arrivals.pop(event.order_id, None)
        self._wake(event, strategy, now_ns)

    def _count(self, event: OrderEvent, strategy: str) -> None:
        tally = self.tallies[event.instrument]
        if isinstance(event, Fill):
            mid_after = self._markets[event.instrument].mid_half_ticks()
            touched_ns, mid_before = self.mids_before[event.instrument]
            # The quote that the fill met, not the one that the message which filled us has left behind.
            mid = mid_before if touched_ns == event.time_ns else mid_after
            arrival = self.arrivals[event.order_id]
            record = FillRecord(self._fill_count, event, strategy, arrival, mid or None, mid_after or None)
            self._fill_count += 1
            tally.add_fill(record)
            self.markouts.add(record)
            self.fills[event.instrument].add(record)
            self._strategies[strategy].gateways[event.instrument].position_lots += event.side * event.size_lots
        elif isinstance(event, Accepted):
            tally.accepted += 1
            self._stages.venue(event.time_ns - self.arrivals[event.order_id].submitted_ns)
        elif isinstance(event, Cancelled):
            tally.cancelled += 1
        elif isinstance(event, Replaced):
            tally.replaced += 1
            self.arrivals[event.order_id] = self._replacement_arrivals[event.order_id].pop(0)
        else:
            tally.rejected += 1
            self._count_refusal(f"venue: {event.reason}")
            if event.request == "replace" and event.order_id in self._replacement_arrivals:
                self._replacement_arrivals[event.order_id].pop(0)

    def _wake(self, event: OrderEvent, strategy: str, now_ns: int) -> None:
        bound = self._strategies[strategy]
        market = self._markets[event.instrument]
        market.now_ns = now_ns
        gateway = bound.gateways[event.instrument]
        clock = self._clock
        started = clock()
        try:
            if isinstance(event, Fill):
                if not bound.subscription.fills:
                    return
                bound.strategy.on_fill(event, market, gateway)
            else:
                if not bound.subscription.order_events:
                    return
                bound.strategy.on_order_event(event, market, gateway)
        except BaseException as error:  # noqa: BLE001  a stranger's strategy may raise anything
            wrap_error(f"strategy {strategy}", bound.plugin, bound.distribution, error)
        self._stages.strategy(clock() - started)
        if self.trading.outbox.requests:
            self.work(now_ns)

    def _count_refusal(self, reason: str) -> None:
        self.refusals[reason] = self.refusals.get(reason, 0) + 1
