"""Blocks: entries that were committed together, with a checksum that chains them to the block before."""

import struct
import zlib
from collections.abc import Iterable
from typing import Final, NamedTuple

from mainspring.errors import JournalError
from mainspring.journal.entries import Entry, decode_entries, encode_entries

__all__ = ["FIRST", "Block", "decode_block", "encode_block"]

_MAGIC: Final = b"MSJ2"
"""The format's version: a later one has another digit, and is refused."""

# Magic, session, number, checksum of the block before, length of the body.
_HEAD: Final = struct.Struct("<4sQQII")
_CRC_BYTES: Final = 4

FIRST: Final = 0
"""What stands for the checksum of the block before the first."""


class Block(NamedTuple):
    """A block that was read. `crc` is its checksum, which the next block names."""

    entries: list[Entry]
    crc: int


def encode_block(session: int, number: int, previous: int, entries: Iterable[Entry]) -> tuple[bytes, int]:
    """Returns the bytes of a block, and its checksum.

    `session` and `number` say where it belongs; `previous` is the checksum of the block before, or `FIRST`.
    """
    body = encode_entries(entries)
    data = _HEAD.pack(_MAGIC, session, number, previous, len(body)) + body
    crc = zlib.crc32(data)
    return data + crc.to_bytes(_CRC_BYTES, "little"), crc


def decode_block(data: bytes, session: int, number: int, previous: int | None) -> Block:
    """Reads the block that must stand there: `number` of `session`, after a block with the checksum `previous`.

    None doesn't ask what came before.

    Raises `JournalError` for any other bytes. Its text completes the sentence "block 7 of session 2: ...".
    """
    if len(data) < _HEAD.size + _CRC_BYTES:
        raise JournalError(f"{len(data)} bytes are too few for a block")
    crc = int.from_bytes(data[-_CRC_BYTES:], "little")
    if zlib.crc32(data[:-_CRC_BYTES]) != crc:
        raise JournalError("its checksum doesn't match: the bytes aren't those that were written")
    magic, found_session, found_number, found_previous, length = _HEAD.unpack_from(data)
    if magic != _MAGIC:
        raise JournalError(f"it begins with {magic!r}: another version of the format, which this release can't read")
    if (found_session, found_number) != (session, number):
        raise JournalError(f"the block that stands there is number {found_number} of session {found_session}")
    if previous is not None and found_previous != previous:
        raise JournalError("it doesn't follow the block before it, which was replaced")
    if length != len(data) - _HEAD.size - _CRC_BYTES:
        raise JournalError(f"its body has {len(data) - _HEAD.size - _CRC_BYTES} bytes instead of {length}")
    return Block(decode_entries(data[_HEAD.size : -_CRC_BYTES]), crc)
