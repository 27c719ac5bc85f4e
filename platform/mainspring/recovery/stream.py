"""What a stream of executions has said, so that each word of it counts once."""

from collections import Counter, OrderedDict
from typing import Final

from mainspring.model import Fill, OrderEvent, Rejected, Replaced
from mainspring.orders import OrderTracker

__all__ = ["OVERTAKEN", "Stream"]

OVERTAKEN: Final = "overtaken"
"""Why a replacement changed nothing: the venue reported a later one before it."""

_KEPT: Final = 10_000


class Stream:
    """Knows the latest words of a stream, and what queries have answered in its place.

    Of fills that a journal brought only the ids are known: those of up to `known_ns` on the venue's clock.
    """

    def __init__(self, tracker: OrderTracker) -> None:
        self.known_ns = 0
        self._tracker = tracker
        self._heard: OrderedDict[OrderEvent, None] = OrderedDict()
        self._answered: Counter[tuple[int, str]] = Counter()
        self._replaced_ns: dict[int, int] = {}

    def is_known(self, event: OrderEvent) -> bool:
        """Whether the event was heard before, or a query has brought what it says."""
        if event in self._heard:
            return True
        if isinstance(event, Fill):
            return event.time_ns <= self.known_ns and self._tracker.has_fill(event.order_id, event.fill_id)
        key = (event.order_id, _kind(event))
        if key not in self._answered:
            return False
        self._answered[key] -= 1
        if not self._answered[key]:
            del self._answered[key]
        return True

    def remember(self, event: OrderEvent) -> None:
        """Takes a word of the stream, or a fill that a query has brought."""
        self._heard[event] = None
        if len(self._heard) > _KEPT:
            self._heard.popitem(last=False)
        if isinstance(event, Replaced):
            self._replaced_ns[event.order_id] = max(event.time_ns, self._replaced_ns.get(event.order_id, 0))
            if len(self._replaced_ns) > _KEPT:
                del self._replaced_ns[next(iter(self._replaced_ns))]

    def answer(self, event: OrderEvent) -> None:
        """Takes what a query has shown: the stream's own word of it, if it comes, says nothing new."""
        self.remember(event)
        if not isinstance(event, Fill):
            self._answered[event.order_id, _kind(event)] += 1
            if len(self._answered) > _KEPT:
                del self._answered[next(iter(self._answered))]

    def in_order(self, event: OrderEvent) -> OrderEvent:
        """Returns the event; of a replacement that a later one has overtaken, that it changed nothing."""
        if not isinstance(event, Replaced) or event.time_ns >= self._replaced_ns.get(event.order_id, 0):
            return event
        return Rejected(event.order_id, event.instrument, event.time_ns, OVERTAKEN, "replace")


def _kind(event: OrderEvent) -> str:
    """What answers the same request, whatever the venue calls it."""
    if isinstance(event, Rejected):
        return f"rejected {event.request}"
    name = type(event).__name__.lower()
    return "ended" if name in {"cancelled", "expired"} else name
