"""Drives a lane: hands it events, does the effects, and brings back what the routers report."""

from collections.abc import Callable, Container, Sequence
from time import perf_counter_ns
from typing import TYPE_CHECKING, Final, Protocol, get_args

from mainspring.errors import PluginError
from mainspring.host.wiring import Wired
from mainspring.journal import CheckStates, Entry, Input, JournalWriter, LaneState, Positions
from mainspring.lane import (
    CancelAll,
    Command,
    Connection,
    Event,
    Execution,
    FundingSettled,
    Messages,
    Mode,
    RouterFailed,
    Send,
    SetMode,
    Started,
    Stopped,
    Time,
)
from mainspring.model import (
    CancelRequest,
    Funding,
    NewOrder,
    OrderConnection,
    OrderEvent,
    Rejected,
    ReplaceRequest,
    RequestKind,
)
from mainspring.orders import EncodedRecords, LogRecord, replay_session_part
from mainspring.seams import NEVER_NS, RawMessage, ResyncRequest
from mainspring.session.inputs import encode_event
from mainspring.session.reconciling import PATIENCE_NS, Reconciling
from mainspring.session.strategy_state import give_states
from mainspring.session.takeover import restored_orders, restored_positions

if TYPE_CHECKING:
    from mainspring.report import RecoveryReport

__all__ = ["COMMANDS", "NOT_DURABLE", "Driver", "Recorder"]

COMMANDS: Final = frozenset(get_args(Command))
"""The events that only come from outside, in whatever session."""

NOT_DURABLE = "not-durable"
"""Why a request wasn't sent: the journal failed before it had the request."""

_DRAIN_NS = 60_000_000_000
"""How long after a failure a driver waits for open orders to end, on the lane's clock."""


def _nothing_more() -> None:
    pass


class Recorder(Protocol):
    """Takes what a lane is fed."""

    def record(self, event: Event, messages: Sequence[RawMessage]) -> None:
        """Takes an event. Of `Messages`, `messages` are those that were run."""
        ...


