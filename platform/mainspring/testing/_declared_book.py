"""The book that made messages are about: which levels change, how they are written, and its checksum."""

import zlib
from itertools import zip_longest
from random import Random
from typing import NamedTuple

from mainspring.model import Instrument, decimal_text
from mainspring.testing._declared_values import Cells, Unit, meaning, standing_for
from mainspring.wire import Checksum, Choice, Levels

__all__ = ["MadeBook"]

_MID_TICKS = 600_000
_AWAY = 2_000
_MAX_LOTS = 50_000


class _Level(NamedTuple):
    """Whole lots, and price and size as they were written last."""

    lots: int
    price: object
    size: object


class MadeBook:
    """The levels of a book that deltas are made for, kept as the venue would keep them."""

    def __init__(self, instrument: Instrument, random: Random) -> None:
        self._instrument = instrument
        self._random = random
        self._sides: dict[int, dict[int, _Level]] = {1: {}, -1: {}}
        self._named: set[tuple[int, int]] = set()

    def clear(self) -> None:
        """Forgets the levels, before a snapshot."""
        for side in self._sides.values():
            side.clear()

    def cut(self, depth: int) -> None:
        """Drops the levels beyond a depth."""
        for sign in self._sides:
            self._sides[sign] = {price: self._sides[sign][price] for price in self._best(sign)[:depth]}

    def put_rows(self, cells: Cells, field: Levels, count: int, *, sides: tuple[int, ...], whole: bool) -> None:
        """Writes `count` rows a side, of a delta or of a `whole` book, and changes the book by them.

        `sides` are those that the field has rows of: 1 for bids, -1 for offers.
        """
        if field.side is not None:
            sides = self._settled(cells, field.side, "side", sides)
        deletes = None
        if field.deletes is not None and _of_item(str(field.deletes.key)):
            deletes = self._settled(cells, field.deletes, "deletes", (0, 1))[0] == 1
        count = 1 if field.single else count
        rows = [
            (sign, ticks, lots) for sign in sides for ticks, lots in self._changes(field, sign, count, deletes, whole)
        ]
        for at, (sign, ticks, lots) in enumerate(rows[:1] if field.single else rows):
            self._put_row(cells, field, "" if field.single else f".{at}", sign, ticks, lots)

    def _settled(self, cells: Cells, choice: Choice, what: str, wanted: tuple[int, ...]) -> tuple[int, ...]:
        """What a choice that stands outside of the rows means: as the message has it already, or one at random."""
        path = _of_item(str(choice.key))
        if path is None:
            return wanted
        there = cells.get(path)
        if there is None:
            chosen = self._random.choice(wanted) if what == "side" else 0
            cells.put(path, standing_for(choice, chosen))
            return (chosen,)
        settled = meaning(choice, there)
        return wanted if settled is None else (settled,)

    def _changes(
        self, field: Levels, sign: int, count: int, deletes: bool | None, whole: bool
    ) -> list[tuple[int, int]]:
        """Prices and lots of rows: levels that are there if they are deleted by their ids, else any."""
        random = self._random
        size = self._unit(field, size=True)
        if deletes and field.id is not None:
            there = sorted(self._sides[sign])
            return [(ticks, 0) for ticks in random.sample(there, min(count, len(there) // 2))]
        price = self._unit(field, size=False)
        rows = []
        for _ in range(count):
            ticks = _MID_TICKS - sign * price.whole(random.randint(1, _AWAY))
            # A level that has an id and was never there can't be deleted, nor can one of a whole book.
            least = 1 if whole or field.id is not None or deletes is False else 0
            rows.append((ticks, 0 if deletes else size.whole(random.randint(least, _MAX_LOTS))))
        return rows

    def _unit(self, field: Levels, *, size: bool) -> Unit:
        step = self._instrument.lot_size if size else self._instrument.tick_size
        scale = field.size_scale if size else field.scale
        return Unit.of(step, number=field.number, scale=scale, venue_symbol=self._instrument.venue_symbol)

    def _put_row(self, cells: Cells, field: Levels, row: str, sign: int, ticks: int, lots: int) -> None:
        def path(cell: int | str) -> str:
            return _of_item(str(cell)) or f"{field.key}{row}.{cell}".lstrip(".")

        price = self._unit(field, size=False).write(ticks)
        size = self._unit(field, size=True).write(lots, sign if field.signed else 1)
        if field.id is None or (sign, ticks) not in self._named:
            cells.put(path(field.price), price)
        if field.id is not None:
            cells.put(path(field.id), ticks)
            self._named.add((sign, ticks))
        cells.put(path(field.size), size)
        if field.side is not None:
            cells.put(path(field.side.key), standing_for(field.side, sign))
        if field.deletes is not None and not _of_item(str(field.deletes.key)):
            cells.put(path(field.deletes.key), standing_for(field.deletes, int(not lots)))
        side = self._sides[sign]
        if lots:
            side[ticks] = _Level(lots, price, size)
        else:
            side.pop(ticks, None)

    def _best(self, sign: int) -> list[int]:
        return sorted(self._sides[sign], reverse=sign > 0)

    def checksum(self, form: Checksum) -> int:
        """The checksum of the book as it stands, by the venue's form."""
        tick_size, lot_size = self._instrument.tick_size, self._instrument.lot_size
        texts: dict[int, list[str]] = {}
        for sign, levels in self._sides.items():
            minus = "-" if sign < 0 and form.negative_asks else ""
            texts[sign] = [
                _text_of(form, levels[ticks].price, decimal_text(ticks, tick_size))
                + form.separator
                + minus
                + _text_of(form, levels[ticks].size, decimal_text(levels[ticks].lots, lot_size))
                for ticks in self._best(sign)[: form.levels]
            ]
        parts = texts[-1] + texts[1]
        if form.layout == "interleaved":
            pairs = zip_longest(texts[1], texts[-1])
            parts = [part for pair in pairs for part in pair if part is not None]
        return zlib.crc32(form.separator.join(parts).encode())


def _of_item(path: str) -> str | None:
    """The path from the item or the message of a value that isn't in the row itself; None if it is."""
    return path.removeprefix("../") if path.startswith(("../", "/")) else None


def _text_of(form: Checksum, sent: object, on_grid: str) -> str:
    if form.text == "shortest":
        return on_grid.rstrip("0").rstrip(".") if "." in on_grid else on_grid
    text = sent if isinstance(sent, str) else on_grid
    return text.replace(".", "").lstrip("0") if form.text == "digits" else text
