"""How many requests a venue takes, and who goes first when there are more."""

from collections import deque

from mainspring.seams import NEVER_NS

__all__ = ["RequestBudget"]

_MINUTE_NS = 60_000_000_000


class RequestBudget:
    """So many requests in any 60 seconds. A fifth of them is kept for cancels and questions."""

    def __init__(self, per_minute: int) -> None:
        self._most = per_minute
        self._for_risk = per_minute - per_minute // 5
        self._sent: deque[int] = deque()
        self._closed_until_ns = 0

    def has_room(self, now_ns: int, *, new_risk: bool = False) -> bool:
        """Whether a request may be sent now. `new_risk` says that it may lead to a trade."""
        while self._sent and self._sent[0] <= now_ns - _MINUTE_NS:
            self._sent.popleft()
        return now_ns >= self._closed_until_ns and len(self._sent) < (self._for_risk if new_risk else self._most)

    def take(self, now_ns: int) -> None:
        """Counts a request."""
        self._sent.append(now_ns)

    def close(self, until_ns: int) -> None:
        """Takes that the venue wants no request before that."""
        self._closed_until_ns = max(self._closed_until_ns, until_ns)

    def next_ns(self, now_ns: int) -> int:
        """Returns when there will be room for a cancel."""
        if self.has_room(now_ns):
            return now_ns
        oldest_ns = self._sent[0] + _MINUTE_NS if len(self._sent) >= self._most else 0
        return max(oldest_ns, self._closed_until_ns) or NEVER_NS
