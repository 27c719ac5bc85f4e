"""What the strategies of a lane have asked for and the lane hasn't yet worked off."""

from typing import TYPE_CHECKING

from mainspring.orders import client_order_id

if TYPE_CHECKING:
    from mainspring.model import OrderRequest

__all__ = ["Outbox"]


class Outbox:
    """The requests of all strategies in the order in which they came, and the id of the next order.

    `session` is the session's part of client order ids: it is known from the session's start on. `lane` is the lane's
    number in the session, from 0 on.
    """

    __slots__ = ("lane", "next_order_id", "requests", "session")

    def __init__(self, lane: int = 0) -> None:
        self.lane = lane
        self.requests: list[OrderRequest] = []
        self.next_order_id = 1
        self.session = ""

    def client_order_id(self, order_id: int) -> str:
        """Returns the id by which the venue knows an order."""
        return client_order_id(self.session, self.lane, order_id)
