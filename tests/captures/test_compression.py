"""Compressed captures and pipes: bounded memory, one pass, and damage named by file and line."""

import gzip
import os
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mainspring.data import read_capture
from mainspring.data.capture import MAX_LINE_BYTES
from mainspring.data.compression import ZSTD_MODULE
from mainspring.errors import CaptureError, DataError

_MIB = 1024 * 1024
_LINE = b"1 " + b"0" * 1021 + b"\n"
_SKIPPABLE = b"\x5f\x2a\x4d\x18\x03\x00\x00\x00abc"


def _zstd() -> Any:
    return pytest.importorskip(ZSTD_MODULE)


def _compress_zstd(data: bytes) -> bytes:
    zstd = _zstd()
    compressed: bytes = zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})
    return compressed


_COMPRESS = {"gzip": gzip.compress, "zstd": _compress_zstd}


@pytest.mark.parametrize("kind", _COMPRESS)
def test_memory_does_not_grow_with_what_is_expanded(kind: str, tmp_path: Path) -> None:
    """A few kilobytes that stand for 16 MiB of lines are read through buffers of a few hundred kilobytes.

    Bounded buffers bound the work as well: nothing that is copied is larger than they are.
    """
    path = tmp_path / "capture"
    path.write_bytes(_COMPRESS[kind](_LINE * (16 * _MIB // len(_LINE))))
    assert path.stat().st_size < 100_000
    list(read_capture(_small(tmp_path, kind)))  # imports what it needs before anything is measured
    tracemalloc.start()
    try:
        lines = sum(1 for _ in read_capture(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert lines == 16 * _MIB // len(_LINE)
    assert peak < _MIB


def _small(folder: Path, kind: str) -> Path:
    path = folder / "small"
    path.write_bytes(_COMPRESS[kind](_LINE))
    return path


@pytest.mark.parametrize("kind", _COMPRESS)
def test_a_line_that_never_ends_is_refused_at_the_limit(kind: str, tmp_path: Path) -> None:
    """64 MiB of zeros in a few kilobytes: the error names file, line and limit, and the memory is the limit's."""
    path = tmp_path / "capture"
    path.write_bytes(_COMPRESS[kind](b"1 a\n" + bytes(64 * _MIB)))
    tracemalloc.start()
    try:
        with pytest.raises(CaptureError, match=f"line 2: the line is longer than {MAX_LINE_BYTES} bytes") as caught:
            list(read_capture(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.path == str(path)
    assert peak < 4 * MAX_LINE_BYTES


def test_zstd_frames_of_every_kind_make_one_capture(tmp_path: Path) -> None:
    """Frames, empty frames and skippable frames follow one another; only what the frames hold is read."""
    path = tmp_path / "capture"
    parts = (
        _SKIPPABLE,
        _compress_zstd(b"1 a\n2 b"),
        _compress_zstd(b""),
        _SKIPPABLE,
        _compress_zstd(b"b\n"),
        _SKIPPABLE,
    )
    path.write_bytes(b"".join(parts))
    assert list(read_capture(path)) == [(1, b"a"), (2, b"bb")]


@pytest.mark.parametrize("where", ["frame", "checksum", "skippable frame", "second frame"])
def test_a_zstd_file_cut_anywhere_is_an_error(where: str, tmp_path: Path) -> None:
    """In a frame, in its checksum, in a skippable frame, in a later frame: with file and line."""
    whole = _compress_zstd(b"1 a\n")
    cut = {
        "frame": whole[:-8],
        "checksum": whole[:-1],
        "skippable frame": whole + _SKIPPABLE[:-1],
        "second frame": whole + whole[:-2],
    }[where]
    path = tmp_path / "capture"
    path.write_bytes(cut)
    with pytest.raises(CaptureError, match=rf"{path}, line \d: the compressed file is cut short"):
        list(read_capture(path))


def test_a_zstd_frame_with_a_wrong_checksum_is_an_error(tmp_path: Path) -> None:
    """The content decodes, and isn't what was written."""
    whole = bytearray(_compress_zstd(b"1 hello\n"))
    whole[whole.index(b"hello")] = ord("j")
    path = tmp_path / "capture"
    path.write_bytes(whole)
    with pytest.raises(CaptureError, match="cut short or broken"):
        list(read_capture(path))


def _piped(tmp_path: Path, pieces: list[bytes], read: Callable[[Path], Any]) -> Any:
    """What `read` makes of a FIFO that another thread writes these pieces to."""
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def write() -> None:
        with path.open("wb", buffering=0) as pipe:
            for piece in pieces:
                pipe.write(piece)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        return read(path)
    finally:
        thread.join()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs here")
@pytest.mark.parametrize("kind", ["plain", *_COMPRESS])
def test_a_pipe_is_read_in_one_pass(kind: str, tmp_path: Path) -> None:
    """Byte by byte if it comes so, compressed or not; nothing is opened twice or rewound."""
    data = _COMPRESS.get(kind, bytes)(b"1 a\n2 b\n")
    pieces = [data[at : at + 1] for at in range(len(data))]
    messages, reader = _piped(tmp_path, pieces, lambda path: (list(reader := read_capture(path)), reader))
    assert messages == [(1, b"a"), (2, b"b")]
    assert (reader.lines, reader.bytes_total) == (2, 0)


@pytest.mark.parametrize("unfit", ["folder", "/dev/zero/none"])
def test_what_cannot_be_read_is_an_error_at_once(unfit: str, tmp_path: Path) -> None:
    """A folder, or a path below a device."""
    path = tmp_path if unfit == "folder" else Path(unfit)
    with pytest.raises(DataError, match=str(path)):
        read_capture(path)
