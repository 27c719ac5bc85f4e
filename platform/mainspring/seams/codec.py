"""The codec seam: bytes to plain objects and back."""

from typing import Any, Protocol

from mainspring.seams.catalogue import Catalogue, hookspec

__all__ = [
    "MAX_ENCODED_DEPTH",
    "MAX_JSON_DEPTH",
    "MAX_MESSAGE_BYTES",
    "MAX_MSGPACK_DEPTH",
    "Codec",
    "register_codecs",
]

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""The largest message that a codec decodes."""

MAX_JSON_DEPTH = 1024
"""The most levels that arrays and objects of a JSON message may nest, `[]` being one level. It is orjson's bound."""

MAX_MSGPACK_DEPTH = 64
"""The most levels that arrays and maps of a msgpack message may nest."""

MAX_ENCODED_DEPTH = 64
"""The most levels that a value to be encoded may nest."""


class Codec(Protocol):
    """Decodes one message of bytes into dicts, lists, strings, integers, floats, booleans and None, and encodes them.

    All codecs of a format give the same value for the same bytes, or all refuse them, and so do the decoders that read
    a format without a codec: a session doesn't depend on which one it runs with.

    `decode` refuses, with `CodecError` and nothing else: what isn't its format, bytes after the message, NaN and
    Infinity, numbers beyond the range of a double, strings that aren't UTF-8, more than `MAX_MESSAGE_BYTES` bytes, and
    nesting beyond the format's bound. What nests up to the bound is taken. Of two equal keys in an object the last
    counts. `decode` never returns a view of its input or of memory that it uses again.

    JSON is RFC 8259 in UTF-8, with neither a byte order mark nor a lone surrogate, even an escaped one. A number
    without a fraction or an exponent is an `int` if it fits into 64 bits, signed or unsigned (`-0` is 0), and the
    nearest float otherwise. Every other number is the nearest float. What needs an integer refuses the float, as the
    wire declarations do.

    msgpack keys are text or bytes. The timestamp extension (type -1) becomes an integer, the exact nanoseconds since
    the Unix epoch, if that fits into 64 bits; every other extension is refused. Binary becomes `bytes`.

    `encode` takes values that nest up to `MAX_ENCODED_DEPTH`, and refuses NaN, Infinity, integers beyond 64 bits, lone
    surrogates, and what the format can't hold.

    A codec whose library can't be made to keep this says so: it isn't `strict`, and no feed is read with it.
    """

    def decode(self, data: bytes) -> Any:
        """The object that the bytes hold. Raises `CodecError`."""
        ...

    def encode(self, value: Any) -> bytes:
        """The bytes of the object: compact, keys in the order given. Raises `CodecError`."""
        ...


@hookspec
def register_codecs(catalogue: Catalogue) -> None:
    """Offers codecs.

    Called once, when the registry loads. Add each codec by `catalogue.add(name, factory, summary=...,
    capabilities=...)`; the factory is called as `factory()`, once for each lane, and returns an object that keeps the
    contract of `mainspring.seams.Codec`. `mainspring.testing.check_codec` checks that it does.

    Capabilities: `format` ("json" or "msgpack", required) says which of the two codec slots it fits; `strict` (bool,
    required) is False if `decode` departs from the contract, and `lenient` (str) then says how: the plan
    refuses to read a feed with it.
    """
