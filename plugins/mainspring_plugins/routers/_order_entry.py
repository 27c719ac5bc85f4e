"""What routers that send real orders have in common, whatever their venue: the life of an order between both sides.

An order counts as accepted, filled or ended when the stream says so. What the stream didn't bring, reconciliation asks
for. A request whose outcome isn't known is looked up by the client's id of the order, and never sent again; cancels and
questions are, since they change nothing a second time.
"""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

from mainspring.model import (
    Accepted,
    Approved,
    Cancelled,
    CancelRequest,
    Expired,
    MarketEvent,
    NewOrder,
    OrderConnection,
    OrderEvent,
    Query,
    Rejected,
    Replaced,
    ReplaceRequest,
    RequestKind,
)
from mainspring.seams import NEVER_NS, RouterContext, RouterReport
from mainspring.wire import HttpAnswer, HttpRequest, OrderEntry
from mainspring_plugins.routers._questions import NEVER_SENT, NO_ANSWER, TOO_MANY, Ask, decoded, is_passing, step
from mainspring_plugins.routers._request_budget import RequestBudget
from mainspring_plugins.routers._tracked_orders import Replacing, TrackedOrder
from mainspring_plugins.routers._venue_forms import Outcome, VenueForms
from mainspring_plugins.routers._venue_orders import OrderUpdate, VenueOrder
from mainspring_plugins.routers._waiting import Waiting

__all__ = ["RETRY_NS", "OrderEntryRouter"]

RETRY_NS: Final = 1_000_000_000

_LOOKS: Final = 6
_TRIES: Final = 3
_KEPT: Final = 10_000

_Done: TypeAlias = Callable[[int, Any, int], None]
"""Takes a status, `NO_ANSWER` or `NEVER_SENT` if there is none, the decoded body, and the time."""


