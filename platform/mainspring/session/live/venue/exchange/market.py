"""The market of a venue in a box: a stream of messages, its books, and the orders that meet them by the paper rules."""

from collections.abc import Iterator, Sequence

from mainspring.model import (
    Approved,
    BookDelta,
    BookSnapshot,
    CancelRequest,
    Funding,
    Instrument,
    MarketEvent,
    NewOrder,
    OrderEvent,
    ReplaceRequest,
)
from mainspring.seams import NEVER_NS, Book, Feed, QueueModel, RawMessage
from mainspring.venue.paper import PaperVenue

__all__ = ["ExchangeMarket"]


class _AtOnce:
    """Nothing is under way: the network between a client and the box is the real one."""

    def request_ns(self, sent_ns: int) -> int:
        """See `mainspring.seams.LatencyModel`."""
        return 0

    response_ns = feed_ns = request_ns


class ExchangeMarket:
    """Several instruments, each with a book that the messages make and that the orders of clients meet.

    Times are the venue's, in nanoseconds since the Unix epoch, and never go backwards. `due_ns` is when the next
    message stands in the stream. The same messages and calls give the same events.
    """

    def __init__(
        self,
        instruments: Sequence[Instrument],
        messages: Iterator[RawMessage],
        feed: Feed,
        books: Sequence[Book],
        queues: Sequence[QueueModel],
    ) -> None:
        """`messages` are read by `feed` as time passes; there is a book and a queue model for each instrument."""
        self.instruments = tuple(instruments)
        self.books = tuple(books)
        self._messages = messages
        self._feed = feed
        self._next = next(messages, None)
        self._venue = PaperVenue(books, queues, [_AtOnce() for _ in books], instruments=instruments)
        self._reported: list[OrderEvent] = []

    @property
    def due_ns(self) -> int:
        """When something will happen unless an order comes first."""
        return min(NEVER_NS if self._next is None else self._next[0], self._venue.due_ns)

    def advance(self, now_ns: int) -> list[MarketEvent]:
        """Lets the market go on to a time; returns what happened in it."""
        events: list[MarketEvent] = []
        while self._next is not None and self._next[0] <= now_ns:
            time_ns, raw = self._next
            self._poll(time_ns)
            for event in self._feed.on_message(raw, time_ns):
                if isinstance(event, BookSnapshot):
                    self.books[event.instrument].apply_snapshot(event.bids, event.asks)
                elif isinstance(event, BookDelta):
                    self.books[event.instrument].apply_delta(event.bids, event.asks)
                self._venue.on_market(event)
                events.append(event)
            self._next = next(self._messages, None)
        self._poll(now_ns)
        return events

    def enter(self, order: NewOrder, now_ns: int) -> None:
        """Takes an order that the venue has checked."""
        self._venue.submit(Approved(order, now_ns), now_ns)
        self._poll(now_ns)

    def cancel(self, order: NewOrder, now_ns: int) -> None:
        """Cancels what is left of an order."""
        self._venue.cancel(Approved(CancelRequest(order.order_id, order.instrument, now_ns), now_ns), now_ns)
        self._poll(now_ns)

    def amend(self, order: NewOrder, price_ticks: int, size_lots: int, now_ns: int) -> None:
        """Changes an order's price and total size, unless it is too late."""
        request = ReplaceRequest(order.order_id, order.instrument, price_ticks, size_lots, now_ns)
        self._venue.replace(Approved(request, now_ns), now_ns)
        self._poll(now_ns)

    def take_reported(self) -> list[OrderEvent]:
        """Returns what became of orders, in order, each once."""
        reported, self._reported = self._reported, []
        return reported

    def _poll(self, now_ns: int) -> None:
        while self._venue.due_ns <= now_ns:
            self._reported += [one for one in self._venue.poll(now_ns) if not isinstance(one, Funding)]
