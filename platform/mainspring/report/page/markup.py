"""HTML and SVG built from elements, so that everything on a page is escaped."""

from html import escape
from typing import TypeAlias

from mainspring.report.printable import printable

__all__ = ["Attribute", "Child", "Html", "join", "tag"]


class Html(str):
    """Text that is already markup. Only `tag`, `join` and constants of this package create it."""

    __slots__ = ()


Child: TypeAlias = Html | str | None
Attribute: TypeAlias = str | int | float | None

_VOID = frozenset({"br", "link", "meta"})


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Html:
    """Returns an element. Children that aren't `Html` are escaped; a child or attribute of None is left out.

    A trailing underscore is dropped from an attribute's name (`class_`), the others become hyphens. Floats are
    coordinates, written to a tenth.
    """
    given = [(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None]
    shown = "".join(f' {key}="{_value(value)}"' for key, value in given)
    if name in _VOID:
        return Html(f"<{name}{shown}>")
    return Html(f"<{name}{shown}>{join(*children)}</{name}>")


def join(*children: Child) -> Html:
    """The children one after another."""
    return Html("".join(_safe(child) for child in children if child is not None))


def _safe(child: str) -> str:
    return child if isinstance(child, Html) else escape(printable(child))


def _value(value: str | float) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else escape(printable(str(value)))
