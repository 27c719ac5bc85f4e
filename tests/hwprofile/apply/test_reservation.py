import contextlib
import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hwprofile.actions import Scope
from hwprofile.apply import reserve, taken_cpus
from hwprofile.apply._reservation_files import _may_own
from hwprofile.apply.kernel import Kernel
from hwprofile.apply.reservation import reservation_folder

fcntl = pytest.importorskip("fcntl", reason="CPUs are reserved where there is flock")
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="CPUs are reserved on Linux only")

HOLD_A_CPU = """
import sys
from pathlib import Path
from hwprofile.apply import reserve
reservation = reserve({1}, folder=Path(sys.argv[1]))
print(reservation.action.outcome, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "reservations"


@pytest.fixture
def two(make_kernel):
    """Two processes of one host, as each of them sees it."""
    first, second = make_kernel(threads=(100, 200)), make_kernel(threads=(200, 100))
    second.pid = lambda: 200
    second.masks = first.masks
    second.started = first.started
    second.ended = first.ended
    return first, second


def holder(folder):
    """A process that has CPU 1 reserved until its standard input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD_A_CPU, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_seen_by_another_process(folder):
    """What a process has reserved is taken for others while it runs, and free again when it ends by itself."""
    with holder(folder) as process:
        assert process.stdout.readline() == "applied\n"
        assert taken_cpus(folder=folder) == (1,)
        assert taken_cpus(folder=folder, except_pids=(process.pid,)) == ()
        refused = reserve({0, 1}, folder=folder)
        assert refused.action.outcome == "refused"
        assert f"CPU 1 by process {process.pid}" in (refused.action.reason or "")
        assert (refused.cpus, refused.undo) == ((), None)
        process.stdin.close()
        assert process.wait() == 0
    assert taken_cpus(folder=folder) == ()
    assert list(folder.iterdir()) == []


def test_killed(folder):
    """A process that was killed has nothing reserved, though its file is there until the next one cleans up."""
    with holder(folder) as process:
        assert process.stdout.readline() == "applied\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(list(folder.iterdir())) == 1
    assert taken_cpus(folder=folder) == ()
    with reserve({1}, folder=folder) as reservation:
        assert reservation.cpus == (1,)
        assert len(list(folder.iterdir())) == 1
    assert list(folder.iterdir()) == []


def test_held_and_undone(folder, two):
    """A hold releases what it reserved; releasing again does nothing."""
    first, second = two
    with Scope() as scope:
        reservation = reserve({2, 3}, folder=folder, kernel=first)
        action = scope.add(reservation.action, reservation.undo)
        assert (action.outcome, action.holds) == ("applied", "CPUs 2-3 reserved")
        assert (taken_cpus(folder=folder, kernel=second), taken_cpus(folder=folder, kernel=first)) == ((2, 3), ())
    assert [undone.outcome for undone in scope.undone] == ["applied"]
    assert taken_cpus(folder=folder, kernel=second) == ()
    assert reservation.release().holds == "this process holds nothing"
    assert reserve((), folder=folder, kernel=first).action.outcome == "refused"


def test_twice_by_one_process(folder, two):
    """A CPU that this process has reserved already isn't given to another part of it."""
    first, _ = two
    with reserve({1}, folder=folder, kernel=first):
        action = reserve({1, 2}, folder=folder, kernel=first).action
        assert (action.outcome, action.reason) == ("refused", "already reserved: CPU 1 by process 100")
        assert reserve({2}, folder=folder, kernel=first).action.outcome == "applied"


@pytest.mark.parametrize("change", ["another start time", "a zombie", "ended", "another boot"])
def test_stale(folder, two, change):
    """A reservation ends with its process, and isn't taken for that of a later process of the same number."""
    first, second = two
    reserve({1}, folder=folder, kernel=first)
    assert taken_cpus(folder=folder, kernel=second) == (1,)
    match change:
        case "another start time":
            first.started[100] += 1
        case "a zombie":
            first.ended.add(100)
        case "ended":
            first.end(100)
        case _:
            second.files["/proc/sys/kernel/random/boot_id"] = "feed-beef"
    assert taken_cpus(folder=folder, kernel=second) == ()
    assert reserve({1}, folder=folder, kernel=second).cpus == (1,)


def test_in_another_namespace(folder, two):
    """A process of another container has its CPUs as long as it runs, which its lock on the file shows."""
    first, second = two
    second.pid_namespace = lambda: 2
    reservation = reserve({1}, folder=folder, kernel=first)
    assert taken_cpus(folder=folder, kernel=second) == (1,)
    assert reserve({1}, folder=folder, kernel=second).action.outcome == "refused"
    for descriptor in reservation._descriptors:
        # As when it is killed: the file stays.
        os.close(descriptor)
    reservation._descriptors = ()
    assert taken_cpus(folder=folder, kernel=second) == ()
    assert reserve({1}, folder=folder, kernel=second).cpus == (1,)


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


