"""Capture files: `<receive time, ns since the Unix epoch> <raw message>` on each line; plain, gzip or zstd.

A message with a newline or a carriage return in it would break the line, so it is written as `base64:` and its standard
base64, and read back as the same bytes. Captures are read and written line by line, in constant memory.
"""

import binascii
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from mainspring.data.compression import BrokenCompressionError, InputFile, check_kind, compressed, decompressed
from mainspring.data.replace import replacing
from mainspring.errors import CaptureError, DataError
from mainspring.seams import MAX_MESSAGE_BYTES, RawMessage

__all__ = ["MAX_LINE_BYTES", "CaptureReader", "CaptureWriter", "capture_line", "read_capture"]

_MAX_TIME_NS = 2**63 - 1
_TIME_DIGITS = len(str(_MAX_TIME_NS))
_NEWLINE = ord("\n")

_BASE64 = b"base64:"
_BASE64_BEGINS = _BASE64[0]
_BASE64_BYTES = (MAX_MESSAGE_BYTES + 2) // 3 * 4

MAX_LINE_BYTES = _TIME_DIGITS + 1 + MAX_MESSAGE_BYTES + 1
"""The longest plain line that is read, with its end: the largest message that a codec decodes, after its time.

A base64 line may be longer, by as much as base64 lengthens that message.
"""
_MAX_BASE64_LINE_BYTES = _TIME_DIGITS + 1 + len(_BASE64) + _BASE64_BYTES + 1


class CaptureReader:
    """Iterates once over a capture, as `(receive_time_ns, raw)`, and counts its lines.

    `lines` counts the lines that were read, `bad_lines` those that were skipped. `bytes_total` is the (compressed)
    size of the file, or 0 for a pipe, whose end isn't known. With `skip_bad`, broken lines are counted and skipped
    instead of raising.
    """

    def __init__(self, path: Path, *, skip_bad: bool) -> None:
        self.path = path
        self.lines = 0
        self.bad_lines = 0
        try:
            regular = check_kind(path)
            self.bytes_total = path.stat().st_size if regular else 0
            if regular:
                # A file that may not be read is reported now. A pipe must not be opened twice.
                with path.open("rb"):
                    pass
        except OSError as error:
            raise DataError(f"{path}: {error.strerror}") from error
        self._skip_bad = skip_bad
        self._file: InputFile | None = None
        self._failed: DataError | None = None
        self._messages = self._read()

    def __iter__(self) -> Iterator[RawMessage]:
        return self._messages

    def __next__(self) -> RawMessage:
        return next(self._messages)

    def take(self, count: int) -> Sequence[RawMessage]:
        """The next messages, at most `count`; none at the end.

        If a line can't be read, returns the messages before it, and the next call raises.
        """
        failed, self._failed = self._failed, None
        if failed is not None:
            self.lines += 1
            raise failed
        taken: list[RawMessage] = []
        try:
            taken.extend(islice(self._messages, count))
        except DataError as error:
            if not taken:
                raise
            # The line is counted when the error is raised.
            self._failed = error
            self.lines -= 1
        return taken

    def close(self) -> None:
        """Stops reading."""
        self._messages.close()

    @property
    def bytes_read(self) -> int:
        """How much of the file has been read: all of it once the capture has ended."""
        return self.bytes_total if self._file is None or self._file.closed else self._file.bytes_read

    def _read(self) -> Generator[RawMessage, None, None]:
        try:
            with InputFile(self.path) as file:
                self._file = file
                with decompressed(file, self.path) as stream:
                    yield from self._lines(stream)
        except OSError as error:
            raise DataError(f"{self.path}: reading stopped after line {self.lines}: {error.strerror}") from error

    def _lines(self, stream: IO[bytes]) -> Iterator[RawMessage]:
        readline = stream.readline
        longest = MAX_LINE_BYTES
        try:
            while True:
                line = readline(longest)
                if not line:
                    return
                if len(line) == longest:
                    line += _rest_of_base64(line, stream)
                self.lines += 1
                time, _, raw = line[:-1].partition(b" ")
                # The usual line is recognised in as few steps as possible; all others are examined below.
                if (
                    raw
                    and raw[0] != _BASE64_BEGINS
                    and line[-1] == _NEWLINE
                    and len(time) <= _TIME_DIGITS
                    and time.isdigit()
                    and (receive_time_ns := int(time)) <= _MAX_TIME_NS
                ):
                    yield receive_time_ns, raw
                    continue
                try:
                    message = _message(line)
                except ValueError as fault:
                    problem = str(fault)
                else:
                    yield message
                    continue
                self._refuse(problem)
                _skip_rest(line, stream)
        except BrokenCompressionError as error:
            self.lines += 1
            self._refuse(f"the compressed file is cut short or broken ({error})")

    def _refuse(self, problem: str) -> None:
        if not self._skip_bad:
            raise CaptureError(str(self.path), self.lines, problem)
        self.bad_lines += 1


