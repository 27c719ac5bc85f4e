"""Answers questions about orders and positions for a simulated venue that can't be asked itself."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from mainspring.model import (
    Accepted,
    Approved,
    Cancelled,
    CancelRequest,
    Expired,
    Fill,
    FillReport,
    MarketEvent,
    NewOrder,
    OrderReport,
    PositionReport,
    Query,
    QueryEnded,
    Rejected,
    Replaced,
    ReplaceRequest,
    ReportedStatus,
)
from mainspring.seams import RouterContext, RouterReport
from mainspring.venue.paper import PaperVenue

__all__ = ["GONE", "AnsweringVenue"]

GONE: Final = "the simulated venue ended with its process"
"""Why an order that was open in an earlier process is cancelled."""

_KEPT: Final = 10_000


class _Known:
    """An order as the venue has reported it."""

    __slots__ = ("filled_lots", "order", "price_ticks", "reason", "size_lots", "status", "time_ns")

    def __init__(self, order: NewOrder, now_ns: int) -> None:
        self.order = order
        self.price_ticks = order.price_ticks
        self.size_lots = order.size_lots
        self.filled_lots = 0
        self.status: ReportedStatus = "open"
        self.reason = ""
        self.time_ns = now_ns

    def apply(self, event: Any) -> None:
        """Takes an event of the order."""
        self.time_ns = event.time_ns
        kind = type(event)
        if kind is Fill:
            self.filled_lots += event.size_lots
            if self.filled_lots >= self.size_lots:
                self.status = "filled"
        elif kind is Replaced:
            self.price_ticks, self.size_lots = event.price_ticks, event.size_lots
        elif kind is Cancelled or kind is Expired:
            self.status, self.reason = "cancelled" if kind is Cancelled else "expired", event.reason
        elif kind is Rejected and event.request == "new":
            self.status, self.reason = "rejected", event.reason


class AnsweringVenue:
    """A `PaperVenue` that keeps the contract of `mainspring.seams.AnsweringRouter`.

    It answers from what the venue has handed out, at the next poll. Of ended orders and of fills it knows the latest
    10,000.
    """

    def __init__(self, venue: PaperVenue, context: RouterContext) -> None:
        self._venue = venue
        self._client_order_id: Callable[[int], str] = context.client_order_id
        self._order_id_of = context.order_id_of
        indexes = range(context.first_index, context.first_index + len(context.instruments))
        self._position_lots = dict.fromkeys(indexes, 0)
        self._orders: dict[int, _Known] = {}
        self._ended: deque[int] = deque()
        self._fills: deque[Fill] = deque(maxlen=_KEPT)
        self._queries: list[Query] = []
        self.on_market: Callable[[MarketEvent], None] = venue.on_market
        self._restored: dict[int, OrderReport] = {}

    @property
    def due_ns(self) -> int:
        """See `mainspring.seams.Router.due_ns`."""
        return 0 if self._queries else self._venue.due_ns

    @property
    def idle(self) -> bool:
        """See `PaperVenue.idle`."""
        return self._venue.idle

    def submit(self, order: Approved[NewOrder], now_ns: int) -> None:
        """Sends a new order."""
        self._venue.submit(order, now_ns)
        self._orders[order.request.order_id] = _Known(order.request, now_ns)

    def cancel(self, cancel: Approved[CancelRequest], now_ns: int) -> None:
        """Requests a cancel of the rest of an order."""
        self._venue.cancel(cancel, now_ns)

    def replace(self, replace: Approved[ReplaceRequest], now_ns: int) -> None:
        """Requests another price or total size."""
        self._venue.replace(replace, now_ns)

    def poll(self, now_ns: int) -> Sequence[RouterReport]:
        """Returns what has reached us by now, and the answers to queries."""
        events: list[RouterReport] = []
        # What it has told by the time of a query comes before the answer to it.
        while self._venue.due_ns <= now_ns:
            before = len(events)
            events += self._venue.poll(now_ns)
            if len(events) == before:
                break
        for event in events:
            if isinstance(event, Accepted | Rejected | Fill | Cancelled | Expired | Replaced):
                self._note(event)
        queries, self._queries = self._queries, []
        for query in queries:
            events += self._answer(query, now_ns)
        return events

    def query(self, query: Query, now_ns: int) -> None:
        """See `mainspring.seams.AnsweringRouter.query`."""
        self._queries.append(query)

    def restore(self, orders: Sequence[OrderReport], positions: Sequence[PositionReport]) -> None:
        """Takes up the positions that an earlier process left; its open orders are cancelled."""
        for position in positions:
            self._position_lots[position.instrument] = position.position_lots
            self._venue.restore_position(position.instrument, position.position_lots)
        for order in orders:
            assert order.order_id is not None
            self._restored[order.order_id] = order

    def _note(self, event: Any) -> None:
        if type(event) is Fill:
            self._position_lots[event.instrument] += event.side * event.size_lots
            self._fills.append(event)
        known = self._orders.get(event.order_id)
        if known is None:
            return
        was_open = known.status == "open"
        known.apply(event)
        if was_open and known.status != "open":
            self._ended.append(event.order_id)
            if len(self._ended) > _KEPT:
                del self._orders[self._ended.popleft()]

    def _answer(self, query: Query, now_ns: int) -> Iterator[RouterReport]:
        number = query.query_id
        if query.subject == "order":
            order_id = self._order_id_of(query.client_order_id)
            yield self._report(query, order_id, now_ns)
        elif query.subject == "open-orders":
            for order_id, known in self._orders.items():
                if known.status == "open":
                    yield self._report(query, order_id, now_ns)
        elif query.subject == "fills":
            for fill in self._fills:
                if fill.time_ns >= query.since_ns:
                    yield FillReport(number, self._client_order_id(fill.order_id), fill)
        elif query.subject == "positions":
            for instrument, lots in self._position_lots.items():
                yield PositionReport(number, instrument, now_ns, lots)
        yield QueryEnded(number, now_ns)

    def _report(self, query: Query, order_id: int | None, now_ns: int) -> OrderReport:
        known = self._orders.get(order_id) if order_id is not None else None
        if known is None or order_id is None:
            earlier = self._restored.get(order_id) if order_id is not None else None
            if earlier is not None:
                return OrderReport(
                    query.query_id,
                    query.client_order_id,
                    order_id,
                    earlier.instrument,
                    now_ns,
                    "cancelled",
                    earlier.side,
                    earlier.price_ticks,
                    earlier.size_lots,
                    earlier.filled_lots,
                    GONE,
                )
            return OrderReport(query.query_id, query.client_order_id, order_id, query.instrument, now_ns, "not-found")
        return OrderReport(
            query.query_id,
            self._client_order_id(order_id),
            order_id,
            known.order.instrument,
            now_ns,
            known.status,
            known.order.side,
            known.price_ticks,
            known.size_lots,
            known.filled_lots,
            known.reason,
        )
