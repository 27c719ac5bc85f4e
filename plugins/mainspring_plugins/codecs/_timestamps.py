"""The msgpack timestamp extension (type -1) as an integer: nanoseconds since the Unix epoch."""

import datetime
import struct
from typing import Any

from mainspring.errors import CodecError

__all__ = ["TIMESTAMP", "from_datetimes", "from_extension"]

TIMESTAMP = -1
_NS = 1_000_000_000
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)


def from_extension(codec: str, kind: int, data: bytes) -> int:
    """The nanoseconds of an extension's bytes; raises `CodecError` for another extension or a broken one.

    The layouts of 32, 64 and 96 bits are those of the msgpack specification, "Timestamp extension type".
    """
    if kind != TIMESTAMP:
        raise CodecError(codec, f"unknown extension type {kind}")
    nanoseconds = 0
    if len(data) == 4:  # the layouts are told apart by their lengths
        seconds = int.from_bytes(data, "big")
    elif len(data) == 8:
        both = int.from_bytes(data, "big")
        nanoseconds, seconds = both >> 34, both & (2**34 - 1)
    elif len(data) == 12:
        nanoseconds, seconds = struct.unpack(">Iq", data)
    else:
        raise CodecError(codec, f"a timestamp of {len(data)} bytes")
    if nanoseconds >= _NS:
        raise CodecError(codec, f"a timestamp of {nanoseconds} nanoseconds beyond its second")
    return seconds * _NS + nanoseconds


def from_datetimes(value: Any) -> Any:
    """The same value with the nanoseconds, to the microsecond, in the place of each datetime."""
    if isinstance(value, datetime.datetime):
        return (value - _EPOCH) // _MICROSECOND * 1000
    if isinstance(value, list):
        return [from_datetimes(inner) for inner in value]
    if isinstance(value, dict):
        return {from_datetimes(key): from_datetimes(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return tuple(from_datetimes(inner) for inner in value)
    return value
