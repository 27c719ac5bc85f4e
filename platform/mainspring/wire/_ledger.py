"""What one instrument's book needs beyond its numbering: ids of levels, orders, a depth to cut to, checksums."""

import zlib
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from mainspring.model import (
    PRINT_ALL,
    BookDelta,
    BookOrders,
    BookSnapshot,
    Instrument,
    Level,
    MarketEvent,
    RestingOrder,
    Trade,
    decimal_text,
)
from mainspring.wire._order_ledger import Changed, OrderDelta, OrderLedger, OrderSnapshot
from mainspring.wire._sync import BookSync
from mainspring.wire._tree_levels import Row
from mainspring.wire.fields import Checksum

__all__ = ["Ledger", "Update", "checksum_of"]

_MODULUS = 2**32
_MAX_TEXT = 11


class Update(msgspec.Struct, frozen=True, gc=False):
    """A delta or a snapshot that was read, with its rows as `Row` has them for a ledger, which fills in the event's.

    `checksum` is None if the message has none, and `depth` if it says none.
    """

    event: BookDelta | BookSnapshot
    bids: list[Row]
    asks: list[Row]
    checksum: int | None
    depth: int | None


class _Side:
    """One side of the book: its prices in order, lots by price, and what checksums are made of.

    `rows` has the last row of each level, and `texts` what checksums have of levels until they are sent again. `top`
    are the best prices and their texts of the last checksum, unless one of these has been sent again since.
    """

    __slots__ = ("_best_last", "_prices", "lots", "rows", "texts", "top")

    def __init__(self, *, best_last: bool) -> None:
        self._best_last = best_last
        self._prices: list[int] = []
        self.lots: dict[int, int] = {}
        self.rows: dict[int, Row] = {}
        self.texts: dict[int, str] = {}
        self.top: tuple[list[int], list[str]] | None = None

    def clear(self) -> None:
        self._prices.clear()
        self.lots.clear()

    def forget(self) -> None:
        """Lets all levels be written again."""
        self.texts.clear()
        self.top = None

    def put(self, levels: Sequence[Level]) -> None:
        """Sets the levels listed."""
        prices, sizes = self._prices, self.lots
        for price, lots in levels:
            if lots:
                if price not in sizes:
                    insort(prices, price)
                sizes[price] = lots
            elif price in sizes:
                del sizes[price]
                del prices[bisect_left(prices, price)]

    def cut(self, depth: int) -> list[int]:
        """Drops the levels beyond a depth and returns their prices, from the best on."""
        prices = self._prices
        if self._best_last:
            beyond = prices[:-depth][::-1]
            del prices[:-depth]
        else:
            beyond = prices[depth:]
            del prices[depth:]
        for price in beyond:
            del self.lots[price]
            self.rows.pop(price, None)
            self.texts.pop(price, None)
        return beyond

    def best(self, count: int) -> list[int]:
        """The best prices, best first."""
        return self._prices[: -count - 1 : -1] if self._best_last else self._prices[:count]


