"""What leaves the strategies of a lane: their requests, and the ids by which venues know their orders."""

from mainspring.lane.requests import Requests
from mainspring.model import DEFAULT_MAX_ANSWERS, MAX_UNITS, NewOrder, Side
from mainspring.orders import client_order_id, parse_client_order_id

__all__ = ["Outbox"]


class Outbox:
    """The requests of all strategies, and the ids of their orders.

    `session` is the session's part of client order ids: it is known from the session's start on. `lane` is the lane's
    number in the session, from 0 on. `earlier` are the sessions that this one goes on from, oldest first: the last
    order id of each, its part of client order ids, and the lane's number in it.
    """

    __slots__ = ("earlier", "lane", "requests", "session")

    def __init__(self, lane: int = 0, requests: Requests | None = None) -> None:
        """`requests` takes what strategies ask for: by default what the lane itself has for that."""
        self.lane = lane
        self.requests = Requests(DEFAULT_MAX_ANSWERS) if requests is None else requests
        self.session = ""
        self.earlier: list[tuple[int, str, int]] = []

    @property
    def next_order_id(self) -> int:
        """The id of the next order."""
        return self.requests.next_order_id

    @next_order_id.setter
    def next_order_id(self, order_id: int) -> None:
        self.requests.next_order_id = order_id

    def close(self, instrument: int, lots: int, now_ns: int) -> None:
        """Requests a market order that closes a position of nobody's.

        What of it an order's 64 bits don't hold is left for the next command.
        """
        side = Side.SELL if lots > 0 else Side.BUY
        size_lots = min(abs(lots), MAX_UNITS)
        self.requests.append(
            NewOrder(self.next_order_id, instrument, side, "market", 0, size_lots, now_ns, time_in_force="ioc")
        )
        self.next_order_id += 1

    def client_order_id(self, order_id: int) -> str:
        """Returns the id by which the venue knows an order."""
        for last, session, lane in self.earlier:
            if order_id <= last:
                return client_order_id(session, lane, order_id)
        return client_order_id(self.session, self.lane, order_id)

    def order_id_of(self, client_order_id: str) -> int | None:
        """Returns the order that the venue knows by an id; None if it isn't one of this lane's."""
        try:
            found = parse_client_order_id(client_order_id)
        except ValueError:
            return None
        for last, session, lane in self.earlier:
            if found.order_id <= last:
                return found.order_id if (found.session, found.lane) == (session, lane) else None
        return found.order_id if (found.session, found.lane) == (self.session, self.lane) else None
