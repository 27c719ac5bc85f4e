"""Which process has which CPUs, and when it has them no more."""

import errno
import os
import signal
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

pytest.importorskip("fcntl", reason="CPUs are reserved where there is flock")
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="CPUs are reserved on Linux only")

HOLD_A_CPU = """
import sys
from pathlib import Path
from hwprofile.apply import reserve
reservation = reserve({1}, folder=Path(sys.argv[1]))
print(reservation.action.outcome, flush=True)
sys.stdin.read()
"""


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


def test_hidden_process_is_taken(folder, two):
    """A process that exists, and of which /proc doesn't tell this user more, has its CPUs."""
    first, second = two
    reserve({1}, folder=folder, kernel=first)
    second.always("stat", errno.ENOENT)
    assert taken_cpus(folder=folder, kernel=second) == (1,)
    second.always("stat", errno.EACCES)
    assert taken_cpus(folder=folder, kernel=second) == (1,)


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