class CaptureWriter:
    """Writes a capture: `with CaptureWriter(path) as capture: capture.write(receive_time_ns, raw)`.

    A name ending in `.gz` is written as gzip, `.zst` as zstd, any other plain. The whole file appears under its name
    when the block ends, and not at all if the block raises. The same messages give the same bytes.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._context = self._writing()
        self._stream: Any = None

    def __enter__(self) -> Self:
        self._context.__enter__()
        return self

    def write(self, receive_time_ns: int, raw: bytes) -> None:
        """Adds a message. Raises `DataError` if it is empty or too large, or the time is out of range."""
        self._stream.write(capture_line(self.path, receive_time_ns, raw))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._context.__exit__(kind, error, traceback)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with replacing(self.path) as file, compressed(file, self.path) as self._stream:
            yield


def capture_line(path: Path, receive_time_ns: int, raw: bytes) -> bytes:
    """The line of a message in a capture; `path` is for errors.

    Raises `DataError` if it is empty or too large, or the time is out of range.
    """
    if not 0 < len(raw) <= MAX_MESSAGE_BYTES or not 0 <= receive_time_ns <= _MAX_TIME_NS:
        raise DataError(
            f"{path}: a capture holds messages of 1 to {MAX_MESSAGE_BYTES} bytes, received at "
            f"0 to 2**63 - 1 ns; this one has {len(raw)} bytes and was received at {receive_time_ns}"
        )
    if b"\n" in raw or b"\r" in raw or raw.startswith(_BASE64):
        raw = _BASE64 + binascii.b2a_base64(raw, newline=False)
    return b"%d %b\n" % (receive_time_ns, raw)


def read_capture(path: Path | str, *, skip_bad: bool = False) -> CaptureReader:
    """Reads a capture, whatever its name: its first bytes tell how it is compressed.

    A pipe (a FIFO, `/dev/stdin`) is read in the same way, once.

    Raises `DataError` at once if there is no such file. While it is read, raises `CaptureError`, which names the file
    and the line, for a line that isn't a time, a space and a message, holds invalid base64, is longer than
    `MAX_LINE_BYTES` (about 22 MiB for base64) or is cut short, and for compressed bytes that are cut short or damaged.
    With `skip_bad` such a line is counted and skipped; nothing follows damaged compression. Raises `DataError` if
    reading fails, and for a zstd file if its package isn't installed.
    """
    return CaptureReader(Path(path), skip_bad=skip_bad)


def _message(line: bytes) -> RawMessage:
    """The message on a line. Raises `ValueError` that says what is wrong with the line."""
    if not line.endswith(b"\n"):
        longest = _longest(line)
        cut = len(line) < longest
        raise ValueError(
            "the line is cut short: it doesn't end with a newline"
            if cut
            else f"the line is longer than {longest} bytes"
        )
    time, _, raw = line[:-1].partition(b" ")
    if line == b"\n":
        raise ValueError("the line is empty")
    if not time.isdigit() or (receive_time_ns := _long_time(time)) > _MAX_TIME_NS:
        raise ValueError(f"the line begins with {time[:30]!r}, which is no receive time in nanoseconds")
    if raw.startswith(_BASE64):
        raw = _from_base64(raw[len(_BASE64) :])
    if not raw:
        raise ValueError("the line has no message after its time")
    return receive_time_ns, raw


def _long_time(time: bytes) -> int:
    """The time that any number of digits stand for, without converting more digits than a valid time has."""
    significant = time.lstrip(b"0")
    return int(significant or b"0") if len(significant) <= _TIME_DIGITS else _MAX_TIME_NS + 1


def _from_base64(text: bytes) -> bytes:
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error as error:
        raise ValueError(f"the message after 'base64:' isn't valid base64 ({error})") from error
    if len(raw) > MAX_MESSAGE_BYTES:
        raise ValueError(f"the message is longer than {MAX_MESSAGE_BYTES} bytes")
    return raw


def _longest(line: bytes) -> int:
    """The longest that a line with this beginning may be."""
    head = line[: _TIME_DIGITS + 1 + len(_BASE64)]
    return _MAX_BASE64_LINE_BYTES if head.partition(b" ")[2].startswith(_BASE64) else MAX_LINE_BYTES


def _rest_of_base64(line: bytes, stream: IO[bytes]) -> bytes:
    """The rest of a line that has reached the limit of plain lines, if it is a base64 line."""
    return b"" if line.endswith(b"\n") else stream.readline(_longest(line) - len(line))


def _skip_rest(line: bytes, stream: IO[bytes]) -> None:
    """Skips what a line has beyond the limit."""
    while line and not line.endswith(b"\n"):
        line = stream.readline(MAX_LINE_BYTES)
