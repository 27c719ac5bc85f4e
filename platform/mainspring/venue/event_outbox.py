"""What the paper venue has to tell, on its way back to us."""

from collections.abc import Mapping
from heapq import heappop, heappush

from mainspring.model import Accepted, Cancelled, Expired, Fill, Funding, OrderEvent, Rejected, Replaced
from mainspring.seams import NEVER_NS, LatencyModel
from mainspring.venue.paper_orders import PaperOrder

__all__ = ["EventOutbox"]


class EventOutbox:
    """Writes order events, numbers the fills, knows the fees, and holds each event until it has reached us.

    The events of one instrument never overtake one another. `due_ns` is when the next one reaches us. `position_lots`
    is what the venue has of us in each instrument.
    """

    __slots__ = (
        "_fills",
        "_last_ns",
        "_maker_fee_ppb",
        "_response_ns",
        "_sent",
        "_taker_fee_ppb",
        "_under_way",
        "due_ns",
        "position_lots",
    )

    def __init__(self, latencies: Mapping[int, LatencyModel], maker_fee_ppb: int, taker_fee_ppb: int) -> None:
        """`latencies` are by the index of the instrument."""
        self.due_ns = NEVER_NS
        # A heap of the arrival at us, the place among all that were sent, the event, and whether it ends its order.
        self._under_way: list[tuple[int, int, OrderEvent | Funding, bool]] = []
        self._sent = 0
        self._fills = 0
        self._response_ns = {index: latency.response_ns for index, latency in latencies.items()}
        self._last_ns = dict.fromkeys(latencies, 0)
        self.position_lots = dict.fromkeys(latencies, 0)
        self._maker_fee_ppb = maker_fee_ppb
        self._taker_fee_ppb = taker_fee_ppb

    def __bool__(self) -> bool:
        return bool(self._under_way)

    def take(self, now_ns: int) -> tuple[list[OrderEvent | Funding], list[int]]:
        """The events that have reached us by now, in that order, and the ids of the orders that they end."""
        under_way = self._under_way
        events: list[OrderEvent | Funding] = []
        ended: list[int] = []
        while under_way and under_way[0][0] <= now_ns:
            _, _, event, ends = heappop(under_way)
            events.append(event)
            if ends and not isinstance(event, Funding):
                ended.append(event.order_id)
        self.due_ns = under_way[0][0] if under_way else NEVER_NS
        return events, ended

    def accepted(self, order: PaperOrder, now_ns: int) -> None:
        """The venue has the order."""
        self._send(Accepted(order.order.order_id, order.order.instrument, now_ns))

    def rejected(self, event: Rejected) -> None:
        """The venue refuses a request."""
        self._send(event, ends=event.request == "new")

    def filled(self, order: PaperOrder, price_ticks: int, lots: int, now_ns: int, *, maker: bool) -> None:
        """Books a fill on the order and sends the event. `maker` says that the order rested."""
        order.filled_lots += lots
        self._fills += 1
        new = order.order
        self.position_lots[new.instrument] += new.side * lots
        fee_ppb = self._maker_fee_ppb if maker else self._taker_fee_ppb
        self._send(
            Fill(new.order_id, new.instrument, now_ns, self._fills, new.side, price_ticks, lots, maker, fee_ppb),
            ends=not order.leaves_lots,
        )

    def cancelled(self, order: PaperOrder, now_ns: int, reason: str) -> None:
        """What is left of the order is gone."""
        new = order.order
        self._send(Cancelled(new.order_id, new.instrument, now_ns, order.leaves_lots, reason), ends=True)

    def expired(self, order: PaperOrder, now_ns: int) -> None:
        """The order's time is over."""
        new = order.order
        self._send(Expired(new.order_id, new.instrument, now_ns, order.leaves_lots, "expired"), ends=True)

    def replaced(self, order: PaperOrder, now_ns: int) -> None:
        """The order stands at its present price and size."""
        self._send(Replaced(order.order.order_id, order.order.instrument, now_ns, order.price_ticks, order.size_lots))

    def funded(self, funding: Funding) -> None:
        """Funding was settled."""
        self._send(funding)

    def _send(self, event: OrderEvent | Funding, *, ends: bool = False) -> None:
        instrument, time_ns = event.instrument, event.time_ns
        arrival_ns = time_ns + self._response_ns[instrument](time_ns)
        if arrival_ns < self._last_ns[instrument]:
            arrival_ns = self._last_ns[instrument]
        self._last_ns[instrument] = arrival_ns
        heappush(self._under_way, (arrival_ns, self._sent, event, ends))
        self._sent += 1
        self.due_ns = self._under_way[0][0]
