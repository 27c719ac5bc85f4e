"""What one instrument's market shows, from the book and the venue's own quotes, less what we took of it."""

from collections.abc import Iterator

from mainspring.model import BookDelta, BookSnapshot, InstrumentStatus, Level, Quote, Side
from mainspring.seams import BookView

__all__ = ["DisplayedMarket"]

_FIRST_LEVELS = 8

# Looked up once: an enum's members cost a descriptor each time.
_BUY, _SELL = Side.BUY, Side.SELL


class DisplayedMarket:
    """The levels that an order of ours could meet, from the newest of two sources.

    Books come in batches (every 100 ms, say), quotes at once. A quote counts while it is newer than the book: by the
    venue's update ids where both carry them, else by which came last. Then the best prices are the quote's, levels
    better than them are gone, and those behind them are the book's.

    What we take of a level stays taken for as long as the level stands: it offers what it shows less what we took of
    it, as if the others had done the same without us.

    `usable` is False before anything was seen, from a `BookInvalid` to the next snapshot, and while the instrument is
    halted.
    """

    __slots__ = ("_book", "_depth_seen", "_halted", "_invalid", "_seen", "_taken", "depth_id", "quote", "usable")

    def __init__(self, book: BookView) -> None:
        self._book = book
        self.quote: Quote | None = None
        self.depth_id = -1
        self.usable = False
        self._seen = False
        self._depth_seen = False
        self._invalid = False
        self._halted = False
        # For each side, by price.
        self._taken: dict[Side, dict[int, int]] = {_BUY: {}, _SELL: {}}

    @property
    def remembers(self) -> bool:
        """Whether we took anything of a level that still stands."""
        return any(self._taken.values())

    def on_quote(self, quote: Quote) -> bool:
        """Takes a quote. False if the book is as new as it, or an earlier quote newer."""
        if not self._seen:
            self._seen = True
            self._assess()
        update_id = quote.update_id
        if update_id >= 0 and (
            update_id <= self.depth_id or (self.quote is not None and update_id < self.quote.update_id)
        ):
            return False
        self.quote = quote
        if not self._depth_seen:
            self._forget_gone()
        return True

    def on_depth(self, event: BookDelta | BookSnapshot) -> None:
        """Takes note that the book has changed."""
        self._depth_seen = True
        self.depth_id = event.last_id
        if self.quote is not None and not 0 <= event.last_id < self.quote.update_id:
            self.quote = None
        self._forget_gone()

    def on_snapshot(self, event: BookSnapshot) -> None:
        """Takes note that the book was made again, which ends what a `BookInvalid` began."""
        self.on_depth(event)
        self._seen, self._invalid = True, False
        self._assess()

    def on_invalid(self) -> None:
        """Takes note that the book isn't to be trusted. The quotes so far aren't either."""
        self._invalid = True
        self.quote = None
        self._assess()

    def on_status(self, event: InstrumentStatus) -> None:
        """Takes note of a halt or its end."""
        if event.trading is not None:
            self._halted = not event.trading
            self._assess()

    def touch(self, side: Side) -> Level:
        """The best level of a side (`Side.BUY` is the bids), what we took of it included; 0 lots if it is empty."""
        quote = self.quote
        if quote is None:
            best = self._book.bbo()
            return (best.bid_ticks, best.bid_lots) if side is _BUY else (best.ask_ticks, best.ask_lots)
        return (quote.bid_ticks, quote.bid_lots) if side is _BUY else (quote.ask_ticks, quote.ask_lots)

    def crossed(self) -> bool:
        """Whether the best bid is above the best ask, so that neither is to be believed."""
        bid_ticks, bid_lots = self.touch(_BUY)
        ask_ticks, ask_lots = self.touch(_SELL)
        return bool(bid_lots and ask_lots and bid_ticks > ask_ticks)

    def knows(self, side: Side, price_ticks: int) -> bool:
        """Whether the size at a price is known: always with a book, and with quotes alone down to the best price."""
        if self._depth_seen:
            return True
        best_ticks, best_lots = self.touch(side)
        return bool(best_lots) and (price_ticks - best_ticks) * side >= 0

    def lots_at(self, side: Side, price_ticks: int) -> int:
        """The size displayed at a price, what we took of it included."""
        if self.quote is not None:
            best_ticks, best_lots = self.touch(side)
            better = (price_ticks - best_ticks) * side
            if not best_lots or better > 0:
                return 0
            if better == 0:
                return best_lots
        return self._book.lots_at(side, price_ticks)

    def available(self, side: Side, limit_ticks: int | None) -> Iterator[Level]:
        """What we can take of a side: its levels, best first, as far as `limit_ticks` (None: all of them).

        Levels of which we have all are left out. Take from a level before the next is asked for, or not at all.
        """
        taken = self._taken[side]
        for price_ticks, lots in self._levels(side):
            if limit_ticks is not None and (price_ticks - limit_ticks) * side < 0:
                return
            left = lots - taken.get(price_ticks, 0)
            if left > 0:
                yield price_ticks, left

    def take(self, side: Side, price_ticks: int, lots: int) -> None:
        """Notes that we took `lots` of a level, of what `available` offered."""
        taken = self._taken[side]
        taken[price_ticks] = taken.get(price_ticks, 0) + lots

    def source_id(self, side: Side, price_ticks: int) -> int:
        """The update id as of which the size at a price is known; -1 if the venue sends none."""
        quote = self.quote
        if quote is None:
            return self.depth_id
        best_ticks, best_lots = self.touch(side)
        quoted = not best_lots or (price_ticks - best_ticks) * side >= 0
        return quote.update_id if quoted else self.depth_id

    def _levels(self, side: Side) -> Iterator[Level]:
        quote = self.quote
        best_ticks = 0
        if quote is not None:
            best_ticks, best_lots = self.touch(side)
            if not best_lots:
                return
            yield best_ticks, best_lots
        wanted, seen = _FIRST_LEVELS, 0
        while True:
            rows = self._book.depth(side, wanted)
            for price_ticks, lots in rows[seen:]:
                if quote is None or (price_ticks - best_ticks) * side < 0:
                    yield price_ticks, lots
            if len(rows) < wanted:
                return
            seen, wanted = wanted, 2 * wanted

    def _forget_gone(self) -> None:
        for side, taken in self._taken.items():
            if taken:
                # Behind a quote that comes without a book a level may stand unseen, less what we took of it.
                if self._depth_seen and self.quote is None:
                    lots_at = self._book.lots_at
                    gone = [price for price in taken if not lots_at(side, price)]
                else:
                    gone = [price for price in taken if self.knows(side, price) and not self.lots_at(side, price)]
                for price_ticks in gone:
                    del taken[price_ticks]

    def _assess(self) -> None:
        self.usable = self._seen and not self._invalid and not self._halted