class Driver:
    """Feeds one lane, and does its effects: the one way to run a lane.

    What a subclass adds is where market data and time come from. `failures` are the plugins that raised; the lane
    trades no more then. `recorder` takes every event that the lane was fed, in order. `journal` takes what the
    order log takes, and commits it before anything is sent; a lane whose journal fails takes no new risk. It also takes
    the events of the types in `inputs`: those that don't follow from the session's config and its captures, which in a
    live session are all but `Messages`.
    """

    inputs: frozenset[type] = COMMANDS
    _takes_executions = True

    def __init__(self, wired: Wired, recorder: Recorder | None = None, journal: JournalWriter | None = None) -> None:
        self.lane = wired.lane
        self.log = wired.log
        self.failures: list[PluginError] = []
        self.on_resync: Callable[[int, ResyncRequest], None] | None = None
        """Called with a feed and the snapshot that it wants. A recording has those that came: a replay asks nobody."""
        self.on_sent: Callable[[], None] = _nothing_more
        """Called once routers were handed requests, before what doesn't hold these up is done."""
        self.started = False
        # Without those that raised when they were polled, which aren't polled again.
        self._polled = dict(enumerate(wired.routers))
        # Routers that raised at a request: which, about which order, and what.
        self._broken: list[tuple[int, int, PluginError]] = []
        self._send = wired.sends
        self._poll = wired.polls
        self._recorder = recorder
        self.journal = journal
        """None once it has failed."""
        self.reconciling = Reconciling(wired, self.feed)
        self._routers = wired.routers
        self.took_over: RecoveryReport | None = None
        """What it took over from an earlier session."""
        self._mode = self.lane.mode
        # The messages that are being run: what comes of them is done before they count as fed.
        self._running: Messages | None = None
        waits = journal is not None and journal.waits
        if self._takes_executions and recorder is None and not waits and not self.reconciling:
            self.lane.message_loop.trade_in_runs(journalled=journal is not None)

    def start(self, now_ns: int, session: str) -> None:
        """Starts the session at a time. `session` is its part of client order ids."""
        self.started = True
        self.feed(Started(now_ns, session))

    def run(self, messages: Sequence[RawMessage], start: int = 0, *, feed: int = 0) -> None:
        """Runs messages of one feed that are in memory, from index `start` on, with all that falls due meanwhile.

        It starts the session if that wasn't done. Raises `WireError` or `CodecError` for a message that can't be read
        (`lane.at` is its index), and the first of `failures`.
        """
        at, lane = start, self.lane
        if not self.started and len(messages):
            self.start(messages[at][0], replay_session_part(0))
        while at < len(messages):
            self.settle(messages[at][0])
            if self.failures:
                raise self.failures[0]
            # A router may be due at any time, yet one message is run at least.
            self.feed(Messages(feed, messages, at, max(self.due_ns(feed), messages[at][0] + 1)))
            at = lane.at
        if self.failures:
            raise self.failures[0]

    def stop(self, now_ns: int) -> None:
        """Ends the session: calls strategies for the last time, and takes what routers have for us by then."""
        self.feed(Stopped(now_ns))
        self.settle(now_ns)

    def feed(self, event: Event) -> None:
        """Hands the lane an event and does the effects.

        Raises `WireError` or `CodecError` for a message that can't be read: `lane.at` is its index. Raises `DataError`
        if the order log can't be written.
        """
        lane = self.lane
        effects = lane.effects
        if isinstance(event, Messages):
            self._running = event
        try:
            lane.handle(event)
        finally:
            if self._recorder is not None:
                # A batch of the decoder's own type has no slices.
                run = [event.messages[at] for at in range(event.start, lane.at)] if isinstance(event, Messages) else []
                self._recorder.record(event, run)
            staged = self.journal is not None and self._stage(event, self.journal)
            if effects.records or effects.sends or effects.failures or effects.resyncs or staged:
                self._do()
            if self._running is event:
                self._running = None

    def _stage(self, event: Event, journal: JournalWriter) -> bool:
        """Stages for the journal what the order log doesn't have; returns whether there was anything."""
        lane, staged = self.lane, False
        if type(event) in self.inputs:
            journal.stage(Input(self.fed(), encode_event(event)))
            staged = True
        if lane.mode is not self._mode:
            self._mode = lane.mode
            why = "the session ended" if isinstance(event, Stopped) else getattr(event, "why", "")
            if lane.effects.failures:
                why = str(lane.effects.failures[0])
            journal.stage(LaneState(lane.now_ns, self._mode, why))
            staged = True
        return staged

    def due_ns(self, feed: int) -> int:
        """When the lane or a router next wants to be called, unless messages of that feed take it with them."""
        due_ns = self.lane.next_due_ns
        if self.reconciling.due_ns < due_ns:
            due_ns = self.reconciling.due_ns
        own = feed if self.lane.message_loop.trades_in_runs(feed) else -1
        for index, router in self._polled.items():
            router_ns = router.due_ns
            if router_ns < due_ns and index != own:
                due_ns = router_ns
        return due_ns

    def settle(self, now_ns: int) -> bool:
        """Does what is due by a time, each at its own instant: executions first, then timers.

        Returns whether the lane was fed anything. A router that is due and has nothing to report is asked again with
        the next event.
        """
        fed = False
        silent: tuple[int, ...] = ()
        while True:
            router_ns, index = self._next_router(silent)
            lane_ns, ask_ns = self.lane.next_due_ns, self.reconciling.due_ns
            if router_ns > now_ns and lane_ns > now_ns and ask_ns > now_ns:
                return fed
            if ask_ns < router_ns and ask_ns < lane_ns:
                self.reconciling.run_due(max(ask_ns, self.lane.now_ns))
            elif lane_ns < router_ns:
                self.feed(Time(max(lane_ns, self.lane.now_ns)))
                fed = True
            elif self._take_executions(index, router_ns):
                fed = True
            elif index in self._polled and self._polled[index].due_ns <= router_ns:
                silent = (*silent, index)

    def keep(self, entry: Entry) -> None:
        """Journals an entry, unless there is no journal."""
        if self.journal is not None:
            self.journal.stage(entry)
            self._do()

    def resume(self, last_ns: int, session: str, states: bytes = b"") -> None:
        """Goes on from an earlier session and its `states` as `take_up` does, and asks its venues; see `reconcile`."""
        self.take_up(last_ns, session, states)
        self.reconcile(last_ns)

    def take_up(self, last_ns: int, session: str, states: bytes) -> None:
        """Goes on from an earlier session that the lane was brought to, which ended at `last_ns`.

        `session` is this session's part of client order ids, and `states` what strategies saved, if anything.
        """
        lane, manager = self.lane, self.lane.order_manager
        assert manager is not None
        # Before the session starts, a venue's answer may already lead to an order: the exit of a bracket.
        manager.outbox.session = session
        self.feed(Time(max(last_ns, lane.now_ns)))
        lane.strategies.restore(manager.tracker.all_open())
        for router in self._routers:
            if (restore := getattr(router, "restore", None)) is not None:
                restore(restored_orders(manager), restored_positions(manager))
        if states:
            give_states(states, lane.strategies.bound)

    def reconcile(self, last_ns: int) -> None:
        """Asks every venue what has happened since `last_ns`, and returns once all have answered.

        Raises `DataError` if one doesn't answer, and the first of `failures`.
        """
        lane, reconciling = self.lane, self.reconciling
        reconciling.start(last_ns)
        end_ns = lane.now_ns + PATIENCE_NS
        while not reconciling.done and not self.failures:
            due_ns = min(self._next_router()[0], reconciling.due_ns, lane.next_due_ns)
            if due_ns > end_ns:
                reconciling.raise_silence()
            self.settle(max(due_ns, lane.now_ns))
        if self.failures:
            raise self.failures[0]
        reconciling.end_start()

    @property
    def next_ns(self) -> int:
        """When `settle` will have something to do, unless an event comes before."""
        return min(self._next_router()[0], self.reconciling.due_ns, self.lane.next_due_ns)

    def drain(self) -> None:
        """After a failure: waits until every open order has ended, or nothing more will come of it."""
        # No timer is of interest any more: strategies aren't called.
        end_ns = self.lane.now_ns + _DRAIN_NS
        while self.lane.open_orders:
            due_ns, index = self._next_router()
            if due_ns > end_ns:
                return
            reported = self._take_executions(index, due_ns)
            if not reported and self._polled[index].due_ns <= due_ns:
                # It is due and has nothing to report, for ever.
                del self._polled[index]

    def _next_router(self, silent: Container[int] = ()) -> tuple[int, int]:
        """When the next router is due, and which it is: the first of those due at one instant."""
        next_ns, found = NEVER_NS, 0
        for index, router in self._polled.items():
            due_ns = router.due_ns
            if due_ns < next_ns and index not in silent:
                next_ns, found = due_ns, index
        return next_ns, found

    def _take_executions(self, index: int, due_ns: int) -> bool:
        """Feeds what a router reports; returns whether it reported anything."""
        now_ns = max(due_ns, self.lane.now_ns)
        try:
            events = self._poll[index](now_ns)
        except PluginError as error:
            del self._polled[index]
            self._router_failed(index, None, error)
            return True
        for event in events:
            if isinstance(event, Funding):
                self.feed(FundingSettled(now_ns, event))
            elif self.reconciling.take(index, event, now_ns):
                continue
            elif isinstance(event, OrderEvent):
                self.feed(Execution(now_ns, index, event))
            elif isinstance(event, OrderConnection):
                self.feed(Connection(now_ns, index, "up" if event.up else "down"))
        return bool(events)

    def _do(self) -> None:
        effects = self.lane.effects
        sends, records, resyncs = effects.sends[:], effects.records[:], effects.resyncs[:]
        self.failures += effects.failures
        effects.clear()
        if self.on_resync is not None:
            for feed, request in resyncs:
                self.on_resync(feed, request)
        journal = self.journal
        if journal is None:
            # What nobody waits for follows the orders, and doesn't hold them up.
            self._do_sends(sends, records)
            self._log(records)
        elif not self._do_journalled(journal, sends, records):
            return
        # Only now, so that a cancel never overtakes the order that it names.
        while self._broken:
            self._router_failed(*self._broken.pop(0))

    def _do_journalled(
        self, journal: JournalWriter, sends: Sequence[Send], records: Sequence[LogRecord | EncodedRecords]
    ) -> bool:
        """Sends and journals, in the order that the journal asks for; returns False if it has failed."""
        waits = journal.waits
        if not waits and journal.failed is None:
            self._do_sends(sends, records)
            sends = ()
        self._log(records)
        if states := self.lane.check_states():
            journal.stage(CheckStates(states))
        try:
            waited_ns = journal.commit(Positions(self.lane.now_ns, self.fed()))
        except PluginError as error:
            self._journal_failed(error, sends)
            return False
        if waited_ns:
            self.lane.stages.journal(waited_ns)
        if waits:
            self._do_sends(sends, records)
        return True

    def _log(self, records: Sequence[LogRecord | EncodedRecords]) -> None:
        if self.log is not None and records:
            self.log.write_all(records)

    def _do_sends(self, sends: Sequence[Send], records: Sequence[LogRecord | EncodedRecords]) -> None:
        if self.reconciling:
            self.reconciling.on_records(records, self.lane.now_ns)
        if sends:
            for send in sends:
                self._do_send(send)
            self.on_sent()

    def fed(self) -> tuple[int, ...]:
        """How many messages each feed has been fed, those that are being run included."""
        return ()

    def _journal_failed(self, error: PluginError, sends: Sequence[Send]) -> None:
        """Takes no new risk any more. What the journal may not have stays here; cancels go out all the same."""
        self.journal = None
        self.failures.append(error)
        now_ns = self.lane.now_ns
        self.feed(SetMode(now_ns, Mode.CANCEL_ONLY, str(error)))
        for send in sends:
            request = send.request.request
            if isinstance(request, CancelRequest):
                self._do_send(send)
            else:
                kind: RequestKind = "new" if type(request) is NewOrder else "replace"
                rejected = Rejected(request.order_id, request.instrument, now_ns, NOT_DURABLE, kind)
                self.feed(Execution(now_ns, send.router, rejected))
        self.feed(CancelAll(now_ns))

    def _do_send(self, send: Send) -> None:
        request = send.request.request
        kind = "submit" if type(request) is NewOrder else "replace" if type(request) is ReplaceRequest else "cancel"
        if self.reconciling:
            self.reconciling.on_sent(send, self.lane.now_ns)
        started = perf_counter_ns()
        try:
            self._send[send.router][kind](send.request, self.lane.now_ns)
        except PluginError as error:
            self._broken.append((send.router, request.order_id, error))
        else:
            self.lane.stages.route(perf_counter_ns() - started)

    def _router_failed(self, index: int, order_id: int | None, error: PluginError) -> None:
        self.failures.append(error)
        self.feed(RouterFailed(self.lane.now_ns, index, order_id, str(error)))
