"""JSON by pysimdjson, if it is installed. It can't encode: orjson does."""

from typing import Any

from mainspring.errors import CodecError
from mainspring.seams import MAX_MESSAGE_BYTES, Catalogue, Needs, hookimpl
from mainspring_plugins.codecs import _limits
from mainspring_plugins.codecs.orjson import OrjsonCodec

__all__ = ["SimdjsonCodec", "register_codecs"]

_NAME = "simdjson"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class SimdjsonCodec:
    """A reused `simdjson.Parser`, whose document is copied into plain objects before the next one overwrites it.

    simdjson refuses integers beyond 64 bits and, through pysimdjson, more than 1,023 levels, which the contract takes:
    orjson decides on what simdjson refuses.
    """

    __slots__ = ("_parse", "encode")

    def __init__(self) -> None:
        import simdjson

        self._parse = simdjson.Parser().parse
        self.encode = OrjsonCodec().encode

    def decode(self, data: bytes) -> Any:
        """The object that the bytes hold. Raises `CodecError`."""
        if len(data) > MAX_MESSAGE_BYTES:
            raise _limits.refuse_size(_NAME, data)
        if data.startswith(_BYTE_ORDER_MARK):
            raise CodecError(_NAME, "a byte order mark is not JSON")
        try:
            return self._parse(data, True)
        except (ValueError, RuntimeError):
            return _limits.decode_by_orjson(_NAME, data)


@hookimpl
def register_codecs(catalogue: Catalogue) -> None:
    catalogue.add(
        "simdjson",
        SimdjsonCodec,
        summary="pysimdjson for decoding, orjson for encoding",
        needs=Needs(packages=("simdjson",)),
        capabilities={"format": "json", "strict": True},
    )
