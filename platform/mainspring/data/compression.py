"""Compressed captures: recognised by their first bytes when read, by the file's ending when written.

Reading takes one pass, so that a pipe serves as well as a file, in memory that doesn't grow with what comes out.
"""

import errno
import gzip
import io
import re
import stat
import sys
import zlib
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from mainspring.errors import DataError

__all__ = ["ZSTD_MODULE", "BrokenCompressionError", "InputFile", "check_kind", "compressed", "decompressed"]

_GZIP_MAGIC = b"\x1f\x8b"
# A zstd stream begins with a frame, or with one of the sixteen kinds of skippable frame.
_ZSTD_MAGIC = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
ZSTD_MODULE = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"

_MAGIC_BYTES = 4
_CHUNK_BYTES = 64 * 1024


class BrokenCompressionError(Exception):
    """The compressed bytes are cut short or damaged."""


class InputFile(io.RawIOBase):
    """A file or pipe opened for one pass. It knows its first bytes in advance and counts what was read.

    Raises `OSError` if it can't be opened, and for a directory, a socket or a disk.
    """

    def __init__(self, path: Path) -> None:
        check_kind(path)
        self._file = io.FileIO(path)
        self._unread = b""
        while len(self._unread) < _MAGIC_BYTES and (more := self._file.read(_MAGIC_BYTES - len(self._unread))):
            self._unread += more
        self.magic = self._unread
        self.bytes_read = 0

    def readable(self) -> bool:
        """See `io.IOBase`."""
        return True

    def readinto(self, buffer: Any) -> int:
        """See `io.RawIOBase`."""
        if self._unread:
            count = min(len(self._unread), len(buffer))
            buffer[:count] = self._unread[:count]
            self._unread = self._unread[count:]
        else:
            count = self._file.readinto(buffer) or 0
        self.bytes_read += count
        return count

    def close(self) -> None:
        """See `io.IOBase`."""
        self._file.close()
        super().close()


def check_kind(path: Path) -> bool:
    """Whether the path is a regular file; False for a pipe or a character device, which can be read once.

    Raises `OSError` if there is nothing, and for anything else.
    """
    mode = path.stat().st_mode
    if stat.S_ISREG(mode):
        return True
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        return False
    raise OSError(errno.EINVAL, "it is neither a file nor a pipe")


def decompressed(file: InputFile, path: Path) -> IO[bytes]:
    """The decompressed bytes of the file; `path` is for messages.

    The stream raises `BrokenCompressionError` when it reaches damage. Raises `DataError` for zstd without its package.
    """
    stream = io.BufferedReader(file, _CHUNK_BYTES)
    if file.magic.startswith(_GZIP_MAGIC):
        return io.BufferedReader(
            _Decompressed(gzip.GzipFile(fileobj=stream, mode="rb"), (EOFError, zlib.error, gzip.BadGzipFile)),
            _CHUNK_BYTES,
        )
    if _ZSTD_MAGIC.match(file.magic):
        zstd = _zstd(path)
        return io.BufferedReader(_Decompressed(zstd.ZstdFile(stream), (EOFError, zstd.ZstdError)), _CHUNK_BYTES)
    return stream


def compressed(file: IO[bytes], path: Path) -> AbstractContextManager[Any]:
    """A stream that writes to `file`, compressed as the ending of `path` says. Raises `DataError` as `decompressed`."""
    if path.suffix == ".gz":
        # Without a name and a time in its header, the same messages make the same bytes.
        return gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0)
    if path.suffix == ".zst":
        writer: AbstractContextManager[Any] = _zstd(path).ZstdFile(file, "wb")
        return writer
    return nullcontext(file)


def _zstd(path: Path) -> Any:
    try:
        return import_module(ZSTD_MODULE)
    except ImportError as error:
        raise DataError(f"{path}: zstd needs a package that isn't installed: install mainspring[zstd]") from error


class _Decompressed(io.RawIOBase):
    """What a decompressing file gives, one bounded piece at a time: all that comes before damage is read."""

    def __init__(self, file: Any, damage: tuple[type[Exception], ...]) -> None:
        self._read = file.read1
        self._damage = damage

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._read(len(buffer))
        except self._damage as error:
            raise BrokenCompressionError(str(error)) from error
        buffer[: len(data)] = data
        return len(data)
