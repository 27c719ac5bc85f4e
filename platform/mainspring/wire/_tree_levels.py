"""Levels of a decoded message, in any of the shapes that `mainspring.wire.Levels` declares."""

from collections.abc import Callable
from typing import Any, TypeAlias

from mainspring.errors import GridError, WireError
from mainspring.model import Instrument
from mainspring.wire._paths import ABSENT, compile_in_row, compile_path
from mainspring.wire._tree_values import TreeUnits, choice_of, signed
from mainspring.wire._values import refusal
from mainspring.wire.fields import Levels, scale_of
from mainspring.wire.messages import DeltaMessage, SnapshotMessage

__all__ = ["InRow", "Row", "Sides", "compile_sides", "in_row_of", "row_cells", "rows_of"]

Row: TypeAlias = tuple[Any, ...]
"""(ticks, lots) of a level. For a ledger it goes on: the level's id (None without one), and price and size as they were
sent; the ticks are None if only the id says which level it is."""

Sides: TypeAlias = tuple[list[Row], list[Row]]

_Into: TypeAlias = Callable[[Any, Any, list[Row], list[Row]], None]

_One: TypeAlias = Callable[[Any, Any, Any, list[Row], list[Row]], None]

_ROWS = frozenset((list, dict))

InRow: TypeAlias = Callable[[Any, Any, Any], Any]


def compile_sides(
    message: DeltaMessage | SnapshotMessage, instrument: Instrument, *, ledger: bool
) -> Callable[[Any, Any], Sides]:
    """Reads bids and asks of a message; with `ledger` their rows hold more (see `Row`)."""
    readers: list[_Into] = []
    if message.rows is not None:
        readers.append(_levels(message.rows, 0, instrument, ledger=ledger))
    if message.bids is not None and message.asks is not None:
        readers.append(_levels(message.bids, 1, instrument, ledger=ledger))
        readers.append(_levels(message.asks, -1, instrument, ledger=ledger))

    def read(root: Any, item: Any) -> Sides:
        bids: list[Row] = []
        asks: list[Row] = []
        for into in readers:
            into(root, item, bids, asks)
        return bids, asks

    return read


def row_cells(field: Levels, root: Any, item: Any) -> list[tuple[Any, Any]]:
    """Price and size of each row, as they stand there. Raises `WireError` if there are no rows."""
    price_of, size_of = in_row_of(field.price), in_row_of(field.size)
    return [(price_of(root, item, row), size_of(root, item, row)) for row in rows_of(field)(root, item)]


def _levels(field: Levels, fixed: int, instrument: Instrument, *, ledger: bool) -> _Into:
    """`fixed` is the side of all rows; 0 if each says its own."""
    find = rows_of(field)
    ticks = TreeUnits(instrument.tick_size, scale_of(field.scale, instrument.venue_symbol), instrument.symbol)
    size_scale, rounds = scale_of(field.size_scale, instrument.venue_symbol), field.size_decimals is not None
    lots = TreeUnits(instrument.lot_size, size_scale, instrument.symbol, rounds=rounds)
    one = _any_row(field, fixed, ticks, lots, ledger=ledger)
    cells = _cells(field)
    if cells is not None:
        return _rows_of_cells(field, fixed, ticks, lots, cells, one, ledger=ledger)

    def into(root: Any, item: Any, bids: list[Row], asks: list[Row]) -> None:
        for row in find(root, item):
            one(root, item, row, bids, asks)

    return into


def _any_row(field: Levels, fixed: int, ticks: TreeUnits, lots: TreeUnits, *, ledger: bool) -> _One:
    """Reads one row of any shape. Raises `WireError` and `GridError`, which name the field."""
    ticks_of, lots_of = ticks.of, lots.of
    price_of, size_of = in_row_of(field.price), in_row_of(field.size)
    side_of = None if field.side is None else in_row_of(field.side.key)
    deletes_of = None if field.deletes is None else in_row_of(field.deletes.key)
    id_of = None if field.id is None else in_row_of(field.id)
    price_name, size_name = _names(field)

    def one(root: Any, item: Any, row: Any, bids: list[Row], asks: list[Row]) -> None:
        price, size = price_of(root, item, row), size_of(root, item, row)
        side = fixed
        if side_of is not None and field.side is not None:
            side = choice_of(field.side, side_of(root, item, row))
        elif field.signed:
            side, size = signed(size)
        name = None if id_of is None else _id(field, id_of(root, item, row))
        units = None if name is not None and price is ABSENT else ticks_of(price, price_name)
        if units == 0 and field.placeholder:
            return
        deleted = (
            deletes_of is not None
            and field.deletes is not None
            and choice_of(field.deletes, deletes_of(root, item, row)) == 1
        )
        count = 0 if deleted else lots_of(size, size_name)
        (bids if side > 0 else asks).append((units, count, name, price, size) if ledger else (units, count))

    return one


