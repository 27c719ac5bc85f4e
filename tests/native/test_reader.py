"""The native capture reader with the plain one behind it: messages, counts and errors of the plain one alone."""

import base64
import gzip
import random
import subprocess
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.data import read_capture
from mainspring.data.compression import ZSTD_MODULE
from mainspring.errors import DataError
from mainspring.seams import RawMessage
from mainspring.session.ahead import BlockReader

_DATA = Path(__file__).resolve().parents[2].parent / "shared/data"
_CAPTURES = sorted(str(path.relative_to(_DATA)) for path in _DATA.glob("binance/*/*.gz")) or ["binance/spot/*.gz"]


class _Reader(Protocol):
    @property
    def lines(self) -> int: ...

    @property
    def bad_lines(self) -> int: ...

    def take(self, count: int) -> Sequence[RawMessage]: ...

    def close(self) -> None: ...


def _ahead(path: Path, *, skip_bad: bool, block: int = 64) -> BlockReader:
    from mainspring_native._native import CaptureBlocks

    blocks: Any = CaptureBlocks(path, block)
    return BlockReader(read_capture(path, skip_bad=skip_bad), blocks)


def _outcome(reader: _Reader) -> tuple[list[RawMessage], str, int, int]:
    """All messages, the error that ended them, and how many lines were read and passed over."""
    messages: list[RawMessage] = []
    problem = ""
    try:
        while len(taken := reader.take(64)):
            messages += list(taken)
    except DataError as error:
        problem = f"{type(error).__name__}: {error}"
    reader.close()
    return messages, problem, reader.lines, reader.bad_lines


def _alike(path: Path) -> None:
    for skip_bad in (False, True):
        right = _outcome(read_capture(path, skip_bad=skip_bad))
        assert _outcome(_ahead(path, skip_bad=skip_bad)) == right


@pytest.mark.parametrize("capture", _CAPTURES)
def test_every_capture_is_read_alike(capture: str) -> None:
    path = _DATA / capture
    if not path.is_file():
        pytest.skip(f"captures absent: {capture}")
    _alike(path)


_LINES = b"".join(b'%d {"n":%d}\n' % (1_000 + n, n) for n in range(300))
_BINARY = b"".join(b"%d base64:%s\n" % (n, base64.b64encode(bytes(range(n % 40)) + b"\n")) for n in range(200))


def _zstd(data: bytes) -> bytes:
    zstd = pytest.importorskip(ZSTD_MODULE)
    compressed: bytes = zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})
    return compressed


