"""Binary by ormsgpack, if it is installed."""

from functools import partial
from typing import Any

from mainspring.errors import CodecError
from mainspring.seams import MAX_MESSAGE_BYTES, MAX_MSGPACK_DEPTH, Catalogue, Needs, hookimpl
from mainspring_plugins.codecs import _limits, _timestamps

__all__ = ["OrmsgpackCodec", "register_codecs"]

_NAME = "ormsgpack"


class OrmsgpackCodec:
    """`ormsgpack` with bounds. It ignores what follows a message, and doesn't say how much it has read."""

    __slots__ = ("_pack", "_unpack")

    def __init__(self) -> None:
        import ormsgpack

        self._unpack = partial(ormsgpack.unpackb, ext_hook=partial(_timestamps.from_extension, _NAME))
        self._pack = partial(
            ormsgpack.packb,
            option=ormsgpack.OPT_PASSTHROUGH_DATACLASS
            | ormsgpack.OPT_PASSTHROUGH_DATETIME
            | ormsgpack.OPT_PASSTHROUGH_UUID,
        )

    def decode(self, data: bytes) -> Any:
        """The object that the bytes hold, its keys text. Raises `CodecError`."""
        if len(data) > MAX_MESSAGE_BYTES:
            raise _limits.refuse_size(_NAME, data)
        try:
            value = self._unpack(data)
        except ValueError as error:
            raise CodecError(_NAME, str(error)) from error
        if len(data.translate(None, _limits.MSGPACK_NOT_CONTAINERS)) > MAX_MSGPACK_DEPTH:
            _limits.check_value_depth(_NAME, value)
        if _limits.suspect_numbers(data):
            _limits.check_numbers(_NAME, value)
        return value

    def encode(self, value: Any) -> bytes:
        """The bytes of the object: compact, keys in the order given. Raises `CodecError`."""
        try:
            data = self._pack(value)
        except TypeError as error:
            raise CodecError(_NAME, str(error)) from error
        if _limits.suspect_numbers(data):
            _limits.check_numbers(_NAME, value)
        return data


@hookimpl
def register_codecs(catalogue: Catalogue) -> None:
    catalogue.add(
        "ormsgpack",
        OrmsgpackCodec,
        summary="ormsgpack; not strict, so no feed is read with it",
        needs=Needs(packages=("ormsgpack",)),
        capabilities={
            "format": "msgpack",
            "strict": False,
            "lenient": "bytes after the message are ignored, and keys that are bytes are refused",
        },
    )
