"""What one instrument's book needs beyond its numbering: ids of levels, orders, a depth to cut to, checksums."""

import zlib
from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from mainspring.model import (
    PRINT_ALL,
    BookDelta,
    BookInvalid,
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


class Update(msgspec.Struct, frozen=True):
    """A delta or a snapshot that was read, with its rows as `Row` has them for a ledger.

    `checksum` is None if the message has none, and `depth` if it says none.
    """

    event: BookDelta | BookSnapshot
    restarts: bool
    view: bool
    cut: bool
    bids: list[Row]
    asks: list[Row]
    checksum: int | None
    depth: int | None


class _Side:
    """One side of the book: its prices from the best on, and lots and texts by price."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._keys: list[int] = []
        self.lots: dict[int, int] = {}

    def clear(self) -> None:
        self._keys.clear()
        self.lots.clear()

    def put(self, levels: Sequence[Level]) -> None:
        for price, lots in levels:
            key = -self._sign * price
            if lots:
                if price not in self.lots:
                    self._keys.insert(bisect_left(self._keys, key), key)
                self.lots[price] = lots
            elif price in self.lots:
                del self.lots[price]
                del self._keys[bisect_left(self._keys, key)]

    def cut(self, depth: int) -> list[int]:
        """Drops the levels beyond a depth and returns their prices, from the best on."""
        beyond = [-self._sign * key for key in self._keys[depth:]]
        if beyond:
            del self._keys[depth:]
            for price in beyond:
                del self.lots[price]
        return beyond

    def best(self, count: int) -> list[int]:
        return [-self._sign * key for key in self._keys[:count]]


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
        self._texts: tuple[dict[int, tuple[int, Any, Any]], dict[int, tuple[int, Any, Any]]] = ({}, {})
        # What checksums have of levels with that many lots, until the level is sent again.
        self._written: tuple[dict[int, tuple[int, str]], dict[int, tuple[int, str]]] = ({}, {})
        self._sides = (_Side(1), _Side(-1))
        self._depth: int | None = None
        self._orders = OrderLedger()

    def apply(self, update: Update) -> Sequence[MarketEvent]:
        """The events of a message."""
        event = update.event
        if not isinstance(event, OrderDelta | OrderSnapshot):
            bids, asks = self._resolved(update.bids, 0), self._resolved(update.asks, 1)
            if bids is None or asks is None:
                return self._sync.on_unknown_level(event.receive_time_ns)
            event = msgspec.structs.replace(event, bids=bids, asks=asks)
        if update.depth is not None:
            self._depth = update.depth
        resyncs = self._sync.resyncs
        if isinstance(event, BookDelta):
            events = self._sync.on_delta(event)
        elif update.view:
            events = self._sync.on_view(event)
        else:
            events = self._sync.on_restart(event) if update.restarts else self._sync.on_snapshot(event, cut=update.cut)
        passed: list[MarketEvent] = []
        for number, one in enumerate(events):
            taken = self._taken(one, arrives=one is event)
            if taken is None:
                return [*passed, *self._sync.on_unknown_level(event.receive_time_ns)]
            passed += taken
            # What follows a snapshot was kept from before it, so that the message's checksum isn't that of all.
            if number == 0 and update.checksum is not None and not isinstance(one, BookInvalid):
                self._proved[0] += 1
                if self._computed() != update.checksum:
                    # A snapshot that is wrong itself has ended no quarantine.
                    self._sync.resyncs = resyncs
                    return self._sync.on_wrong_checksum(event.receive_time_ns)
                self._proved[1] += 1
        return passed

    def _resolved(self, rows: list[Row], side: int) -> list[Level] | None:
        """The levels of rows; None if one has an id that no row with a price came with."""
        levels: list[Level] = []
        texts, forget = self._texts[side], self._written[side].pop
        for ticks, lots, name, price, size in rows:
            if name is not None:
                if ticks is None:
                    ticks = self._prices.get(name)
                    if ticks is None:
                        return None
                else:
                    self._prices[name] = ticks
            levels.append((ticks, lots))
            if self._form is not None:
                forget(ticks, None)
                if lots:
                    texts[ticks] = (lots, price, size)
                else:
                    texts.pop(ticks, None)
        return levels

    def _taken(self, event: MarketEvent, *, arrives: bool) -> list[MarketEvent] | None:
        """Brings the book up to date and returns its events; None if they are about an order that was lost.

        An execution prints only if it `arrives` now: one that was kept for a snapshot is no news.
        """
        if not isinstance(event, OrderDelta | OrderSnapshot):
            return [self._take(event)]
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
        events.append(self._take(levels))
        orders = changed.orders if self._depth is None else self._within_depth(changed)
        if orders:
            events.append(BookOrders(index, receive_time_ns, time_ns, orders))
        return events

    def _within_depth(self, changed: Changed) -> list[RestingOrder]:
        """The orders that changed, without those on levels that the depth has cut off."""
        known = {1: self._sides[0].lots, -1: self._sides[1].lots}
        return [order for order in changed.orders if not order[3] or order[2] in known[order[1]]]

    def _take(self, event: MarketEvent) -> MarketEvent:
        """Brings the book up to date; returns the event, with the levels deleted that the depth cuts off."""
        bids, asks = self._sides
        if isinstance(event, BookSnapshot):
            bids.clear()
            asks.clear()
        elif not isinstance(event, BookDelta):
            return event
        bids.put(event.bids)
        asks.put(event.asks)
        if self._depth is None:
            return event
        cut_bids, cut_asks = bids.cut(self._depth), asks.cut(self._depth)
        if not cut_bids and not cut_asks:
            return event
        cut = zip((1, -1), self._texts, self._written, (cut_bids, cut_asks), strict=True)
        for side, texts, written, prices in cut:
            for price in prices:
                texts.pop(price, None)
                written.pop(price, None)
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
        of_side = self._order_texts if form.orders else self._level_texts
        bids, asks = of_side(0, form), of_side(1, form)
        if form.layout == "asks-bids":
            parts = asks + bids
        else:
            shorter = min(len(bids), len(asks))
            parts = [part for pair in zip(bids, asks, strict=False) for part in pair]
            parts += bids[shorter:] + asks[shorter:]
        return zlib.crc32(form.separator.join(parts).encode())

    def _level_texts(self, side: int, form: Checksum) -> list[str]:
        """Price and size of each level of a side, best first."""
        written, lots_at = self._written[side], self._sides[side].lots
        texts = []
        for price in self._sides[side].best(form.levels):
            lots = lots_at[price]
            known = written.get(price)
            if known is None or known[0] != lots:
                known = written[price] = lots, form.separator.join(self._text(side, price, lots))
            texts.append(known[1])
        return texts

    def _order_texts(self, side: int, form: Checksum) -> list[str]:
        """Price and size of each order of a side's levels, best first."""
        return [
            form.separator.join(self._text(side, price, lots))
            for price in self._sides[side].best(form.levels)
            for _, lots in self._orders.queues.orders_at(-1 if side else 1, price)
        ]

    def _text(self, side: int, ticks: int, lots: int) -> tuple[str, str]:
        form = self._form
        assert form is not None
        of_lots, price, size = self._texts[side].get(ticks, (lots, None, None))
        if of_lots != lots:
            size = None
        tick_size, lot_size = self._instrument.tick_size, self._instrument.lot_size
        texts = _written(form.text, price, ticks, tick_size), _written(form.text, size, lots, lot_size)
        return (texts[0], f"-{texts[1]}") if side and form.negative_asks else texts


def _written(form: str, sent: Any, units: int, step: Decimal) -> str:
    """A price or a size as the checksum has it."""
    if form == "shortest":
        text = decimal_text(units, step)
        return text.rstrip("0").rstrip(".") if "." in text else text
    text = sent if type(sent) is str else decimal_text(units, step)
    return text.replace(".", "").lstrip("0") if form == "digits" else text


def checksum_of(value: Any) -> int | None:
    """The checksum that a message states, of either sign or as text, as 32 bits without a sign; None if it is none."""
    text = str(value) if type(value) is int else value
    if type(text) is not str or not text.isascii() or not text.removeprefix("-").isdigit() or len(text) > 11:
        return None
    number = int(text)
    return number % _MODULUS if -_MODULUS // 2 <= number < _MODULUS else None
