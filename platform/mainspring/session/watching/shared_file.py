"""Memory that one process writes its state to and others read: the writer never waits, whatever readers do."""

import mmap
import os
import stat
import struct
import tempfile
import time
import zlib
from pathlib import Path
from typing import Final, NamedTuple, Self

from mainspring.errors import DataError

__all__ = ["RING_BYTES", "STATE_BYTES", "Records", "SharedReader", "SharedWriter", "shared_path"]

STATE_BYTES: Final = 1 << 20
"""The most that a state may have."""

RING_BYTES: Final = 1 << 22
"""How many of the latest bytes of records are kept."""

_MAGIC: Final = b"MSWATCH1"
# The state's number and length with its checksum; where the records end and the oldest begin; till when it is read.
_NUMBER, _STATE, _HEAD, _TAIL, _WANTED = 8, 16, 24, 32, 40
_STATE_AT: Final = 64
_RING_AT: Final = _STATE_AT + STATE_BYTES
_BYTES: Final = _RING_AT + RING_BYTES
_WORD: Final = struct.Struct("=Q")
_CHECKED: Final = struct.Struct("=II")
_WANTED_NS: Final = 2_000_000_000
_TRIES: Final = 100


def shared_path(control: Path, lane: str) -> Path:
    """Returns where a lane of a control folder keeps its state: in memory, where the system has a place for that.

    On a disk a page that is being written back would hold the writer up.
    """
    memory = Path("/dev/shm")  # noqa: S108  made exclusively, for this user alone
    folder = memory if memory.is_dir() else Path(tempfile.gettempdir())
    key = zlib.crc32(str(control.absolute()).encode())
    safe = "".join(one if one.isalnum() else "-" for one in lane)
    user = os.getuid() if hasattr(os, "getuid") else 0
    return folder / f"mainspring-{user}-{key:08x}-{safe}.watch"


class SharedWriter:
    """Writes a lane's state, and the records of its order log. Nothing here waits, or makes a system call.

    A state is replaced as a whole; its number is odd while that happens, and a checksum tells a torn one on any
    machine. Records go into a ring: who reads too late loses the oldest, and sees that. Raises `DataError` if it
    can't be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            # One that a killed session left; another user's can't be removed there, nor is it opened.
            path.unlink(missing_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.ftruncate(descriptor, _BYTES)
                self._memory = mmap.mmap(descriptor, _BYTES)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise DataError(f"{path}, where a session shows its state, can't be made: {error.strerror}") from error
        self._number = self._head = self._tail = 0
        self._memory[: len(_MAGIC)] = _MAGIC

    @property
    def wanted(self) -> bool:
        """Whether anybody has read lately."""
        until_ns: int = _WORD.unpack_from(self._memory, _WANTED)[0]
        return time.monotonic_ns() < until_ns

    def write_state(self, state: bytes) -> bool:
        """Replaces the state; returns False for one that is too long, which changes nothing."""
        if len(state) > STATE_BYTES:
            return False
        memory = self._memory
        _WORD.pack_into(memory, _NUMBER, self._number + 1)
        memory[_STATE_AT : _STATE_AT + len(state)] = state
        _CHECKED.pack_into(memory, _STATE, len(state), zlib.crc32(state))
        self._number += 2
        _WORD.pack_into(memory, _NUMBER, self._number)
        return True

    def write_records(self, data: bytes) -> None:
        """Appends whole records. If they don't fit into the ring, they count as lost."""
        length = _CHECKED.size + len(data)
        head, memory = self._head, self._memory
        if length > RING_BYTES:
            self._head = self._tail = head + length
            _WORD.pack_into(memory, _TAIL, self._tail)
            _WORD.pack_into(memory, _HEAD, self._head)
            return
        tail = self._tail
        while tail < head and head + length - tail > RING_BYTES:
            tail += _CHECKED.size + _CHECKED.unpack(_read_ring(memory, tail, _CHECKED.size))[0]
        if tail != self._tail:
            # Before the bytes: a reader that finds it moved knows that what it has read may be torn.
            self._tail = tail
            _WORD.pack_into(memory, _TAIL, tail)
        _write_ring(memory, head, _CHECKED.pack(len(data), zlib.crc32(data)) + data)
        self._head = head + length
        _WORD.pack_into(memory, _HEAD, self._head)

    def close(self) -> None:
        """Removes the memory; those that read it keep what they have."""
        self._memory.close()
        self.path.unlink(missing_ok=True)


