"""Runs the groups of orders that depend on each other: watches prices, sends what is due, and records it."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import partial

import msgspec

from mainspring.lane.clock import LaneClock
from mainspring.lane.outbox import Outbox
from mainspring.lane.timers import Timers
from mainspring.model import NANOTICKS, CancelRequest, GroupChanged, LogRecord, NewOrder, ReplaceRequest
from mainspring.orders.contingent import (
    Action,
    CancelOrder,
    Dispute,
    EndGroup,
    Group,
    GroupTerms,
    Leg,
    ResizeOrder,
    Role,
    SendOrder,
)
from mainspring.orders.tracker import OrderTracker
from mainspring.portfolio import MarkedMarket
from mainspring.seams import NEVER_NS

__all__ = ["ContingentOrders", "last_trade"]

_HalfTicks = Callable[[int], int | Fraction | None]


class ContingentOrders:
    """Keeps the groups of a lane, and does what each wants: see `mainspring.orders.contingent`.

    What it does is requested in the strategy's name, goes through the gate as any request, and is recorded, so that
    `restore` brings the groups back. While there are groups, messages are run one by one, and each looks at the stops.
    """

    def __init__(
        self, tracker: OrderTracker, outbox: Outbox, time: LaneClock, timers: Timers, half_ticks: _HalfTicks
    ) -> None:
        """`half_ticks` returns twice the price that sets stops of an instrument off, in ticks; None if unknown."""
        self.groups: dict[int, Group] = {}
        self.due_ns = NEVER_NS
        self._tracker = tracker
        self._outbox = outbox
        self._time = time
        self._half_ticks = half_ticks
        self._next_id = 1
        self._record: Callable[[LogRecord], None] = _nowhere
        self._timers = timers
        self._watch: Callable[[bool], None] = _nothing
        self._notes: dict[tuple[str, int], Callable[[NewOrder], object]] = {}

    def bind(self, record: Callable[[LogRecord], None], watch: Callable[[bool], None]) -> None:
        """Takes where records go, and what has messages run one by one while there are groups."""
        self._record, self._watch = record, watch

    def adopt(self, strategy: str, instrument: int, add: Callable[[NewOrder], object]) -> None:
        """Takes how a strategy's handles of an instrument learn of an order that is sent in its name."""
        self._notes[strategy, instrument] = add

    def open(self, terms: GroupTerms, legs: Iterable[tuple[int, Role]]) -> Group:
        """Opens a group of orders that were requested, each by its id, with its role.

        It takes effect a nanosecond from now, when a run of messages that is under way has ended, so that the records
        of what happens at one instant have one order.
        """
        group = Group(self._next_id, terms)
        self._next_id += 1
        group.legs += (Leg(order_id, role) for order_id, role in legs)
        self._timers.add(self._time.now_ns + 1, 0, partial(self._opened, group))
        return group

    def give_up(self, group: Group) -> None:
        """Cancels what is open of a group, and ends it, a nanosecond from now."""
        if not group.given_up and not group.over:
            self._timers.add(self._time.now_ns + 1, 0, partial(self._given_up, group))

    def follow_up(self) -> None:
        """Looks at every group, and requests what is to be done. No request of the lane may be waiting."""
        now_ns, find = self._time.now_ns, self._tracker.find
        for group in list(self.groups.values()):
            half_ticks = self._half_ticks(group.terms.instrument)
            if half_ticks is not None and group.reaches(half_ticks):
                group.triggered = True
                self._say(group, 0, "triggered", f"at {float(half_ticks) / 2:g} ticks")
            for action in list(group.actions(find, now_ns)):
                self._do(group, action)
        dues = (group.due_ns() for group in self.groups.values())
        self.due_ns = min((due_ns for due_ns in dues if due_ns is not None), default=NEVER_NS)

    def restore(self, record: GroupChanged) -> None:
        """Takes a record of an earlier session of this lane."""
        if record.what == "opened":
            self._next_id = record.group_id + 1
            self._keep(Group(record.group_id, msgspec.json.decode(record.detail, type=GroupTerms)))
            return
        group = self.groups.get(record.group_id)
        if group is None:
            return
        if record.what == "linked":
            group.legs.append(Leg(record.order_id, msgspec.convert(record.detail, Role)))
        elif record.what == "ended":
            self._end(group)
        else:
            group.triggered |= record.what == "triggered"
            group.given_up |= record.what == "given-up"

    def _opened(self, group: Group) -> None:
        self._say(group, 0, "opened", msgspec.json.encode(group.terms).decode())
        for leg in group.legs:
            self._say(group, leg.order_id, "linked", leg.role)
        self._keep(group)

    def _given_up(self, group: Group) -> None:
        if not group.given_up and not group.over:
            group.given_up = True
            self._say(group, 0, "given-up")

    def _keep(self, group: Group) -> None:
        self.groups[group.group_id] = group
        self._watch(True)

    def _do(self, group: Group, action: Action) -> None:
        now_ns, terms, outbox = self._time.now_ns, group.terms, self._outbox
        if isinstance(action, SendOrder):
            order = group.closing(outbox.next_order_id, terms.instrument, now_ns, action)
            outbox.next_order_id += 1
            self._link(group, order.order_id, action.role)
            outbox.requests.append(order)
            if (add := self._notes.get((terms.strategy, terms.instrument))) is not None:
                add(order)
        elif isinstance(action, CancelOrder):
            order_id = action.order_id
            sent = self._tracker.get(order_id).order
            outbox.requests.append(CancelRequest(order_id, sent.instrument, now_ns, sent.strategy))
        elif isinstance(action, ResizeOrder):
            order_id, price_ticks, lots = action.order_id, action.price_ticks, action.size_lots
            outbox.requests.append(
                ReplaceRequest(order_id, terms.instrument, price_ticks, lots, now_ns, terms.strategy)
            )
        elif isinstance(action, Dispute):
            found = self._tracker.find(action.order_id)
            instrument = terms.instrument if found is None else found.order.instrument
            self._tracker.dispute(action.what, action.order_id, instrument, action.detail, now_ns)
        elif isinstance(action, EndGroup):
            self._say(group, 0, "ended", action.why)
            self._end(group)

    def _end(self, group: Group) -> None:
        group.over = True
        del self.groups[group.group_id]
        self._watch(bool(self.groups))

    def _link(self, group: Group, order_id: int, role: Role) -> None:
        group.legs.append(Leg(order_id, role))
        self._say(group, order_id, "linked", role)

    def _say(self, group: Group, order_id: int, what: str, detail: str = "") -> None:
        self._record(GroupChanged(self._time.now_ns, group.group_id, order_id, what, detail))


def last_trade(markets: Sequence[MarkedMarket]) -> _HalfTicks:
    """Returns what gives twice the price of an instrument's last public trade, in ticks."""

    def last(instrument: int) -> Fraction | None:
        market = markets[instrument]
        ticks = market.last_ticks + Fraction(market.last_fraction_nanoticks, NANOTICKS)
        return 2 * ticks if ticks else None

    return last


def _nowhere(_record: LogRecord) -> None:
    """Before it is bound."""


def _nothing(_each: bool) -> None:
    """Before it is bound."""