class OrderEntryRouter(VenueForms):
    """The part of `mainspring.wire.ConnectedRouter` that is the same for every venue; a venue's router adds its forms.

    While the stream is down no order is sent but cancels; nor is one that would leave too few requests for these.
    """

    def __init__(self, context: RouterContext, entry: OrderEntry, budget: RequestBudget) -> None:
        self.entry = entry
        self.due_ns = NEVER_NS
        self.ahead_ns = 0
        self._name_of = context.client_order_id
        self._budget = budget
        self._up = False
        self._orders: dict[int, TrackedOrder] = {}
        self._ended: deque[int] = deque()
        self._events: list[RouterReport] = []
        self._number = 0
        self._later = Waiting()
        self._done: dict[int, _Done] = {}

    def submit(self, order: Approved[NewOrder], now_ns: int) -> None:
        """Sends a new order."""
        new = order.request
        name = self._name_of(new.order_id)
        one = self._orders[new.order_id] = TrackedOrder(new.order_id, new.instrument, name)
        ask = self._new_order(new, name)
        if why := self._why_not(now_ns, ask.weight):
            self._reject(one, "new", why, now_ns)
            return
        self._ask(self._budget.risky, ask, partial(self._submitted, one))

    def replace(self, replace: Approved[ReplaceRequest], now_ns: int) -> None:
        """Asks for another price or total size."""
        asked = replace.request
        one = self._known(asked.order_id, asked.instrument)
        if not one.venue_id and one.acknowledged:
            self._look_up(one, one.name, now_ns)
        left_lots = asked.size_lots - one.filled_lots
        pending = one.replacing is not None and not one.replacing.answered
        why = "replace-pending" if pending or not one.venue_id else "invalid-order" if left_lots <= 0 else ""
        if why := why or self._why_not(now_ns, 1):
            self._reject(one, "replace", why, now_ns)
            return
        name = "" if self.replaces_in_place else self._replacement_name(one, now_ns)
        size_lots = asked.size_lots if self.replaces_in_place else left_lots
        one.replacing = replaced = Replacing(name, asked.price_ticks, size_lots, asked.size_lots)
        done = partial(self._replacement_answered, one, replaced)
        self._ask(self._budget.risky, self._replacement(one, replaced), done)

    def cancel(self, cancel: Approved[CancelRequest], now_ns: int) -> None:
        """Asks for a cancel, once it is known what the order's id at the venue is."""
        one = self._known(cancel.request.order_id, cancel.request.instrument)
        one.cancels += 1
        if not one.venue_id and one.acknowledged:
            self._look_up(one, one.name, now_ns)
        self._release(one, now_ns)

    def query(self, query: Query, now_ns: int) -> None:
        """See `mainspring.seams.AnsweringRouter.query`."""
        self._go_on(self._question(query, now_ns), None, query.query_id, now_ns, self._report)

    def poll(self, now_ns: int) -> Sequence[RouterReport]:
        """Returns what has reached us by now."""
        events, self._events = self._events, []
        self.due_ns = NEVER_NS
        return events

    def on_market(self, event: MarketEvent) -> None:
        """Does nothing: it needs no market."""

    def take_requests(self, now_ns: int) -> Sequence[HttpRequest]:
        """Returns what may be sent by now: cancels first, then questions, then what may trade."""
        for do in self._later.take(now_ns):
            do()
        return [self._stamp(one, now_ns) for one in self._budget.take(now_ns)]

    def answered(self, request: HttpRequest, answer: HttpAnswer, now_ns: int) -> None:
        """Takes the `answer` to a request."""
        if answer.status in TOO_MANY:
            after = answer.headers.get("retry-after", "")
            self._budget.close(now_ns + (int(after) * 1_000_000_000 if after.isdigit() else RETRY_NS))
        body = decoded(answer.body)
        self._took(request, answer, body, now_ns)
        self._done.pop(request.number)(answer.status, body, now_ns)

    def unanswered(self, request: HttpRequest, now_ns: int, *, sent: bool) -> None:
        """Takes that no answer will come."""
        self._done.pop(request.number)(NO_ANSWER if sent else NEVER_SENT, None, now_ns)

    def connected(self, now_ns: int) -> None:
        """Does nothing, unless the venue's router does: what the stream says shows that it is up."""

    def disconnected(self, now_ns: int) -> None:
        """Takes that the stream is down."""
        if self._up:
            self._set_up(now_ns, up=False)

    def _missed(self, now_ns: int) -> None:
        """A message of the stream couldn't be read: the venue is asked what was missed."""
        if self._up:
            self._set_up(now_ns, up=False)
            self._set_up(now_ns, up=True)

    def _set_up(self, now_ns: int, *, up: bool) -> None:
        self._up = up
        self._emit(OrderConnection(now_ns, up), now_ns)

    def _why_not(self, now_ns: int, weight: int) -> str:
        """Why nothing that may trade is sent now; empty if it is."""
        if not self._up:
            return "executions-down"
        return "" if self._budget.has_room(now_ns, weight, new_risk=True) else "rate-limited"

    def _known(self, order_id: int, instrument: int) -> TrackedOrder:
        """The order; of one that an earlier process sent only its name is known at first."""
        one = self._orders.get(order_id)
        if one is None:
            one = self._orders[order_id] = TrackedOrder(order_id, instrument, self._name_of(order_id))
            one.acknowledged = True
        return one

    def _on_update(self, order_id: int, update: OrderUpdate, now_ns: int) -> None:
        """Takes what the stream says of an order of ours."""
        order, kind, time_ns = update.order, update.kind, update.time_ns
        one = self._known(order_id, order.instrument)
        is_new = order.id not in one.filled
        if kind != "rejected":
            one.learn(order)
        if kind in ("stands", "fill"):
            self._stands(one, order, time_ns, now_ns)
        if update.fill is not None:
            self._emit(update.fill, now_ns)
            if order.reported == "filled" and order.id == one.venue_id:
                self._end(one, now_ns)
        elif kind == "replaced":
            self._on_replaced(one, order, now_ns)
        elif kind == "amended" and order.id == one.venue_id:
            one.replacing = None
            self._emit(Replaced(order_id, one.instrument, time_ns, order.price_ticks, order.size_lots), now_ns)
            self._release(one, now_ns)
        elif kind in ("cancelled", "expired") and order.id == one.venue_id:
            if update.for_replacement and one.replacing is not None:
                one.replacing.gone = update
            else:
                self._gone(one, update, now_ns)
        else:
            self._on_rejected(one, update, now_ns)
        if is_new:
            self._release(one, now_ns)

    def _on_rejected(self, one: TrackedOrder, update: OrderUpdate, now_ns: int) -> None:
        """The venue refused something, unless the update is about something else."""
        if update.kind == "rejected" and one.name != update.order.client_order_id:
            self._replacement_refused(one, update.why, now_ns)
        elif update.kind in ("rejected", "replace-rejected", "cancel-rejected"):
            request: RequestKind = "replace" if update.kind == "replace-rejected" else "cancel"
            self._reject(one, "new" if update.kind == "rejected" else request, update.why, update.time_ns)

    def _gone(self, one: TrackedOrder, update: OrderUpdate, now_ns: int) -> None:
        order = update.order
        self._stands(one, order, update.time_ns, now_ns)
        why = "requested" if one.cancelling else update.why
        made = Cancelled if update.kind == "cancelled" else Expired
        left_lots = order.size_lots - order.filled_lots
        self._emit(made(one.order_id, order.instrument, update.time_ns, left_lots, why), now_ns)
        self._end(one, now_ns)

    def _stands(self, one: TrackedOrder, order: VenueOrder, time_ns: int, now_ns: int) -> None:
        """The venue works the order, or what replaced it."""
        replacing = one.replacing
        if replacing is not None and order.client_order_id == replacing.name:
            one.replacing = None
            total_lots = one.total_lots
            self._emit(Replaced(one.order_id, one.instrument, time_ns, replacing.price_ticks, total_lots), now_ns)
            if total_lots > replacing.wanted_lots:
                # It was filled while it was being replaced, so that more would be traded than was asked for.
                self._delete(one, now_ns)
            self._release(one, now_ns)
        elif not one.acknowledged:
            one.acknowledged = True
            self._emit(Accepted(one.order_id, one.instrument, time_ns), now_ns)

    def _on_replaced(self, one: TrackedOrder, order: VenueOrder, now_ns: int) -> None:
        if one.replacing is None:
            if order.id == one.venue_id:
                # By a request of an earlier process, or by somebody else: whose it is shows where it is looked up.
                self._look_up(one, one.name, now_ns)
            return
        # Its successor's own word follows; its id is known from now on.
        one.venue_id = order.replaced_by
        one.filled.setdefault(one.venue_id, 0)
        one.size_lots, one.price_ticks = one.replacing.size_lots, one.replacing.price_ticks
        one.replacing.answered = True
        self._release(one, now_ns)

    def _submitted(self, one: TrackedOrder, status: int, body: Any, now_ns: int) -> None:
        outcome = self._result(status, body)
        if outcome in ("refused", "later"):
            self._reject(one, "new", self._why(status, body), now_ns)
        elif outcome == "done" and self._learned(one, body):
            self._release(one, now_ns)
        else:
            self._look_up(one, one.name, now_ns)

    def _replacement_answered(
        self, one: TrackedOrder, replacing: Replacing, status: int, body: Any, now_ns: int
    ) -> None:
        outcome = self._result(status, body)
        if outcome in ("refused", "later"):
            if one.replacing is replacing:
                self._replacement_refused(one, self._why(status, body), now_ns)
        elif outcome == "done" and self._learned(one, body):
            replacing.answered = True
        else:
            self._look_up(one, replacing.name or one.name, now_ns)
        self._release(one, now_ns)

    def _replacement_refused(self, one: TrackedOrder, why: str, now_ns: int) -> None:
        gone = None if one.replacing is None else one.replacing.gone
        self._reject(one, "replace", why, now_ns)
        if gone is not None:
            # The old order left, and nothing took its place.
            self._gone(one, gone, now_ns)

    def _result(self, status: int, body: Any) -> Outcome:
        if status == NO_ANSWER:
            return "unknown"
        return "later" if status == NEVER_SENT else self._outcome(status, body)

    def _why(self, status: int, body: Any) -> str:
        if status == NEVER_SENT:
            return "not-sent"
        return "rate-limited" if status in TOO_MANY else self._refusal(status, body)

    def _learned(self, one: TrackedOrder, body: Any) -> bool:
        order = self._order_in(body)
        if order is not None:
            one.learn(order)
        return order is not None

    def _look_up(self, one: TrackedOrder, name: str, now_ns: int, looks: int = _LOOKS) -> None:
        """Looks for what the venue made of a request whose outcome isn't known, so that it can be cancelled."""

        def found(result: Any, now_ns: int) -> None:
            if isinstance(result, VenueOrder):
                one.learn(result, last=True)
            elif not one.ended and (looks or result is not None):
                left = looks - (result is None)
                self._later.add(now_ns + RETRY_NS, lambda: self._look_up(one, name, now_ns, left))
                return
            if one.replacing is not None:
                one.replacing.answered = True
                if result is None and one.replacing.gone is not None and not one.ended:
                    self._gone(one, one.replacing.gone, now_ns)
            self._release(one, now_ns)

        self._go_on(self._find(name, one.instrument), None, 0, now_ns, found)

    def _go_on(
        self,
        asking: Generator[Ask, tuple[int, Any], Any],
        answer: tuple[int, Any] | None,
        query_id: int,
        now_ns: int,
        done: Callable[[Any, int], None],
    ) -> None:
        following = step(asking, answer, query_id, now_ns)
        if not isinstance(following, Ask):
            done(following, now_ns)
            return

        def answered(tries: int, status: int, body: Any, at_ns: int) -> None:
            if tries and is_passing(status):
                # Only this request is sent again, so that a question of many isn't asked from its beginning.
                again = partial(self._ask, self._budget.questions, following, partial(answered, tries - 1))
                self._later.add(at_ns + RETRY_NS, again)
            else:
                self._go_on(asking, (status, body), query_id, at_ns, done)

        self._ask(self._budget.questions, following, partial(answered, _TRIES))

    def _report(self, reports: Sequence[RouterReport], now_ns: int) -> None:
        for report in reports:
            self._emit(report, now_ns)

    def _release(self, one: TrackedOrder, now_ns: int) -> None:
        """Sends the cancels that waited."""
        if one.ended or one.may_cancel:
            waiting, one.cancels = one.cancels, 0
            for _ in range(waiting):
                if one.ended:
                    self._reject(one, "cancel", "too-late", now_ns)
                else:
                    self._delete(one, now_ns, asked=True)

    def _delete(self, one: TrackedOrder, now_ns: int, *, asked: bool = False) -> None:
        one.cancelling = one.cancelling or asked
        venue_id = one.venue_id

        def deleted(status: int, body: Any, at_ns: int) -> None:
            outcome = self._result(status, body)
            if outcome == "refused":
                why = self._why(status, body)
                find = self._find(one.name, one.instrument)
                self._go_on(find, None, 0, at_ns, lambda *what: found(why, *what))
            elif outcome != "done":
                self._later.add(at_ns + RETRY_NS, again)

        def found(why: str, result: Any, at_ns: int) -> None:
            if isinstance(result, VenueOrder) and result.id != venue_id and not one.ended:
                one.learn(result, last=True)
                self._delete(one, at_ns, asked=asked)
            elif result is not None and not isinstance(result, VenueOrder) and not one.ended:
                self._later.add(at_ns + RETRY_NS, again)
            elif asked:
                self._reject(one, "cancel", why, at_ns)

        def again() -> None:
            if one.ended and asked:
                self._reject(one, "cancel", "too-late", now_ns)
            elif not one.ended:
                self._delete(one, now_ns, asked=asked)

        self._ask(self._budget.cancels, self._cancel(one), deleted)

    def _ask(self, queue: deque[tuple[HttpRequest, int, int]], ask: Ask, done: _Done) -> None:
        self._number += 1
        self._done[self._number] = done
        request = HttpRequest(number=self._number, method=ask.method, path=ask.path, body=ask.body, signed=ask.signed)
        queue.append((request, ask.weight, ask.orders))

    def _reject(self, one: TrackedOrder, request: RequestKind, reason: str, time_ns: int) -> None:
        if request == "replace":
            one.replacing = None
        self._emit(Rejected(one.order_id, one.instrument, time_ns, reason, request), time_ns)
        if request == "new":
            self._end(one, time_ns)

    def _end(self, one: TrackedOrder, now_ns: int) -> None:
        one.ended = True
        self._release(one, now_ns)
        self._ended.append(one.order_id)
        if len(self._ended) > _KEPT:
            self._orders.pop(self._ended.popleft(), None)

    def _emit(self, event: RouterReport | OrderEvent, now_ns: int) -> None:
        self._events.append(event)
        self.due_ns = min(self.due_ns, now_ns)
