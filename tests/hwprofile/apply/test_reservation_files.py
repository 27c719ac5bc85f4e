"""The folder in which processes agree on reserved CPUs: its lock, and what may be put into it."""

import contextlib
import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hwprofile.apply import reserve, taken_cpus
from hwprofile.apply._reservation_files import _may_own
from hwprofile.apply.kernel import Kernel
from hwprofile.apply.reservation import reservation_folder

fcntl = pytest.importorskip("fcntl", reason="CPUs are reserved where there is flock")
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="CPUs are reserved on Linux only")


def test_planted_for_another_namespace(folder, two):
    """A file that names a process of another namespace, and that no process has locked, reserves nothing."""
    first, second = two
    with reserve({1}, folder=folder, kernel=first):
        (name,) = (path.name for path in folder.iterdir())
    (folder / name.replace("-ns1-", "-ns977-")).touch()
    os.mkfifo(folder / name.replace("-ns1-", "-ns978-"))
    (folder / name.replace("-ns1-", "-ns979-")).symlink_to("/etc/passwd")
    assert taken_cpus(folder=folder, kernel=second) == ()
    assert reserve({1}, folder=folder, kernel=second).cpus == (1,)


def test_planted_for_another_user(folder, two):
    """A file that names another user's process counts only if that user, or root, made it."""
    first, second = two
    reserve({1}, folder=folder, kernel=first)
    made_by = next(folder.iterdir()).stat().st_uid
    second.files["/proc/100/status"] = f"Name:\tinit\nUid:\t{made_by}\t7\t7\t7\nGid:\t0\t0\t0\t0"
    assert taken_cpus(folder=folder, kernel=second) == (1,)
    second.files["/proc/100/status"] = "Name:\tinit\nUid:\t977\t977\t977\t977\nGid:\t0\t0\t0\t0"
    assert taken_cpus(folder=folder, kernel=second) == ((1,) if made_by == 0 else ())
    assert _may_own(1000, 100, second) is False


def test_locked_by_another(folder, two):
    """While somebody keeps the folder locked, asking doesn't wait, and reserving is refused in the end, naming them."""
    first, second = two
    reserve({1}, folder=folder, kernel=first)
    pauses: list[float] = []
    second.pause = pauses.append
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    status = folder.stat()
    where = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    second.files["/proc/locks"] = (
        f"1: POSIX  ADVISORY  WRITE 7 {where} 0 EOF\n"
        f"2: FLOCK  ADVISORY  WRITE 4711 {where} 0 EOF\n"
        f"2: -> FLOCK  ADVISORY  WRITE 9 {where} 0 EOF"
    )
    second.files["/proc/4711/comm"] = "evil\x1b[2J"
    try:
        assert taken_cpus(folder=folder, kernel=second) == (1,)
        assert pauses == []
        action = reserve({2}, folder=folder, kernel=second).action
        assert (action.outcome, action.holds) == ("refused", "nothing reserved")
        assert action.reason == "process 4711 (evil?[2J) has kept it locked for 1 s"
        assert sum(pauses) == pytest.approx(0.99)
        second.files["/proc/locks"] = ""
        assert "a process that /proc/locks doesn't name" in (
            reserve({2}, folder=folder, kernel=second).action.reason or ""
        )
    finally:
        os.close(descriptor)
    assert reserve({2}, folder=folder, kernel=second).action.outcome == "applied"


def test_lock_freed_meanwhile(folder, two):
    """A lock that is freed before the deadline is waited for."""
    first, second = two
    reserve({1}, folder=folder, kernel=first)
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    second.pause = lambda _: fcntl.flock(descriptor, fcntl.LOCK_UN)
    assert reserve({2}, folder=folder, kernel=second).action.outcome == "applied"
    os.close(descriptor)


def test_the_real_holder_is_named(folder, monkeypatch):
    """On this host, a refusal names the process that holds the lock, with its command."""
    folder.mkdir(mode=0o700)
    script = "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX); print(); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "\n"
        kernel = Kernel()
        monkeypatch.setattr(kernel, "pause", lambda _: None)
        action = reserve({1}, folder=folder, kernel=kernel).action
        assert (action.outcome, f"process {process.pid} (python" in (action.reason or "")) == ("refused", True)
        process.communicate("\n")


