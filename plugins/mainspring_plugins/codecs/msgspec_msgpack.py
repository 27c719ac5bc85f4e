"""Binary by msgspec, without a schema. It rounds timestamps to the microsecond."""

from typing import Any, NoReturn

import msgspec

from mainspring.errors import CodecError
from mainspring.seams import MAX_MESSAGE_BYTES, MAX_MSGPACK_DEPTH, Catalogue, hookimpl
from mainspring_plugins.codecs import _limits, _timestamps

__all__ = ["MsgspecMsgpackCodec", "register_codecs"]

_NAME = "msgspec-msgpack"
_TIMESTAMP_TYPE = b"\xff"


class MsgspecMsgpackCodec:
    """`msgspec.msgpack` with bounds, and datetimes turned back into nanoseconds."""

    __slots__ = ("_decode", "_encode")

    def __init__(self) -> None:
        self._decode = msgspec.msgpack.Decoder(ext_hook=_refuse_extension).decode
        self._encode = msgspec.msgpack.Encoder().encode

    def decode(self, data: bytes) -> Any:
        """The object that the bytes hold. Raises `CodecError`."""
        if len(data) > MAX_MESSAGE_BYTES:
            raise _limits.refuse_size(_NAME, data)
        try:
            value = self._decode(data)
        except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError, MemoryError) as error:
            raise CodecError(_NAME, str(error)) from error
        if len(data.translate(None, _limits.MSGPACK_NOT_CONTAINERS)) > MAX_MSGPACK_DEPTH:
            _limits.check_value_depth(_NAME, value)
        if _TIMESTAMP_TYPE in data:
            value = _timestamps.from_datetimes(value)
        if _limits.suspect_numbers(data):
            _limits.check_numbers(_NAME, value)
        return value

    def encode(self, value: Any) -> bytes:
        """The bytes of the object: compact, keys in the order given. Raises `CodecError`."""
        _limits.check_plain(_NAME, value, (str, bytes))
        try:
            return self._encode(value)
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
            raise CodecError(_NAME, str(error)) from error


def _refuse_extension(kind: int, _data: memoryview) -> NoReturn:
    raise ValueError(f"unknown extension type {kind}")


@hookimpl
def register_codecs(catalogue: Catalogue) -> None:
    catalogue.add(
        "msgspec-msgpack",
        MsgspecMsgpackCodec,
        summary="msgspec's msgpack without a schema; not strict, so no feed is read with it",
        capabilities={
            "format": "msgpack",
            "strict": False,
            "lenient": "timestamps are rounded to the microsecond, and keys of any kind are taken",
        },
    )