class Ledger:
    """Keeps one instrument's book, and passes on what `sync` lets through.

    `proved` counts the checksums that were compared and those that were right.
    """

    def __init__(self, instrument: Instrument, sync: BookSync, checksum: Checksum | None, proved: list[int]) -> None:
        self._instrument = instrument
        self._sync = sync
        self._form = checksum
        self._proved = proved
        self._prices: dict[int | str, int] = {}
        self._sides = (_Side(best_last=True), _Side(best_last=False))
        self._depth: int | None = None
        self._orders = OrderLedger()
        # The texts of the last checksum, and it: the same lists stand for the same texts.
        self._summed: tuple[list[str], list[str], int] = [], [], 0

    def apply(
        self, on_snapshot: Callable[[BookSnapshot], Sequence[MarketEvent]], update: Update
    ) -> Sequence[MarketEvent]:
        """The events of a message; `on_snapshot` is what takes its snapshot."""
        event, checksum = update.event, update.checksum
        bids, asks = self._sides
        resolved = not update.bids or self._resolve(update.bids, event.bids, bids)
        # The rows of both sides are noted, whatever they are.
        if not (not update.asks or self._resolve(update.asks, event.asks, asks)) or not resolved:
            return self._sync.on_unknown_level(event.receive_time_ns)
        if update.depth is not None:
            self._depth = update.depth
        resyncs = self._sync.resyncs
        events = self._sync.on_delta(event) if isinstance(event, BookDelta) else on_snapshot(event)
        passed: list[MarketEvent] = []
        for one in events:
            if one is not event:
                # What was kept has rows from before: the levels that it changes are written again.
                bids.forget()
                asks.forget()
            if type(one) is BookDelta or type(one) is BookSnapshot:
                passed.append(self._take(one))
            elif isinstance(one, OrderDelta | OrderSnapshot):
                taken = self._take_orders(one, arrives=one is event)
                if taken is None:
                    return [*passed, *self._sync.on_unknown_level(event.receive_time_ns)]
                passed += taken
            else:
                passed.append(one)
                continue
            # What follows a snapshot was kept from before it, so that the message's checksum isn't that of all.
            if checksum is not None and one is events[0]:
                self._proved[0] += 1
                if self._computed() != checksum:
                    # A snapshot that is wrong itself has ended no quarantine.
                    self._sync.resyncs = resyncs
                    return self._sync.on_wrong_checksum(event.receive_time_ns)
                self._proved[1] += 1
        return passed

    def _resolve(self, rows: list[Row], levels: list[Level], side: _Side) -> bool:
        """Adds the levels of rows; False if one has an id that no row with a price came with."""
        known, forget, compared = side.rows, side.texts.pop, self._form is not None
        for row in rows:
            ticks, lots, name, _, _ = row
            if name is not None:
                if ticks is None:
                    ticks = self._prices.get(name)
                    if ticks is None:
                        return False
                else:
                    self._prices[name] = ticks
            levels.append((ticks, lots))
            if compared:
                if forget(ticks, None) is not None:
                    side.top = None
                if lots:
                    known[ticks] = row
                else:
                    known.pop(ticks, None)
        return True

    def _take_orders(self, event: OrderDelta | OrderSnapshot, *, arrives: bool) -> list[MarketEvent] | None:
        """Brings orders and book up to date and returns their events; None if they are about an order that was lost.

        An execution prints only if it `arrives` now: one that was kept for a snapshot is no news.
        """
        changed = self._orders.take(event.changes, whole=isinstance(event, OrderSnapshot))
        if changed is None:
            return None
        index, receive_time_ns, time_ns = event.instrument, event.receive_time_ns, event.event_time_ns
        events: list[MarketEvent] = []
        for price, fraction, lots, aggressor, trade_id in changed.prints if arrives else ():
            if (price or fraction) and lots:
                said = trade_id, price, lots, aggressor, PRINT_ALL, fraction
                events.append(Trade(index, receive_time_ns, time_ns, *said))
        levels: BookDelta | BookSnapshot
        if isinstance(event, OrderSnapshot):
            levels = BookSnapshot(index, receive_time_ns, time_ns, event.last_id, changed.bids, changed.asks)
        else:
            ids = event.first_id, event.last_id, event.previous_id
            levels = BookDelta(index, receive_time_ns, time_ns, *ids, changed.bids, changed.asks)
        # Their levels come with no rows.
        for side in self._sides:
            side.forget()
        events.append(self._take(levels))
        orders = changed.orders if self._depth is None else self._within_depth(changed)
        if orders:
            events.append(BookOrders(index, receive_time_ns, time_ns, orders))
        return events

    def _within_depth(self, changed: Changed) -> list[RestingOrder]:
        """The orders that changed, without those on levels that the depth has cut off."""
        known = {1: self._sides[0].lots, -1: self._sides[1].lots}
        return [order for order in changed.orders if not order[3] or order[2] in known[order[1]]]

    def _take(self, event: BookDelta | BookSnapshot) -> BookDelta | BookSnapshot:
        """Brings the book up to date; returns the event, with the levels deleted that the depth cuts off."""
        bids, asks = self._sides
        if isinstance(event, BookSnapshot):
            bids.clear()
            asks.clear()
        if event.bids:
            bids.put(event.bids)
        if event.asks:
            asks.put(event.asks)
        depth = self._depth
        if depth is None or (len(bids.lots) <= depth and len(asks.lots) <= depth):
            return event
        cut_bids, cut_asks = bids.cut(depth), asks.cut(depth)
        for side, prices in ((1, cut_bids), (-1, cut_asks)):
            for price in prices:
                self._orders.queues.drop(side, price)
        return msgspec.structs.replace(
            event,
            bids=[*event.bids, *((price, 0) for price in cut_bids)],
            asks=[*event.asks, *((price, 0) for price in cut_asks)],
        )

    def _computed(self) -> int:
        """The checksum of the book as it stands."""
        form = self._form
        assert form is not None
        if form.orders:
            return _crc32(form, self._order_texts(0, form), self._order_texts(1, form))
        bids, asks = self._level_texts(0, form), self._level_texts(1, form)
        if bids is not self._summed[0] or asks is not self._summed[1]:
            self._summed = bids, asks, _crc32(form, bids, asks)
        return self._summed[2]

    def _level_texts(self, side: int, form: Checksum) -> list[str]:
        """Price and size of each level of a side, best first."""
        book = self._sides[side]
        prices = book.best(form.levels)
        if book.top is not None and book.top[0] == prices:
            return book.top[1]
        known = book.texts.get
        texts = [known(price) or self._level_text(side, price) for price in prices]
        book.top = prices, texts
        return texts

    def _level_text(self, side: int, price: int) -> str:
        book = self._sides[side]
        text = book.texts[price] = self._text(side, price, book.lots[price], book.rows.get(price))
        return text

    def _order_texts(self, side: int, form: Checksum) -> list[str]:
        """Price and size of each order of a side's levels, best first."""
        return [
            self._text(side, price, lots, None)
            for price in self._sides[side].best(form.levels)
            for _, lots in self._orders.queues.orders_at(-1 if side else 1, price)
        ]

    def _text(self, side: int, ticks: int, lots: int, row: Row | None) -> str:
        """What a checksum has of a level, of which `row` was sent last."""
        form, instrument = self._form, self._instrument
        assert form is not None
        price = size = None
        if row is not None:
            price, size = row[3], row[4] if row[1] == lots else None
        if form.text == "shortest":
            price, size = _shortest(ticks, instrument.tick_size), _shortest(lots, instrument.lot_size)
        else:
            # Numbers are written as the grid has them.
            if type(price) is not str:
                price = decimal_text(ticks, instrument.tick_size)
            if type(size) is not str:
                size = decimal_text(lots, instrument.lot_size)
            if form.text == "digits":
                price, size = price.replace(".", "").lstrip("0"), size.replace(".", "").lstrip("0")
        return f"{price}{form.separator}{'-' if side and form.negative_asks else ''}{size}"


def _crc32(form: Checksum, bids: list[str], asks: list[str]) -> int:
    """The checksum of the texts of both sides."""
    if form.layout == "asks-bids":
        parts = asks + bids
    else:
        shorter = min(len(bids), len(asks))
        parts = [""] * (2 * shorter)
        parts[::2], parts[1::2] = bids[:shorter], asks[:shorter]
        parts += bids[shorter:] + asks[shorter:]
    return zlib.crc32(form.separator.join(parts).encode())


def _shortest(units: int, step: Decimal) -> str:
    text = decimal_text(units, step)
    return text.rstrip("0").rstrip(".") if "." in text else text


def checksum_of(value: Any) -> int | None:
    """The checksum that a message states, of either sign or as text, as 32 bits without a sign; None if it is none."""
    if type(value) is str and value.isascii() and value.removeprefix("-").isdigit() and len(value) <= _MAX_TEXT:
        value = int(value)
    if type(value) is not int or not -_MODULUS // 2 <= value < _MODULUS:
        return None
    return value % _MODULUS
