"""The order side of a lane: prices, checks and sends what strategies ask for, and takes what venues report."""

from collections import Counter, deque
from collections.abc import Callable, MutableSequence, Sequence

import msgspec

from mainspring.errors import PluginError
from mainspring.lane.clock import LaneClock
from mainspring.lane.events import Answer, Effects, Mode, Send
from mainspring.lane.execution_quality import ExecutionQuality
from mainspring.lane.market import Market
from mainspring.lane.order_terms import OrderTerms
from mainspring.lane.outbox import Outbox
from mainspring.lane.outgoing import REFUSAL_NS, Outgoing
from mainspring.lane.requests import Surplus
from mainspring.lane.risk_control import RiskControl
from mainspring.lane.send_audit import SendAudit
from mainspring.lane.timing import LaneStages
from mainspring.model import (
    CancelRequest,
    Funding,
    NewOrder,
    OrderEvent,
    OrderRequest,
    Refusal,
    Rejected,
    ReplaceRequest,
    RequestKind,
    SlippageEstimate,
)
from mainspring.orders import (
    CancelRequested,
    DiscrepancyCleared,
    MarkedUnknown,
    Order,
    OrderState,
    OrderTracker,
    ReplaceRequested,
    RequestApproved,
    RequestRefused,
    SessionStarted,
    SubmitRequested,
)
from mainspring.portfolio import Portfolio
from mainspring.risk import changeable
from mainspring.seams import NEVER_NS, MarketView, SlippageModel

__all__ = ["CANCEL_ONLY", "HALTED", "PLUGIN_FAILED", "REFUSAL_NS", "TOO_MANY_REQUESTS", "OrderManager"]

CANCEL_ONLY = "cancel-only"
"""The lane takes no new risk: a plugin failed, the session ends, or a command said so."""

HALTED = "halted"
"""The lane sends nothing."""

PLUGIN_FAILED = "plugin-failed"
"""A plugin raised while it looked at the request."""

TOO_MANY_REQUESTS = "too-many-requests"
"""A strategy answered its own order events by too many requests at one instant."""

# Looked up once: an enum's members cost a descriptor each time.
_RUNNING = Mode.RUNNING

_Estimate = Callable[[NewOrder, MarketView], SlippageEstimate | Refusal]


