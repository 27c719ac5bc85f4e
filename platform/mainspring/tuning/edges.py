"""Generates invalid messages: candidates must accept and refuse the same ones as the default."""

from collections.abc import Iterator, Sequence
from typing import Any

from mainspring.errors import CodecError
from mainspring.seams import Codec, RawMessage

__all__ = ["edge_messages"]

_KINDS = 8
_ROWS = 3
_LOOKED_THROUGH = 1_024
_WRONG: tuple[Any, ...] = (None, True, -1, 1.5, 2**63, "", "x", [], {}, [["1", "1"]])
_FINE = "0000000000001"


def edge_messages(messages: Sequence[RawMessage], codec: Codec, encoding: str) -> list[tuple[str, RawMessage]]:
    """Yields damaged messages of each kind, each with what is wrong with it.

    One message of each kind, as its keys identify it, is truncated, extended, given wrong types in each place, prices
    off the grid, ids out of order and an unknown symbol. In addition there are the empty message, meaningless bytes,
    text that isn't UTF-8 and a repeated key. All are received after the last of the messages.
    """
    last_ns = max((at for at, _ in messages), default=0)
    found = []
    for number, (what, raw) in enumerate(_edges(messages, codec, encoding)):
        found.append((what, (last_ns + 1 + number, raw)))
    return found


def _edges(messages: Sequence[RawMessage], codec: Codec, encoding: str) -> Iterator[tuple[str, bytes]]:
    yield "an empty message", b""
    yield "a message without meaning", b"\x01\xc1\xff{"
    for raw, decoded in _kinds(messages, codec):
        yield "a message cut in half", raw[: len(raw) // 2]
        yield "a message without its last byte", raw[:-1]
        yield "a message with bytes after it", raw + raw[:1]
        if encoding == "json":
            yield from _of_text(raw)
        for path, value in _leaves(decoded):
            for what, wrong in _wrongs(value):
                yield f"{'.'.join(map(str, path))}: {what}", codec.encode(_put(decoded, path, wrong))
        yield "an old message once more", raw


def _of_text(raw: bytes) -> Iterator[tuple[str, bytes]]:
    yield "a byte that isn't UTF-8", raw.replace(b'"', b'"\xff', 1)
    yield "white space", b" \n" + raw + b"\t "
    begun, brace, rest = raw.partition(b"{")
    key = rest.partition(b":")[0]
    if brace and key:
        # The later one counts, or the message is refused, depending on the codec.
        yield "a key that comes twice, first wrong", begun + brace + key + b":null," + rest
        yield "a key that comes twice, then wrong", raw.rstrip()[:-1] + b"," + key + b":null}"


def _kinds(messages: Sequence[RawMessage], codec: Codec) -> list[tuple[bytes, Any]]:
    """Returns the shortest of the first messages of each kind (by its keys), with lists cut to a few rows."""
    found: dict[object, tuple[bytes, Any]] = {}
    for _, raw in messages[:_LOOKED_THROUGH]:
        try:
            decoded = codec.decode(raw)
        except CodecError:
            continue
        shape = tuple(decoded) if isinstance(decoded, dict) else type(decoded)
        if shape not in found or len(raw) < len(found[shape][0]):
            found[shape] = raw, decoded
    cut = [_cut(decoded) for _, decoded in list(found.values())[:_KINDS]]
    return [(codec.encode(one), one) for one in cut]


def _cut(value: Any) -> Any:
    """Returns the object with its lists cut to a few items, which are cheaper to refuse."""
    if isinstance(value, dict):
        return {key: _cut(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_cut(below) for below in value[:_ROWS]]
    return value


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yields every path in an object with its value; of each list, only the first item."""
    if path:
        yield path, value
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _leaves(below, (*path, key))
    elif isinstance(value, list) and value:
        yield from _leaves(value[0], (*path, 0))


def _wrongs(value: Any) -> Iterator[tuple[str, Any]]:
    for wrong in _WRONG:
        yield f"{wrong!r} in its place", wrong
    if isinstance(value, str):
        yield "a text that nobody knows", value + "X"
        if value.replace(".", "", 1).isdigit():
            point = "" if "." in value else "."
            yield "off the grid", value + point + _FINE
            yield "below zero", f"-{value}"
            yield "an exponent", f"{value}e0"
    elif isinstance(value, int) and not isinstance(value, bool):
        yield "far ahead", value + 1_000_000
        yield "behind", max(value - 1_000_000, 0)


def _put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Returns a copy of the object with another value at one path."""
    if not path:
        return new
    key, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = _put(copy[key], tuple(rest), new)
    return copy
