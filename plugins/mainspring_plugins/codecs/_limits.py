"""The parts of the codec contract that not every library keeps: nesting, large integers, finite numbers, plain values.

Each `check` raises `CodecError`. The codecs ask a cheap question first, which a usual message answers with no, and
come here only if the answer is perhaps.
"""

import math
import re
from itertools import accumulate
from typing import Any

import orjson

from mainspring.errors import CodecError
from mainspring.seams import MAX_ENCODED_DEPTH, MAX_JSON_DEPTH, MAX_MESSAGE_BYTES, MAX_MSGPACK_DEPTH

__all__ = [
    "JSON_SHAPE",
    "LONG_INTEGER",
    "MSGPACK_NOT_CONTAINERS",
    "OPEN",
    "check_json_depth",
    "check_numbers",
    "check_plain",
    "check_value_depth",
    "decode_by_orjson",
    "has_large_integer",
    "refuse_size",
    "suspect_numbers",
]

_INT64_MIN = -(2**63)
_UINT64_MAX = 2**64 - 1
_MAX_DIGITS = len(str(_UINT64_MAX))

OPEN = b"["
JSON_SHAPE = bytes(
    ord("0") if byte in b"0123456789" else ord("[") if byte in b"[{" else ord(".") for byte in range(256)
)
"""Translates every digit to 0 and every opening bracket to [, so that one pass serves both questions of a message:
at most `MAX_JSON_DEPTH` times OPEN can't nest too deep, and without LONG_INTEGER in it no integer is beyond 64 bits."""

LONG_INTEGER = b"0" * len(str(2**63))

_CONTAINERS = frozenset({dict, list, tuple})

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_STRING_OR_NUMBER = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|(-?[0-9]++)([.eE]?)[-+.eE0-9]*+', re.DOTALL)
_OPENS = OPEN[0]
_PASSES = 32
_SKELETON = bytes.maketrans(b"{}", b"[]")
_NOT_OPENS = OPEN[0]
_PASSES = 32
_NOT_SKELETON = bytes(byte for byte in range(256) if byte not in b'[]{}"\\')

MSGPACK_NOT_CONTAINERS = bytes(byte for byte in range(256) if not (0x80 <= byte <= 0x9F or 0xDC <= byte <= 0xDF))
"""What no array and no map of msgpack begins with: at most `MAX_MSGPACK_DEPTH` other bytes can't nest too deep."""

# One class of first bytes, which `re` scans for far faster than for several alternatives.
_MSGPACK_SUSPECT = re.compile(rb"[\xc7-\xcb](?:[\x7f\xff]|\x0c\xff|\x00\x0c\xff|\x00\x00\x00\x0c\xff)")


def refuse_size(codec: str, data: bytes) -> CodecError:
    """The error for a message that is too large."""
    return CodecError(codec, f"the message has {len(data)} bytes; at most {MAX_MESSAGE_BYTES} are taken")


def check_json_depth(codec: str, data: bytes) -> None:
    """Refuses JSON that nests too deep. What isn't JSON may pass: the library refuses it."""
    skeleton = data.translate(_SKELETON, _NOT_SKELETON)
    if b"\\" not in skeleton:
        # A string without a bracket leaves two quotes side by side. One with a bracket in it leaves an odd run of
        # quotes before the bracket, of which one stays behind here.
        skeleton = skeleton.replace(b'""', b"")
    if b'"' in skeleton or b"\\" in skeleton:
        skeleton = _STRING.sub(b"", data).translate(_SKELETON, _NOT_SKELETON)
    if OPEN * (MAX_JSON_DEPTH + 1) in skeleton:
        raise _too_deep(codec, MAX_JSON_DEPTH)
    # Each pass takes away the innermost pairs. A message that is still left after a few is counted bracket by bracket.
    for _ in range(_PASSES):
        shorter = skeleton.replace(b"[]", b"")
        if len(shorter) == len(skeleton):
            return
        skeleton = shorter
    levels = accumulate(1 if bracket == _OPENS else -1 for bracket in skeleton)
    if _PASSES + max(levels, default=0) > MAX_JSON_DEPTH:
        raise _too_deep(codec, MAX_JSON_DEPTH)


def has_large_integer(data: bytes) -> bool:
    """Whether this, known to be JSON, holds an integer that neither int64 nor uint64 does."""
    return any(
        digits and not real and (len(digits) > _MAX_DIGITS or not _INT64_MIN <= int(digits) <= _UINT64_MAX)
        for digits, real in (match.groups() for match in _STRING_OR_NUMBER.finditer(data))
    )


def decode_by_orjson(codec: str, data: bytes) -> Any:
    """Decodes what `codec`'s own library can't in the way of the contract. Raises `CodecError` in the codec's name."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise CodecError(codec, str(error)) from error


def check_value_depth(codec: str, value: Any) -> None:
    """Refuses a decoded msgpack value that nests too deep. Costs about 50 ns an element."""
    level = [value]
    for _ in range(MAX_MSGPACK_DEPTH):
        level = [
            inner
            for outer in level
            if type(outer) in _CONTAINERS
            for inner in ((*outer, *outer.values()) if type(outer) is dict else outer)
            if type(inner) in _CONTAINERS
        ]
        if not level:
            return
    raise _too_deep(codec, MAX_MSGPACK_DEPTH)


def suspect_numbers(data: bytes) -> bool:
    """Whether these msgpack bytes may hold a NaN, an infinity or a timestamp beyond 64 bits of nanoseconds."""
    return (b"\x7f" in data or b"\xff" in data) and _MSGPACK_SUSPECT.search(data) is not None


def check_numbers(codec: str, value: Any) -> None:
    """Refuses a decoded value that holds a NaN, an infinity or an integer beyond 64 bits."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise CodecError(codec, f"the number {value} is not finite")
    elif isinstance(value, int):
        if not _INT64_MIN <= value <= _UINT64_MAX:
            raise _too_large(codec)
    elif isinstance(value, dict):
        for key, inner in value.items():
            check_numbers(codec, key)
            check_numbers(codec, inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            check_numbers(codec, inner)


def check_plain(codec: str, value: Any, leaves: tuple[type, ...] = (str,), depth: int = 0) -> None:
    """Refuses what a format can't hold and libraries convert silently: NaN, sets, dates, keys that aren't text.

    `leaves` are the types that the format holds besides None, numbers, arrays and objects. Integers must fit 64 bits,
    and arrays and objects may nest `MAX_ENCODED_DEPTH` levels deep, which every codec decodes.
    """
    if value is None or isinstance(value, leaves):
        return
    if isinstance(value, int | float):
        check_numbers(codec, value)
    elif isinstance(value, dict):
        if depth == MAX_ENCODED_DEPTH:
            raise _too_deep(codec, MAX_ENCODED_DEPTH)
        for key, inner in value.items():
            if not isinstance(key, str):
                raise CodecError(codec, f"a key must be text, not {type(key).__name__}")
            check_plain(codec, inner, leaves, depth + 1)
    elif isinstance(value, list | tuple):
        if depth == MAX_ENCODED_DEPTH:
            raise _too_deep(codec, MAX_ENCODED_DEPTH)
        for inner in value:
            check_plain(codec, inner, leaves, depth + 1)
    else:
        raise CodecError(codec, f"the format can't hold a {type(value).__name__}")


def _too_deep(codec: str, levels: int) -> CodecError:
    return CodecError(codec, f"arrays and objects nest deeper than {levels} levels")


def _too_large(codec: str) -> CodecError:
    return CodecError(codec, "an integer is beyond 64 bits")
