"""Alpaca: orders in stocks and crypto, by its REST interface and its stream of trade updates.

An order counts as accepted, filled or ended when the stream says so. What the stream didn't bring, reconciliation asks
for. A request whose outcome isn't known is looked up by the client's id of the order, and never sent again; cancels and
questions are, since they change nothing a second time.
"""

from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal, TypeAlias

from mainspring.errors import WireError
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
from mainspring.seams import NEVER_NS, Catalogue, RouterContext, RouterReport, hookimpl
from mainspring.wire import HttpRequest
from mainspring_plugins.routers._alpaca_forms import (
    Instruments,
    VenueOrder,
    new_order_body,
    refusal,
    replacement_body,
    time_of,
)
from mainspring_plugins.routers._alpaca_options import AlpacaOptions
from mainspring_plugins.routers._alpaca_orders import Replacing, TrackedOrder
from mainspring_plugins.routers._alpaca_queries import AlpacaQueries, decoded, step
from mainspring_plugins.routers._request_budget import RequestBudget

__all__ = ["AlpacaOptions", "AlpacaRouter", "register_routers"]

_RETRY_NS: Final = 1_000_000_000
_LOOKS: Final = 5
# What took too long may have been done all the same.
_REFUSED: Final = frozenset(range(400, 500)) - {408}
_TOO_MANY: Final = 429
_KEPT: Final = 10_000

_Done: TypeAlias = Callable[[int, Any, int], None]
"""Takes a status, 0 if there is none, the decoded body, and the time."""


