"""The paper venue: fills our orders against a market that doesn't know of them."""

from collections import Counter, deque
from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from mainspring.errors import OrderStateError
from mainspring.model import (
    Approved,
    BookDelta,
    BookInvalid,
    BookSnapshot,
    CancelRequest,
    Funding,
    Instrument,
    InstrumentStatus,
    MarketEvent,
    MarkPrice,
    NewOrder,
    OrderEvent,
    OrderRequest,
    Quote,
    Rejected,
    ReplaceRequest,
    RequestKind,
    Trade,
)
from mainspring.seams import NEVER_NS, BookView, LatencyModel, QueueModel
from mainspring.venue.event_outbox import EventOutbox
from mainspring.venue.paper_funding import PaperFunding
from mainspring.venue.paper_market import PaperMarket

__all__ = ["PaperVenue"]

_ENDED_KEPT = 10_000

_MOST_ENDED = 1_000
"""How many orders that ended before their time may wait to be forgotten, besides as many as are open."""


class _Connection:
    """The way of one instrument's requests to the venue: none overtakes another."""

    __slots__ = ("_last_arrival_ns", "_request_ns")

    def __init__(self, latency: LatencyModel) -> None:
        self._request_ns = latency.request_ns
        self._last_arrival_ns = 0

    def arrival_ns(self, now_ns: int) -> int:
        """When a request that is sent now will arrive."""
        arrival_ns = now_ns + self._request_ns(now_ns)
        if arrival_ns > self._last_arrival_ns:
            self._last_arrival_ns = arrival_ns
        return self._last_arrival_ns


