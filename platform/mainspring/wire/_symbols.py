"""Whose a message is: its venue symbol, one made of several values, or a base that several instruments share."""

from typing import Any, TypeAlias, TypeVar

import msgspec

from mainspring.wire._source import Source
from mainspring.wire._tree_values import Reader, write_text
from mainspring.wire.fields import Base, Joined, Levels, Text

__all__ = ["QUOTE", "Symbol", "compile_symbol", "for_quote", "split_symbol"]

Symbol: TypeAlias = Text | Joined | Base

QUOTE = "{quote}"
"""What stands in a path for the part of the venue symbol behind the base."""

_Message = TypeVar("_Message", bound=msgspec.Struct)


def compile_symbol(field: Symbol) -> Reader:
    """Reads the venue symbol, or the base."""
    source: Source[None] = Source("read_symbol", ("root", "item"))
    if isinstance(field, Joined):
        parts = ", ".join(write_text(source, Text(key)) for key in field.keys)
        joined = f"{field.separator!r}.join(({parts},))"
        source.write(f"return {source.constant('lower', _lower)}({joined})" if field.lower else f"return {joined}")
    else:
        text = Text(field.key, after=field.after, until=field.until) if isinstance(field, Base) else field
        source.write(f"return {write_text(source, text)}")
    return source.make(None)


def _lower(text: str) -> str:
    # Letters beyond ASCII have other small forms in other languages.
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def split_symbol(field: Base, venue_symbol: str) -> tuple[str, str] | None:
    """Base and quote of a venue symbol; None if it has no separator."""
    base, found, quote = venue_symbol.partition(field.separator)
    return (base, quote) if found else None


def for_quote(message: _Message, quote: str) -> _Message:
    """The declaration with the quote in the paths of its rows' values."""
    changed: dict[str, Any] = {}
    for name in ("bids", "asks", "rows"):
        field = getattr(message, name, None)
        if isinstance(field, Levels):
            price, size = _with_quote(field.price, quote), _with_quote(field.size, quote)
            changed[name] = msgspec.structs.replace(field, price=price, size=size)
    return msgspec.structs.replace(message, **changed)


def _with_quote(place: int | str, quote: str) -> int | str:
    return place.replace(QUOTE, quote) if isinstance(place, str) else place
