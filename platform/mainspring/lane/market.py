"""One instrument as the lane sees it: the object behind `mainspring.seams.MarketView`."""

from mainspring.lane.book_slot import BookSlot
from mainspring.lane.statistics import StreamStatistics
from mainspring.model import (
    EMPTY_BBO,
    NO_ID,
    PRINT_LAST,
    PRINT_VOLUME,
    BookDelta,
    BookInvalid,
    BookOrders,
    BookSnapshot,
    Instrument,
    InstrumentStatus,
    Quote,
    Trade,
    TradeCorrection,
)

__all__ = ["Market"]

_MID_EVERY_NS = 50_000_000


class Market:
    """The state of one instrument: its best prices, whether they can be trusted, and its statistics.

    The lane calls the methods `on_...` with each event of the instrument, in order. Those return whether strategies
    have to be called: the best prices changed, or whether they can be trusted. Which best price is newest is decided
    here. Where the venue numbers deltas and quotes alike, `book_id` and `quote_id`, the ids of the last delta and the
    last quote taken, tell which of the two knows them now; elsewhere it is the one that came last.

    `last_ticks` is the price of the last public trade, 0 before the first; if that lies between two ticks, it is the
    lower one, and `last_fraction_nanoticks` how far the price lies above it. `book_valid`, `halted` and `connected`
    make up `live`. `crossed` counts the deltas after which the book was crossed, `stale_quotes` the quotes that were
    older than the book. `top_of_book` is True for feeds without books: the venue's quotes alone then make the market
    live.
    """

    __slots__ = (
        "_book",
        "_mid_before",
        "_top_of_book",
        "_touched_ns",
        "ask_lots",
        "ask_ticks",
        "bbo_time_ns",
        "bid_lots",
        "bid_ticks",
        "book_id",
        "book_valid",
        "connected",
        "crossed",
        "halted",
        "index",
        "instrument",
        "last_fraction_nanoticks",
        "last_ticks",
        "last_trade_id",
        "live",
        "mid_due_ns",
        "mid_samples",
        "now_ns",
        "quote_id",
        "stale_quotes",
        "statistics",
    )

    def __init__(
        self, index: int, instrument: Instrument, book: BookSlot, statistics: StreamStatistics, *, top_of_book: bool
    ) -> None:
        self.index = index
        self.instrument = instrument
        self.statistics = statistics
        self.now_ns = 0
        self.bid_ticks = 0
        self.bid_lots = 0
        self.ask_ticks = 0
        self.ask_lots = 0
        self.bbo_time_ns = 0
        self.last_ticks = 0
        self.last_fraction_nanoticks = 0
        self.last_trade_id = NO_ID
        self.live = False
        self.book_valid = False
        self.halted = False
        self.connected = True
        self.book_id = NO_ID
        self.quote_id = NO_ID
        self.crossed = 0
        self.stale_quotes = 0
        self._touched_ns = 0
        self._mid_before: int | None = None
        self.mid_samples: list[tuple[int, int]] = []
        self.mid_due_ns = 0
        self._book = book
        self._top_of_book = top_of_book

    @property
    def before(self) -> tuple[int, int | None]:
        """When a message last changed what stands here, and the mid before the first message of that instant.

        A fill at that time met this one.
        """
        return self._touched_ns, self._mid_before

    @property
    def book(self) -> BookSlot:
        """The levels, for readers."""
        return self._book

    def on_delta(self, event: BookDelta) -> bool:
        """Takes changed levels into the book."""
        self._touch(event.receive_time_ns)
        self._book.apply_delta(event.bids, event.asks)
        return self._on_levels(event)

    def on_snapshot(self, event: BookSnapshot) -> bool:
        """Replaces the book, which is valid from here on."""
        self._touch(event.receive_time_ns)
        self._book.apply_snapshot(event.bids, event.asks)
        self._on_levels(event)
        self.book_valid = True
        self._update_live()
        return True

    def on_invalid(self, event: BookInvalid) -> bool:
        """The book can't be trusted until the next snapshot, and neither can the quotes so far."""
        now_ns = self.now_ns = event.receive_time_ns
        self._touch(now_ns)
        self._book.clear()
        self.book_valid = False
        self._update_live()
        self.book_id = self.quote_id = NO_ID
        empty = EMPTY_BBO
        self._set_best(now_ns, empty.bid_ticks, empty.bid_lots, empty.ask_ticks, empty.ask_lots)
        return True

    def on_orders(self, event: BookOrders) -> None:
        """Takes what became of single orders, whose levels the book has already."""
        self._book.apply_orders(event.orders)

    def on_quote(self, event: Quote) -> bool | None:
        """Takes the venue's own best prices; returns None if they are older than what is known."""
        now_ns = self.now_ns = event.receive_time_ns
        if self._touched_ns != now_ns:
            self._touched_ns = now_ns
            self._mid_before = self.bid_ticks + self.ask_ticks if self.bid_lots and self.ask_lots else None
        update_id = event.update_id
        if (update_id < self.book_id or update_id < self.quote_id) and update_id != NO_ID:
            self.stale_quotes += 1
            return None
        self.quote_id = update_id
        if self._top_of_book:
            self.book_valid = True
            self._update_live()
        return self._set_best(now_ns, event.bid_ticks, event.bid_lots, event.ask_ticks, event.ask_lots)

    def on_trade(self, event: Trade) -> None:
        """Takes a public trade, as the last price and into the statistics, as far as it counts for them."""
        self.now_ns = event.receive_time_ns
        counts = event.counts
        if counts & PRINT_LAST:
            self.last_ticks = event.price_ticks
            self.last_fraction_nanoticks = event.fraction_nanoticks
            self.last_trade_id = event.trade_id
        if counts & PRINT_VOLUME:
            self.statistics.on_trade(event.receive_time_ns, event.price_ticks, event.size_lots)

    def on_correction(self, event: TradeCorrection) -> None:
        """Takes back a public trade that was reported wrongly, and takes what is right.

        The volume changes by the difference. The last price changes if it was that trade's: to the right one, or to
        none if the trade was cancelled, or doesn't count as the last price any more, until the next trade.
        """
        self.now_ns = event.receive_time_ns
        was, now = event.was, event.now
        lots = now.size_lots if now is not None and now.counts & PRINT_VOLUME else 0
        self.statistics.on_correction(event.receive_time_ns, lots - (was.size_lots if was.counts & PRINT_VOLUME else 0))
        if was.trade_id != self.last_trade_id or was.trade_id == NO_ID:
            return
        if now is not None and now.counts & PRINT_LAST:
            self.last_ticks, self.last_fraction_nanoticks = now.price_ticks, now.fraction_nanoticks
            self.last_trade_id = now.trade_id
        else:
            self.last_ticks = self.last_fraction_nanoticks = 0
            self.last_trade_id = NO_ID

    def on_status(self, event: InstrumentStatus) -> bool:
        """Takes a halt or its end."""
        self.now_ns = event.receive_time_ns
        if event.trading is None:
            return False
        self.halted = not event.trading
        return self._update_live()

    def set_now(self, now_ns: int) -> None:
        """Takes the lane's time, which goes on without a message of this market."""
        if now_ns > self.now_ns:
            self.now_ns = now_ns

    def set_connected(self, connected: bool) -> bool:
        """Takes whether the feed is connected and current."""
        self.connected = connected
        return self._update_live()

    def sample_mid(self, now_ns: int) -> None:
        """Takes a sample of the mid, if one is due: at most one in 50 ms."""
        if now_ns >= self.mid_due_ns:
            mid = self.mid_half_ticks()
            if mid is not None:
                self.mid_due_ns = now_ns + _MID_EVERY_NS
                self.mid_samples.append((now_ns, mid))

    def take_mid_samples(self) -> list[tuple[int, int]]:
        """Returns the samples since the last call: when, and the mid in half ticks."""
        samples, self.mid_samples = self.mid_samples, []
        return samples

    def mid_half_ticks(self) -> int | None:
        """Returns twice the mid price in ticks, a whole number; None if a side is empty."""
        return self.bid_ticks + self.ask_ticks if self.bid_lots and self.ask_lots else None

    def _touch(self, now_ns: int) -> None:
        if self._touched_ns != now_ns:
            self._touched_ns = now_ns
            self._mid_before = self.mid_half_ticks()

    def _on_levels(self, event: BookDelta | BookSnapshot) -> bool:
        best = self._book.bbo()
        now_ns = self.now_ns = event.receive_time_ns
        self.book_id = event.last_id
        if best.bid_ticks >= best.ask_ticks and best.bid_lots and best.ask_lots:
            self.crossed += 1
        # A quote with a later id than the book's last knows better; equal ids say the same.
        return self.quote_id <= event.last_id and self._set_best(
            now_ns, best.bid_ticks, best.bid_lots, best.ask_ticks, best.ask_lots
        )

    def _set_best(self, now_ns: int, bid_ticks: int, bid_lots: int, ask_ticks: int, ask_lots: int) -> bool:
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

    def _update_live(self) -> bool:
        was_live = self.live
        self.live = self.book_valid and self.connected and not self.halted
        return self.live != was_live