def test_hidden_process_is_taken(folder, two):
    """A process that exists, and of which /proc doesn't tell this user more, has its CPUs."""
    first, second = two
    reserve({1}, folder=folder, kernel=first)
    second.always("stat", errno.ENOENT)
    assert taken_cpus(folder=folder, kernel=second) == (1,)
    second.always("stat", errno.EACCES)
    assert taken_cpus(folder=folder, kernel=second) == (1,)


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


def test_forked(folder):
    """A forked child holds nothing and releases nothing, even when it ends as Python does."""
    script = """
import os, sys
from pathlib import Path
from hwprofile.apply import reserve, taken_cpus
folder = Path(sys.argv[1])
with reserve({1}, folder=folder) as reservation:
    child = os.fork()
    if child == 0:
        print(taken_cpus(folder=folder), reservation.release().holds, flush=True)
        sys.exit(0)
    os.waitpid(child, 0)
    print(len(list(folder.iterdir())))
"""
    done = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["(1,) this process holds nothing", "1"]


def test_many_at_once(folder):
    """Of threads that ask for one CPU at the same moment, exactly one gets it."""
    gate = threading.Barrier(8)
    got = []

    def ask():
        gate.wait()
        got.append(reserve({1}, folder=folder))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(reservation.action.outcome for reservation in got) == ["applied", *["refused"] * 7]
    for reservation in got:
        reservation.release()
    assert taken_cpus(folder=folder) == ()


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


class Host(RuleBasedStateMachine):
    """Processes that start, reserve, release, are killed and come back under old numbers; and files that fail."""

    folders: Iterator[Path]
    make_kernel: Callable[..., Any]
    cpu_sets = st.frozensets(st.integers(0, 3), min_size=1, max_size=3)

    @initialize()
    def begin(self):
        self.folder = next(self.folders)
        self.alive = {}
        self.held = {}
        self.reservations = []
        self.shared = self.make_kernel(threads=(100,))

    def kernel(self, pid):
        kernel = self.make_kernel(threads=(100,))
        kernel.pid = lambda: pid
        kernel.masks, kernel.started, kernel.ended = self.shared.masks, self.shared.started, self.shared.ended
        kernel.ran_on, kernel.scheduled = self.shared.ran_on, self.shared.scheduled
        return kernel

    @rule(pid=st.integers(1, 4))
    def start(self, pid):
        if pid not in self.alive:
            self.shared.start(pid, mask=(0,))
            self.alive[pid] = self.kernel(pid)

    @rule(pid=st.integers(1, 4), zombie=st.booleans())
    def kill(self, pid, zombie):
        if self.alive.pop(pid, None) is not None:
            if zombie:
                self.shared.ended.add(pid)
            self.shared.end(pid)
            self.shared.ended.discard(pid)
            self.held = {cpu: owner for cpu, owner in self.held.items() if owner != pid}

    @rule(pid=st.integers(1, 4), cpus=cpu_sets)
    def reserve(self, pid, cpus):
        if pid not in self.alive:
            return
        reservation = reserve(cpus, folder=self.folder, kernel=self.alive[pid])
        free = not any(cpu in self.held for cpu in cpus)
        assert (reservation.action.outcome == "applied") == free
        assert reservation.cpus == (tuple(sorted(cpus)) if free else ())
        if free:
            self.held |= dict.fromkeys(cpus, pid)
            self.reservations.append((pid, self.alive[pid], reservation))

    @rule(which=st.integers(0, 20))
    def release(self, which):
        if which < len(self.reservations):
            pid, kernel, reservation = self.reservations.pop(which)
            freed = reservation.cpus
            reservation.release()
            if self.alive.get(pid) is kernel:
                self.held = {cpu: owner for cpu, owner in self.held.items() if cpu not in freed}

    @invariant()
    def all_see_the_same(self):
        for pid, kernel in getattr(self, "alive", {}).items():
            others = tuple(sorted(cpu for cpu, owner in self.held.items() if owner != pid))
            assert taken_cpus(folder=self.folder, kernel=kernel) == others

    def teardown(self):
        for _, _, reservation in getattr(self, "reservations", ()):
            reservation.release()


def test_any_order_of_events(tmp_path, make_kernel):
    """No order of starts, kills, reservations and releases gives a CPU to two, or leaves one taken by nobody."""
    Host.make_kernel = staticmethod(make_kernel)
    Host.folders = (tmp_path / f"host-{number}" for number in range(10_000))
    run_state_machine_as_test(
        Host, settings=settings(max_examples=60, stateful_step_count=25, derandomize=True, deadline=None)
    )
