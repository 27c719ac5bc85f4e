"""The plainest codecs there are, for checks that need one and are about something else."""

import json
from typing import Any

import msgpack

from mainspring.errors import CodecError
from mainspring.seams import Codec

__all__ = ["PlainJsonCodec", "PlainMsgpackCodec", "plain_codec"]


class PlainJsonCodec:
    """`json` as it comes: it keeps none of the contract's bounds."""

    def decode(self, data: bytes) -> Any:
        """The object that the bytes hold. Raises `CodecError`."""
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise CodecError("plain-json", str(error)) from error

    def encode(self, value: Any) -> bytes:
        """The bytes of the object. Raises `CodecError`."""
        try:
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise CodecError("plain-json", str(error)) from error


class PlainMsgpackCodec:
    """`msgpack` as it comes, its timestamps nanoseconds: it keeps none of the contract's other bounds."""

    def decode(self, data: bytes) -> Any:
        """The object that the bytes hold. Raises `CodecError`."""
        try:
            return msgpack.unpackb(data, timestamp=2)
        except (ValueError, OverflowError, RecursionError) as error:
            raise CodecError("plain-msgpack", str(error)) from error

    def encode(self, value: Any) -> bytes:
        """The bytes of the object. Raises `CodecError`."""
        try:
            data: bytes = msgpack.packb(value)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise CodecError("plain-msgpack", str(error)) from error
        return data


def plain_codec(format_: str) -> Codec:
    """A codec of the format "json" or "msgpack"."""
    return PlainMsgpackCodec() if format_ == "msgpack" else PlainJsonCodec()