_SKIPPABLE = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: b"", id="empty"),
        pytest.param(lambda: _LINES, id="plain"),
        pytest.param(lambda: _BINARY, id="base64"),
        pytest.param(lambda: gzip.compress(_LINES), id="gzip"),
        pytest.param(lambda: gzip.compress(_LINES[:700]) + gzip.compress(_LINES[700:]), id="two members"),
        pytest.param(lambda: gzip.compress(_LINES) + b"\0" * 20, id="padded gzip"),
        pytest.param(lambda: gzip.compress(_LINES) + b"more", id="garbage behind gzip"),
        pytest.param(lambda: gzip.compress(_LINES)[:-9], id="cut gzip"),
        pytest.param(lambda: gzip.compress(_LINES)[:-3] + b"abc", id="wrong checksum"),
        pytest.param(lambda: gzip.compress(b""), id="gzip of nothing"),
        pytest.param(lambda: b"\x1f\x8b", id="gzip's magic alone"),
        pytest.param(lambda: _zstd(_LINES), id="zstd"),
        pytest.param(lambda: _zstd(_LINES[:700]) + _zstd(_LINES[700:]), id="two frames"),
        pytest.param(lambda: _SKIPPABLE + _zstd(_LINES), id="a frame to be skipped"),
        pytest.param(lambda: _zstd(_LINES)[:-9], id="cut zstd"),
        pytest.param(lambda: _zstd(_LINES) + b"more", id="garbage behind zstd"),
        pytest.param(lambda: _zstd(_LINES)[:-3] + b"abc", id="wrong checksum of a frame"),
        pytest.param(lambda: _zstd(_LINES) + _SKIPPABLE[:-1], id="cut in a frame to be skipped"),
        pytest.param(lambda: _zstd(b"") + _SKIPPABLE + _zstd(_LINES) + _SKIPPABLE, id="empty and skippable frames"),
        pytest.param(lambda: gzip.compress(b"7 " + bytes(64 * 1024 * 1024)), id="64 MiB of zeros, gzip"),
        pytest.param(lambda: _zstd(_LINES + bytes(64 * 1024 * 1024)), id="64 MiB of zeros, zstd"),
        pytest.param(lambda: _LINES + b"1 no end", id="no end"),
        pytest.param(lambda: _LINES + b"\n" + _LINES, id="an empty line"),
        pytest.param(lambda: _LINES + b"9223372036854775808 a\n" + _LINES, id="a time beyond 63 bits"),
        pytest.param(lambda: b"00000000000000000007 a\n" + _LINES, id="twenty digits"),
        pytest.param(lambda: _LINES + b"7 \n" + _LINES, id="no message"),
        pytest.param(lambda: _LINES + b"7 base64:\n" + _LINES, id="no base64"),
        pytest.param(lambda: _LINES + b"7 base64:AAA\n" + _LINES, id="broken base64"),
        pytest.param(lambda: _LINES + b"7 base64:AAB=\n" + _LINES, id="loose base64"),
        pytest.param(lambda: _LINES + b"7 a\r\n" + _LINES, id="a carriage return"),
        pytest.param(lambda: b"7 " + b"x" * (16 * 1024 * 1024) + b"\n" + _LINES, id="as long as may be"),
        pytest.param(lambda: b"7 " + b"x" * (16 * 1024 * 1024 + 1) + b"\n" + _LINES, id="too long"),
        pytest.param(lambda: b"7 " + b"x" * (24 * 1024 * 1024), id="long without an end"),
    ],
)
def test_files_of_every_make_are_read_alike(make: Callable[[], bytes], tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(make())
    _alike(path)


_line = st.one_of(
    st.builds(lambda time, raw: b"%d %b\n" % (time, raw), st.integers(0, 2**63), st.binary(max_size=30)),
    st.builds(lambda raw: b"5 base64:%b\n" % base64.b64encode(raw), st.binary(max_size=30)),
    st.binary(max_size=12),
)


@settings(deadline=None)
@given(
    lines=st.lists(_line, max_size=40),
    form=st.sampled_from([bytes, gzip.compress, _zstd]),
    cut=st.integers(0, 3),
    flip=st.one_of(st.none(), st.tuples(st.integers(0, 2_000), st.integers(1, 255))),
)
def test_spoilt_files_are_read_alike(
    lines: list[bytes],
    form: Callable[[bytes], bytes],
    cut: int,
    flip: tuple[int, int] | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    data = bytearray(form(b"".join(lines)))
    if flip is not None and flip[0] < len(data):
        data[flip[0]] ^= flip[1]
    path = tmp_path_factory.mktemp("spoilt") / "capture"
    path.write_bytes(data[: len(data) - cut])
    _alike(path)


def _long_lines() -> bytes:
    draw = random.Random(9)
    return b"".join(b'%d {"x":"%d"}\n' % (n, draw.getrandbits(160)) for n in range(20_000))


@pytest.mark.parametrize("length", [100_000, *range(135_000, 165_000, 5_000), *range(270_000, 300_000, 3_000)])
def test_a_gzip_file_that_breaks_in_the_middle_is_read_alike(length: int, tmp_path: Path) -> None:
    """Where the plain reader loses what its decompressor had before the break, nobody has been handed it."""
    packing = zlib.compressobj(1, zlib.DEFLATED, 31)
    # Whole so far; then a block of a kind that there is none of.
    whole = packing.compress(_long_lines()[:length]) + packing.flush(zlib.Z_FULL_FLUSH)
    path = tmp_path / "capture"
    path.write_bytes(whole + b"\xff" * 8 + whole)
    _alike(path)


@pytest.mark.parametrize("at", range(40_000, 400_000, 41_000))
def test_a_zstd_file_that_breaks_in_the_middle_is_read_alike(at: int, tmp_path: Path) -> None:
    whole = _zstd(_long_lines())
    path = tmp_path / "capture"
    path.write_bytes(whole[:at] + b"\xff" * 8 + whole[at + 8 :])
    _alike(path)


def test_a_reader_that_is_left_ends(tmp_path: Path) -> None:
    """However many blocks are still to come: closing waits for the thread."""
    path = tmp_path / "capture"
    path.write_bytes(_LINES * 50)
    for taken in (0, 1, 3):
        reader = _ahead(path, skip_bad=False)
        for _ in range(taken):
            assert list(reader.take(64)) == list(read_capture(path).take(64)) or taken > 1
        reader.close()
        reader = _ahead(path, skip_bad=False)
        reader.take(64)
        del reader


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    from mainspring_native._native import CaptureBlocks

    with pytest.raises(FileNotFoundError, match="No such file"):
        CaptureBlocks(tmp_path / "none", 64)


_READ_UNDER_LIMIT = """
import re, resource, sys
from pathlib import Path
from mainspring_native._native import CaptureBlocks

held = int(re.search(r"VmData:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
limit = held + 96 * 1024 * 1024
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
blocks = CaptureBlocks(Path(sys.argv[1]), 512)
lines = 0
while block := blocks.take():
    lines += len(block)
print(lines, blocks.whole)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA bounds memory on Linux only")
@pytest.mark.parametrize("form", [gzip.compress, _zstd])
def test_memory_does_not_grow_with_what_is_expanded(form: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """Kilobytes that stand for 256 MiB are read whole by a process that may allocate 96 MiB."""
    path = tmp_path / "capture"
    path.write_bytes(form((b"1 " + b"0" * 65_533 + b"\n") * 4_096))
    command = [sys.executable, "-P", "-c", _READ_UNDER_LIMIT, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("4096 True\n", "")
