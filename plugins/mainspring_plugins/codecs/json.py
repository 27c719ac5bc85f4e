"""JSON by the standard library: always available."""

import json
import math
import re
from typing import Any, NoReturn

from mainspring.errors import CodecError
from mainspring.seams import MAX_JSON_DEPTH, MAX_MESSAGE_BYTES, Catalogue, hookimpl
from mainspring_plugins.codecs import _limits

__all__ = ["JsonCodec", "register_codecs"]

_NAME = "json"
_MAX_INTEGER_TEXT = 20
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class JsonCodec:
    """`json` with its extensions to the format taken away: NaN, Infinity, 1e999, lone surrogates, byte order marks."""

    __slots__ = ("_decoder", "_encoder")

    def __init__(self) -> None:
        self._decoder = json.JSONDecoder(parse_int=_integer, parse_float=_real, parse_constant=_constant)
        self._encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    def decode(self, data: bytes) -> Any:
        """The object that the bytes hold. Raises `CodecError`."""
        if len(data) > MAX_MESSAGE_BYTES:
            raise _limits.refuse_size(_NAME, data)
        if data.count(b"[") + data.count(b"{") > MAX_JSON_DEPTH:
            _limits.check_json_depth(_NAME, data)
        try:
            if b"\\u" in data and _SURROGATE.search(data):
                # The library takes a surrogate without its other half, even where a later key hides it.
                return _limits.decode_by_orjson(_NAME, data)
            return self._decoder.decode(data.decode())
        except RecursionError:
            # Python 3.11 counts these levels among those of the calls, of which it allows 1,000.
            return _limits.decode_by_orjson(_NAME, data)
        except ValueError as error:
            raise CodecError(_NAME, str(error)) from error

    def encode(self, value: Any) -> bytes:
        """The bytes of the object: compact, keys in the order given. Raises `CodecError`."""
        _limits.check_plain(_NAME, value)
        try:
            return self._encoder.encode(value).encode()
        except (TypeError, ValueError) as error:
            raise CodecError(_NAME, str(error)) from error


def _integer(text: str) -> int | float:
    value = int(text) if len(text) <= _MAX_INTEGER_TEXT else 2**64
    return value if -(2**63) <= value < 2**64 else _real(text)


def _real(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"the number {text[:40]} is beyond a double")
    return value


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


@hookimpl
def register_codecs(catalogue: Catalogue) -> None:
    catalogue.add(
        "json",
        JsonCodec,
        summary="the standard library's json, made strict",
        capabilities={"format": "json", "strict": True},
    )