class AlpacaRouter:
    """Sends orders to Alpaca. Keeps the contract of `mainspring.wire.ConnectedRouter`.

    While the stream is down no order is sent but cancels; nor is one that would leave too few requests for these.
    """

    def __init__(self, context: RouterContext, *, options: AlpacaOptions) -> None:
        self.entry = options.entry()
        self.due_ns = NEVER_NS
        self._name_of = context.client_order_id
        self._instruments = Instruments(context.instruments, context.first_index)
        self._queries = AlpacaQueries(context, self._instruments)
        self._budget = RequestBudget(options.requests_per_minute)
        self._up = False
        self._orders: dict[int, TrackedOrder] = {}
        self._ended: deque[int] = deque()
        self._events: list[RouterReport] = []
        self._number = 0
        self._later: list[tuple[int, Callable[[], None]]] = []
        self._done: dict[int, _Done] = {}

    def submit(self, order: Approved[NewOrder], now_ns: int) -> None:
        """Sends a new order."""
        new = order.request
        name = self._name_of(new.order_id)
        one = self._orders[new.order_id] = TrackedOrder(new.order_id, new.instrument, name)
        why = self._why_not(now_ns)
        if why:
            self._reject(one, "new", why, now_ns)
            return
        body = new_order_body(new, self._instruments.all[new.instrument], name)
        self._ask(self._budget.risky, "POST", "/v2/orders", partial(self._submitted, one), body)

    def replace(self, replace: Approved[ReplaceRequest], now_ns: int) -> None:
        """Asks for another price or total size: at Alpaca another order takes the place of the old one."""
        asked = replace.request
        one = self._known(asked.order_id, asked.instrument)
        if not one.venue_id and one.acknowledged:
            self._look_up(one, one.name, now_ns)
        left_lots = asked.size_lots - one.filled_lots
        pending = one.replacing is not None and not one.replacing.answered
        why = "replace-pending" if pending or not one.venue_id else "invalid-order" if left_lots <= 0 else ""
        if why := why or self._why_not(now_ns):
            self._reject(one, "replace", why, now_ns)
            return
        name = f"{one.name}-r{now_ns}"
        one.replacing = Replacing(name, asked.price_ticks, left_lots, asked.size_lots)
        quantity_lots = left_lots if left_lots != one.size_lots else 0
        body = replacement_body(asked.price_ticks, quantity_lots, self._instruments.all[one.instrument], name)
        replaced = one.replacing
        done = partial(self._patched, one, replaced)
        self._ask(self._budget.risky, "PATCH", f"/v2/orders/{one.venue_id}", done, body)

    def cancel(self, cancel: Approved[CancelRequest], now_ns: int) -> None:
        """Asks for a cancel, once it is known what the order's id at the venue is."""
        one = self._known(cancel.request.order_id, cancel.request.instrument)
        one.cancels += 1
        if not one.venue_id and one.acknowledged:
            self._look_up(one, one.name, now_ns)
        self._release(one, now_ns)

    def query(self, query: Query, now_ns: int) -> None:
        """See `mainspring.seams.AnsweringRouter.query`."""
        self._go_on(self._queries.ask(query, now_ns), None, query.query_id, now_ns, self._report)

    def poll(self, now_ns: int) -> Sequence[RouterReport]:
        """Returns what has reached us by now."""
        events, self._events = self._events, []
        self.due_ns = NEVER_NS
        return events

    def on_market(self, event: MarketEvent) -> None:
        """Does nothing: it needs no market."""

    def take_requests(self, now_ns: int) -> Sequence[HttpRequest]:
        """Returns what may be sent by now: cancels first, then questions, then what may trade."""
        due = [do for due_ns, do in self._later if due_ns <= now_ns]
        self._later = [one for one in self._later if one[0] > now_ns]
        for do in due:
            do()
        return self._budget.take(now_ns)

    def answered(self, request: HttpRequest, status: int, body: bytes, now_ns: int) -> None:
        """Takes the `status` and the `body` of the answer to a request."""
        if status == _TOO_MANY:
            self._budget.close(now_ns + _RETRY_NS)
        self._done.pop(request.number)(status, decoded(body), now_ns)

    def unanswered(self, request: HttpRequest, now_ns: int, *, sent: bool) -> None:
        """Takes that no answer will come."""
        # What never left was refused, as far as the order goes.
        self._done.pop(request.number)(0 if sent else _TOO_MANY, None, now_ns)

    def received(self, message: bytes, now_ns: int) -> None:
        """Takes a message of the stream. After one that can't be read, the venue is asked what was missed."""
        form = decoded(message)
        stream, data = (form.get("stream"), form.get("data")) if isinstance(form, Mapping) else (None, None)
        readable = isinstance(data, Mapping)
        if stream == "trade_updates" and isinstance(data, Mapping):
            try:
                self._on_update(data, now_ns)
            except WireError:
                readable = False
        elif stream == "listening" and isinstance(data, Mapping) and "trade_updates" in (data.get("streams") or ()):
            self._connected(now_ns, up=True)
        if not readable and self._up:
            self._connected(now_ns, up=False)
            self._connected(now_ns, up=True)

    def disconnected(self, now_ns: int) -> None:
        """Takes that the stream is down."""
        if self._up:
            self._connected(now_ns, up=False)

    def _why_not(self, now_ns: int) -> str:
        """Why nothing that may trade is sent now; empty if it is."""
        if not self._up:
            return "executions-down"
        return "" if self._budget.has_room(now_ns, new_risk=True) else "rate-limited"

    def _connected(self, now_ns: int, *, up: bool) -> None:
        self._up = up
        self._emit(OrderConnection(now_ns, up), now_ns)

    def _known(self, order_id: int, instrument: int) -> TrackedOrder:
        """The order; of one that an earlier process sent only its name is known at first."""
        one = self._orders.get(order_id)
        if one is None:
            one = self._orders[order_id] = TrackedOrder(order_id, instrument, self._name_of(order_id))
            one.acknowledged = True
        return one

    def _on_update(self, data: Mapping[str, Any], now_ns: int) -> None:
        form = data.get("order")
        order = self._instruments.order(form) if isinstance(form, Mapping) else None
        if order is None or not isinstance(form, Mapping):
            return
        self._queries.names[order.id] = order.client_order_id
        order_id = self._queries.order_id(order.client_order_id)
        if order_id is None:
            return
        one = self._known(order_id, order.instrument)
        is_new = order.id not in one.filled
        one.learn(order)
        kind, time_ns = data.get("event"), time_of(data, "timestamp")
        if kind in ("new", "accepted", "fill", "partial_fill"):
            self._stands(one, order, time_ns, now_ns)
        if kind in ("fill", "partial_fill"):
            fill = {"side": form["side"], "price": data.get("price"), "qty": data.get("qty")}
            venue = (order.id, str(form.get("filled_qty")))
            self._emit(self._instruments.fill(order_id, order.instrument, fill, time_ns, venue), now_ns)
            if kind == "fill" and order.id == one.venue_id:
                self._end(one, now_ns)
        elif kind == "replaced":
            self._on_replaced(one, order, time_ns, now_ns)
        elif kind in ("canceled", "expired", "done_for_day") and order.id == one.venue_id:
            self._stands(one, order, time_ns, now_ns)
            left = order.size_lots - order.filled_lots
            why = "requested" if one.cancelling else str(kind)
            made = Cancelled if kind == "canceled" else Expired
            self._emit(made(order_id, order.instrument, time_ns, left, why), now_ns)
            self._end(one, now_ns)
        elif kind == "rejected":
            self._reject(one, "replace" if order.replaces else "new", "rejected-by-venue", time_ns)
        elif kind in ("order_replace_rejected", "order_cancel_rejected"):
            self._reject(one, "replace" if "replace" in str(kind) else "cancel", str(kind), time_ns)
        if is_new:
            self._release(one, now_ns)

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

    def _on_replaced(self, one: TrackedOrder, order: VenueOrder, time_ns: int, now_ns: int) -> None:
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
        if status in _REFUSED:
            self._reject(one, "new", refusal(status, body), now_ns)
        elif self._learned(one, status, body):
            self._release(one, now_ns)
        else:
            self._look_up(one, one.name, now_ns)

    def _patched(self, one: TrackedOrder, replacing: Replacing, status: int, body: Any, now_ns: int) -> None:
        if status in _REFUSED:
            if one.replacing is replacing:
                self._reject(one, "replace", refusal(status, body), now_ns)
        elif self._learned(one, status, body):
            replacing.answered = True
        else:
            self._look_up(one, replacing.name, now_ns)
        self._release(one, now_ns)

    def _learned(self, one: TrackedOrder, status: int, body: Any) -> bool:
        try:
            order = self._instruments.order(body) if status == 200 and isinstance(body, Mapping) else None
        except WireError:
            order = None
        if order is not None:
            self._queries.names[order.id] = order.client_order_id
            one.learn(order)
        return order is not None

    def _look_up(self, one: TrackedOrder, name: str, now_ns: int, looks: int = _LOOKS) -> None:
        """Looks for what the venue made of a request whose outcome isn't known, so that it can be cancelled."""

        def found(result: Any, now_ns: int) -> None:
            if isinstance(result, VenueOrder):
                one.learn(result, last=True)
            elif not one.ended and (looks or result is not None):
                left = looks - (result is None)
                self._later.append((now_ns + _RETRY_NS, lambda: self._look_up(one, name, now_ns, left)))
                return
            if one.replacing is not None:
                one.replacing.answered = True
            self._release(one, now_ns)

        asking: Generator[str, tuple[int, Any], Any] = self._queries.find(name)
        self._go_on(asking, None, 0, now_ns, found)

    def _go_on(
        self,
        asking: Generator[str, tuple[int, Any], Any],
        answer: tuple[int, Any] | None,
        query_id: int,
        now_ns: int,
        done: Callable[[Any, int], None],
    ) -> None:
        following = step(asking, answer, query_id, now_ns)
        if not isinstance(following, str):
            done(following, now_ns)
            return

        def answered(status: int, body: Any, at_ns: int) -> None:
            self._go_on(asking, (status, body), query_id, at_ns, done)

        self._ask(self._budget.questions, "GET", following, answered)

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
            if status in _REFUSED and status != _TOO_MANY:
                why = refusal(status, body)
                self._go_on(self._queries.find(one.name), None, 0, at_ns, lambda *what: found(why, *what))
            elif not 200 <= status < 300:
                self._later.append((at_ns + _RETRY_NS, again))

        def found(why: str, result: Any, at_ns: int) -> None:
            if isinstance(result, VenueOrder) and result.id != venue_id and not one.ended:
                one.learn(result, last=True)
                self._delete(one, at_ns, asked=asked)
            elif result is not None and not isinstance(result, VenueOrder) and not one.ended:
                self._later.append((at_ns + _RETRY_NS, again))
            elif asked:
                self._reject(one, "cancel", why, at_ns)

        def again() -> None:
            if one.ended and asked:
                self._reject(one, "cancel", "too-late", now_ns)
            elif not one.ended:
                self._delete(one, now_ns, asked=asked)

        self._ask(self._budget.cancels, "DELETE", f"/v2/orders/{one.venue_id}", deleted)

    def _ask(
        self,
        queue: deque[HttpRequest],
        method: Literal["GET", "POST", "PATCH", "DELETE"],
        path: str,
        done: _Done,
        body: bytes = b"",
    ) -> None:
        self._number += 1
        self._done[self._number] = done
        queue.append(HttpRequest(number=self._number, method=method, path=path, body=body))

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


@hookimpl
def register_routers(catalogue: Catalogue) -> None:
    """Offers `alpaca`."""
    catalogue.add(
        "alpaca",
        AlpacaRouter,
        summary="Alpaca: orders in stocks and crypto, at a paper or a live account",
        options=AlpacaOptions,
        capabilities={"connects": True, "answers_queries": True, "terms": "ioc,fok,day"},
    )
