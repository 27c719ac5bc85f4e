"""Paths into a decoded message, compiled to functions: a line of Python for each step, without a loop."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

__all__ = ["ABSENT", "Find", "compile_each", "compile_in_row", "compile_path"]

ABSENT: Any = object()
"""What a path finds where there is nothing."""

Find: TypeAlias = Callable[[Any, Any], Any]
"""Called with the whole message and the item that a declaration is about; they are the same without `each`."""

_Steps: TypeAlias = tuple[tuple[str, int | None], ...]


@cache
def compile_path(path: str) -> Find:
    """The function that follows a path: from the whole message if it begins with "/", else from the item."""
    if path.startswith("/"):
        return _compile(_steps(path[1:]), "root, _item", "root")
    return _compile(_steps(path), "_root, item", "item")


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
    return None, _compile(_steps(path), "row", "row")


def _steps(path: str) -> _Steps:
    return tuple((step, _place(step)) for step in path.split(".")) if path else ()


def _place(step: str) -> int | None:
    return int(step) if step.isascii() and step.removeprefix("-").isdigit() else None


def _compile(steps: _Steps, parameters: str, start: str) -> Callable[..., Any]:
    """The function that goes these steps from one of its parameters. A step with a place takes keys and items."""
    lines = [f"def find({parameters}):", f" value = {start}"]
    for step, place in steps:
        if place is None:
            lines.append(f" value = value.get({step!r}, ABSENT) if type(value) is dict else ABSENT")
            continue
        lines += [
            f" if type(value) is dict: value = value.get({step!r}, ABSENT)",
            f" elif type(value) is list and len(value) >= {-place if place < 0 else place + 1}: value = value[{place}]",
            " else: value = ABSENT",
        ]
    made: dict[str, Any] = {"ABSENT": ABSENT}
    # Of declared paths only, whose steps stand in it as literals of texts and integers.
    exec("\n".join([*lines, " return value"]), made)  # noqa: S102
    find: Callable[..., Any] = made["find"]
    return find
