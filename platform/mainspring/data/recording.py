"""Writes captures while they grow: what was received is on its way to the disk a moment later, in files that rotate."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

from mainspring.data.capture import capture_line
from mainspring.data.compression import compressed

__all__ = ["RecordingWriter"]

_NS: Final = 1_000_000_000
_FLUSH_NS: Final = _NS


class RecordingWriter:
    """Adds messages to a capture that readers can follow: within a second they are in the file, whatever comes then.

    A file is called `NAME.part` until it is whole. With `rotate_s` a new one begins at multiples of that time of UTC,
    and the names say when they begin: `btc.cap.zst` becomes `btc-20261129T230000Z.cap.zst`. Files that follow one
    another are read as one recording. Raises `FileExistsError` rather than write over a file, and `OSError` if one
    can't be written.
    """

    def __init__(self, path: Path, *, rotate_s: int | None = None) -> None:
        self._path = path
        self._rotate_ns = None if rotate_s is None else rotate_s * _NS
        self._open = ExitStack()
        self._file: BinaryIO | None = None
        self._stream: Any = None
        self._target = path
        self._ends_ns = 0
        self._flush_ns = 0
        self._last_ns = 0
        self.messages = 0
        self.files: list[Path] = []
        """The files that are whole."""

    def write(self, receive_time_ns: int, raw: bytes) -> None:
        """Adds a message. Its time is that of the last one at least: a clock that was set back doesn't show."""
        self._last_ns = now_ns = max(receive_time_ns, self._last_ns)
        if self._stream is None or (self._rotate_ns is not None and now_ns >= self._ends_ns):
            self.close()
            self._begin(now_ns)
        self._stream.write(capture_line(self._target, now_ns, raw))
        self.messages += 1
        if now_ns >= self._flush_ns:
            self.flush()

    def flush(self) -> None:
        """Hands what was written to the system, so that it survives this process."""
        if self._file is not None:
            self._stream.flush()
            self._file.flush()
            self._flush_ns = self._last_ns + _FLUSH_NS

    def close(self) -> None:
        """Ends the file at hand and gives it its name."""
        if self._file is None:
            return
        self._open.close()
        self._file = self._stream = None
        _part(self._target).rename(self._target)
        self.files.append(self._target)

    def _begin(self, now_ns: int) -> None:
        self._target = self._path
        if self._rotate_ns is not None:
            begins_ns = now_ns - now_ns % self._rotate_ns
            self._ends_ns = begins_ns + self._rotate_ns
            # The first file begins when the recording does, the others where they rotate.
            stamp = datetime.fromtimestamp((begins_ns if self.files else now_ns) // _NS, UTC).strftime("%Y%m%dT%H%M%SZ")
            name, dot, endings = self._path.name.partition(".")
            self._target = self._path.with_name(f"{name}-{stamp}{dot}{endings}")
        if self._target.exists():
            raise FileExistsError(17, "a recording of that name exists", str(self._target))
        self._file = self._open.enter_context(_part(self._target).open("xb"))
        self._stream = self._open.enter_context(compressed(self._file, self._target))
        self._flush_ns = now_ns + _FLUSH_NS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")
