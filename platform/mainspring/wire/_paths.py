"""Paths into a decoded message, compiled to functions: a line of Python for each step, without a loop."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from mainspring.wire._source import ABSENT, Source

__all__ = ["ABSENT", "Find", "compile_each", "compile_in_row", "compile_path"]

Find: TypeAlias = Callable[[Any, Any], Any]
"""Called with the whole message and the item that a declaration is about; they are the same without `each`."""


@cache
def compile_path(path: str) -> Find:
    """The function that follows a path: from the whole message if it begins with "/", else from the item."""
    source: Source[None] = Source("find", ("root", "item"))
    source.write(f"return {source.at(path)}")
    return source.make(None)


def compile_each(path: str) -> Find:
    """The function that finds the items of a message: the array under a path, or of all arrays under one with "*".

    With "*" at its end, they are the values of the object there, or the items of those that are arrays: each of them
    an object or an array. It finds something else than a list where there are no items, or where an item of the outer
    array has no array.
    """
    if path.endswith(".*"):
        return _compile_values(path.removesuffix(".*"))
    outer, found, inner = path.partition(".*.")
    find = compile_path(outer)
    if not found:
        return find
    find_inner = compile_path(inner)

    def flatten(root: Any, item: Any) -> Any:
        items = find(root, item)
        arrays = [find_inner(root, one) for one in items] if type(items) is list else [ABSENT]
        return [one for array in arrays for one in array] if all(type(one) is list for one in arrays) else ABSENT

    return flatten


def _compile_values(path: str) -> Find:
    find = compile_path(path)

    def values(root: Any, item: Any) -> Any:
        found = find(root, item)
        if type(found) is not dict:
            return ABSENT
        items = [one for value in found.values() for one in (value if type(value) is list else (value,))]
        return items if all(type(one) in (dict, list) for one in items) else ABSENT

    return values


def compile_in_row(place: int | str) -> tuple[Find | None, Callable[[Any], Any] | None]:
    """The function that finds a value of a row: one that needs only the item, or else one that needs the row."""
    path = str(place)
    if path.startswith("../"):
        return compile_path(path[3:]), None
    if path.startswith("/"):
        return compile_path(path), None
    source: Source[None] = Source("find", ("row",))
    source.start_at("row")
    source.write(f"return {source.at(path)}")
    return None, source.make(None)