class Records(NamedTuple):
    """Records since a place: their bytes, the place after them, and whether some were lost in between."""

    data: bytes
    place: int
    lost: bool


class SharedReader:
    """Reads what a `SharedWriter` writes. Raises `DataError` if there is nothing that this user may read."""

    def __init__(self, path: Path) -> None:
        try:
            descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        except OSError as error:
            raise DataError(f"{path}, where a session shows its state, can't be read: {error.strerror}") from error
        try:
            found = os.fstat(descriptor)
            own = not hasattr(os, "getuid") or found.st_uid == os.getuid()
            if not (stat.S_ISREG(found.st_mode) and own and found.st_size == _BYTES):
                raise DataError(f"{path} isn't where a session of this user and release shows its state")
            self._memory = mmap.mmap(descriptor, _BYTES)
        finally:
            os.close(descriptor)
        if self._memory[: len(_MAGIC)] != _MAGIC:
            self._memory.close()
            raise DataError(f"{path} isn't where a session of this release shows its state")

    def want(self) -> None:
        """Says that somebody reads: the session shows its state for the next two seconds."""
        _WORD.pack_into(self._memory, _WANTED, time.monotonic_ns() + _WANTED_NS)

    @property
    def number(self) -> int:
        """The number of the latest state, which grows with each; 0 before the first."""
        found: int = _WORD.unpack_from(self._memory, _NUMBER)[0]
        return found & ~1

    def state(self) -> bytes | None:
        """Returns the latest state; None if there is none yet, or it changes faster than it can be read."""
        memory = self._memory
        for _ in range(_TRIES):
            number: int = _WORD.unpack_from(memory, _NUMBER)[0]
            if not number:
                return None
            length, checksum = _CHECKED.unpack_from(memory, _STATE)
            if number % 2 == 0 and length <= STATE_BYTES:
                state = memory[_STATE_AT : _STATE_AT + length]
                if zlib.crc32(state) == checksum:
                    return state
        return None

    def records(self, place: int) -> Records:
        """Returns the records since a place, 0 for the oldest there are."""
        memory = self._memory
        head: int = _WORD.unpack_from(memory, _HEAD)[0]
        tail: int = _WORD.unpack_from(memory, _TAIL)[0]
        start = max(place, tail)
        raw = _read_ring(memory, start, head - start) if head > start else b""
        moved: int = _WORD.unpack_from(memory, _TAIL)[0]
        if moved > start:
            return Records(b"", moved, lost=True)
        parts, at = [], 0
        while at + _CHECKED.size <= len(raw):
            length, checksum = _CHECKED.unpack_from(raw, at)
            data = raw[at + _CHECKED.size : at + _CHECKED.size + length]
            if zlib.crc32(data) != checksum:
                # Not all of it has arrived here yet.
                break
            parts.append(data)
            at += _CHECKED.size + length
        return Records(b"".join(parts), start + at, lost=start > place and place > 0)

    def close(self) -> None:
        """Lets go of the memory."""
        self._memory.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _read_ring(memory: mmap.mmap, place: int, length: int) -> bytes:
    at = place % RING_BYTES
    first = memory[_RING_AT + at : _RING_AT + min(at + length, RING_BYTES)]
    return first + memory[_RING_AT : _RING_AT + length - len(first)]


def _write_ring(memory: mmap.mmap, place: int, data: bytes) -> None:
    at = place % RING_BYTES
    first = min(len(data), RING_BYTES - at)
    memory[_RING_AT + at : _RING_AT + at + first] = data[:first]
    memory[_RING_AT : _RING_AT + len(data) - first] = data[first:]
