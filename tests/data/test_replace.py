import os
import stat
import sys

import pytest

from mainspring.data.replace import private_file, remove_private_files, write_atomically


def test_a_private_file_goes_unless_renamed(tmp_path):
    """Nothing stays of a private file, whether its block ends well or not, but what was renamed."""
    target = tmp_path / "target"
    with private_file(target) as first, private_file(target) as second:
        assert first != second
        assert first.parent == second.parent == tmp_path
        first.write_bytes(b"first")
        first.replace(target)
    with pytest.raises(ZeroDivisionError), private_file(target):
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
    assert target.read_bytes() == b"first"


@pytest.mark.skipif(sys.platform == "win32", reason="access rights are another matter on Windows")
def test_the_rights_are_those_of_any_new_file(tmp_path):
    """What was written atomically can be read by whom the user's umask lets."""
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "file", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_what_was_written_is_on_the_disk_before_its_name(tmp_path, monkeypatch):
    """The bytes are synced before the rename, the folder after it: a power cut leaves the old file or the new one."""
    target, done = tmp_path / "file", []
    sync, rename = os.fsync, os.replace

    def fsync(descriptor):
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else os.fstat(descriptor).st_size)
        sync(descriptor)

    def replace(source, to):
        done.append("rename")
        rename(source, to)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    write_atomically(target, b"12345")
    assert done == [5, "rename", "folder"][: 2 if sys.platform == "win32" else 3]


def test_what_killed_writers_left_is_removed(tmp_path):
    """Private files of this target go; the target, and those of others, stay."""
    for name in ("file", ".file.0a", ".file.0b", ".other.0a"):
        (tmp_path / name).touch()
    remove_private_files(tmp_path / "file")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.0a", "file"]
