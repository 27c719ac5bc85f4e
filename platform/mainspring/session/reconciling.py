"""Reconciles a lane's orders with its venues: the part of a driver that asks routers and feeds what follows."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from mainspring.errors import DataError
from mainspring.host.wiring import Wired
from mainspring.lane import Connection, Event, Send
from mainspring.model import MarkedUnknown, OrderConnection, OrderEvent, VenueReport
from mainspring.recovery import Difference, Holdings, Reconciler, ReconcilerOptions
from mainspring.seams import NEVER_NS

__all__ = ["PATIENCE_NS", "Reconciling"]

PATIENCE_NS: Final = 600_000_000_000
"""How long a session that takes over waits for its venues, on the lane's clock."""


class Reconciling:
    """The reconcilers of a lane's routers, by the router's number; none for a router that won't be asked."""

    def __init__(self, wired: Wired, feed: Callable[[Event], None]) -> None:
        """`feed` hands the lane an event."""
        self.due_ns = NEVER_NS
        """When `run_due` has something to do."""
        self._feed = feed
        self._lane = wired.lane
        self._ask = {index: query for index, query in enumerate(wired.queries) if query is not None}
        self._of: dict[int, Reconciler] = {}
        manager = wired.lane.order_manager
        if manager is None or not self._ask:
            return
        self._tracker = manager.tracker
        options = ReconcilerOptions(poll_ns=wired.poll_executions_ns)
        if wired.answer_timeout_ns:
            answer_ns = wired.answer_timeout_ns
            options = ReconcilerOptions(poll_ns=wired.poll_executions_ns, answer_ns=answer_ns, settle_ns=2 * answer_ns)
        outbox = manager.outbox
        for index in self._ask:
            own = [place for place, router in enumerate(manager.router_of) if router == index]
            gained = partial(manager.portfolio.gained, own) if wired.compare_balances else None
            self._of[index] = Reconciler(
                index,
                own,
                manager.tracker,
                Holdings(own, manager.portfolio.held_lots, options.tries, gained),
                outbox.client_order_id,
                lambda: outbox.next_order_id - 1,
                options,
            )
        self._set_due()

    def __bool__(self) -> bool:
        return bool(self._of)

    @property
    def done(self) -> bool:
        """Whether every venue has answered everything."""
        return all(one.done for one in self._of.values())

    @property
    def differences(self) -> list[Difference]:
        """What was found, in the order of the routers."""
        return [found for one in self._of.values() for found in one.differences]

    def start(self, last_ns: int) -> None:
        """Asks every venue about everything that may have changed since `last_ns`, on the lane's clock."""
        for index, one in self._of.items():
            # As after any lost connection: nobody knows what happened meanwhile.
            self._feed(Connection(self._lane.now_ns, index, "down"))
            one.start(self._lane.now_ns, last_ns)
        self.run_due(self._lane.now_ns)

    def end_start(self) -> None:
        """Says that the venues have answered."""
        for index in self._of:
            self._feed(Connection(self._lane.now_ns, index, "up"))

    def run_due(self, now_ns: int) -> None:
        """Does what is due: asks venues, and feeds what follows."""
        for index, one in self._of.items():
            if one.due_ns <= now_ns:
                self._feed_all(one.on_time(now_ns))
                self._send_queries(index, one, now_ns)
        self._set_due()

    def take(self, index: int, event: OrderEvent | VenueReport | OrderConnection, now_ns: int) -> bool:
        """Takes what a router handed out, and feeds what follows; returns False if the router isn't reconciled."""
        one = self._of.get(index)
        if one is None:
            return False
        if isinstance(event, OrderEvent):
            self._feed_all(one.on_event(event, now_ns))
        elif isinstance(event, OrderConnection):
            self._feed(Connection(now_ns, index, "up" if event.up else "down"))
            if event.up:
                one.ask_now(now_ns)
        else:
            self._feed_all(one.on_report(event, now_ns))
        self._send_queries(index, one, now_ns)
        self._set_due()
        return True

    def on_sent(self, send: Send, now_ns: int) -> None:
        """Takes that a request goes to its router."""
        one = self._of.get(send.router)
        if one is not None:
            one.on_sent(send.request.request.order_id, now_ns)

    def on_records(self, records: Iterable[object], now_ns: int) -> None:
        """Has venues asked about orders whose state isn't known from now on."""
        for record in records:
            if type(record) is MarkedUnknown:
                for one in self._of.values():
                    one.inquire(record.order_id, now_ns)
        self._set_due()

    def raise_silence(self) -> None:
        """Raises the error for venues that didn't answer in time."""
        raise DataError(
            f"the venue didn't answer within {PATIENCE_NS // 10**9} seconds what became of our orders and positions, "
            "so nothing was started; see that the venue can be reached, and run again with --recover"
        )

    def _send_queries(self, index: int, one: Reconciler, now_ns: int) -> None:
        for query in one.take_queries():
            self._ask[index](query, now_ns)

    def _feed_all(self, events: Iterable[Event]) -> None:
        for event in events:
            self._feed(event)

    def _set_due(self) -> None:
        self.due_ns = min((one.due_ns for one in self._of.values()), default=NEVER_NS)