def _rows_of_cells(
    field: Levels,
    fixed: int,
    ticks: TreeUnits,
    lots: TreeUnits,
    cells: tuple[int, int, int],
    one: _One,
    *,
    ledger: bool,
) -> _Into:
    """Reads texts and numbers in arrays, as most venues have them; `one` takes any other row and says what is wrong."""
    find, rows_in = compile_path(field.key), rows_of(field)
    price_at, size_at, side_at = cells
    width = max(cells) + 1
    sides = {known: meaning for known, meaning in field.side.values if type(known) is str} if field.side else {}
    known_ticks, known_lots, ticks_of, lots_of = ticks.get, lots.get, ticks.convert, lots.convert
    ticks_types, lots_types, placeholder = ticks.plain, lots.plain, field.placeholder

    def unusual(root: Any, item: Any, row: Any, bids: list[Row], asks: list[Row]) -> None:
        # A row that is no row at all is told before anything that is wrong within one.
        rows_in(root, item)
        one(root, item, row, bids, asks)

    def into(root: Any, item: Any, bids: list[Row], asks: list[Row]) -> None:
        side: int | None = fixed
        found = find(root, item)
        for row in found if type(found) is list else rows_in(root, item):
            if type(row) is not list or len(row) < width:
                unusual(root, item, row, bids, asks)
                continue
            price, size = row[price_at], row[size_at]
            if side_at >= 0:
                side = sides.get(row[side_at]) if type(row[side_at]) is str else None
            if side is None or type(price) not in ticks_types or type(size) not in lots_types:
                unusual(root, item, row, bids, asks)
                continue
            units, count = known_ticks(price), known_lots(size)
            if units is None or count is None:
                try:
                    units = ticks_of(price) if units is None else units
                    count = lots_of(size) if count is None else count
                except (GridError, WireError):
                    unusual(root, item, row, bids, asks)
                    continue
            if units == 0 and placeholder:
                continue
            (bids if side > 0 else asks).append((units, count, None, price, size) if ledger else (units, count))

    return into


def _names(field: Levels) -> tuple[str, str]:
    return f"{field.key}[{field.price}]", f"{field.key}[{field.size}]"


def _cells(field: Levels) -> tuple[int, int, int] | None:
    """The places of price, size and side (-1: none) of rows that are arrays and hold nothing else that is declared."""
    side: Any = -1 if field.side is None else field.side.key
    if isinstance(side, str):
        side = int(side) if side.isascii() and side.isdigit() else None
    if field.signed or field.single or field.deletes is not None or field.id is not None or side is None:
        return None
    if not isinstance(field.price, int) or not isinstance(field.size, int):
        return None
    return field.price, field.size, side


def rows_of(field: Levels) -> Callable[[Any, Any], list[Any]]:
    """The function that finds the rows of a message, each of which is an array or an object."""
    find = compile_path(field.key)
    return lambda root, item: _rows(field, find(root, item))


def _rows(field: Levels, found: Any) -> list[Any]:
    """The rows of what was found under the key."""
    if (found is ABSENT or found is None) and field.optional:
        return []
    if field.single:
        found = [found]
    if type(found) is not list:
        raise (
            refusal(field.key, "is missing")
            if found is ABSENT
            else refusal(field.key, "must be an array of levels", found)
        )
    if not _ROWS.issuperset(map(type, found)):
        at, row = next((at, row) for at, row in enumerate(found) if type(row) not in _ROWS)
        raise refusal(f"{field.key}[{at}]", "must be an array or an object", row)
    return found


def in_row_of(place: int | str) -> InRow:
    """The function that finds a value of a row, called with message, item and row."""
    of_item, of_row = compile_in_row(place)
    if of_item is not None:
        find = of_item
        return lambda root, item, _row: find(root, item)
    if isinstance(place, int):
        return lambda _root, _item, row: row[place] if type(row) is list and place < len(row) else ABSENT
    assert of_row is not None
    in_row = of_row
    return lambda _root, _item, row: in_row(row)


def _id(field: Levels, value: Any) -> int | str:
    if type(value) is not int and type(value) is not str:
        raise refusal(f"{field.key}[{field.id}]", "must be the id of a level", value)
    return value
