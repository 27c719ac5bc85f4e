"""A venue for tests that outlives the lane's process and loses, delays, doubles and reorders what goes in and out.

    venue = HostileVenue(seed=7)
    router = venue.connect(context)        # a `mainspring.seams.AnsweringRouter`; `context` is wiring's
    ...                                    # run a lane against it; then drop the lane at any event: a crash
    venue.advance(now_ns)                  # the venue goes on: orders are filled while nobody listens
    router = venue.connect(other_context)  # a new process; what was on its way to the old one is lost
    ...                                    # recover, query, reconcile
    venue.calm()                           # from now on nothing goes wrong, so that everything can settle

`venue.orders`, `venue.fills` and `venue.position_lots(instrument)` are the truth: a lane's state must come to equal it.
`venue.duplicates` are the client order ids that arrived twice, so that something was sent again: there must be none.
The same seed and the same calls give the same events.
Register it as a router with `venue.connect` as the factory and the capabilities `simulated` and `answers_queries`.

Every time is the lane's, in nanoseconds, and never goes backwards; the venue's clock is the same one. It matches
without a market: a limit order that rests is filled at its price, in up to three parts, within the next seconds or
never; an order that takes is filled at `Faults.market_ticks` or at its limit.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Any, Final

import msgspec

from mainspring.model import (
    Accepted,
    Approved,
    Cancelled,
    CancelRequest,
    Expired,
    Fill,
    NewOrder,
    OrderConnection,
    OrderEvent,
    Query,
    Rejected,
    Replaced,
    ReplaceRequest,
    Side,
)
from mainspring.model.reports import ReportedStatus
from mainspring.seams import RouterContext
from mainspring.testing.hostile_connection import HostileConnection

__all__ = ["CALM", "Faults", "HostileVenue", "VenueOrder"]

_NS_IN_MS: Final = 1_000_000
_MOST_PARTS: Final = 3


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """What goes wrong, each as the probability per request, message, page or query.

    `lose_request`: a request never arrives. `lose_message`: an execution is lost, while later ones are.
    `double_message`: it comes twice. `late_message`: it takes `late_ms` longer, and later ones overtake it.
    `disconnect`: the stream breaks after a message for `down_ms`, and what comes meanwhile is lost.
    `fail_query`: a query is ended by a problem, before or in the middle of its pages. `slow_page`: one takes `late_ms`.

    The rest is the venue's ordinary behaviour: `reject` of new orders, `never_filled` of those that rest, `expire` of
    those that would be filled. A request or message takes up to `way_ms`, and none overtakes another of its direction.
    A query's answer comes in pages of `page` reports.
    """

    lose_request: float = 0.02
    lose_message: float = 0.03
    double_message: float = 0.03
    late_message: float = 0.05
    disconnect: float = 0.005
    fail_query: float = 0.1
    slow_page: float = 0.1
    reject: float = 0.05
    never_filled: float = 0.3
    expire: float = 0.05
    way_ms: int = 20
    late_ms: int = 2_000
    down_ms: int = 3_000
    page: int = 5
    market_ticks: int = 10_000


CALM: Final = Faults(
    lose_request=0.0,
    lose_message=0.0,
    double_message=0.0,
    late_message=0.0,
    disconnect=0.0,
    fail_query=0.0,
    slow_page=0.0,
)
"""Nothing goes wrong."""


class VenueOrder:
    """An order as the venue has it: the truth. `status` is as in `mainspring.model.OrderReport`."""

    def __init__(self, order: NewOrder, client_order_id: str, now_ns: int) -> None:
        self.client_order_id = client_order_id
        self.instrument = order.instrument
        self.side = order.side
        self.price_ticks = order.price_ticks
        self.size_lots = order.size_lots
        self.filled_lots = 0
        self.status: ReportedStatus = "open"
        self.reason = ""
        self.time_ns = now_ns

    @property
    def leaves_lots(self) -> int:
        """What may still be filled."""
        return self.size_lots - self.filled_lots if self.status == "open" else 0


class HostileVenue:
    """The venue: see the module. `faults` may be changed at any time."""

    def __init__(self, seed: int, faults: Faults = Faults()) -> None:  # noqa: B008  frozen
        self.faults = faults
        self.random = Random(f"hostile venue {seed}")  # noqa: S311  a simulation, no secret
        self.now_ns = 0
        self.orders: dict[str, VenueOrder] = {}
        """Every order that arrived, by its client order id."""
        self.fills: list[tuple[str, Fill]] = []
        """Every execution in order, each with its client order id; the fill's own `order_id` is 0."""
        self.duplicates: list[str] = []
        self.connection: HostileConnection | None = None
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._scheduled = 0
        self._last_arrival_ns = 0

    def connect(self, context: RouterContext) -> HostileConnection:
        """Returns the router of a new process. What was on its way to the one before is lost."""
        self.connection = HostileConnection(self, context)
        return self.connection

    def calm(self) -> None:
        """Lets nothing go wrong from now on. What is under way stays as it is."""
        faults = {name: getattr(CALM, name) for name in CALM.__struct_fields__[:7]}
        self.faults = msgspec.structs.replace(self.faults, **faults)

    def position_lots(self, instrument: int) -> int:
        """The account's position, in lots."""
        return sum(fill.side * fill.size_lots for _, fill in self.fills if fill.instrument == instrument)

    @property
    def due_ns(self) -> int | None:
        """When the venue next does something of its own; None if it waits for requests."""
        return self._queue[0][0] if self._queue else None

    def advance(self, now_ns: int) -> None:
        """Lets everything happen that is due by then, each at its own time."""
        while self._queue and self._queue[0][0] <= now_ns:
            due_ns, _, act = heappop(self._queue)
            self.now_ns = max(self.now_ns, due_ns)
            act()
        self.now_ns = max(self.now_ns, now_ns)

    def happens(self, probability: float) -> bool:
        """Draws whether something of this probability happens."""
        return self.random.random() < probability

    def schedule(self, due_ns: int, call: Callable[[], None]) -> None:
        """Calls `call` at a time."""
        self._scheduled += 1
        heappush(self._queue, (due_ns, self._scheduled, call))

    def take_request(
        self, request: Approved[NewOrder] | Approved[CancelRequest] | Approved[ReplaceRequest], client_order_id: str
    ) -> None:
        """Takes a request that leaves the lane now, and loses it or lets it arrive."""
        if self.happens(self.faults.lose_request):
            return
        act = {NewOrder: self._new, CancelRequest: self._cancel, ReplaceRequest: self._replace}[type(request.request)]
        self.schedule(self._arrival_ns(), lambda: act(request.request, client_order_id))  # type: ignore[operator]

    def take_query(self, query: Query, connection: HostileConnection) -> None:
        """Takes a query that leaves the lane now. It always arrives: an HTTP client would have said if it hadn't."""
        self.schedule(self.now_ns + self.way_ns(), lambda: connection.answer(query))

    def way_ns(self) -> int:
        """How long something takes from here to there."""
        return self.random.randint(1, self.faults.way_ms * _NS_IN_MS)

    def _arrival_ns(self) -> int:
        self._last_arrival_ns = max(self._last_arrival_ns, self.now_ns + self.way_ns())
        return self._last_arrival_ns

    def _new(self, new: NewOrder, client_order_id: str) -> None:
        if client_order_id in self.orders:
            self.duplicates.append(client_order_id)
            return
        order = self.orders[client_order_id] = VenueOrder(new, client_order_id, self.now_ns)
        if self.happens(self.faults.reject):
            self._end(order, "rejected", "insufficient funds")
            self._tell(order, Rejected(0, order.instrument, self.now_ns, order.reason))
            return
        self._tell(order, Accepted(0, order.instrument, self.now_ns))
        takes = new.kind == "market" or new.time_in_force != "gtc"
        if takes:
            self._take(order, new)
        elif not self.happens(self.faults.never_filled):
            due_ns = self.now_ns
            for _ in range(self.random.randint(1, _MOST_PARTS)):
                due_ns += self.random.randint(1, 4_000 * _NS_IN_MS)
                self.schedule(due_ns, lambda: self._fill_some(order, maker=True))

    def _take(self, order: VenueOrder, new: NewOrder) -> None:
        if new.kind == "market":
            order.price_ticks = self.faults.market_ticks
        if new.time_in_force == "fok" or self.happens(0.5):
            self._fill(order, order.leaves_lots, maker=False)
        else:
            self._fill_some(order, maker=False)
        if order.leaves_lots:
            self._cancelled(order, "nothing left to take")

    def _fill_some(self, order: VenueOrder, *, maker: bool) -> None:
        if not order.leaves_lots:
            return
        if maker and self.happens(self.faults.expire):
            self._end(order, "expired", "end of day")
            left = order.size_lots - order.filled_lots
            self._tell(order, Expired(0, order.instrument, self.now_ns, left, order.reason))
            return
        lots = order.leaves_lots if self.happens(0.4) else self.random.randint(1, order.leaves_lots)
        self._fill(order, lots, maker=maker)

    def _fill(self, order: VenueOrder, lots: int, *, maker: bool) -> None:
        order.filled_lots += lots
        order.time_ns = self.now_ns
        fill_id = len(self.fills) + 1
        price_ticks = order.price_ticks
        fill = Fill(0, order.instrument, self.now_ns, fill_id, order.side, price_ticks, lots, maker, 100_000)
        self.fills.append((order.client_order_id, fill))
        if order.filled_lots == order.size_lots:
            self._end(order, "filled", "")
        self._tell(order, fill)

    def _cancel(self, request: CancelRequest, client_order_id: str) -> None:
        order = self.orders.get(client_order_id)
        if order is None or not order.leaves_lots:
            self._refuse(request, client_order_id, "cancel")
            return
        self._cancelled(order, "requested")

    def _replace(self, request: ReplaceRequest, client_order_id: str) -> None:
        order = self.orders.get(client_order_id)
        if order is None or not order.leaves_lots or request.size_lots <= order.filled_lots:
            self._refuse(request, client_order_id, "replace")
            return
        order.price_ticks, order.size_lots, order.time_ns = request.price_ticks, request.size_lots, self.now_ns
        event = Replaced(0, order.instrument, self.now_ns, order.price_ticks, order.size_lots)
        self._tell(order, event)

    def _refuse(self, request: CancelRequest | ReplaceRequest, client_order_id: str, kind: Any) -> None:
        if self.connection is not None:
            event = Rejected(0, request.instrument, self.now_ns, "too late", kind)
            self.connection.tell(client_order_id, event)

    def _cancelled(self, order: VenueOrder, reason: str) -> None:
        left = order.leaves_lots
        self._end(order, "cancelled", reason)
        self._tell(order, Cancelled(0, order.instrument, self.now_ns, left, reason))

    def _end(self, order: VenueOrder, status: ReportedStatus, reason: str) -> None:
        order.status, order.reason, order.time_ns = status, reason, self.now_ns

    def _tell(self, order: VenueOrder, event: OrderEvent) -> None:
        if self.connection is not None:
            self.connection.tell(order.client_order_id, event)

    def place_foreign(self, instrument: int, side: Side, price_ticks: int, size_lots: int) -> VenueOrder:
        """Places an order that no lane of ours sent: a person's, by the venue's own page. It rests."""
        name = f"by-hand-{len(self.orders)}"
        new = NewOrder(0, instrument, side, "limit", price_ticks, size_lots, self.now_ns)
        order = self.orders[name] = VenueOrder(new, name, self.now_ns)
        return order

    def disconnect(self) -> None:
        """Breaks the stream of the connection there is, for a while."""
        if self.connection is not None:
            self.connection.break_off(OrderConnection(self.now_ns, up=False))