@pytest.mark.parametrize("planted", ["a FIFO", "a link", "a file", "a folder open to all"])
def test_something_else_in_its_place(tmp_path, two, planted):
    """A FIFO, a link, a file, or a folder in which users can remove each other's files: refused at once, no wait."""
    first, second = two
    folder = tmp_path / "reservations"
    match planted:
        case "a FIFO":
            os.mkfifo(folder)
        case "a link":
            (tmp_path / "elsewhere").mkdir()
            folder.symlink_to(tmp_path / "elsewhere")
        case "a file":
            folder.touch()
        case _:
            folder.mkdir()
            folder.chmod(0o777)
    action = reserve({1}, folder=folder, kernel=first).action
    assert action.outcome == "refused"
    assert ("sticky bit" if planted == "a folder open to all" else "it isn't a folder") in action.evidence
    assert taken_cpus(folder=folder, kernel=second) == ()


def test_killed_while_drafting(folder, two):
    """What a process left that was killed while it made its files is removed by the next one."""
    first, second = two
    with reserve({1}, folder=folder, kernel=first):
        (path,) = folder.iterdir()
        (folder / f".{path.name.replace('cpu1', 'cpu3')}").touch()
    with reserve({2}, folder=folder, kernel=second):
        assert [path.name.partition("-")[0] for path in folder.iterdir()] == ["cpu2"]


def test_one_process_at_a_time(folder, two):
    """While one process looks who holds what and makes its files, no other can be in the middle of that."""
    first, second = two
    reserve({1}, folder=folder, kernel=first)
    looked = []
    plain = second.exists

    def exists(pid):
        descriptor = os.open(folder, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(descriptor)
        looked.append(pid)
        return plain(pid)

    second.exists = exists
    assert reserve({2}, folder=folder, kernel=second).action.outcome == "applied"
    assert looked.count(100) == 2
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(descriptor)


def test_a_fork_meanwhile_locks_nobody_out(folder, two):
    """A copy of the lock that a forked child has inherited doesn't keep the folder locked."""
    first, second = two
    reserve({1}, folder=folder, kernel=first)
    copies: list[int] = []

    def exists(pid):
        for entry in sorted(Path("/proc/self/fd").iterdir()):
            with contextlib.suppress(OSError):
                if not copies and entry.readlink() == folder:
                    copies.append(os.dup(int(entry.name)))
        return True

    second.exists = exists
    assert reserve({2}, folder=folder, kernel=second).action.outcome == "applied"
    assert len(copies) == 1
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    for opened in (descriptor, *copies):
        os.close(opened)


def test_all_or_nothing(folder, two, monkeypatch):
    """Where a file can't be made, those that were made are taken away again, and it is refused in words."""
    first, _ = two
    real = os.open

    def full(path, *arguments, **options):
        if "cpu3" in str(path):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "open", full)
    action = reserve({1, 2, 3}, folder=folder, kernel=first).action
    assert action.outcome == "refused"
    assert "No space left" in action.evidence
    assert list(folder.iterdir()) == []


def test_no_folder(tmp_path, two):
    """A folder that can't be made, or that is somebody's link elsewhere, is refused; nothing is taken then."""
    first, _ = two
    assert reserve({1}, folder=tmp_path / "absent" / "too", kernel=first).action.outcome == "refused"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    action = reserve({1}, folder=tmp_path / "link", kernel=first).action
    assert (action.outcome, "it isn't a folder" in action.evidence) == ("refused", True)
    assert taken_cpus(folder=tmp_path / "absent", kernel=first) == ()


def test_where_processes_agree(folder, monkeypatch, tmp_path):
    """The folder is one for all users, who can only remove what is theirs; the environment may name another."""
    reserve({1}, folder=folder).release()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o1777
    monkeypatch.delenv("HWPROFILE_RESERVATIONS", raising=False)
    assert reservation_folder().name == "hwprofile"
    monkeypatch.setenv("HWPROFILE_RESERVATIONS", str(tmp_path / "own"))
    assert reservation_folder() == tmp_path / "own"
