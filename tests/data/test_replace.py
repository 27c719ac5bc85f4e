import os
import stat
import sys

import pytest

from mainspring.data.replace import (
    check_writable,
    private_file,
    private_folder,
    remove_private_files,
    replacing,
    write_atomically,
)


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


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path):
    """The old bytes stay under the name, and no other file does."""
    target = tmp_path / "report.html"
    target.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), replacing(target) as file:
        file.write(b"%d" % (1 // 0))
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.skipif(sys.platform == "win32", reason="links and rights are another matter on Windows")
def test_a_link_is_followed_and_rights_are_kept(tmp_path):
    """The file behind a symbolic link is replaced, not the link, and stays private if it was."""
    target, link = tmp_path / "real", tmp_path / "link"
    target.write_bytes(b"old")
    target.chmod(0o600)
    link.symlink_to(target)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes on Windows")
def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    """What isn't a regular file can't be replaced, so it takes the bytes itself."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    check_writable(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(pipe, b"bytes")
    assert os.read(reader, 100) == b"bytes"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_checking_a_target_changes_nothing(tmp_path):
    """A file that can be written is left alone; one that can't raises."""
    target = tmp_path / "file"
    check_writable(target)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="No such file"):
        check_writable(tmp_path / "no" / "file")


def test_a_private_folder_goes_with_the_folders_made_for_it(tmp_path):
    """Nothing of a folder that wasn't finished is left, not even its parents."""
    with pytest.raises(ZeroDivisionError), private_folder(tmp_path / "a" / "b" / "project") as folder:
        (folder / "file").write_text(str(1 // 0))
    assert list(tmp_path.iterdir()) == []
