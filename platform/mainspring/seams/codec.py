"""The codec seam: bytes to plain objects and back."""

from typing import Any, Protocol

from mainspring.seams.catalogue import Catalogue, hookspec

__all__ = ["MAX_DEPTH", "MAX_MESSAGE_BYTES", "MIN_DEPTH", "Codec", "register_codecs"]

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""The largest message that a codec decodes."""

MIN_DEPTH = 64
"""Every codec takes arrays and objects that nest this many levels deep, `[]` being one level."""

MAX_DEPTH = 1024
"""No codec takes a message that nests deeper: it is refused, and never a crash. Where between `MIN_DEPTH` and here a
codec begins to refuse is its own affair, so that a library's own bound may serve."""


class Codec(Protocol):
    """Decodes one message of bytes into dicts, lists, strings, integers, floats, booleans and None, and encodes them.

    `decode` refuses, by `CodecError` and nothing else: what isn't its format, bytes after the message, NaN and
    Infinity, integers beyond 64 bits (signed or unsigned), floats that overflow, strings that aren't UTF-8, more than
    `MAX_MESSAGE_BYTES` bytes, and nesting beyond `MAX_DEPTH`. It never returns a view of its input or of memory that it
    uses again. `encode` refuses NaN, Infinity and integers beyond 64 bits likewise, and what the format can't hold.
    Both take what nests no deeper than `MIN_DEPTH`. A msgpack codec decodes the timestamp extension (type -1) to an
    integer, the nanoseconds since the Unix epoch, refuses every other extension, and decodes binary to `bytes`.

    JSON knows one kind of number, so that a JSON codec that states `large_integers` as "float" may decode an integer
    beyond 64 bits to the nearest float instead. It never decodes one to an `int`. What wants an integer refuses the
    float, as the wire declarations do.

    Where a library can't be made to refuse something, the offer says so in its capabilities, and the plan won't use it
    for a live feed.
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

    Capabilities: `format` ("json" or "msgpack", required) says which of the two codec slots it can fill; `strict`
    (bool, required) is False where something that the contract refuses gets through; `lenient` (str) then names what;
    `duplicate_keys` ("last", "first" or "refused", required) says what becomes of a key that an object holds twice;
    `large_integers` ("refused" or "float", JSON only, default "refused") says what becomes of integers beyond 64 bits;
    `timestamp_ns` (int, msgpack only, default 1) is the resolution of decoded timestamps.
    """