class OrderManager:
    """Turns requests into approved requests for routers, and order events into orders, accounts and answers.

    Requests are worked off in the order in which they were made, after a strategy has returned. `answers` are for the
    strategies, and the lane clears them. A refusal is answered `REFUSAL_NS` later, so that a strategy that retries at
    once can't block the lane, and at an instant that depends on nothing else that happens. `router_of` gives each
    instrument's router, `models` the slippage model of each, and `estimates` their methods, wrapped. `quality` measures
    what orders cost. `risk` has the gate, what its checks see, and the kill switch. With `wait_for_journal` a request
    goes out only when its record is durable. `clock` returns nanoseconds and times the stages.
    """

    def __init__(
        self,
        *,
        markets: Sequence[Market],
        router_of: Sequence[int],
        models: MutableSequence[SlippageModel],
        estimates: MutableSequence[_Estimate],
        risk: RiskControl,
        tracker: OrderTracker,
        portfolio: Portfolio,
        quality: ExecutionQuality,
        terms: OrderTerms,
        outbox: Outbox,
        effects: Effects,
        time: LaneClock,
        stages: LaneStages,
        clock: Callable[[], int],
        wait_for_journal: bool = False,
    ) -> None:
        self.tracker = tracker
        self.portfolio = portfolio
        self.outbox = outbox
        self.quality = quality
        self.terms = terms
        self.answers: list[Answer] = []
        self._markets = markets
        self.router_of = router_of
        self.models = models
        self.risk = risk
        self.gate = risk.gate
        self._shown = risk.session
        self.audit = SendAudit()
        self.effects = effects
        self.estimates = estimates
        self._time = time
        self._stages = stages
        self._clock = clock
        self.outgoing = Outgoing(effects, waits=wait_for_journal)
        self.record = self._record = self.outgoing.record
        self.discrepancies: Counter[str] = Counter()
        """How often a venue contradicted what we know, by what it was."""
        self.started = False
        """Whether anything was ever requested."""
        self._requests: deque[OrderRequest | Surplus] = deque()
        self.own_due_ns = NEVER_NS
        """When the next refusal is to be answered, or an order's time is over."""
        self._work: dict[type, Callable[..., None]] = {
            NewOrder: self._new,
            CancelRequest: self._cancel,
            ReplaceRequest: self._replace,
            Surplus: self._surplus,
        }

    @property
    def waits_for_journal(self) -> bool:
        """Whether a request goes out only when its record is durable."""
        return self.outgoing.waits

    @property
    def due_ns(self) -> int:
        """When something is to be done without an event."""
        due_ns, own_ns = self.tracker.due_ns, self.own_due_ns
        return own_ns if own_ns < due_ns else due_ns  # noqa: FURB136  a call of min costs several times more

    def work(self, mode: Mode) -> None:
        """Works off what the strategies have asked for. If a plugin raises, what is left waits for the next call."""
        requests = self._requests
        requests.extend(self.outbox.requests.take())
        while requests:
            request = requests.popleft()
            asked = request.request if isinstance(request, Surplus) else request
            self.audit.requested(asked)
            killed = self.risk.refusal(asked)
            if killed is not None:
                self._refuse(asked, killed)
            elif mode is _RUNNING or (mode is Mode.CANCEL_ONLY and type(asked) is CancelRequest):
                self._work[type(request)](request)
            else:
                reason = HALTED if mode is Mode.HALTED else CANCEL_ONLY
                self._refuse(asked, Refusal(reason, f"the lane is {mode}"))

    def on_execution(self, event: OrderEvent) -> None:
        """Takes a venue's word on an order. One that contradicts what is known is recorded as a discrepancy."""
        order = self.tracker.apply(event, self._time.now_ns)
        if self.tracker.fills:
            for fill, strategy in self.tracker.take_fills():
                self.portfolio.on_fill(fill, strategy)
                if self.terms.reducing:
                    self.terms.on_fill(fill, self._time.now_ns)
        self._record(event)
        if self.gate.listens:
            self.gate.on_event(event)
        if self.tracker.discrepancies:
            self.note_discrepancies()
        if order is not None:
            self.quality.on_event(event, order.order.strategy, order.ended)
            self.answers.append(Answer(order.order.strategy, event))
        if self.terms.reducing:
            self._cancel_each(self.terms.take_excess(event.instrument))

    def note_discrepancies(self) -> None:
        """Records what the last event contradicted."""
        for found in self.tracker.take_discrepancies():
            self.discrepancies[found.what] += 1
            self._record(found)

    def on_funding(self, funding: Funding) -> None:
        """Takes a funding payment."""
        self.portfolio.on_funding(funding)
        self._record(funding)

    def on_time(self) -> list[Order]:
        """Does what is due by the lane's time; returns the orders whose state isn't known from now on."""
        now_ns = self._time.now_ns
        self.answers.extend(self.outgoing.take_refusals(now_ns))
        self._cancel_each(self.terms.take_due(now_ns))
        self.note_discrepancies()
        self._set_due()
        return self._unknown(self.tracker.take_overdue(now_ns), "no-answer")

    def on_stop(self) -> None:
        """Answers every refusal now: nothing comes after."""
        self.answers.extend(self.outgoing.take_refusals(NEVER_NS))
        self._set_due()

    def on_router_failed(self, router: int, order_id: int | None) -> list[Order]:
        """A router raised: nobody knows the state of the order, or of all of its orders if that is None.

        Returns those orders.
        """
        found = [
            self.tracker.mark_unknown(order.order.order_id)
            for order in self.tracker.all_open()
            if self.router_of[order.order.instrument] == router and order_id in (None, order.order.order_id)
        ]
        return self._unknown(found, "router-failed")

    def on_connection_lost(self, router: int) -> list[Order]:
        """A venue's connection is down: nobody knows what happens to its orders. Returns them."""
        instruments = [index for index, one in enumerate(self.router_of) if one == router]
        return self._unknown(self.tracker.lose_connection(instruments), "connection-down")

    def clear_discrepancy(self, market: int) -> None:
        """Lets new orders go out again in an instrument."""
        self.tracker.clear_discrepancy(market)
        self._record(DiscrepancyCleared(self._time.now_ns, market))

    def on_durable(self, record: int) -> None:
        """Releases what has waited for its record."""
        self.outgoing.on_durable(record)

    def cancel_all(self, market: int | None, strategy: str | None = None) -> None:
        """Cancels every open order of a market, or of all; of one strategy, or of all."""
        for order in self.tracker.all_open():
            what = order.order
            wanted = market in (None, what.instrument) and strategy in (None, what.strategy)
            if wanted and order.state is not OrderState.CANCEL_PENDING:
                self._cancel_each((order,))

    def flatten_unowned(self, market: int | None) -> None:
        """Requests market orders that close what fills of unfamiliar orders left in a market, or in all.

        What of it an order's 64 bits don't hold is left for the next command.
        """
        for index in range(len(self._markets)):
            lots = self.portfolio.position_lots("", index)
            if lots and market in (None, index):
                self.outbox.close(index, lots, self._time.now_ns)

    def fold(self) -> None:
        """Moves what was sampled to where it is kept. Called between chunks of messages."""
        self.quality.fold()

    def _new(self, order: NewOrder) -> None:
        market, now_ns, clock = self._markets[order.instrument], self._time.now_ns, self._clock
        # Models and checks judge the prices' age by it: a timer may ask in silence.
        market.set_now(now_ns)
        self.quality.on_request(order.instrument)
        if not self.started:
            self.started = True
            self._record(SessionStarted(now_ns, self.outbox.session, self.outbox.lane))
        self._record(SubmitRequested(now_ns, order))
        asked = order
        admitted = self.terms.admit(order, now_ns)
        if isinstance(admitted, Refusal):
            self._refuse(order, admitted)
            return
        if (order := admitted) is not asked:
            self.audit.restated(asked, order)
        try:
            estimate = self._estimate(order, market)
            if isinstance(estimate, Refusal):
                self._refuse(order, estimate)
                return
            started = clock()
            self._shown.decide(estimate)
            decision = self.gate.approve(order, market, self.portfolio.accounts[order.instrument])
            self._stages.risk(clock() - started)
        except PluginError as error:
            self._refuse(order, Refusal(PLUGIN_FAILED, str(error)))
            raise
        finally:
            self._shown.decided()
        self._cancel_for_checks()
        if isinstance(decision, Refusal):
            self._refuse(order, decision)
            return
        self.tracker.add(order)
        self._record(RequestApproved(now_ns, order.order_id))
        self.tracker.send(order.order_id, now_ns)
        self.quality.on_sent(order, estimate, now_ns)
        self._send(Send(self.router_of[order.instrument], decision))
        if order is not asked:
            self.terms.watch(asked, order)
            self._set_due()
        if self.terms.reducing:
            self._cancel_each(self.terms.take_excess(order.instrument))

    def _cancel_each(self, orders: Sequence[Order]) -> None:
        for order in orders:
            what = order.order
            self._cancel(CancelRequest(what.order_id, what.instrument, self._time.now_ns, what.strategy))

    def _cancel(self, request: CancelRequest) -> None:
        now_ns = self._time.now_ns
        self._record(CancelRequested(now_ns, request.order_id))
        decision = self.gate.approve_cancel(request, self.tracker.find(request.order_id), now_ns)
        if isinstance(decision, Refusal):
            self._refuse(request, decision)
            return
        self.tracker.request_cancel(request.order_id, now_ns)
        self._record(RequestApproved(now_ns, request.order_id, "cancel"))
        self._send(Send(self.router_of[request.instrument], decision))

    def _replace(self, request: ReplaceRequest) -> None:
        now_ns, clock, order_id = self._time.now_ns, self._clock, request.order_id
        self._record(ReplaceRequested(now_ns, order_id, request.price_ticks, request.size_lots))
        order = changeable(request, self.tracker.find(order_id))
        if not isinstance(order, Refusal) and self.terms.reducing:
            order = self.terms.admit_replace(request, order.order, order.size_lots) or order
        if isinstance(order, Refusal):
            self._refuse(request, order)
            return
        market = self._markets[request.instrument]
        market.set_now(now_ns)
        leaves_lots = max(request.size_lots - order.filled_lots, 1)
        wanted = msgspec.structs.replace(order.order, price_ticks=request.price_ticks, size_lots=leaves_lots)
        try:
            estimate = self._estimate(wanted, market)
            if isinstance(estimate, Refusal):
                self._refuse(request, estimate)
                return
            started = clock()
            self._shown.decide(estimate, order)
            decision = self.gate.approve_replace(request, order, market, self.portfolio.accounts[request.instrument])
            self._stages.risk(clock() - started)
        except PluginError as error:
            self._refuse(request, Refusal(PLUGIN_FAILED, str(error)))
            raise
        finally:
            self._shown.decided()
        self._cancel_for_checks()
        if isinstance(decision, Refusal):
            self._refuse(request, decision)
            return
        self.tracker.request_replace(order_id, request.price_ticks, request.size_lots, now_ns)
        self._record(RequestApproved(now_ns, order_id, "replace"))
        self.quality.on_replace_sent(order.order, request.price_ticks, leaves_lots, estimate, now_ns)
        self._send(Send(self.router_of[request.instrument], decision))

    def _surplus(self, surplus: Surplus) -> None:
        request, now_ns = surplus.request, self._time.now_ns
        if isinstance(request, NewOrder):
            self.quality.on_request(request.instrument)
            self._record(SubmitRequested(now_ns, request))
        elif isinstance(request, CancelRequest):
            self._record(CancelRequested(now_ns, request.order_id))
        else:
            self._record(ReplaceRequested(now_ns, request.order_id, request.price_ticks, request.size_lots))
        detail = f"more than {surplus.most} requests at one instant, in answer to order events"
        self._refuse(request, Refusal(TOO_MANY_REQUESTS, detail))

    def _estimate(self, order: NewOrder, market: Market) -> SlippageEstimate | Refusal:
        clock = self._clock
        started = clock()
        estimate = self.estimates[order.instrument](order, market)
        self._stages.slippage(clock() - started)
        return estimate

    def _refuse(self, request: OrderRequest, refusal: Refusal) -> None:
        now_ns = self._time.now_ns
        kind: RequestKind = (
            "new" if type(request) is NewOrder else "cancel" if type(request) is CancelRequest else "replace"
        )
        order_id, instrument = request.order_id, request.instrument
        self.audit.refused(request)
        self.quality.on_refusal(refusal.reason)
        self._record(RequestRefused(now_ns, order_id, refusal.reason, refusal.detail, kind))
        rejected = Rejected(order_id, instrument, now_ns, refusal.reason, kind)
        self.outgoing.refuse(Answer(request.strategy, rejected), now_ns)
        self._set_due()

    def _set_due(self) -> None:
        self.own_due_ns = min(self.outgoing.due_ns, self.terms.due_ns)

    def _unknown(self, orders: list[Order], reason: str) -> list[Order]:
        for order in orders:
            self._record(MarkedUnknown(self._time.now_ns, order.order.order_id, reason))
        return orders

    def _cancel_for_checks(self) -> None:
        """Cancels what checks asked for while they looked at a request."""
        while self._shown.cancels:
            order = self.tracker.find(self._shown.cancels.pop(0))
            if order is not None and not order.ended and order.state is not OrderState.CANCEL_PENDING:
                self._cancel_each((order,))

    def _send(self, send: Send) -> None:
        if self.gate.listens:
            self.gate.on_sent(send.request.request)
        self.outgoing.send(send)
