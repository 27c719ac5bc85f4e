"""Binary messages in captures: written on a line of their own as base64, and read back as the bytes they were."""

import base64
import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mainspring.data import CaptureWriter, capture, read_capture
from mainspring.data.compression import ZSTD_MODULE
from mainspring.errors import CaptureError, DataError
from mainspring.seams import MAX_MESSAGE_BYTES

_TIMES = st.integers(0, 2**63 - 1)
# Any bytes, and those in which what the line form gives a meaning comes up often.
_RAW = st.binary(min_size=1, max_size=200) | st.lists(
    st.sampled_from([b"\n", b"\r", b" ", b"base64:", b"b", b"7", b"=", b"\x00", b"\xff"]), min_size=1, max_size=12
).map(b"".join)


def _write(path, messages):
    with CaptureWriter(path) as writer:
        for receive_time_ns, raw in messages:
            writer.write(receive_time_ns, raw)
    return path


@pytest.mark.parametrize("name", ["plain.capture", "session.gz", "session.zst"])
@given(messages=st.lists(st.tuples(_TIMES, _RAW), max_size=20))
@example(messages=[(7, b"base64:"), (7, b"base64:YQ=="), (7, b"base64:%"), (7, b"\n"), (7, b" \r"), (7, b"b")])
@settings(max_examples=60, deadline=None)
def test_any_bytes_come_back(name, messages):
    """Whatever the bytes of a message, they are read as they were written, one line a message."""
    if name.endswith(".zst"):
        pytest.importorskip(ZSTD_MODULE)
    with tempfile.TemporaryDirectory() as folder:
        reader = read_capture(_write(Path(folder) / name, messages))
        assert list(reader) == messages
        assert (reader.lines, reader.bad_lines) == (len(messages), 0)


def test_only_what_needs_it_is_base64(tmp_path):
    """What stands well on a line stands there as it is, JSON and bytes beyond ASCII alike."""
    messages = [(1, b'{"a": 1}'), (2, b"\x81\xa1a\xff"), (3, b"a\nb"), (4, b"a\rb"), (5, b"base64:x"), (6, b"base6")]
    path = _write(tmp_path / "x.capture", messages)
    assert path.read_bytes() == (
        b'1 {"a": 1}\n2 \x81\xa1a\xff\n3 base64:YQpi\n4 base64:YQ1i\n5 base64:YmFzZTY0Ong=\n6 base6\n'
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"YQ=", "base64"),
        (b"Y", "base64"),
        (b"YQ==YQ==", "base64"),
        (b"YQpi YQpi", "base64"),
        (b"YQ-_", "base64"),
        (b"YQpi\r", "base64"),
        (b"=", "base64"),
        (b"", "no message"),
    ],
)
def test_bad_base64_is_named(tmp_path, text, problem):
    """It is an error with its line; with skip_bad it is counted, and the next one read."""
    path = tmp_path / "x.capture"
    path.write_bytes(b"1 a\n2 base64:" + text + b"\n3 base64:Yg==\n")
    with pytest.raises(CaptureError, match=problem) as caught:
        list(read_capture(path))
    assert (caught.value.path, caught.value.line) == (str(path), 2)
    reader = read_capture(path, skip_bad=True)
    assert list(reader) == [(1, b"a"), (3, b"b")]
    assert (reader.lines, reader.bad_lines) == (3, 1)


def test_the_largest_binary_message(tmp_path):
    """A message of the largest size comes back though its line is longer than a plain one; one byte more is refused."""
    largest = b"\n" * MAX_MESSAGE_BYTES
    path = _write(tmp_path / "x.capture", [(2**63 - 1, largest), (1, b"a")])
    assert list(read_capture(path)) == [(2**63 - 1, largest), (1, b"a")]
    with CaptureWriter(tmp_path / "y") as writer, pytest.raises(DataError):
        writer.write(1, largest + b"\n")
    for beyond, what in ((1, "message"), (100, "line")):
        path.write_bytes(b"1 base64:" + base64.b64encode(largest + bytes(beyond)) + b"\n2 b\n")
        with pytest.raises(CaptureError, match=f"line 1: the {what} is longer than"):
            list(read_capture(path))
        assert list(read_capture(path, skip_bad=True)) == [(2, b"b")]


def test_a_long_base64_line_cut_short(tmp_path, monkeypatch):
    """A line that ends within its base64 is cut short, also where it is longer than a plain line may be."""
    monkeypatch.setattr(capture, "MAX_LINE_BYTES", 64)
    path = tmp_path / "x.capture"
    path.write_bytes(b"1 a\n2 base64:" + b"YQpi" * 100)
    with pytest.raises(CaptureError, match="line 2: the line is cut short"):
        list(read_capture(path))
    assert list(read_capture(path, skip_bad=True)) == [(1, b"a")]


def test_compression_broken_within_a_long_line(tmp_path, monkeypatch):
    """Where the compressed bytes end while a long line is passed over, that is an error of the capture too."""
    monkeypatch.setattr(capture, "MAX_LINE_BYTES", 64)
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"1 a\n2 " + b"x" * 100_000)[:-8])
    reader = read_capture(path, skip_bad=True)
    assert list(reader) == [(1, b"a")]
    assert reader.bad_lines == 2
