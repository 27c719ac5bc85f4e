"""Keeps what comes through a pipe in a temporary file: a session reads its capture more than once."""

import tempfile
from functools import cache
from pathlib import Path

from mainspring.data.compression import InputFile
from mainspring.errors import DataError

__all__ = ["MAX_SPOOLED_BYTES", "spool"]

MAX_SPOOLED_BYTES = 1024**3
"""The most that is kept of a pipe, compressed as it comes."""

_PIECE_BYTES = 1024 * 1024


def spool(pipe: Path) -> Path:
    """The file that holds everything that came through the pipe. It is removed when this process ends.

    Reads the pipe to its end, once: later calls return the same file. Raises `DataError` if more than
    `MAX_SPOOLED_BYTES` come, and if the pipe can't be read or the file can't be written.
    """
    try:
        status = pipe.stat()
        return _spooled(pipe, status.st_dev, status.st_ino)
    except OSError as error:
        raise DataError(f"{pipe} can't be kept in a temporary file: {error.strerror or error}") from error


@cache
def _spooled(pipe: Path, _device: int, _inode: int) -> Path:
    kept = Path(tempfile.mkdtemp(dir=_folder().name)) / pipe.name
    with InputFile(pipe) as source, kept.open("xb") as target:
        while piece := source.read(_PIECE_BYTES):
            target.write(piece)
            if source.bytes_read > MAX_SPOOLED_BYTES:
                kept.unlink()
                raise DataError(
                    f"more than {MAX_SPOOLED_BYTES:,} bytes come from {pipe}: write them to a file and name that file"
                )
    return kept


@cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="mainspring-")
