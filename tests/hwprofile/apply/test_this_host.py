"""The actions on the host that runs the tests: whatever it permits is seen to hold, and all of it is undone."""

import hashlib
import json
import mmap
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from hwprofile.actions import Scope
from hwprofile.apply import Watch, pin_thread, place_buffer, prefer_node, sweep_threads, syscalls

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what is held here is Linux's")
PRIVATE = {"flags": getattr(mmap, "MAP_PRIVATE", 0) | getattr(mmap, "MAP_ANONYMOUS", 0)}


def nodes():
    """The nodes whose memory may be used; skips where the kernel, or a container, doesn't let policies be seen."""
    try:
        return syscalls.get_mempolicy(0, 4)[1]
    except OSError as error:
        pytest.skip(f"get_mempolicy: {error}")


def test_pinned_to_each_cpu():
    """Pinned to each usable CPU in turn, a thread is really there."""
    before = os.sched_getaffinity(0)
    for cpu in sorted(before):
        with Scope() as scope:
            action = scope.add(*pin_thread({cpu}))
            assert action.outcome == "applied"
            assert action.evidence.endswith(f"last ran on CPU {cpu}")
        assert os.sched_getaffinity(0) == before


def test_pinned_under_load_stays():
    """With every CPU busy, a pinned thread stays on its CPU, by the scheduler's own word; one that isn't may stray."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        pytest.skip("a thread that could go nowhere else proves nothing: one CPU only")
    end = threading.Event()
    ready = threading.Barrier(2 + 2 * len(cpus))
    tids = []

    def work(pinned):
        if pinned:
            action, _ = pin_thread({cpus[-1]})
            assert action.outcome == "applied"
            tids.append(threading.get_native_id())
        ready.wait()
        while not end.is_set():
            hashlib.pbkdf2_hmac("sha256", b"any", b"work", 1000)

    threads = [threading.Thread(target=work, args=(pinned,)) for pinned in (True, *(False,) * 2 * len(cpus))]
    for thread in threads:
        thread.start()
    ready.wait()
    watch = Watch()
    watch.expect(tids[0], "lane", {cpus[-1]})
    watch.start()
    seen = None
    for _ in range(200_000):
        watch.sample()
        seen = next(one for one in watch.report() if one.tid == tids[0])
        if seen.samples >= 50:
            break
    end.set()
    for thread in threads:
        thread.join()
    assert seen.samples >= 50
    assert (seen.kept, seen.ran_on, seen.mask) == (True, ((cpus[-1], seen.samples),), (cpus[-1],))


def test_straying_is_seen():
    """A thread that runs elsewhere than expected is told to have strayed."""
    cpus = sorted(os.sched_getaffinity(0))
    watch = Watch()
    watch.expect(threading.get_native_id(), "lane", {max(cpus) + 1})
    with Scope() as scope:
        scope.add(*pin_thread({cpus[0]}))
        watch.start()
        for _ in range(50):
            hashlib.pbkdf2_hmac("sha256", b"any", b"work", 1000)
            watch.sample()
    own = next(one for one in watch.report() if one.tid == threading.get_native_id())
    assert (own.kept, own.strayed) == (False, own.samples)
    assert {cpu for cpu, _ in own.ran_on} == {cpus[0]}


def test_threads_of_libraries_are_swept():
    """Threads that know nothing of us are moved to the housekeeping CPUs, and moved back."""
    cpus = os.sched_getaffinity(0)
    keeper = min(cpus)
    end = threading.Event()
    tids, ready = [], threading.Barrier(4)

    def library():
        tids.append(threading.get_native_id())
        ready.wait()
        end.wait()

    threads = [threading.Thread(target=library) for _ in range(3)]
    for thread in threads:
        thread.start()
    ready.wait()
    with Scope() as scope:
        action = scope.add(*sweep_threads({keeper}, {threading.get_native_id()}))
        assert action.outcome == "applied"
        assert [os.sched_getaffinity(tid) for tid in tids] == [{keeper}] * 3
        assert os.sched_getaffinity(0) == cpus
    assert [os.sched_getaffinity(tid) for tid in tids] == [cpus] * 3
    end.set()
    for thread in threads:
        thread.join()


def test_memory_policy():
    """The policy of a thread and of a mapping is set on each node that there is, verified page by page, and undone."""
    for node in nodes():
        mapping = mmap.mmap(-1, 64 * mmap.PAGESIZE, **PRIVATE)
        with Scope() as scope:
            action = scope.add(*prefer_node(node))
            assert action.outcome == "applied"
            assert "move_pages: fresh pages" in action.evidence
            assert syscalls.get_mempolicy() == (1, (node,))
            action = scope.add(*place_buffer(mapping, node, only=True))
            assert action.outcome == "applied"
            mapping[: 2 * mmap.PAGESIZE] = bytes(2 * mmap.PAGESIZE)
            assert scope.add(*place_buffer(mapping, node)).evidence.endswith(
                f"of 64 pages, 2 on node {node}, 62 not touched yet"
            )
        assert [action.outcome for action in scope.undone] == ["applied"] * 3
        assert syscalls.get_mempolicy() == (0, ())
    action, undo = prefer_node(max(nodes()) + 1)
    assert (action.outcome, undo) == ("refused", None)


@pytest.fixture
def shared_folder():
    """A folder that other users can come to: pytest's own can't be entered by them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o1777)
        yield folder


@pytest.mark.parametrize("user", ["ordinary", "as it is"])
def test_everything_is_undone(shared_folder, user):
    """All actions at once, with privileges and without: what isn't applied says why, and everything is undone."""
    script = Path(__file__).with_name("everything.py")
    command = [sys.executable, str(script), user, str(shared_folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["after"] == found["before"]
    assert found["content"] == "abc"
    outcomes = {action["name"]: action["outcome"] for action in found["actions"]}
    print(outcomes)
    for name in ("reserve", "pin", "sweep", "timer-slack", "gc", "prefault"):
        assert outcomes[name] == "applied"
    for action in found["actions"]:
        assert action["outcome"] in ("applied", "partial", "refused")
        assert action["outcome"] == "applied" or (action["reason"] and action["needs"])
    assert {action["outcome"] for action in found["undone"]} <= {"applied", "partial"}
    assert found["undone"][-1]["name"] == "reserve"
    if user == "ordinary":
        assert outcomes["fifo"] == "refused"
