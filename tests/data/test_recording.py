"""Recordings that grow: readable while they do, rotated, never written over."""

import pytest

from mainspring.data import read_capture
from mainspring.data.recording import RecordingWriter

_SECOND = 1_000_000_000
_START = 1_796_000_000 * _SECOND


def _messages(path):
    return list(read_capture(path))


@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_what_was_received_is_in_the_file_a_second_later(tmp_path, ending):
    """A process that is killed leaves a `.part` with what it had received."""
    path = tmp_path / f"a.cap{ending}"
    writer = RecordingWriter(path)
    for second in range(5):
        writer.write(_START + second * _SECOND, b'{"n":%d}' % second)
    left = tmp_path / f"{path.name}.part"
    reader = read_capture(left, skip_bad=True)
    assert [raw for _, raw in reader][:4] == [b'{"n":%d}' % second for second in range(4)]
    assert not path.exists()
    writer.close()
    assert len(_messages(path)) == 5


def test_files_rotate_at_the_clock(tmp_path):
    """Names have the time at which a file begins, and together the files have every message once."""
    with RecordingWriter(tmp_path / "a.cap.gz", rotate_s=60) as writer:
        for second in range(0, 200, 10):
            writer.write(_START + second * _SECOND, b"%d" % second)
    names = [path.name for path in writer.files]
    assert names == [
        "a-20261130T005320Z.cap.gz",
        "a-20261130T005400Z.cap.gz",
        "a-20261130T005500Z.cap.gz",
        "a-20261130T005600Z.cap.gz",
    ]
    assert [raw for path in writer.files for _, raw in _messages(path)] == [b"%d" % n for n in range(0, 200, 10)]


def test_a_clock_that_is_set_back_does_not_show(tmp_path):
    """Receive times never fall."""
    with RecordingWriter(tmp_path / "a.cap") as writer:
        for at in (5, 3, 9):
            writer.write(_START + at, b"x")
    assert [at - _START for at, _ in _messages(tmp_path / "a.cap")] == [5, 5, 9]


def test_no_recording_is_written_over(tmp_path):
    """Neither a whole one nor what a killed process left."""
    for taken in ("a.cap", "a.cap.part"):
        (tmp_path / taken).write_bytes(b"1 kept\n")
        with pytest.raises(FileExistsError):
            RecordingWriter(tmp_path / "a.cap").write(_START, b"x")
        assert (tmp_path / taken).read_bytes() == b"1 kept\n"
        (tmp_path / taken).unlink()
