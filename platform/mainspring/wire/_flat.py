"""Whether a format needs no more than the keys of one object, so that the one-pass readers can run it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from mainspring.wire.fields import Base, Joined, Levels, Micros, Seconds

if TYPE_CHECKING:
    from mainspring.wire.formats import Format

__all__ = ["compile_matches", "is_flat", "is_pattern"]

_WORDS = {
    "after",
    "until",
    "scale",
    "size_scale",
    "decimals",
    "size_decimals",
    "restarts",
    "rows",
    "checksum",
    "depth",
    "signed",
    "unnumbered",
}
"""The attributes that only the tree reader knows, by name: unset in a flat format."""

_OF_LEVELS = {"optional", "single", "side", "signed", "deletes", "id", "placeholder", "order", "trade_id"}

_MAX_KNOWN = 256

_known: dict[int, "tuple[Format, bool]"] = {}
"""Formats by their identity, which holds as long as they are kept here."""

_PATHS = {"key", "first", "last", "previous", "inside"}


def is_pattern(value: object) -> bool:
    """Whether a value of `when` stands for more texts than one."""
    return isinstance(value, str) and (value.startswith("*") or value.endswith("*"))


def compile_matches(pattern: str) -> Callable[[str], bool]:
    """Whether a text is what a value of `when` stands for."""
    if not is_pattern(pattern):
        return lambda text: text == pattern
    begins, ends, part = not pattern.startswith("*"), not pattern.endswith("*"), pattern.strip("*")
    if begins:
        return lambda text: text.startswith(part)
    return (lambda text: text.endswith(part)) if ends else (lambda text: part in text)


def is_flat(declared: "Format") -> bool:
    """Whether every message of a format is one object (in an envelope perhaps) whose own keys hold all values.

    The answer is remembered, since every feed of a session asks.
    """
    known = _known.get(id(declared))
    if known is None:
        if len(_known) >= _MAX_KNOWN:
            _known.clear()
        of_stream = f"/{declared.stream.key}" if declared.unwrap is not None and declared.stream is not None else ""
        together = declared.numbers is None and declared.channels is None and not declared.mixed
        flat = together and all(_flat_message(message, of_stream) for message in declared.messages)
        known = _known[id(declared)] = (declared, flat)
    return known[1]


def _flat_message(message: Any, of_stream: str) -> bool:
    """`of_stream` is the path of the stream's name, the only one that a flat message may have; empty without one."""
    when = {path: value for path, value in message.when.items() if path != of_stream}
    if message.each is not None:
        return False
    return not any(map(_is_path, [*when, *message.has])) and not any(map(is_pattern, when.values())) and _flat(message)


def _flat(struct: Any) -> bool:
    if isinstance(struct, Micros | Seconds | Base | Joined):
        return False
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if isinstance(value, msgspec.Struct):
            deeper = name in ("rows", "checksum", "depth", "side", "deletes") or not _flat(value)
        elif name in _PATHS and value is not None:
            deeper = _is_path(value)
        elif isinstance(struct, Levels) and name in _OF_LEVELS:
            deeper = value not in (None, False)
        else:
            deeper = value not in (None, False, "", ()) and (name in _WORDS or (name == "text" and value is True))
        if deeper:
            return False
    return True


def _is_path(key: str) -> bool:
    return not key or "." in key or key.startswith(("/", "@"))
