"""How many requests a venue takes, and who goes first when there are more."""

from collections import deque

from mainspring.wire import HttpRequest

__all__ = ["RequestBudget"]

_MINUTE_NS = 60_000_000_000


class RequestBudget:
    """So many requests in any 60 seconds. A fifth of them is kept for cancels and questions.

    `cancels`, `questions` and `risky`, which may lead to a trade, wait here, and leave in that order.
    """

    def __init__(self, per_minute: int) -> None:
        self._most = per_minute
        self._for_risk = per_minute - per_minute // 5
        self._sent: deque[int] = deque()
        self._closed_until_ns = 0
        self.cancels: deque[HttpRequest] = deque()
        self.questions: deque[HttpRequest] = deque()
        self.risky: deque[HttpRequest] = deque()

    def has_room(self, now_ns: int, *, new_risk: bool = False) -> bool:
        """Whether a request may be sent now. `new_risk` says that it may lead to a trade."""
        while self._sent and self._sent[0] <= now_ns - _MINUTE_NS:
            self._sent.popleft()
        return now_ns >= self._closed_until_ns and len(self._sent) < (self._for_risk if new_risk else self._most)

    def take(self, now_ns: int) -> list[HttpRequest]:
        """Returns what may be sent now, and counts it."""
        taken = []
        for requests in (self.cancels, self.questions, self.risky):
            while requests and self.has_room(now_ns):
                self._sent.append(now_ns)
                taken.append(requests.popleft())
        return taken

    def close(self, until_ns: int) -> None:
        """Takes that the venue wants no request before that."""
        self._closed_until_ns = max(self._closed_until_ns, until_ns)
