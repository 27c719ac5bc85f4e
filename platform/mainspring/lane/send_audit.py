"""Compares what is sent with what was requested: the check that would have stopped Knight Capital."""

from collections.abc import Sequence

from mainspring.errors import UnrequestedSend
from mainspring.lane.events import Send
from mainspring.model import CancelRequest, NewOrder, OrderRequest

__all__ = ["SendAudit"]


class SendAudit:
    """Knows the new orders and changes that were requested and neither sent nor refused yet.

    On 1 August 2012 a router of Knight Capital's sent orders again and again that were filled already: nothing compared
    what left with what had been asked for. Here each request can be sent once, as the very object that was requested,
    and whatever part of the lane went wrong. Cancels aren't compared: they add no risk, and people and checks make them
    as well.
    """

    __slots__ = ("_due",)

    def __init__(self) -> None:
        self._due: dict[int, OrderRequest] = {}

    def requested(self, request: OrderRequest) -> None:
        """Notes that a request was made."""
        if type(request) is not CancelRequest:
            self._due[id(request)] = request

    def restated(self, request: NewOrder, order: NewOrder) -> None:
        """Notes that a new order is sent in another form, as its venue knows it: the same order, nothing more of it."""
        terms = [(one.order_id, one.instrument, one.side, one.kind, one.price_ticks) for one in (request, order)]
        if (
            terms[0] == terms[1]
            and order.size_lots <= request.size_lots
            and self._due.pop(id(request), None) is request
        ):
            self._due[id(order)] = order

    def refused(self, request: OrderRequest) -> None:
        """Notes that a request won't be sent."""
        self._due.pop(id(request), None)

    def check(self, send: Send) -> None:
        """Raises `UnrequestedSend` unless it was requested and not sent before; it counts as sent then."""
        if self.unrequested((send,)):
            self.refuse(send.request.request.order_id)

    def refuse(self, *order_ids: int) -> None:
        """Raises `UnrequestedSend` for orders that were found elsewhere, in compiled code say."""
        raise UnrequestedSend(order_ids)

    def unrequested(self, sends: Sequence[Send]) -> list[Send]:
        """Returns those of the sends that nobody requested, or that were sent before; the others count as sent."""
        found = []
        for send in sends:
            request = send.request.request
            if type(request) is not CancelRequest and self._due.pop(id(request), None) is not request:
                found.append(send)
        return found
