"""The simplest codecs, for checks that need one but test something else."""

import json
from typing import Any

import msgpack

from mainspring.errors import CodecError
from mainspring.seams import Codec

__all__ = ["PlainJsonCodec", "PlainMsgpackCodec", "plain_codec"]


class PlainJsonCodec:
    """`json` as it is: it enforces none of the contract's limits."""

    def decode(self, data: bytes) -> Any:
        """Returns the object that the bytes encode. Raises `CodecError`."""
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise CodecError("plain-json", str(error)) from error

    def encode(self, value: Any) -> bytes:
        """Returns the object as bytes. Raises `CodecError`."""
        try:
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise CodecError("plain-json", str(error)) from error


class PlainMsgpackCodec:
    """`msgpack` as it is, with timestamps in nanoseconds: it enforces none of the contract's other limits."""

    def decode(self, data: bytes) -> Any:
        """Returns the object that the bytes encode. Raises `CodecError`."""
        try:
            return msgpack.unpackb(data, timestamp=2)
        except (ValueError, OverflowError, RecursionError) as error:
            raise CodecError("plain-msgpack", str(error)) from error

    def encode(self, value: Any) -> bytes:
        """Returns the object as bytes. Raises `CodecError`."""
        try:
            data: bytes = msgpack.packb(value)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise CodecError("plain-msgpack", str(error)) from error
        return data


def plain_codec(format_: str) -> Codec:
    """Returns a codec of the format "json" or "msgpack"."""
    return PlainMsgpackCodec() if format_ == "msgpack" else PlainJsonCodec()
