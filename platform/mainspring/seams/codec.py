"""The codec seam: converts bytes to plain objects and back."""

from typing import Any, Protocol

from mainspring.seams.catalogue import Catalogue, hookspec

__all__ = ["MAX_DEPTH", "MAX_MESSAGE_BYTES", "MIN_DEPTH", "Codec", "register_codecs"]

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""The largest message that a codec decodes."""

MIN_DEPTH = 64
"""Every codec accepts arrays and objects nested this deep; `[]` is one level."""

MAX_DEPTH = 1024
"""Every codec rejects messages nested deeper than this, and never crashes. Between `MIN_DEPTH` and this the limit is
the codec's own, so that a library's built-in limit can serve."""


class Codec(Protocol):
    """Decodes a message into dicts, lists, strings, integers, floats, booleans and None, and encodes them.

    `decode` rejects with `CodecError`, and no other exception: bytes that aren't its format, bytes after the message,
    NaN and Infinity, integers that exceed 64 bits (signed or unsigned), floats that overflow, strings that aren't
    UTF-8, more than `MAX_MESSAGE_BYTES` bytes, and nesting deeper than `MAX_DEPTH`. It never returns a view of its
    input or of memory that it reuses. `encode` likewise rejects NaN, Infinity, integers that exceed 64 bits, and
    values that the format can't hold. Both accept nesting up to `MIN_DEPTH`. A msgpack codec decodes the timestamp
    extension (type -1) to an integer, in nanoseconds since the Unix epoch, rejects every other extension, and decodes
    binary to `bytes`.

    JSON has one kind of number, so a JSON codec that declares `large_integers` as "float" may decode an integer that
    exceeds 64 bits to the nearest float instead, but never to an `int`. Code that needs an integer rejects the float,
    as the wire declarations do.

    If a library can't be made to reject something, the offer says so in its capabilities, and the plan won't use it
    for a live feed.
    """

    def decode(self, data: bytes) -> Any:
        """Returns the object that the bytes encode. Raises `CodecError`."""
        ...

    def encode(self, value: Any) -> bytes:
        """Returns the object as bytes: compact, keys in the given order. Raises `CodecError`."""
        ...


@hookspec
def register_codecs(catalogue: Catalogue) -> None:
    """Offers codecs.

    Called once, when the registry loads. Add each codec with `catalogue.add(name, factory, summary=...,
    capabilities=...)`; the factory is called as `factory()`, once per lane, and returns an object that implements
    `mainspring.seams.Codec`. `mainspring.testing.check_codec` checks that it does.

    Capabilities: `format` ("json" or "msgpack", required) says which of the two codec slots it serves; `strict` (bool,
    required) is False if it accepts something that the contract rejects, which `lenient` (str) then names;
    `duplicate_keys` ("last", "first" or "refused", required) says how it handles a repeated key in an object;
    `large_integers` ("refused" or "float", JSON only, default "refused") says how it handles integers that exceed 64
    bits; `timestamp_ns` (int, msgpack only, default 1) is the resolution of decoded timestamps.
    """
