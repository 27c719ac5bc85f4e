"""One instrument as the lane sees it: the object behind `mainspring.seams.MarketView`."""

from mainspring.lane.statistics import StreamStatistics
from mainspring.model import NO_ID, Instrument
from mainspring.seams import Book

__all__ = ["Market"]

_MID_EVERY_NS = 50_000_000


class Market:
    """The state of one instrument. The lane alone writes it.

    `book_id` and `quote_id` are the ids of the last delta and the last quote taken: where the venue numbers both alike,
    they tell which of the two knows the best prices now. `book_valid` and `halted` make up `live`. `crossed` counts the
    deltas after which the book was crossed, `stale_quotes` the quotes that were older than the book.
    """

    __slots__ = (
        "ask_lots",
        "ask_ticks",
        "bbo_time_ns",
        "bid_lots",
        "bid_ticks",
        "book",
        "book_id",
        "book_valid",
        "crossed",
        "halted",
        "index",
        "instrument",
        "live",
        "mid_due_ns",
        "mid_samples",
        "now_ns",
        "quote_id",
        "stale_quotes",
        "statistics",
    )

    def __init__(self, index: int, instrument: Instrument, book: Book, statistics: StreamStatistics) -> None:
        self.index = index
        self.instrument = instrument
        self.book = book
        self.statistics = statistics
        self.now_ns = 0
        self.bid_ticks = 0
        self.bid_lots = 0
        self.ask_ticks = 0
        self.ask_lots = 0
        self.bbo_time_ns = 0
        self.live = False
        self.book_valid = False
        self.halted = False
        self.book_id = NO_ID
        self.quote_id = NO_ID
        self.crossed = 0
        self.stale_quotes = 0
        self.mid_samples: list[tuple[int, int]] = []
        self.mid_due_ns = 0

    def set_best(self, now_ns: int, bid_ticks: int, bid_lots: int, ask_ticks: int, ask_lots: int) -> bool:
        """Takes the best prices; True if they differ from those before."""
        self.bbo_time_ns = now_ns
        if (
            bid_ticks == self.bid_ticks
            and bid_lots == self.bid_lots
            and ask_ticks == self.ask_ticks
            and ask_lots == self.ask_lots
        ):
            return False
        self.bid_ticks = bid_ticks
        self.bid_lots = bid_lots
        self.ask_ticks = ask_ticks
        self.ask_lots = ask_lots
        self.statistics.on_bbo(now_ns, bid_ticks, bid_lots, ask_ticks, ask_lots)
        return True

    def set_status(self, *, book_valid: bool | None = None, halted: bool | None = None) -> None:
        """Takes news of whether the prices can be trusted and whether the venue trades; `live` follows."""
        if book_valid is not None:
            self.book_valid = book_valid
        if halted is not None:
            self.halted = halted
        self.live = self.book_valid and not self.halted

    def sample_mid(self, now_ns: int) -> None:
        """Takes a sample of the mid, if one is due: at most one in 50 ms."""
        if now_ns >= self.mid_due_ns:
            mid = self.mid_half_ticks()
            if mid is not None:
                self.mid_due_ns = now_ns + _MID_EVERY_NS
                self.mid_samples.append((now_ns, mid))

    def take_mid_samples(self) -> list[tuple[int, int]]:
        """The samples since the last call: when, and twice the mid in ticks."""
        samples, self.mid_samples = self.mid_samples, []
        return samples

    def mid_half_ticks(self) -> int | None:
        """Twice the mid price in ticks, a whole number; None if a side is empty."""
        return self.bid_ticks + self.ask_ticks if self.bid_lots and self.ask_lots else None
