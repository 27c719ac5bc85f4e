"""How many requests a venue takes, and who goes first when there are more."""

from collections import deque
from itertools import takewhile

from mainspring.wire import HttpRequest

__all__ = ["RequestBudget"]

_MINUTE_NS = 60_000_000_000
_TEN_SECONDS_NS = 10_000_000_000


class RequestBudget:
    """What any 60 seconds of requests may weigh, and how many orders any 10 may make.

    A fifth of the weight is kept for cancels and questions. `cancels`, `questions` and `risky`, which may lead to a
    trade, wait here, each request with its weight and how many orders it may make, and leave in that order.
    """

    def __init__(self, per_minute: int, orders_per_10s: int = 0) -> None:
        """`per_minute` is the weight; `orders_per_10s` is 0 if orders aren't counted."""
        self._most = per_minute
        self._for_risk = per_minute - per_minute // 5
        self._most_orders = orders_per_10s
        self._sent: deque[tuple[int, int]] = deque()
        self._weight = 0
        self._orders: deque[int] = deque()
        self._closed_until_ns = 0
        self.cancels: deque[tuple[HttpRequest, int, int]] = deque()
        self.questions: deque[tuple[HttpRequest, int, int]] = deque()
        self.risky: deque[tuple[HttpRequest, int, int]] = deque()

    def has_room(self, now_ns: int, weight: int = 1, *, new_risk: bool = False) -> bool:
        """Whether a request of that `weight` may be sent now. `new_risk` says that it may lead to a trade."""
        while self._sent and self._sent[0][0] <= now_ns - _MINUTE_NS:
            self._weight -= self._sent.popleft()[1]
        while self._orders and self._orders[0] <= now_ns - _TEN_SECONDS_NS:
            self._orders.popleft()
        if now_ns < self._closed_until_ns:
            return False
        used = self._weight
        if new_risk:
            # What waits here already will leave first.
            used += sum(one for _, one, _ in self.risky)
            orders = len(self._orders) + sum(one for *_, one in self.risky)
            if self._most_orders and orders >= self._most_orders:
                return False
        # Whatever a request weighs, it may go when nothing else did.
        return used + weight <= (self._for_risk if new_risk else self._most) or not used

    def take(self, now_ns: int) -> list[HttpRequest]:
        """Returns what may be sent now, and counts it."""
        taken = []
        for requests in (self.cancels, self.questions, self.risky):
            while requests and self.has_room(now_ns, requests[0][1]):
                request, weight, orders = requests.popleft()
                self._count(now_ns, weight)
                self._orders.extend([now_ns] * orders)
                taken.append(request)
        return taken

    def report(self, weight: int, now_ns: int, ahead_ns: int = 0) -> None:
        """Takes the `weight` that the venue has counted since its full minute: others may use the same limit.

        `ahead_ns` is how far the venue's clock is ahead of ours.
        """
        minute_ns = now_ns - (now_ns + ahead_ns) % _MINUTE_NS
        ours = sum(one for _, one in takewhile(lambda sent: sent[0] >= minute_ns, reversed(self._sent)))
        if weight > ours:
            self._count(now_ns, weight - ours)

    def close(self, until_ns: int) -> None:
        """Takes that the venue wants no request before that."""
        self._closed_until_ns = max(self._closed_until_ns, until_ns)

    def _count(self, now_ns: int, weight: int) -> None:
        self._sent.append((now_ns, weight))
        self._weight += weight
