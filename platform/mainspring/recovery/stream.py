"""What a stream of executions has said, so that each word of it counts once."""

from collections import OrderedDict
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
        # By order and kind: up to when, on the venue's clock, each answer has said what there was.
        self._answered: OrderedDict[tuple[int, str], list[int]] = OrderedDict()
        self._replaced_ns: dict[int, int] = {}

    def is_known(self, event: OrderEvent) -> bool:
        """Whether the event was heard before, or a query has brought what it says."""
        if event in self._heard:
            return True
        if isinstance(event, Fill):
            return event.time_ns <= self.known_ns and self._tracker.has_fill(event.order_id, event.fill_id)
        key = (event.order_id, _kind(event))
        answers = self._answered.get(key, [])
        # What came about later isn't what an answer had shown: another word, which has overtaken that one.
        fits = [until_ns for until_ns in answers if event.time_ns <= until_ns]
        if not fits:
            return False
        answers.remove(min(fits))
        if not answers:
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

    def answer(self, event: OrderEvent, until_ns: int) -> None:
        """Takes what a query has shown: the stream's own word of it, if it comes, says nothing new.

        The query has shown what there was at `until_ns`, on the venue's clock.
        """
        self.remember(event)
        if not isinstance(event, Fill):
            self._answered.setdefault((event.order_id, _kind(event)), []).append(until_ns)
            if len(self._answered) > _KEPT:
                self._answered.popitem(last=False)

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
