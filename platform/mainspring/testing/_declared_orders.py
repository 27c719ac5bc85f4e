"""The single orders that made messages are about: which are there, what becomes of them, and how that is written."""

import zlib
from decimal import Decimal
from itertools import zip_longest
from random import Random

from mainspring.model import Instrument, decimal_text
from mainspring.testing._declared_values import Cells, Unit, standing_for
from mainspring.wire import (
    ORDER_CHANGES,
    ORDER_DELETES,
    ORDER_EXECUTES,
    ORDER_PASSES,
    ORDER_REDUCES,
    ORDER_SETS,
    Checksum,
    Choice,
    Levels,
    OrderQueues,
)

__all__ = ["MadeOrders"]

_MID_TICKS = 600_000
_AWAY = 200
_MAX_LOTS = 50_000
_NEED_ONE = (ORDER_CHANGES, ORDER_REDUCES, ORDER_EXECUTES, ORDER_DELETES)


class MadeOrders:
    """The orders of a book that deltas are made for, kept as the venue would keep them. Their ids are GUIDs."""

    def __init__(self, instrument: Instrument, random: Random) -> None:
        self._instrument = instrument
        self._random = random
        self._queues = OrderQueues()
        self._ids: list[str] = []
        self._made = 0

    def clear(self) -> None:
        """Forgets the orders, before a snapshot."""
        self._queues.clear()
        self._ids.clear()

    def cut(self, depth: int) -> None:
        """Drops the orders on levels beyond a depth."""
        for side in (1, -1):
            for ticks in self._prices(side)[depth:]:
                for order_id, _ in self._queues.orders_at(side, ticks):
                    self._set(str(order_id), side, ticks, 0)

    def _prices(self, side: int) -> list[int]:
        """The prices of a side, best first."""
        prices = {place[1] for one in self._ids if (place := self._queues.find(one)) and place[0] == side}
        return sorted(prices, reverse=side > 0)

    def put_rows(self, cells: Cells, field: Levels, count: int, *, sides: tuple[int, ...], whole: bool) -> None:
        """Writes `count` rows a side, of a delta or of a `whole` book, and changes the orders by them.

        `sides` are those that the field has rows of: 1 for bids, -1 for offers.
        """
        for at, side in enumerate(sides[:1] * field.single or sides * count):
            chosen = self._random.choice(sides) if field.single else side
            self._put_row(cells, field, "" if field.single else f".{at}", chosen, whole=whole)

    def _put_row(self, cells: Cells, field: Levels, row: str, side: int, *, whole: bool) -> None:
        def put(place: int | str | None, value: object) -> None:
            if place is not None:
                text = str(place)
                path = text.removeprefix("../") if text.startswith(("../", "/")) else f"{field.key}{row}.{text}"
                cells.put(path.lstrip("."), value)

        action = self._action(field.action, whole=whole)
        if isinstance(field.action, Choice):
            put(field.action.key, standing_for(field.action, action))
        if action == ORDER_SETS:
            old = self._taken_out(side) if field.replaces is not None and not whole else None
            order_id, ticks, lots = self._new(side)
            put(field.replaces, old or order_id)
            if field.side is not None:
                put(field.side.key, standing_for(field.side, side))
        else:
            order_id = self._random.choice(self._ids) if self._ids else self._next_id()
            side, ticks, there = self._queues.find(order_id) or (side, _MID_TICKS - side, 2)
            lots = 0 if action == ORDER_DELETES else self._random.randint(1, there)
            left = lots if action == ORDER_CHANGES else 0 if action == ORDER_DELETES else there - lots
            self._set(order_id, side, ticks, there if action == ORDER_PASSES else left)
        put(field.order, order_id)
        put(field.trade_id, self._made)
        if action not in (ORDER_DELETES, ORDER_PASSES):
            put(field.price, self._unit(field, size=False).write(ticks))
            put(field.size, self._unit(field, size=True).write(lots, side if field.signed else 1))

    def _action(self, action: int | Choice, *, whole: bool) -> int:
        """What a row does; one that needs an order does nothing else as long as there is none."""
        if whole or not isinstance(action, Choice):
            return ORDER_SETS if whole or not isinstance(action, int) else action
        known = [does for _, does in action.values] + ([] if action.otherwise is None else [action.otherwise])
        return self._random.choice([does for does in known if self._ids or does not in _NEED_ONE])

    def _new(self, side: int) -> tuple[str, int, int]:
        order_id, random = self._next_id(), self._random
        ticks, lots = _MID_TICKS - side * random.randint(1, _AWAY), random.randint(1, _MAX_LOTS)
        self._set(order_id, side, ticks, lots)
        return order_id, ticks, lots

    def _next_id(self) -> str:
        self._made += 1
        return f"{self._made:08x}-0000-4000-8000-{self._made:012x}"

    def _taken_out(self, side: int) -> str | None:
        """An order of that side, which another one replaces."""
        there = [one for one in self._ids if (self._queues.find(one) or (0,))[0] == side]
        if not there:
            return None
        old = self._random.choice(there)
        self._set(old, *(self._queues.find(old) or (side, 0, 0))[:2], 0)
        return old

    def _set(self, order_id: str, side: int, ticks: int, lots: int) -> None:
        known = self._queues.find(order_id) is not None
        self._queues.set(order_id, side, ticks, lots)
        if lots and not known:
            self._ids.append(order_id)
        elif known and not lots:
            self._ids.remove(order_id)

    def _unit(self, field: Levels, *, size: bool) -> Unit:
        step = self._instrument.lot_size if size else self._instrument.tick_size
        scale = field.size_scale if size else field.scale
        return Unit.of(step, number=field.number, scale=scale, venue_symbol=self._instrument.venue_symbol)

    def checksum(self, form: Checksum) -> int:
        """The checksum over the orders as they stand, by the venue's form."""
        texts = {side: self._texts(form, side) for side in (1, -1)}
        parts = texts[-1] + texts[1]
        if form.layout == "interleaved":
            parts = [part for pair in zip_longest(texts[1], texts[-1]) for part in pair if part is not None]
        return zlib.crc32(form.separator.join(parts).encode())

    def _texts(self, form: Checksum, side: int) -> list[str]:
        minus = "-" if side < 0 and form.negative_asks else ""
        return [
            self._text(form, ticks, self._instrument.tick_size)
            + form.separator
            + minus
            + self._text(form, lots, self._instrument.lot_size)
            for ticks in self._prices(side)[: form.levels]
            for _, lots in self._queues.orders_at(side, ticks)
        ]

    def _text(self, form: Checksum, units: int, step: Decimal) -> str:
        text = decimal_text(units, step)
        if form.text == "digits":
            return text.replace(".", "").lstrip("0")
        return text.rstrip("0").rstrip(".") if "." in text else text
