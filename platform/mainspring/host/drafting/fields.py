"""The fields of one kind of message: symbol, time, numbers and checksum, by names and by what stands there."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from mainspring.host.drafting import names
from mainspring.host.drafting.look import Piece, get
from mainspring.wire import Integer, Micros, Millis, Nanos, Rfc3339, Seconds, Text, Time

__all__ = ["find_key", "find_symbol", "find_time", "whole_at"]

_DAYS_NS = 3 * 86_400 * 10**9
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d", re.ASCII)
_UNITS: tuple[tuple[type[Any], int], ...] = ((Seconds, 10**9), (Millis, 10**6), (Micros, 10**3), (Nanos, 1))


def _objects(piece: Piece) -> Iterator[tuple[str, Any]]:
    """The objects around a piece, the nearest first, each with what its keys begin with in a declaration."""
    steps = piece.path.split(".") if piece.path else []
    for count in range(len(steps), -1, -1):
        path = ".".join(steps[:count])
        yield (f"{path}." if path else ""), get(piece.item, path)
    if piece.each is not None and type(piece.root) is dict:
        yield "/", piece.root
        for key, value in piece.root.items():
            if type(value) is dict:
                yield f"/{key}.", value


def find_key(pieces: Sequence[Piece], wanted: Sequence[str], fits: Any) -> str | None:
    """The path of the first of the `wanted` names under which all pieces have a value that `fits`."""
    for start, node in _objects(pieces[0]):
        for name in wanted:
            if type(node) is dict and name in node and all(fits(_value(piece, start + name)) for piece in pieces):
                return start + name
    return None


def _value(piece: Piece, path: str) -> Any:
    return get(piece.root, path[1:]) if path.startswith("/") else get(piece.item, path)


def find_symbol(pieces: Sequence[Piece], known: set[str]) -> Text | None:
    """Where the pieces name their instrument. `known` are symbols of other messages; those found are added."""
    # A name of one letter has other uses.
    path = find_key(pieces, names.SYMBOLS, lambda value: type(value) is str and len(value) > 2 and not value.isdigit())
    if path is not None:
        known.update(_value(piece, path) for piece in pieces)
        return Text(path)
    root = "/" if pieces[0].each is not None else ""
    for key, value in pieces[0].root.items() if type(pieces[0].root) is dict else ():
        if type(value) is not str:
            continue
        for name in names.SYMBOL_PARAMETERS if key == "request" else ():
            if re.search(rf"[?&]{name}=", value):
                return Text(root + key, after=f"{name}=", until="&")
        parts = re.split(r"[.:@/]", value)
        symbols = [part for part in parts if part in known]
        if not symbols and key in ("ch", "topic", "channel") and len(parts) > 2:
            symbols = parts[1:2]
        if symbols:
            before, _, after = value.partition(symbols[0])
            return Text(root + key, after=before[-1:] if ":" in before else before, until=after[:1])
    return None


def find_time(pieces: Sequence[Piece], receive_times_ns: Sequence[int]) -> Time | None:
    """Where the pieces have a time near to when they were received, and its unit."""
    path = find_key(pieces, names.TIMES, lambda value: value is not None)
    tried = [name for name in names.TIMES if path is not None]
    while path is not None and tried:
        value = _value(pieces[0], path)
        if type(value) is str and _ISO.match(value):
            return Rfc3339(path)
        text = type(value) is str
        for kind, scale in _UNITS if type(value) in (int, float) or (text and value.replace(".", "").isdigit()) else ():
            if abs(float(value) * scale - receive_times_ns[0]) < _DAYS_NS:
                time: Time = kind(path, text=True) if kind in (Millis, Nanos) and (text or value % 1) else kind(path)
                return time
        tried = [name for name in tried if name != path.rpartition(".")[2].lstrip("/")]
        path = find_key(pieces, tried, lambda value: value is not None)
    return None


def whole_at(pieces: Sequence[Piece], name: str | None) -> Integer | None:
    """The field of that name, if all pieces have a whole number there or the text of one, near the piece."""
    if name is None:
        return None
    path = find_key(pieces, (name,), lambda value: type(value) is int or (type(value) is str and value.isdigit()))
    if path is None:
        return None
    return Integer(path, text=any(type(_value(piece, path)) is str for piece in pieces))
