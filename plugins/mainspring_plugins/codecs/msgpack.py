"""Binary by msgpack: the default, exact to the nanosecond in timestamps."""

from typing import Any, NoReturn

import msgpack

from mainspring.errors import CodecError
from mainspring.seams import MAX_MESSAGE_BYTES, MAX_MSGPACK_DEPTH, Catalogue, hookimpl
from mainspring_plugins.codecs import _limits

__all__ = ["MsgpackCodec", "register_codecs"]

_NAME = "msgpack"
_NANOSECONDS = 2


class MsgpackCodec:
    """`msgpack.unpackb` with bounds. It uses a new unpacker for each message and bounds all lengths by its size."""

    __slots__ = ("_pack",)

    def __init__(self) -> None:
        self._pack = msgpack.Packer(use_bin_type=True).pack

    def decode(self, data: bytes) -> Any:
        """The object that the bytes hold, its keys text or bytes. Raises `CodecError`."""
        if len(data) > MAX_MESSAGE_BYTES:
            raise _limits.refuse_size(_NAME, data)
        try:
            value = msgpack.unpackb(data, timestamp=_NANOSECONDS, ext_hook=_refuse_extension)
        except (ValueError, OverflowError, RecursionError, MemoryError) as error:
            raise CodecError(_NAME, str(error) or type(error).__name__) from error
        if len(data.translate(None, _limits.MSGPACK_NOT_CONTAINERS)) > MAX_MSGPACK_DEPTH:
            _limits.check_value_depth(_NAME, value)
        if _limits.suspect_numbers(data):
            _limits.check_numbers(_NAME, value)
        return value

    def encode(self, value: Any) -> bytes:
        """The bytes of the object: compact, keys in the order given. Raises `CodecError`."""
        try:
            data: bytes = self._pack(value)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise CodecError(_NAME, str(error)) from error
        if _limits.suspect_numbers(data):
            _limits.check_numbers(_NAME, value)
        return data


def _refuse_extension(kind: int, _data: bytes) -> NoReturn:
    raise ValueError(f"unknown extension type {kind}")


@hookimpl
def register_codecs(catalogue: Catalogue) -> None:
    catalogue.add(
        "msgpack",
        MsgpackCodec,
        summary="the msgpack package, made strict",
        capabilities={"format": "msgpack", "strict": True},
        rank=10,
    )
