"""The router of a lane that is connected to a `HostileVenue`: where messages are lost, late, doubled and reordered."""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

import msgspec

from mainspring.model import (
    Approved,
    CancelRequest,
    FillReport,
    MarketEvent,
    NewOrder,
    OrderConnection,
    OrderEvent,
    OrderReport,
    PositionReport,
    Query,
    QueryEnded,
    ReplaceRequest,
)
from mainspring.seams import NEVER_NS, RouterContext, RouterReport

if TYPE_CHECKING:
    from mainspring.testing.hostile import HostileVenue, VenueOrder

__all__ = ["HostileConnection"]

_NS_IN_MS: Final = 1_000_000
_STRAY: Final = 0
"""The order id of what isn't ours."""


class HostileConnection:
    """Implements `mainspring.seams.AnsweringRouter`. `HostileVenue.connect` makes it."""

    def __init__(self, venue: "HostileVenue", context: RouterContext) -> None:
        """`venue` is what it is connected to, and `context` wiring's."""
        self._venue = venue
        self._context = context
        self._own = range(context.first_index, context.first_index + len(context.instruments))
        self._under_way: list[tuple[int, int, RouterReport]] = []
        self._sent = 0
        self._last_ns = 0
        self._up = True

    @property
    def due_ns(self) -> int:
        """See `mainspring.seams.Router.due_ns`. What the venue does is due too: it may tell something at once."""
        told_ns = self._under_way[0][0] if self._under_way else NEVER_NS
        venue_ns = self._venue.due_ns
        return told_ns if venue_ns is None else min(told_ns, venue_ns)

    def submit(self, order: Approved[NewOrder], now_ns: int) -> None:
        """Sends a new order, which may be lost."""
        self._request(order, now_ns)

    def cancel(self, cancel: Approved[CancelRequest], now_ns: int) -> None:
        """Sends a cancel, which may be lost."""
        self._request(cancel, now_ns)

    def replace(self, replace: Approved[ReplaceRequest], now_ns: int) -> None:
        """Sends a replace, which may be lost."""
        self._request(replace, now_ns)

    def query(self, query: Query, now_ns: int) -> None:
        """See `mainspring.seams.AnsweringRouter.query`."""
        self._venue.advance(now_ns)
        self._venue.take_query(query, self)

    def poll(self, now_ns: int) -> Sequence[RouterReport]:
        """Hands out what has arrived by now, in the order of arrival."""
        self._venue.advance(now_ns)
        events = []
        while self._under_way and self._under_way[0][0] <= now_ns:
            events.append(heappop(self._under_way)[2])
        return events

    def on_market(self, event: MarketEvent) -> None:
        """Does nothing: the venue has a market of its own."""

    def tell(self, client_order_id: str, event: OrderEvent) -> None:
        """Sends an execution on its way, and lets happen to it what the venue's faults say."""
        venue, faults = self._venue, self._venue.faults
        lost, doubled, late, breaks = (
            venue.happens(chance)
            for chance in (faults.lose_message, faults.double_message, faults.late_message, faults.disconnect)
        )
        if not self._up:
            return
        named = msgspec.structs.replace(event, order_id=self._context.order_id_of(client_order_id) or _STRAY)
        if not lost:
            self._send(named, late=late)
            if doubled:
                self._send(named, late=late)
        if breaks:
            self.break_off(OrderConnection(venue.now_ns, up=False))

    def break_off(self, down: OrderConnection) -> None:
        """Ends the stream for a while: what comes meanwhile is lost."""
        if not self._up:
            return
        self._up = False
        self._send(down)
        venue = self._venue
        back_ns = venue.now_ns + venue.random.randint(1, venue.faults.down_ms * _NS_IN_MS)
        venue.schedule(back_ns, self._come_back)

    def _come_back(self) -> None:
        self._up = True
        self._send(OrderConnection(self._venue.now_ns, up=True))

    def answer(self, query: Query) -> None:
        """Answers a query with what the venue knows now, page by page."""
        venue, faults = self._venue, self._venue.faults
        reports = list(self._reports(query))
        pages = [reports[at : at + faults.page] for at in range(0, len(reports), faults.page)] or [[]]
        fails_at = venue.random.randrange(len(pages)) if venue.happens(faults.fail_query) else -1
        arrival_ns = venue.now_ns
        for number, page in enumerate(pages):
            arrival_ns += venue.way_ns() + (faults.late_ms * _NS_IN_MS if venue.happens(faults.slow_page) else 0)
            if number == fails_at:
                self._put(arrival_ns, QueryEnded(query.query_id, venue.now_ns, "rate limited"))
                return
            for report in page:
                self._put(arrival_ns, report)
        self._put(arrival_ns, QueryEnded(query.query_id, venue.now_ns))

    def _reports(self, query: Query) -> Iterator[RouterReport]:
        venue = self._venue
        if query.subject == "order":
            order = venue.orders.get(query.client_order_id)
            order_id = self._context.order_id_of(query.client_order_id)
            if order is None:
                at = (query.client_order_id, order_id, query.instrument, venue.now_ns)
                yield OrderReport(query.query_id, *at, "not-found")
            else:
                yield self._order_report(query, order)
        elif query.subject == "open-orders":
            for order in venue.orders.values():
                if order.status == "open" and order.instrument in self._own:
                    yield self._order_report(query, order)
        elif query.subject == "fills":
            for client_order_id, fill in venue.fills:
                if fill.time_ns >= query.since_ns and fill.instrument in self._own:
                    order_id = self._context.order_id_of(client_order_id) or _STRAY
                    named = msgspec.structs.replace(fill, order_id=order_id)
                    yield FillReport(query.query_id, client_order_id, named)
        elif query.subject == "positions":
            for instrument in self._own:
                lots = venue.position_lots(instrument)
                yield PositionReport(query.query_id, instrument, venue.now_ns, lots)

    def _order_report(self, query: Query, order: "VenueOrder") -> OrderReport:
        return OrderReport(
            query.query_id,
            order.client_order_id,
            self._context.order_id_of(order.client_order_id),
            order.instrument,
            self._venue.now_ns,
            order.status,
            order.side,
            order.price_ticks,
            order.size_lots,
            order.filled_lots,
            order.reason,
        )

    def _request(
        self, request: Approved[NewOrder] | Approved[CancelRequest] | Approved[ReplaceRequest], now_ns: int
    ) -> None:
        self._venue.advance(now_ns)
        self._venue.take_request(request, self._context.client_order_id(request.request.order_id))

    def _send(self, event: RouterReport, *, late: bool = False) -> None:
        venue = self._venue
        if late:
            self._put(venue.now_ns + venue.way_ns() + venue.faults.late_ms * _NS_IN_MS, event)
            return
        self._last_ns = max(self._last_ns, venue.now_ns + venue.way_ns())
        self._put(self._last_ns, event)

    def _put(self, arrival_ns: int, event: RouterReport) -> None:
        if self._venue.connection is not self:
            # The process that listened is gone.
            return
        self._sent += 1
        heappush(self._under_way, (arrival_ns, self._sent, event))
