"""Finds in decoded messages what may be books, quotes and trades, and where they stand."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from mainspring.host.drafting import names
from mainspring.wire import Choice, Levels

__all__ = ["Piece", "find_pieces", "get", "is_number", "words_of"]

_MAX_DEPTH = 4
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?", re.ASCII)
_LONG_FRACTION = 12


class Piece(NamedTuple):
    """Something in a message: the object at `path` of an item of `each`, or of the message where that is None.

    `kind` is "book", "quote" or "trade", and `shape` what its values are called: `Levels` of a book, keys else.
    """

    kind: str
    each: str | None
    path: str
    shape: tuple[Any, ...]
    root: Any
    item: Any


def is_number(value: Any) -> bool:
    """Whether a value is a number or the text of one."""
    return type(value) in (int, float) or (type(value) is str and _NUMBER.fullmatch(value) is not None)


def get(value: Any, path: str) -> Any:
    """What stands at a path of an object; None if nothing does."""
    for step in path.split(".") if path else ():
        value = value.get(step) if type(value) is dict else None
    return value


def find_pieces(root: Any) -> Iterator[Piece]:
    """All that a message may be."""
    if type(root) is list:
        if root and all(type(item) is dict for item in root):
            for item in root:
                yield from _in_object(root, "", item, "", item, 0)
    elif type(root) is dict:
        yield from _in_object(root, None, root, "", root, 0)


def _in_object(root: Any, each: str | None, item: Any, path: str, node: dict[str, Any], depth: int) -> Iterator[Piece]:
    shapes = (("book", _book_shape(node)), ("quote", _quote_shape(node)), ("trade", _trade_shape(node)))
    for kind, shape in shapes:
        if shape is not None:
            yield Piece(kind, each, path, shape, root, item)
            break
    if depth >= _MAX_DEPTH:
        return
    for key, value in node.items():
        below = f"{path}.{key}" if path else key
        if "." in key:
            continue
        if type(value) is dict:
            yield from _in_object(root, each, item, below, value, depth + 1)
        elif each is None and type(value) is list and value and all(type(one) is dict for one in value):
            for one in value:
                yield from _in_object(root, below, one, "", one, depth + 1)


def _book_shape(node: dict[str, Any]) -> tuple[Any, ...] | None:
    bids = next((key for key in names.BIDS if type(node.get(key)) is list), None)
    asks = next((key for key in names.ASKS if type(node.get(key)) is list), None)
    if bids is not None and asks is not None:
        shapes = [_levels(key, node[key]) for key in (bids, asks)]
        if None not in shapes:
            return tuple(shapes)
    for key, rows in node.items():
        if type(rows) is not list or not rows:
            continue
        if key in names.ROWS and type(rows[0]) is list:
            at = next((at for at, cell in enumerate(rows[0]) if _side_words([cell])), None)
            if at is not None and len(rows[0]) > at + 2:
                words = _side_words([cell[at] for cell in rows])
                side = Choice(str(at), values=((words[0], 1), (words[1], -1)))
                return (Levels(key, price=at + 1, size=at + 2, side=side),)
        both = next((four for four in names.BOTH_SIDES if type(rows[0]) is dict and set(four) <= set(rows[0])), None)
        if both is not None:
            number = type(rows[0][both[0]]) is not str
            pairs = ((both[0], both[1]), (both[2], both[3]))
            return tuple(Levels(key, price=price, size=size, number=number) for price, size in pairs)
    return None


def _side_words(cells: Sequence[Any]) -> tuple[str, ...]:
    return next((words for words in names.SIDE_WORDS if all(cell in words for cell in cells)), ())


def _levels(key: str, rows: list[Any]) -> Levels | None:
    """What the rows of one side are; `Levels(key)` where there are none to tell; None if they are no levels."""
    if not rows:
        return Levels(key)
    first = rows[0]
    if type(first) is dict:
        price = next((name for name in names.PRICES if is_number(first.get(name))), None)
        size = next((name for name in names.SIZES if is_number(first.get(name))), None)
        if price is None or size is None:
            return None
        return Levels(key, price=price, size=size, number=type(first[price]) is not str)
    if type(first) is not list or not all(type(row) is list for row in rows):
        return None
    at = 0 if len(first) > 1 and is_number(first[0]) else 1
    if len(first) < at + 2 or not (is_number(first[at]) and is_number(first[at + 1])):
        return None
    long = any(type(row[at + 1]) is float and len(repr(row[at + 1])) > _LONG_FRACTION for row in rows)
    return Levels(
        key,
        price=at,
        size=at + 1,
        number=type(first[at]) is not str,
        size_decimals=8 if long else None,
        placeholder=any(row[at] in ("0", 0) for row in rows),
    )


def _quote_shape(node: dict[str, Any]) -> tuple[Any, ...] | None:
    return next((four for four in names.QUOTES if all(is_number(node.get(key)) for key in four)), None)


def _trade_shape(node: dict[str, Any]) -> tuple[Any, ...] | None:
    price = next((name for name in names.PRICES if is_number(node.get(name))), None)
    size = next((name for name in names.SIZES if is_number(node.get(name))), None)
    side = next((name for name in names.SIDES if type(node.get(name)) is str), None)
    trade_id = next((name for name in names.TRADE_IDS if is_number(node.get(name))), None)
    if price is None or size is None or (side is None and trade_id is None):
        return None
    return price, size, side, trade_id


def words_of(piece: Piece) -> dict[str, str]:
    """The texts that may tell what a piece is, by their paths in a declaration."""
    found: dict[str, str] = {}
    if piece.each is not None:
        _collect(piece.root, "/", 0, found)
    _collect(piece.item, "", 0, found)
    return found


def _collect(node: Any, path: str, depth: int, found: dict[str, str]) -> None:
    if type(node) is not dict or depth > _MAX_DEPTH:
        return
    for key, value in node.items():
        if type(value) is str and key in names.KINDS and value:
            found[path + key] = value
        elif type(value) is dict:
            _collect(value, f"{path}{key}.", depth + 1, found)
