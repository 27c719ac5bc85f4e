"""A venue's own messages, one a line after their receive time, as many programs record them.

A capture is the strict form of it. Here the time may be in seconds, milli-, micro- or nanoseconds, with a fraction, and
be followed by a space, a tab, a comma or a colon; lines end as on any system, the last perhaps not at all, and a byte
order mark is passed over. A message is JSON.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from mainspring.data.capture import MAX_LINE_BYTES
from mainspring.data.compression import BrokenCompressionError, InputFile, decompressed
from mainspring.data.importing.values import time_ns
from mainspring.errors import CaptureError, DataError
from mainspring.seams import RawMessage

__all__ = ["is_recorded", "read_recorded"]

_LINE: Final = re.compile(rb"(\d{9,19}(?:\.\d+)?)[ \t,:]+([\[{].*)", re.DOTALL)
_MARK: Final = b"\xef\xbb\xbf"


def is_recorded(head: bytes) -> bool:
    """Whether a file that begins so is such a recording."""
    return _LINE.match(head.removeprefix(_MARK)) is not None


def read_recorded(path: Path) -> Iterator[RawMessage]:
    """The messages, each with its receive time in nanoseconds. Raises `CaptureError` for a line of another form."""
    try:
        with InputFile(path) as file, decompressed(file, path) as stream:
            yield from _lines(path, stream)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    except BrokenCompressionError as error:
        raise DataError(f"{path}: the compressed data is damaged: {error}") from error


def _lines(path: Path, stream: IO[bytes]) -> Iterator[RawMessage]:
    number = 0
    while line := stream.readline(MAX_LINE_BYTES):
        number += 1
        text = line.removeprefix(_MARK).rstrip(b"\r\n") if number == 1 else line.rstrip(b"\r\n")
        found = _LINE.fullmatch(text)
        if found is None:
            if text:
                raise CaptureError(str(path), number, f"the line begins with {text[:30]!r}: no time and message")
            continue
        try:
            yield time_ns(found[1].decode()), found[2]
        except ValueError as error:
            raise CaptureError(str(path), number, f"{found[1]!r} {error}") from None
