"""What the strategies of a lane have asked for and the lane hasn't yet worked off."""

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from mainspring.model import MAX_UNITS, CancelRequest, NewOrder, Side
from mainspring.orders import client_order_id, parse_client_order_id

if TYPE_CHECKING:
    from mainspring.model import OrderRequest

__all__ = ["Outbox", "Surplus"]

MOST_ANSWERS = 1_000
"""How many requests a strategy may make at one instant in answer to its own order events."""


class Surplus(msgspec.Struct, frozen=True, gc=False):
    """A request beyond `MOST_ANSWERS`: it is refused when its turn comes.

    `instrument` is none that there is, so that a fused run leaves it to the order manager.
    """

    request: "OrderRequest"
    most: int
    instrument: int = -1


class Outbox:
    """The requests of all strategies in the order in which they came, and the id of the next order.

    `session` is the session's part of client order ids: it is known from the session's start on. `lane` is the lane's
    number in the session, from 0 on. `earlier` are the sessions that this one goes on from, oldest first: the last
    order id of each, its part of client order ids, and the lane's number in it. See `limit_answers` for
    `most_answers`.
    """

    __slots__ = (
        "_answers",
        "_answers_ns",
        "_cancelled",
        "earlier",
        "lane",
        "most_answers",
        "next_order_id",
        "requests",
        "session",
    )

    def __init__(self, lane: int = 0, most_answers: int = MOST_ANSWERS) -> None:
        self.lane = lane
        self.most_answers = most_answers
        self._answers: Counter[str] = Counter()
        self._answers_ns = -1
        self._cancelled: set[int] = set()
        self.requests: list[OrderRequest | Surplus] = []
        self.next_order_id = 1
        self.session = ""
        self.earlier: list[tuple[int, str, int]] = []

    def limit_answers(self, strategy: str, first: int, now_ns: int) -> None:
        """Takes the requests from index `first` on as a strategy's answer to an order event of its own.

        Without latency such an answer has its own event at the same instant, so that a strategy which answers each
        would never leave it. Beyond `most_answers` at one instant, requests become a `Surplus`. An order's first cancel
        doesn't count, so that any number of orders can be cancelled.
        """
        if now_ns != self._answers_ns:
            self._answers_ns = now_ns
            self._answers.clear()
            self._cancelled.clear()
        for at in range(first, len(self.requests)):
            request = self.requests[at]
            assert not isinstance(request, Surplus)
            if isinstance(request, CancelRequest) and request.order_id not in self._cancelled:
                self._cancelled.add(request.order_id)
                continue
            self._answers[strategy] += 1
            if self._answers[strategy] > self.most_answers:
                self.requests[at] = Surplus(request, self.most_answers)

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
