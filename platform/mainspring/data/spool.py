"""Keeps in a temporary file what comes through a pipe, and recordings of other forms as captures.

A session reads its capture more than once.
"""

import glob
import tempfile
from functools import cache
from pathlib import Path

from mainspring.data.capture import CaptureWriter
from mainspring.data.compression import InputFile
from mainspring.data.cryptofeed import is_cryptofeed, read_cryptofeed
from mainspring.errors import DataError

__all__ = ["MAX_SPOOLED_BYTES", "as_capture", "spool"]

MAX_SPOOLED_BYTES = 1024**3
"""The most that is kept of a pipe, compressed as it comes."""

_HEAD_BYTES = 4096
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


def as_capture(path: Path) -> Path:
    """The file itself if it is a capture, or one made of it if it is a recording in cryptofeed's form.

    A socket's recording `NAME.ws.N` is read together with the answers `NAME.http.N` in the same folder, since its books
    start with them. The file that is made is removed when this process ends. Raises `DataError` if it can't be.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        if not is_cryptofeed(head):
            return path
        status = path.stat()
        return _made(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror or error}") from error


@cache
def _made(path: Path, _size: int, _mtime_ns: int) -> Path:
    name, socket, _ = path.name.partition(".ws.")
    answers = sorted(path.parent.glob(f"{glob.escape(name)}.http.*")) if socket else []
    made = Path(tempfile.mkdtemp(dir=_folder().name)) / path.name
    with CaptureWriter(made) as capture:
        for receive_time_ns, raw in read_cryptofeed(path, *answers):
            capture.write(receive_time_ns, raw)
    return made


@cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="mainspring-")
