"""Levels of a decoded message, in any of the shapes that `mainspring.wire.Levels` declares."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from mainspring.errors import GridError, WireError
from mainspring.wire._paths import ABSENT, compile_in_row, compile_path
from mainspring.wire._source import Source
from mainspring.wire._tree_units import Own
from mainspring.wire._tree_values import choice_of, known_texts, signed
from mainspring.wire._values import refusal
from mainspring.wire.fields import Levels
from mainspring.wire.messages import DeltaMessage, SnapshotMessage

__all__ = ["InRow", "Row", "in_row_of", "row_cells", "rows_of", "write_sides"]

Row: TypeAlias = tuple[Any, ...]
"""(ticks, lots) of a level. For a ledger it goes on: the level's id (None without one), and price and size as they were
sent; the ticks are None if only the id says which level it is."""

_Sides: TypeAlias = tuple[list[Row], list[Row]]

_One: TypeAlias = Callable[[Any, Any, Any, list[Row], list[Row]], None]

_ROWS = frozenset((list, dict))

_FAULTS = (GridError, LookupError, TypeError, ValueError, WireError)
"""What rows raise that aren't all of the usual shape, or hold what can't be read."""

InRow: TypeAlias = Callable[[Any, Any, Any], Any]


class _Usual(NamedTuple):
    """How rows are read that are arrays, or objects, of one level each and hold nothing else that is declared.

    `container` is the type of a row, and `level`, `side` (empty: none) and `only_if` are expressions of a `row`.
    """

    container: str
    level: str
    side: str
    only_if: str


def write_sides(source: Source[Own], message: DeltaMessage | SnapshotMessage, *, ledger: bool) -> tuple[str, str]:
    """Reads bids and asks of a message; with `ledger` their rows hold more (see `Row`)."""
    bids, asks = source.local("bids"), source.local("asks")
    if message.rows is not None:
        _write_rows(source, message.rows, bids, asks, ledger=ledger)
    elif message.bids is not None and message.asks is not None:
        _write_side(source, message.bids, 1, bids, ledger=ledger)
        _write_side(source, message.asks, -1, asks, ledger=ledger)
    return bids, asks


def _write_rows(source: Source[Own], field: Levels, bids: str, asks: str, *, ledger: bool) -> None:
    """Reads rows that say their side."""
    any_rows = source.own("any_rows", lambda own: _any_rows(field, 0, own, ledger=ledger))
    usual = _usual(source, field, ledger=ledger)
    if usual is None:
        source.write(f"{bids}, {asks} = {any_rows}(root, item)")
        return
    rows = source.at(field.key)
    source.write(
        "try:",
        f"    {_container_test(rows, usual.container)}",
        f"    {bids}, {asks} = [], []",
        f"    for row in {rows}:",
        f"        side = {bids} if {usual.side} > 0 else {asks}",
        *(f"        {line}" for line in _append(usual)),
        f"except {source.constant('FAULTS', _FAULTS)}:",
        f"    {bids}, {asks} = {any_rows}(root, item)",
    )


def _append(usual: _Usual) -> list[str]:
    if usual.only_if:
        return [f"if {usual.only_if}: side.append({usual.level})"]
    return [f"side.append({usual.level})"]


def _write_side(source: Source[Own], field: Levels, side: int, levels: str, *, ledger: bool) -> None:
    """Reads the rows of one side."""
    name, place = ("any_bids", 0) if side > 0 else ("any_asks", 1)
    any_rows = source.own(name, lambda own: _any_rows(field, side, own, ledger=ledger))
    usual = _usual(source, field, ledger=ledger)
    if usual is None:
        source.write(f"{levels} = {any_rows}(root, item)[{place}]")
        return
    rows = source.at(field.key)
    only_if = f" if {usual.only_if}" if usual.only_if else ""
    nothing = f"{rows} is ABSENT or {rows} is None or {rows} == []" if field.optional else f"{rows} == []"
    source.write(
        f"if {nothing}: {levels} = []",
        "else:",
        "    try:",
        f"        {_container_test(rows, usual.container)}",
        f"        {levels} = [{usual.level} for row in {rows}{only_if}]",
        f"    except {source.constant('FAULTS', _FAULTS)}:",
        f"        {levels} = {any_rows}(root, item)[{place}]",
    )


def _container_test(rows: str, container: str) -> str:
    # Without it the text "12" would pass for a level of price 1 and size 2.
    return f"if type({rows}) is not list or [*map(type, {rows})].count({container}) != len({rows}): raise TypeError"


def _usual(source: Source[Own], field: Levels, *, ledger: bool) -> _Usual | None:
    """How most venues write rows; None if these are declared otherwise."""
    if field.signed or field.single or field.deletes is not None or field.id is not None:
        return None
    places = [_place(place) for place in (field.price, field.size, field.side.key if field.side else None)]
    container = type(places[0])
    if any(place is None or type(place) is not container for place in (places if field.side else places[:2])):
        return None
    price, size, side = (f"row[{place!r}]" for place in places)
    find_ticks = source.own("find_ticks", lambda own: own.ticks(field.scale).find, field.scale)
    new_ticks = source.own("new_ticks", lambda own: own.ticks(field.scale).convert, field.scale)
    of_size = field.size_scale, field.size_decimals
    find_lots = source.own("find_lots", lambda own: own.lots(*of_size).find, of_size)
    new_lots = source.own("new_lots", lambda own: own.lots(*of_size).convert, of_size)
    ticks, only_if = f"{find_ticks}({price}) or {new_ticks}({price})", ""
    if field.placeholder:
        ticks, only_if = "ticks", f"(ticks := {ticks})"
    lots = f"lots if (lots := {find_lots}({size})) is not None else {new_lots}({size})"
    as_sent = f", None, {price}, {size}" if ledger else ""
    told = ""
    if field.side is not None:
        texts = source.constant("sides", known_texts(field.side))
        # A text equals nothing but a text, and what is none raises: choices of other types are read row by row.
        told = f"{texts}[{side}]"
        if field.side.otherwise is not None and all(type(known) is str for known, _ in field.side.values):
            told = f"{texts}.get({side}, {field.side.otherwise})"
    return _Usual("list" if container is int else "dict", f"({ticks}, {lots}{as_sent})", told, only_if)


def _place(place: int | str | None) -> int | str | None:
    """A place in an array, or a key of an object; None for a path."""
    if not isinstance(place, str):
        return place
    if place.isascii() and place.isdigit():
        return int(place)
    return place if place and "." not in place and "/" not in place else None


def row_cells(field: Levels, root: Any, item: Any) -> list[tuple[Any, Any]]:
    """Price and size of each row, as they stand there. Raises `WireError` if there are no rows."""
    price_of, size_of = in_row_of(field.price), in_row_of(field.size)
    return [(price_of(root, item, row), size_of(root, item, row)) for row in rows_of(field)(root, item)]


def _any_rows(field: Levels, fixed: int, own: Own, *, ledger: bool) -> Callable[[Any, Any], _Sides]:
    """Reads rows of any shape, each value by its path; `fixed` is the side of all, 0 if each says its own."""
    find, one = rows_of(field), _any_row(field, fixed, own, ledger=ledger)

    def read(root: Any, item: Any) -> _Sides:
        bids: list[Row] = []
        asks: list[Row] = []
        for row in find(root, item):
            one(root, item, row, bids, asks)
        return bids, asks

    return read


def _any_row(field: Levels, fixed: int, own: Own, *, ledger: bool) -> _One:
    """Reads one row of any shape. Raises `WireError` and `GridError`, which name the field."""
    ticks_of, lots_of = own.ticks(field.scale).of, own.lots(field.size_scale, field.size_decimals).of
    price_of, size_of = in_row_of(field.price), in_row_of(field.size)
    side_of = None if field.side is None else in_row_of(field.side.key)
    deletes_of = None if field.deletes is None else in_row_of(field.deletes.key)
    id_of = None if field.id is None else in_row_of(field.id)
    price_name, size_name = f"{field.key}[{field.price}]", f"{field.key}[{field.size}]"

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
