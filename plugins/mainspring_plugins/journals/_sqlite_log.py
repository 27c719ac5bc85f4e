"""Looks for damage in SQLite's write-ahead log that SQLite takes for its end.

SQLite uses the log up to the first frame whose checksum is wrong: that is where a crash cut it. A bit that changed in
the middle looks the same, and all that was committed after it would be gone without a word. Yet checksums are chained:
a frame whose checksum continues that of a commit was written after that commit had been synced, so if such a frame is
behind the end, the log is damaged. SQLite: "WAL-mode File Format", https://sqlite.org/walformat.html.
"""

import struct
import sys
from array import array
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["NO_FRAMES_BYTES", "find_damage", "has_log", "index_header"]

_HEADER: Final = struct.Struct(">8I")
"""Magic, version, page size, checkpoint number, two salts, two halves of the checksum."""
_FRAME: Final = struct.Struct(">6I")
"""Page, size of the file in pages if it is a commit, two salts, two halves of the checksum."""
_MAGIC: Final = {0x377F0682: "little", 0x377F0683: "big"}
NO_FRAMES_BYTES: Final = _HEADER.size
"""The size of a log that has its header alone."""
_LOG_VERSIONS: Final = slice(18, 20)
_INDEX_BYTES: Final = 48
_VALID_FRAMES: Final = struct.Struct("=16xI")
_MASK: Final = 0xFFFF_FFFF
_CHECKED_HEADER: Final = 24
_CHECKED_FRAME: Final = 8


class _Frame(NamedTuple):
    commits: bool
    salts: tuple[int, int]
    checksum: tuple[int, int]
    checked: bytes


def has_log(path: Path) -> bool:
    """Whether a database's own header says that it has a write-ahead log."""
    with path.open("rb") as file:
        return file.read(_LOG_VERSIONS.stop)[_LOG_VERSIONS] == b"\2\2"


def index_header(index: bytes) -> bytes | None:
    """Returns the header of the log's index, the file that ends in "-shm"; None while somebody changes it."""
    first, second = index[:_INDEX_BYTES], index[_INDEX_BYTES : 2 * _INDEX_BYTES]
    return first if len(second) == _INDEX_BYTES and first == second else None


def find_damage(log: bytes, header: bytes) -> str | None:
    """Returns what is damaged in the middle of a log, or None; `header` is that of its index.

    Damage of the last commit looks like a crash, and so does that of the one before if its mark as a commit is what
    changed.
    """
    magic, _, page_bytes, *_, salt_1, salt_2, sum_1, sum_2 = _HEADER.unpack_from(log)
    order = _MAGIC.get(magic)
    if order is None or _checksum(log[:_CHECKED_HEADER], order, (0, 0)) != (sum_1, sum_2):
        return "the header of its write-ahead log"
    (valid,) = _VALID_FRAMES.unpack_from(header)
    length = _FRAME.size + page_bytes
    count = (len(log) - _HEADER.size) // length
    before = (sum_1, sum_2)
    last: _Frame | None = None
    for number in range(valid and valid - 1, count):
        at = _HEADER.size + number * length
        _, size, *salts, half_1, half_2 = _FRAME.unpack_from(log, at)
        checked = log[at : at + _CHECKED_FRAME] + log[at + _FRAME.size : at + length]
        frame = _Frame(size != 0, (salts[0], salts[1]), (half_1, half_2), checked)
        follows = number > valid and frame.salts == (salt_1, salt_2)
        if follows and last is not None and last.commits:
            # Either the commit's checksum is right, or what it should be by its page.
            for seed in (last.checksum, _checksum(last.checked, order, before)):
                if _checksum(frame.checked, order, seed) == frame.checksum:
                    return f"frame {valid + 1:,} of its write-ahead log, before frame {number + 1:,}"
        if last is not None:
            before = last.checksum
        last = frame
    return None


def _checksum(data: bytes, order: str, seed: tuple[int, int]) -> tuple[int, int]:
    words = array("I", data)
    if order != sys.byteorder:
        words.byteswap()
    one, two = seed
    pairs = iter(words)
    for even, odd in zip(pairs, pairs, strict=True):
        one = (one + even + two) & _MASK
        two = (two + odd + one) & _MASK
    return one, two
