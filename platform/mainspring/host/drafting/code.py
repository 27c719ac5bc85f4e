"""Writes a draft as the source of a plugin's module."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from mainspring.host.drafting.draft import Draft

__all__ = ["declaration_code"]

_WIDTH = 100


def declaration_code(draft: Draft, plugin: str, capture: str) -> str:
    """The module that offers the drafted feed as `plugin`; `capture` names the recording in its docstring."""
    body = _code(draft.feed, 0)
    used = sorted(_names(draft.feed), key=lambda name: (name.lower(), name))
    proved = "\n".join(f"- {proof}" for proof in draft.proofs) or "- nothing: see the questions below"
    lines = [
        f'"""The feed `{plugin}`, drafted from {capture}. Proved on it:',
        "",
        proved,
        "",
        'Check it with `mainspring plugins check DISTRIBUTION --capture FILE`."""',
        "",
        "from decimal import Decimal",
        "",
        "from mainspring.seams import Catalogue, hookimpl",
        "from mainspring.wire import (",
        *(f"    {name}," for name in used),
        ")",
        "",
        '__all__ = ["FEED", "register_feeds"]',
        "",
        *(f"# ? {question}" for question in draft.questions),
        f"FEED = {body}",
        "",
        "",
        "@hookimpl",
        "def register_feeds(catalogue: Catalogue) -> None:",
        f'    """Offers `{plugin}`."""',
        f'    catalogue.add("{plugin}", FEED, summary="drafted from a recording")',
        "",
    ]
    return "\n".join(lines)


def _code(value: Any, indent: int) -> str:
    """A value as source, on one line where that is short."""
    if isinstance(value, msgspec.Struct):
        parts = [f"{name}={{}}" for name, _ in _said(value)]
        values = [one for _, one in _said(value)]
        return _call(f"{type(value).__name__}(", parts, values, ")", indent)
    if isinstance(value, tuple):
        return _call("(", ["{}"] * len(value), list(value), ",)" if len(value) == 1 else ")", indent)
    if isinstance(value, Mapping):
        return _call("{", [f"{key!r}: {{}}".replace("'", '"') for key in value], list(value.values()), "}", indent)
    if isinstance(value, Decimal):
        return f'Decimal("{value}")'
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if isinstance(value, str) else repr(value)


def _call(opening: str, parts: list[str], values: list[Any], closing: str, indent: int) -> str:
    short = opening + ", ".join(part.replace("{}", _code(one, 0)) for part, one in zip(parts, values, strict=True))
    if indent + len(short) < _WIDTH and "\n" not in short:
        return short + closing
    inner = " " * (indent + 4)
    rows = [inner + part.replace("{}", _code(one, indent + 4)) for part, one in zip(parts, values, strict=True)]
    return opening + "\n" + "".join(f"{row},\n" for row in rows) + " " * indent + closing.removeprefix(",")


def _said(struct: msgspec.Struct) -> list[tuple[str, Any]]:
    """The fields that differ from their defaults."""
    said = []
    for field in msgspec.structs.fields(type(struct)):
        value = getattr(struct, field.name)
        default = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        if value != default:
            said.append((field.name, value))
    return said


def _names(value: Any) -> set[str]:
    """The declarations that are used."""
    if isinstance(value, msgspec.Struct):
        own = {type(value).__name__}
        return own.union(*(_names(one) for _, one in _said(value)))
    return set().union(*map(_names, value)) if isinstance(value, tuple) else set()
