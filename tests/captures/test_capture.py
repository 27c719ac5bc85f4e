"""Capture files: written, read back, and what is broken in them named by its line."""

import gzip
import sys

import pytest

from mainspring.data import capture
from mainspring.data.capture import CaptureWriter, read_capture
from mainspring.data.compression import ZSTD_MODULE
from mainspring.errors import CaptureError, DataError

_MESSAGES = [(1_000 + at, b'{"n":%d,"text":"a b  c"}' % at) for at in range(500)]
_NAMES = ["plain.capture", "session.gz", "session.zst"]


def _write(path, messages=_MESSAGES):
    if path.suffix == ".zst":
        pytest.importorskip(ZSTD_MODULE)
    with CaptureWriter(path) as writer:
        for receive_time_ns, raw in messages:
            writer.write(receive_time_ns, raw)
    return path


@pytest.mark.parametrize("name", _NAMES)
def test_round_trip(tmp_path, name):
    """What is written comes back, from each compression, and the counts tell how far it is."""
    reader = read_capture(_write(tmp_path / name))
    assert next(reader) == _MESSAGES[0]
    assert list(reader) == _MESSAGES[1:]
    assert (reader.lines, reader.bad_lines) == (500, 0)
    assert reader.bytes_read == reader.bytes_total == (tmp_path / name).stat().st_size


@pytest.mark.parametrize("name", _NAMES)
def test_known_by_content(tmp_path, name):
    """The first bytes say what it is, whatever the name."""
    path = _write(tmp_path / name).rename(tmp_path / "some.log")
    assert list(read_capture(path)) == _MESSAGES


@pytest.mark.parametrize("name", _NAMES)
def test_same_messages_same_bytes(tmp_path, name):
    """Nothing of the time or the name gets into the file."""
    (tmp_path / "other").mkdir()
    first, second = _write(tmp_path / name), _write(tmp_path / "other" / f"x{name}")
    assert first.read_bytes() == second.read_bytes()
    if name.endswith(".gz"):
        assert first.read_bytes()[3:8] == bytes(5), "the header has a time, or a name"


@pytest.mark.parametrize("name", ["session.gz", "session.zst"])
def test_joined_files_read_as_one(tmp_path, name):
    """Compressed files put one after the other are one capture."""
    path = _write(tmp_path / name)
    path.write_bytes(path.read_bytes() * 2)
    assert list(read_capture(path)) == _MESSAGES * 2


@pytest.mark.parametrize("name", _NAMES)
def test_cut_short(tmp_path, name):
    """A file that was cut short is an error with its line; with skip_bad everything before it is read."""
    path = _write(tmp_path / name)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CaptureError, match=r"cut short") as caught:
        list(read_capture(path))
    reader = read_capture(path, skip_bad=True)
    whole = list(reader)
    assert whole == _MESSAGES[: len(whole)]
    assert (reader.lines, reader.bad_lines) == (len(whole) + 1, 1)
    assert caught.value.line == len(whole) + 1


def test_broken_compression(tmp_path):
    """Bytes changed inside a compressed file are an error with a line number."""
    path = _write(tmp_path / "session.gz")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(CaptureError, match="broken"):
        list(read_capture(path))
    path.write_bytes(gzip.compress(b"5 x\n") + b"trailing")
    with pytest.raises(CaptureError, match=r"line 2: .*broken"):
        list(read_capture(path))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"\n", "empty"),
        (b"{}\n", "no receive time"),
        (b" {}\n", "no receive time"),
        (b"12a {}\n", "no receive time"),
        (b"-12 {}\n", "no receive time"),
        (b"1_2 {}\n", "no receive time"),
        (b"1.5 {}\n", "no receive time"),
        (b"\xd9\xa1 {}\n", "no receive time"),
        (b"9223372036854775808 {}\n", "no receive time"),
        (b"9" * 5000 + b" {}\n", "no receive time"),
        (b"12\n", "no message"),
        (b"12 \n", "no message"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, problem):
    """Its number and what is wrong are told; with skip_bad it is counted, and the next one read."""
    path = tmp_path / "x.capture"
    path.write_bytes(b"1 a\n" + line + b"0009223372036854775807 b\n")
    with pytest.raises(CaptureError, match=problem) as caught:
        list(read_capture(path))
    assert (caught.value.path, caught.value.line) == (str(path), 2)
    reader = read_capture(path, skip_bad=True)
    assert list(reader) == [(1, b"a"), (2**63 - 1, b"b")]
    assert (reader.lines, reader.bad_lines) == (3, 1)


def test_a_line_too_long(tmp_path, monkeypatch):
    """A line beyond the bound is refused without being read whole, and the next one still found."""
    monkeypatch.setattr(capture, "MAX_LINE_BYTES", 64)
    path = tmp_path / "x.capture"
    path.write_bytes(b"1 a\n2 " + b"x" * 1000 + b"\n3 " + b"c" * 61 + b"\n4 d\n")
    with pytest.raises(CaptureError, match=r"line 2: the line is longer than 64 bytes"):
        list(read_capture(path))
    assert list(read_capture(path, skip_bad=True)) == [(1, b"a"), (3, b"c" * 61), (4, b"d")]


def test_an_empty_capture(tmp_path):
    """No line is no error."""
    path = tmp_path / "x.capture"
    path.touch()
    assert list(read_capture(path)) == []


def test_no_such_file(tmp_path):
    """The error comes at once and names the file."""
    with pytest.raises(DataError, match="absent"):
        read_capture(tmp_path / "absent.gz")


def test_zstd_without_its_package(tmp_path, monkeypatch):
    """The error names the extra to install, reading and writing."""
    path = tmp_path / "x.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd0000")
    monkeypatch.setitem(sys.modules, ZSTD_MODULE, None)
    with pytest.raises(DataError, match=r"mainspring\[zstd\]"):
        list(read_capture(path))
    with pytest.raises(DataError, match=r"mainspring\[zstd\]"), CaptureWriter(tmp_path / "y.zst"):
        pass
    assert not (tmp_path / "y.zst").exists()


def test_written_whole_or_not_at_all(tmp_path):
    """A block that ends by an exception leaves the old file and nothing beside it."""
    path = _write(tmp_path / "x.gz")
    before = path.read_bytes()
    with pytest.raises(DataError), CaptureWriter(path) as writer:
        writer.write(-1, b"half")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("receive_time_ns", "raw"), [(1, b""), (-1, b"a"), (2**63, b"a")])
def test_what_a_line_cant_hold(tmp_path, receive_time_ns, raw):
    """An empty message is refused, and a time that is none."""
    with CaptureWriter(tmp_path / "x") as writer, pytest.raises(DataError):
        writer.write(receive_time_ns, raw)
