"""The paper venue: fills our orders against a market that doesn't know of them."""

from collections.abc import Sequence
from heapq import heappop, heappush

import msgspec

from mainspring.errors import OrderStateError
from mainspring.model import (
    ApprovedOrder,
    BookDelta,
    BookInvalid,
    BookSnapshot,
    InstrumentStatus,
    MarketEvent,
    NewOrder,
    OrderEvent,
    Quote,
    Rejected,
    Trade,
)
from mainspring.seams import NEVER_NS, Book
from mainspring.venue.event_outbox import EventOutbox
from mainspring.venue.paper_latency import PaperLatency
from mainspring.venue.paper_level import QueueAssumption
from mainspring.venue.paper_market import PaperMarket

__all__ = ["PaperVenue"]

_ORDERS_KEPT = 10_000


class _Cancel(msgspec.Struct, frozen=True, gc=False):
    order_id: int


class _Replace(msgspec.Struct, frozen=True, gc=False):
    order_id: int
    price_ticks: int
    size_lots: int


class _Connection:
    """The way of one instrument's requests to the venue: none overtakes another."""

    __slots__ = ("_draw_latency_ns", "_last_arrival_ns")

    def __init__(self, latency: PaperLatency) -> None:
        self._draw_latency_ns = latency.draw_ns
        self._last_arrival_ns = 0

    def arrival_ns(self, now_ns: int) -> int:
        """When a request that is sent now will arrive."""
        self._last_arrival_ns = max(now_ns + self._draw_latency_ns(), self._last_arrival_ns)
        return self._last_arrival_ns


