"""Paths into a decoded message, compiled to functions."""

from collections.abc import Callable
from typing import Any, TypeAlias

__all__ = ["ABSENT", "Find", "compile_each", "compile_in_row", "compile_path"]

ABSENT: Any = object()
"""What a path finds where there is nothing."""

Find: TypeAlias = Callable[[Any, Any], Any]
"""Called with the whole message and the item that a declaration is about; they are the same without `each`."""

_Steps: TypeAlias = tuple[tuple[str, int | None], ...]


def compile_path(path: str) -> Find:
    """The function that follows a path: from the whole message if it begins with "/", else from the item."""
    if path.startswith("/"):
        steps = _steps(path[1:])
        return lambda root, _item: _walk(root, steps)
    if "." not in path and path and not path.lstrip("-").isdigit():

        def find(_root: Any, item: Any) -> Any:
            return item.get(path, ABSENT) if type(item) is dict else ABSENT

        return find
    steps = _steps(path)
    return lambda _root, item: _walk(item, steps)


def compile_each(path: str) -> Find:
    """The function that finds the items of a message: the array under a path, or of all arrays under one with "*".

    It finds something else than a list where there are no items, or where an item of the outer array has no array.
    """
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


def compile_in_row(place: int | str) -> tuple[Find | None, Callable[[Any], Any] | None]:
    """The function that finds a value of a row: one that needs only the item, or else one that needs the row."""
    path = str(place)
    if path.startswith("../"):
        return compile_path(path[3:]), None
    if path.startswith("/"):
        return compile_path(path), None
    steps = _steps(path)
    return None, lambda row: _walk(row, steps)


def _steps(path: str) -> _Steps:
    return tuple((step, _place(step)) for step in path.split(".")) if path else ()


def _place(step: str) -> int | None:
    return int(step) if step.isascii() and step.removeprefix("-").isdigit() else None


def _walk(value: Any, steps: _Steps) -> Any:
    for step, place in steps:
        if type(value) is dict:
            value = value.get(step, ABSENT)
        elif place is not None and type(value) is list and -len(value) <= place < len(value):
            value = value[place]
        else:
            return ABSENT
    return value
