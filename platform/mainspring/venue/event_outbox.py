"""What the paper venue has to tell, in the order in which it happened."""

from mainspring.model import Accepted, Cancelled, Fill, OrderEvent, Rejected, Replaced
from mainspring.venue.paper_orders import PaperOrder

__all__ = ["EventOutbox"]


class EventOutbox:
    """Writes order events, numbers the fills, and knows the fees."""

    __slots__ = ("_events", "_fills", "_maker_fee_ppb", "_taker_fee_ppb")

    def __init__(self, maker_fee_ppb: int, taker_fee_ppb: int) -> None:
        self._events: list[OrderEvent] = []
        self._fills = 0
        self._maker_fee_ppb = maker_fee_ppb
        self._taker_fee_ppb = taker_fee_ppb

    def __bool__(self) -> bool:
        return bool(self._events)

    def take(self) -> list[OrderEvent]:
        """The events since the last call."""
        events, self._events = self._events, []
        return events

    def accepted(self, order: PaperOrder, now_ns: int) -> None:
        """The venue has the order."""
        self._events.append(Accepted(order.order.order_id, order.order.instrument, now_ns))

    def rejected(self, event: Rejected) -> None:
        """The venue refuses a request."""
        self._events.append(event)

    def filled(self, order: PaperOrder, price_ticks: int, lots: int, now_ns: int, *, maker: bool) -> None:
        """Books a fill on the order and queues the event. `maker` says that the order rested."""
        order.filled_lots += lots
        self._fills += 1
        new = order.order
        fee_ppb = self._maker_fee_ppb if maker else self._taker_fee_ppb
        self._events.append(
            Fill(new.order_id, new.instrument, now_ns, self._fills, new.side, price_ticks, lots, maker, fee_ppb)
        )

    def cancelled(self, order: PaperOrder, now_ns: int, reason: str) -> None:
        """What is left of the order is gone."""
        self._events.append(Cancelled(order.order.order_id, order.order.instrument, now_ns, order.leaves_lots, reason))

    def replaced(self, order: PaperOrder, now_ns: int) -> None:
        """The order stands at its present price and size."""
        self._events.append(
            Replaced(order.order.order_id, order.order.instrument, now_ns, order.price_ticks, order.size_lots)
        )