class PaperVenue:
    """A simulated exchange over the lane's own books. Keeps the contract of `mainspring.seams.Router`.

    The requests of one instrument reach it in the order in which they were sent, each after a latency of its own, and
    never overtake one another; nor do its answers, which take their own time back. Each instrument has a connection of
    its own, so that what happens to one doesn't depend on which others are traded.

    `due_ns` is the next arrival here, of an answer at our end, or the end of an order's time. An order whose time is
    over when it arrives is rejected; at one instant, orders end before requests arrive. A request is matched at the
    time of its arrival, even if the poll comes later, against the market of that time: so poll when `due_ns` has come,
    before a market event of that time or later changes the book. The event itself must reach `on_market` after the book
    took it.

    `books` are the lane's, `queues` the models of the queues in them, and `latencies` the connections', one for each
    instrument, of which `first_index` is the index of the first. Fees are in parts per billion of the notional.
    `settle_ns` is `PaperLevel`'s. `instruments` are those of the books: of contracts among them, funding is settled at
    the rates that their mark prices announce. The same calls and seeds give the same events.
    """

    def __init__(
        self,
        books: Sequence[BookView],
        queues: Sequence[QueueModel],
        latencies: Sequence[LatencyModel],
        *,
        first_index: int = 0,
        maker_fee_ppb: int = 0,
        taker_fee_ppb: int = 0,
        settle_ns: int = 100_000_000,
        instruments: Sequence[Instrument] = (),
    ) -> None:
        self.due_ns = NEVER_NS
        self._outbox = EventOutbox(dict(enumerate(latencies, first_index)), maker_fee_ppb, taker_fee_ppb)
        self._markets = {
            index: PaperMarket(book, self._outbox, model=model, settle_ns=settle_ns)
            for index, (book, model) in enumerate(zip(books, queues, strict=True), first_index)
        }
        self._funding = PaperFunding(dict(enumerate(instruments, first_index)))
        self._connections = {
            index: _Connection(latency)
            for index, (_, latency) in enumerate(zip(books, latencies, strict=True), first_index)
        }
        # A heap of arrival time, place among all that were sent, and request.
        self._arrivals: list[tuple[int, int, OrderRequest]] = []
        self._sent = 0
        # A heap of when an order's time is over, the order, and its instrument. It may have ended before.
        self._expiries: list[tuple[int, int, int]] = []
        # The next arrival, or end of an order's time.
        self._next_ns = NEVER_NS
        self._last_order_id: int | None = None
        # Where each order is, for as long as a late request may name it: all that haven't ended as far as we know, and
        # the latest that have.
        self._instruments: dict[int, int] = {}
        self._ended: deque[int] = deque()
        # How many cancels and replaces of each order are on their way.
        self._requests: Counter[int] = Counter()

    @property
    def idle(self) -> bool:
        """Whether no order is on its way or waits, and nothing that we took of a level is remembered."""
        return not self._arrivals and not self._outbox and not any(market.busy for market in self._markets.values())

    def submit(self, order: Approved[NewOrder], now_ns: int) -> None:
        """Sends a new order. Raises `OrderStateError` for an id that doesn't rise: it would be a second sending."""
        new = order.request
        if self._last_order_id is not None and new.order_id <= self._last_order_id:
            raise OrderStateError(f"order {new.order_id} comes after {self._last_order_id}: is it sent a second time?")
        self._send(new, now_ns)
        self._last_order_id = new.order_id
        self._instruments[new.order_id] = new.instrument

    def cancel(self, cancel: Approved[CancelRequest], now_ns: int) -> None:
        """Asks for the rest of an order to be cancelled."""
        self._send(cancel.request, now_ns)
        self._requests[cancel.request.order_id] += 1

    def replace(self, replace: Approved[ReplaceRequest], now_ns: int) -> None:
        """Asks for an order to stand at another price or total size.

        At the same price a smaller order keeps its place in the queue; any other change puts it at the end.
        """
        self._send(replace.request, now_ns)
        self._requests[replace.request.order_id] += 1

    def restore_position(self, instrument: int, lots: int) -> None:
        """Takes up a position that was traded before this venue was made; funding is settled on it."""
        self._outbox.position_lots[instrument] = lots

    def poll(self, now_ns: int) -> Sequence[OrderEvent | Funding]:
        """The events that have reached us by now, in that order."""
        while now_ns >= self._funding.due_ns:
            at_ns = self._funding.due_ns
            self._arrive(at_ns)
            self._fund(self._funding.take(), at_ns)
        if now_ns >= self._next_ns:
            self._arrive(now_ns)
        events, ended = self._outbox.take(now_ns)
        self._ended.extend(ended)
        self._forget()
        self.due_ns = min(self._next_ns, self._outbox.due_ns, self._funding.due_ns)
        return events

    def on_market(self, event: MarketEvent) -> None:
        """A market event, after the lane's book has taken it."""
        if event.receive_time_ns >= self._next_ns:
            self._arrive(event.receive_time_ns)
        if type(event) is Quote:
            self._markets[event.instrument].on_quote(event)
        elif type(event) is Trade:
            self._markets[event.instrument].on_trade(event)
        elif type(event) is BookDelta:
            self._markets[event.instrument].on_delta(event)
        elif isinstance(event, BookSnapshot):
            self._markets[event.instrument].on_snapshot(event)
        elif isinstance(event, BookInvalid):
            self._markets[event.instrument].on_invalid()
        elif isinstance(event, InstrumentStatus):
            self._markets[event.instrument].on_status(event)
        elif isinstance(event, MarkPrice):
            due = self._funding.announce(event)
            if due is not None:
                self._fund(due, event.receive_time_ns)
            self.due_ns = min(self._next_ns, self._outbox.due_ns, self._funding.due_ns)
        if self._outbox.due_ns < self.due_ns:
            self.due_ns = self._outbox.due_ns

    def lots_ahead(self, order_id: int) -> int:
        """How many lots go before an order of ours that waits. Raises `KeyError` if none of that id does."""
        return self._markets[self._instruments[order_id]].lots_ahead(order_id)

    def _send(self, request: OrderRequest, now_ns: int) -> None:
        if request.instrument not in self._connections:
            raise OrderStateError(f"order {request.order_id}: the venue has no instrument {request.instrument}")
        arrival_ns = self._connections[request.instrument].arrival_ns(now_ns)
        heappush(self._arrivals, (arrival_ns, self._sent, request))
        self._sent += 1
        self._next_ns = min(self._next_ns, arrival_ns)
        self.due_ns = min(self.due_ns, arrival_ns)

    def _arrive(self, now_ns: int) -> None:
        """Lets happen what happens here by a time: requests arrive, and the time of orders is over."""
        arrivals, expiries = self._arrivals, self._expiries
        while self._next_ns <= now_ns:
            if expiries and expiries[0][0] == self._next_ns:
                expires_ns, order_id, instrument = heappop(expiries)
                self._markets[instrument].expire(order_id, expires_ns)
            else:
                time_ns, _, request = heappop(arrivals)
                if isinstance(request, NewOrder):
                    self._enter(request, time_ns)
                else:
                    self._change(request, time_ns)
            arrival_ns = arrivals[0][0] if arrivals else NEVER_NS
            self._next_ns = min(arrival_ns, expiries[0][0]) if expiries else arrival_ns

    def _enter(self, new: NewOrder, time_ns: int) -> None:
        market, expires_ns = self._markets[new.instrument], new.expires_ns
        market.enter(new, time_ns)
        if expires_ns and new.order_id in market.orders:
            heappush(self._expiries, (expires_ns, new.order_id, new.instrument))
            if len(self._expiries) > _MOST_ENDED + 2 * sum(len(one.orders) for one in self._markets.values()):
                self._expiries[:] = [one for one in self._expiries if one[1] in self._markets[one[2]].orders]
                heapify(self._expiries)

    def _change(self, request: CancelRequest | ReplaceRequest, time_ns: int) -> None:
        order_id = request.order_id
        self._requests[order_id] -= 1
        if not self._requests[order_id]:
            del self._requests[order_id]
        instrument = request.instrument
        order = self._markets[instrument].orders.get(order_id)
        if order is None:
            reason = "too-late" if self._instruments.get(order_id) == instrument else "unknown-order"
            kind: RequestKind = "cancel" if isinstance(request, CancelRequest) else "replace"
            self._outbox.rejected(Rejected(order_id, instrument, time_ns, reason, kind))
        elif isinstance(request, CancelRequest):
            self._markets[instrument].cancel(order, time_ns)
        else:
            self._markets[instrument].replace(order, request.price_ticks, request.size_lots, time_ns)

    def _fund(self, mark: MarkPrice, now_ns: int) -> None:
        index = mark.instrument
        if lots := self._outbox.position_lots[index]:
            amount = self._funding.amount(mark, lots)
            self._outbox.funded(Funding(index, now_ns, amount, "", mark.funding_rate, mark.mark_price))

    def _forget(self) -> None:
        """Forgets the oldest ended orders, though none that a request on its way names."""
        ended = self._ended
        for _ in range(len(ended) - _ENDED_KEPT):
            order_id = ended.popleft()
            if order_id in self._requests:
                ended.append(order_id)
            else:
                del self._instruments[order_id]