class PaperVenue:
    """A simulated exchange over the lane's own books. Keeps the contract of `mainspring.seams.Router`.

    The requests of one instrument reach it in the order in which they were sent, each after a latency of its own, and
    never overtake one another; each instrument has a connection of its own, so that what happens to one doesn't depend
    on which others are traded. Its answers come back at once. One that has arrived before a market event is
    dealt with before it, unless the lane's book has taken the event already: so a lane polls first, when `due_ns` has
    come, and then applies the event. The event itself must reach `on_market` after the book took it.

    `books` are the lane's, and `latencies` the connections', one for each instrument. Fees are in parts per billion of
    the notional. `assumption` and `settle_ns` are `PaperLevel`'s. The same calls and seeds give the same events.
    """

    def __init__(
        self,
        books: Sequence[Book],
        latencies: Sequence[PaperLatency],
        *,
        maker_fee_ppb: int = 0,
        taker_fee_ppb: int = 0,
        assumption: QueueAssumption = "proportional",
        settle_ns: int = 100_000_000,
    ) -> None:
        self.due_ns = NEVER_NS
        self._outbox = EventOutbox(maker_fee_ppb, taker_fee_ppb)
        self._markets = [PaperMarket(book, self._outbox, assumption=assumption, settle_ns=settle_ns) for book in books]
        self._connections = [_Connection(latency) for _, latency in zip(books, latencies, strict=True)]
        # A heap of arrival time, place among all that were sent, and request.
        self._arrivals: list[tuple[int, int, NewOrder | _Cancel | _Replace]] = []
        self._sent = 0
        self._next_arrival_ns = NEVER_NS
        self._last_order_id: int | None = None
        # Where each order is, for as long as a late request may name it.
        self._instruments: dict[int, int] = {}

    @property
    def idle(self) -> bool:
        """Whether no order is on its way or waits, and nothing that we took of a level is remembered."""
        return not self._arrivals and not self._outbox and not any(market.busy for market in self._markets)

    def submit(self, order: ApprovedOrder, now_ns: int) -> None:
        """Sends a new order. Raises `OrderStateError` for an id that doesn't rise: it would be a second sending."""
        new = order.order
        if self._last_order_id is not None and new.order_id <= self._last_order_id:
            raise OrderStateError(f"order {new.order_id} comes after {self._last_order_id}: is it sent a second time?")
        if not 0 <= new.instrument < len(self._markets):
            raise OrderStateError(f"order {new.order_id}: the venue has no instrument {new.instrument}")
        self._last_order_id = new.order_id
        self._instruments[new.order_id] = new.instrument
        self._send(new, new.instrument, now_ns)

    def cancel(self, order_id: int, now_ns: int) -> None:
        """Asks for the rest of an order to be cancelled."""
        self._send(_Cancel(order_id), self._instruments.get(order_id, 0), now_ns)

    def replace(self, order_id: int, price_ticks: int, size_lots: int, now_ns: int) -> None:
        """Asks for an order to stand at another price or total size.

        At the same price a smaller order keeps its place in the queue; any other change puts it at the end.
        """
        self._send(_Replace(order_id, price_ticks, size_lots), self._instruments.get(order_id, 0), now_ns)

    def poll(self, now_ns: int) -> Sequence[OrderEvent]:
        """The events up to now, in order."""
        if now_ns >= self._next_arrival_ns:
            self._arrive(now_ns)
        self.due_ns = self._next_arrival_ns
        return self._outbox.take()

    def on_market(self, event: MarketEvent) -> None:
        """A market event, after the lane's book has taken it."""
        if event.receive_time_ns >= self._next_arrival_ns:
            self._arrive(event.receive_time_ns)
        if isinstance(event, Quote):
            self._markets[event.instrument].on_quote(event)
        elif isinstance(event, Trade):
            self._markets[event.instrument].on_trade(event)
        elif isinstance(event, BookDelta):
            self._markets[event.instrument].on_delta(event)
        elif isinstance(event, BookSnapshot):
            self._markets[event.instrument].on_snapshot(event)
        elif isinstance(event, BookInvalid):
            self._markets[event.instrument].on_invalid()
        elif isinstance(event, InstrumentStatus):
            self._markets[event.instrument].on_status(event)
        if self._outbox:
            self.due_ns = min(self.due_ns, event.receive_time_ns)

    def lots_ahead(self, order_id: int) -> int:
        """How many lots go before an order of ours that waits. Raises `KeyError` if none of that id does."""
        return self._markets[self._instruments[order_id]].lots_ahead(order_id)

    def _send(self, request: NewOrder | _Cancel | _Replace, instrument: int, now_ns: int) -> None:
        heappush(self._arrivals, (self._connections[instrument].arrival_ns(now_ns), self._sent, request))
        self._sent += 1
        self._next_arrival_ns = self._arrivals[0][0]
        self.due_ns = min(self.due_ns, self._next_arrival_ns)

    def _arrive(self, now_ns: int) -> None:
        arrivals = self._arrivals
        while arrivals and arrivals[0][0] <= now_ns:
            time_ns, _, request = heappop(arrivals)
            if isinstance(request, NewOrder):
                self._markets[request.instrument].enter(request, time_ns)
            else:
                self._change(request, time_ns)
        self._next_arrival_ns = arrivals[0][0] if arrivals else NEVER_NS
        self._forget()

    def _change(self, request: _Cancel | _Replace, time_ns: int) -> None:
        order_id = request.order_id
        instrument = self._instruments.get(order_id, -1)
        order = self._markets[instrument].orders.get(order_id) if instrument >= 0 else None
        if order is None:
            reason = "unknown-order" if instrument < 0 else "too-late"
            self._outbox.rejected(
                Rejected(order_id, instrument, time_ns, reason, "cancel" if isinstance(request, _Cancel) else "replace")
            )
        elif isinstance(request, _Cancel):
            self._markets[instrument].cancel(order, time_ns)
        else:
            self._markets[instrument].replace(order, request.price_ticks, request.size_lots, time_ns)

    def _forget(self) -> None:
        while len(self._instruments) > _ORDERS_KEPT:
            oldest = next(iter(self._instruments))
            instrument = self._instruments.pop(oldest)
            if oldest in self._markets[instrument].orders:
                self._instruments[oldest] = instrument
                return
