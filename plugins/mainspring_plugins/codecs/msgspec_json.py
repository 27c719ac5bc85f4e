"""JSON by msgspec, without a schema."""

from typing import Any

import msgspec

from mainspring.errors import CodecError
from mainspring.seams import MAX_JSON_DEPTH, MAX_MESSAGE_BYTES, Catalogue, hookimpl
from mainspring_plugins.codecs import _limits

__all__ = ["MsgspecJsonCodec", "register_codecs"]

_NAME = "msgspec"


class MsgspecJsonCodec:
    """`msgspec.json` with bounds.

    msgspec decodes integers of any size to `int`, and bounds nesting by Python's recursion limit only, which may be too
    low for the contract or too high for the stack. A message with such an integer, or one that meets that limit, is
    decoded by orjson.
    """

    __slots__ = ("_decode", "_encode")

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder().decode
        self._encode = msgspec.json.Encoder().encode

    def decode(self, data: bytes) -> Any:
        """The object that the bytes hold. Raises `CodecError`. The bounds cost a usual message about 0.6 us."""
        if len(data) > MAX_MESSAGE_BYTES:
            raise _limits.refuse_size(_NAME, data)
        shape = data.translate(_limits.JSON_SHAPE)
        if shape.count(_limits.OPEN) > MAX_JSON_DEPTH:
            _limits.check_json_depth(_NAME, data)
        try:
            value = self._decode(data)
        except RecursionError:
            return _limits.decode_by_orjson(_NAME, data)
        except (msgspec.MsgspecError, ValueError) as error:
            raise CodecError(_NAME, str(error)) from error
        if _limits.LONG_INTEGER in shape and _limits.has_large_integer(data):
            return _limits.decode_by_orjson(_NAME, data)
        return value

    def encode(self, value: Any) -> bytes:
        """The bytes of the object: compact, keys in the order given. Raises `CodecError`."""
        _limits.check_plain(_NAME, value)
        try:
            return self._encode(value)
        except (msgspec.MsgspecError, TypeError, ValueError) as error:
            raise CodecError(_NAME, str(error)) from error


@hookimpl
def register_codecs(catalogue: Catalogue) -> None:
    catalogue.add(
        "msgspec",
        MsgspecJsonCodec,
        summary="msgspec's JSON without a schema, made strict",
        capabilities={"format": "json", "strict": True},
    )
