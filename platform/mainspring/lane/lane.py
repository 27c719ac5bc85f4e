"""The kernel: events in, effects out. It does no I/O and reads no clock but the one that times the stages."""

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from mainspring.errors import PluginError, UnrequestedSend
from mainspring.lane.clock import LaneClock
from mainspring.lane.contingent_orders import ContingentOrders
from mainspring.lane.events import (
    BookFill,
    CancelAll,
    ClearDiscrepancy,
    ClockCompared,
    Connection,
    Disputed,
    Durable,
    Effects,
    Event,
    Execution,
    Flatten,
    FundingSettled,
    Messages,
    Mode,
    ResolveOrder,
    RouterFailed,
    SetMode,
    Started,
    Stopped,
    Time,
)
from mainspring.lane.feed_handler import FeedHandler
from mainspring.lane.market import Market
from mainspring.lane.message_loop import MessageLoop
from mainspring.lane.order_manager import OrderManager
from mainspring.lane.reactions import Reactions
from mainspring.lane.risk_commands import RiskCommands
from mainspring.lane.risk_control import RiskControl
from mainspring.lane.strategies import Strategies
from mainspring.lane.timing import LaneStages
from mainspring.lane.trace import Trace
from mainspring.orders.persons_word import resolved_by_person
from mainspring.seams import ClockReading

if TYPE_CHECKING:
    from mainspring.lane.flag_control import FlagControl
    from mainspring.lane.swaps import SwapControl

__all__ = ["Lane"]

_MID_SAMPLES = 4_000


class Lane:
    """Takes events in one total order, and returns what is to be done.

    `handle` runs one event to completion. The driver does the effects, hands in what comes of them as further events,
    and calls with a `Time` no later than `next_due_ns`. The same events give the same effects, byte for byte.

    `feeds` are the handlers of its feeds, `markets` those of all its instruments by their index. `order_manager` is
    None if only markets are rebuilt; `contingent` keeps orders that depend on others. `parts` holds what the plugins of
    further seams made, by seam: one object, or one per instrument. `changing` makes what exchanges its parts and what
    does what its flags say; None if nothing can be exchanged. `cancel_on_disconnect`: whether a lost connection
    cancels its orders. `clock` returns nanoseconds and times the stages.
    """

    def __init__(
        self,
        *,
        feeds: Sequence[FeedHandler],
        markets: Sequence[Market],
        strategies: Strategies,
        order_manager: OrderManager | None,
        time: LaneClock,
        stages: LaneStages,
        effects: Effects,
        contingent: ContingentOrders | None = None,
        parts: Mapping[str, Any] | None = None,
        changing: "Callable[[Lane], tuple[SwapControl, FlagControl]] | None" = None,
        cancel_on_disconnect: bool = False,
        clock: Callable[[], int] = perf_counter_ns,
    ) -> None:
        self.feeds = tuple(feeds)
        self.markets = tuple(markets)
        self.strategies = strategies
        self.order_manager = order_manager
        self.stages = stages
        self.effects = effects
        self.parts = parts or {}
        self._cancel_on_disconnect = cancel_on_disconnect
        self.mids: list[Trace[tuple[int, int]]] = [Trace(_MID_SAMPLES) for _ in markets]
        # Whether everything was cancelled after a failure.
        self._cancelled = False
        self._time = time
        self._contingent = contingent
        self._reactions = Reactions(strategies, order_manager, self.feeds, contingent)
        if contingent is not None and order_manager is not None:
            contingent.bind(order_manager.record, self._watch_prints)
            order_manager.terms.take_group = contingent.restore
        self.message_loop = MessageLoop(
            self.feeds, self._reactions, effects, time, stages, next_due_ns=self._next_due_ns, clock=clock
        )
        self._handlers: dict[type, Callable[..., None]] = {
            Messages: self.message_loop.run,
            Execution: self._on_execution,
            Time: self._on_time,
            RouterFailed: self._on_router_failed,
            SetMode: self._on_set_mode,
            CancelAll: self._on_cancel_all,
            Flatten: self._on_flatten,
            ClearDiscrepancy: self._on_clear_discrepancy,
            ResolveOrder: self._on_resolve_order,
            BookFill: self._on_book_fill,
            Disputed: self._on_disputed,
            FundingSettled: self._on_funding_settled,
            Connection: self._on_connection,
            ClockCompared: self._on_clock_compared,
            Durable: self._on_durable,
            Started: self._on_started,
            Stopped: self._on_stopped,
        }
        self._risk_commands: RiskCommands | None = None
        if order_manager is not None:
            parts_of_it = order_manager, strategies, self._reactions, self.message_loop
            self._risk_commands = RiskCommands(*parts_of_it, begin=self._begin)
            self._handlers.update(self._risk_commands.handlers)
        self.swaps: SwapControl | None = None
        self.flags: FlagControl | None = None
        if changing is not None:
            self.swaps, self.flags = changing(self)
            self._handlers |= {**self.swaps.handlers, **self.flags.handlers}

    @property
    def now_ns(self) -> int:
        """The lane's time: that of the current event."""
        return self._time.now_ns

    @property
    def mode(self) -> Mode:
        """What the lane may do now."""
        return self.strategies.mode

    @property
    def control(self) -> RiskControl | None:
        """The kill switch and the limits; None if only markets are rebuilt."""
        return None if self.order_manager is None else self.order_manager.risk

    def check_states(self) -> bytes:
        """Returns what risk checks save, as JSON, if it has changed since the last call; else nothing."""
        return b"" if self.order_manager is None else self.order_manager.risk.save()

    @property
    def at(self) -> int:
        """After `Messages`: the index after the last message that was run, or that of one that can't be read."""
        return self.message_loop.at

    @property
    def next_due_ns(self) -> int:
        """When the lane wants a `Time` event, unless another event comes first."""
        return self._next_due_ns()

    def _next_due_ns(self) -> int:
        if self.order_manager is None:
            return self._time.timer_ns
        timer_ns, order_ns = self._time.timer_ns, self.order_manager.due_ns
        if self._reactions.groups and self._contingent is not None:
            order_ns = min(order_ns, self._contingent.due_ns)
        return order_ns if order_ns < timer_ns else timer_ns  # noqa: FURB136  a call of min costs several times more

    def handle(self, event: Event) -> Effects:
        """Runs one event to completion and returns all effects that haven't been cleared.

        Of `Messages` it may run only some: it stops before a message received at or after something is due, and after
        one that led to effects, since these come first; `at` is the index after the last one run. It runs at least one
        unless something is due. Raises `WireError` or `CodecError` for a message that can't be read: those before it
        were run, `at` is its index, and nothing but the time changed. What a plugin raises
        becomes a failure among the effects.
        """
        try:
            self._handlers[type(event)](event)
            if self._reactions.groups:
                self._reactions.follow_up()
        except PluginError as error:
            self._fail(error)
            if isinstance(error, UnrequestedSend):
                self.strategies.set_mode(Mode.HALTED)
        if self.effects.sends:
            self._compare_sends()
        return self.effects

    @property
    def open_orders(self) -> int:
        """How many orders may still be filled."""
        return 0 if self.order_manager is None else len(self.order_manager.tracker.all_open())

    def fold(self) -> None:
        """Moves what was measured and sampled to where it is kept. Called between chunks of messages."""
        self.stages.fold()
        if self.order_manager is not None:
            self.order_manager.fold()
        for market, trace in zip(self.markets, self.mids, strict=True):
            for sample in market.take_mid_samples():
                trace.add(sample)

    def _on_execution(self, event: Execution) -> None:
        self._begin(event.now_ns)
        if self.order_manager is not None:
            self.order_manager.on_execution(event.event)
            self._reactions.answer()
            if self._risk_commands is not None and self.order_manager.risk.kills:
                self._risk_commands.close_killed()

    def _on_router_failed(self, event: RouterFailed) -> None:
        self._begin(event.now_ns)
        if self.order_manager is not None:
            self.strategies.on_unknown(self.order_manager.on_router_failed(event.router, event.order_id))
        self._stop_trading()

    def _on_time(self, event: Time) -> None:
        self._begin(event.now_ns)
        if self.order_manager is not None:
            self.strategies.on_unknown(self.order_manager.on_time())
            self._reactions.answer()
        for _ in self.strategies.fire_timers():
            self._reactions.work()

    def _on_started(self, event: Started) -> None:
        self._begin(event.now_ns)
        if self.order_manager is not None:
            self.order_manager.outbox.session = event.session
        if self.flags is not None:
            self.flags.start()
        self.strategies.start()
        self._watch_prints(bool(self._reactions.groups))
        self._reactions.work()

    def _on_stopped(self, event: Stopped) -> None:
        self._begin(event.now_ns)
        if self.order_manager is not None:
            self.order_manager.on_stop()
            self._reactions.answer()
        self.strategies.stop()
        self._reactions.work()

    def _on_set_mode(self, event: SetMode) -> None:
        self._begin(event.now_ns)
        self.strategies.set_mode(event.mode)
        self._cancelled = False

    def _on_cancel_all(self, event: CancelAll) -> None:
        self._begin(event.now_ns)
        if self.order_manager is not None:
            self.order_manager.cancel_all(event.market)

    def _on_flatten(self, event: Flatten) -> None:
        self._begin(event.now_ns)
        if self.order_manager is not None:
            self.strategies.flatten(event.market)
            self.order_manager.flatten_unowned(event.market)
            self._reactions.work()

    def _on_funding_settled(self, event: FundingSettled) -> None:
        self._begin(event.now_ns)
        if self.order_manager is not None:
            self.order_manager.on_funding(event.funding)

    def _on_clear_discrepancy(self, event: ClearDiscrepancy) -> None:
        self._begin(event.now_ns)
        if self.order_manager is not None:
            self.order_manager.clear_discrepancy(event.market)

    def _on_resolve_order(self, event: ResolveOrder) -> None:
        self._begin(event.now_ns)
        manager = self.order_manager
        order = None if manager is None else manager.tracker.find(event.order_id)
        if manager is None or order is None or order.ended:
            return
        reason = f"resolved by {event.who}: {event.why}"
        for said in resolved_by_person(order, event.outcome, event.now_ns, reason, event.price_ticks):
            manager.on_execution(said)
        manager.clear_discrepancy(order.order.instrument)
        self._reactions.answer()

    def _on_book_fill(self, event: BookFill) -> None:
        self._begin(event.now_ns)
        if self.order_manager is not None:
            self.order_manager.on_execution(event.fill())
            self.order_manager.clear_discrepancy(event.market)

    def _on_disputed(self, event: Disputed) -> None:
        self._begin(event.now_ns)
        if self.order_manager is not None:
            self.order_manager.tracker.dispute(event.what, event.order_id, event.market, event.detail, event.now_ns)
            self.order_manager.note_discrepancies()

    def _on_connection(self, event: Connection) -> None:
        self._begin(event.now_ns)
        connected = event.state == "up"
        if self.order_manager is not None:
            down = self.order_manager.risk.session.down
            down.discard(event.feed) if connected else down.add(event.feed)
            self.message_loop.renew_runs()
        for market in self.feeds[event.feed].own:
            if market.set_connected(connected):
                self.strategies.on_bbo(market)
                self._reactions.work()
        if not connected and self.order_manager is not None:
            self.strategies.on_unknown(self.order_manager.on_connection_lost(event.feed))
        if self._cancel_on_disconnect and self.order_manager is not None:
            # What was sent as it went down may not have arrived, so it is sent again once it is up.
            for market in self.feeds[event.feed].own:
                self.order_manager.cancel_all(market.index)

    def _on_clock_compared(self, event: ClockCompared) -> None:
        self._begin(event.now_ns)
        if self.order_manager is not None:
            self.order_manager.risk.session.clock = ClockReading(
                event.now_ns, event.lag_ns, event.skew_ns, event.valid_until_ns
            )
            self.message_loop.renew_runs()

    def _on_durable(self, event: Durable) -> None:
        if self.order_manager is not None:
            self.order_manager.on_durable(event.record)

    def _watch_prints(self, groups: bool) -> None:
        """Has messages run one by one, with their trades, if groups of orders or strategies want them."""
        for feed in self.feeds:
            feed.prints_wanted = groups or self.strategies.prints_wanted

    def begin(self, now_ns: int) -> None:
        """Takes the time of an event."""
        self._begin(now_ns)

    def renew(self) -> None:
        """Lets messages be run by the parts as they are now."""
        for feed in self.feeds:
            feed.callbacks = self.strategies.callbacks
        self._watch_prints(bool(self._reactions.groups))
        self.message_loop.renew_runs()

    def _begin(self, now_ns: int) -> None:
        if now_ns > self._time.now_ns:
            self._time.now_ns = now_ns

    def _compare_sends(self) -> None:
        """Halts the lane if it would send what nobody requested, and sends no such thing."""
        effects, manager = self.effects, self.order_manager
        assert manager is not None
        found = manager.audit.unrequested(effects.sends[effects.compared :])
        if found:
            effects.sends[:] = [one for one in effects.sends if not any(one is other for other in found)]
            self._fail(UnrequestedSend(one.request.request.order_id for one in found))
            self.strategies.set_mode(Mode.HALTED)
        effects.compared = len(effects.sends)

    def _fail(self, error: PluginError) -> None:
        """A plugin raised: no more callbacks, no new orders, and every open order is cancelled."""
        self.effects.failures.append(error)
        for feed in self.feeds:
            feed.changed.clear()
            feed.prints.clear()
        self._stop_trading()

    def _stop_trading(self) -> None:
        self.strategies.abandon()
        if self.order_manager is not None:
            self.order_manager.work(self.strategies.mode)
            # Once only: a router that raises at the cancels themselves isn't asked again.
            if not self._cancelled:
                self._cancelled = True
                self.order_manager.cancel_all(None)
