"""Does every action at once in a process of its own, and prints what came of it, and the process's state around it.

Run with "ordinary" and as root, it becomes a user without privileges first.
"""

import dataclasses
import fcntl  # noqa: F401  a user without privileges may not be able to read it from where Python is
import gc
import json
import mmap
import os
import resource  # noqa: F401  as above
import sys
import threading
from pathlib import Path

from hwprofile.actions import Scope
from hwprofile.apply import (
    advise_huge_pages,
    lock_memory,
    pin_thread,
    place_buffer,
    prefault,
    prefer_node,
    reserve,
    set_fifo,
    set_timer_slack,
    sweep_threads,
    syscalls,
    tune_gc,
)

NOBODY = 65534
RESET_ON_FORK = 0x40000000


def state(folder):
    """All that the actions change."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    try:
        policy = str(syscalls.get_mempolicy())
    except OSError as error:
        policy = str(error.strerror)
    return {
        "masks": [sorted(os.sched_getaffinity(int(tid.name))) for tid in Path("/proc/self/task").iterdir()],
        "memory policy": policy,
        "timer slack": syscalls.get_timer_slack(),
        "scheduling": os.sched_getscheduler(0) & ~RESET_ON_FORK,
        "locked": status["VmLck"],
        "gc": [gc.get_threshold(), gc.isenabled(), gc.get_freeze_count()],
        "reserved": sorted(path.name for path in folder.iterdir()),
    }


def main(user, folder):
    if user == "ordinary" and os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    mapping = mmap.mmap(-1, 4 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    mapping[:3] = b"abc"
    cpus = os.sched_getaffinity(0)
    before = state(folder)
    with Scope() as scope:
        reservation = reserve({max(cpus)}, folder=folder)
        scope.add(reservation.action, reservation.undo)
        scope.add(*pin_thread({max(cpus)}))
        scope.add(*sweep_threads({min(cpus)}, {threading.get_native_id()}))
        scope.add(*prefer_node(0))
        scope.add(*place_buffer(mapping, 0))
        scope.add(*advise_huge_pages(mapping))
        scope.add(*prefault(mapping))
        scope.add(*set_timer_slack(1))
        scope.add(*tune_gc(thresholds=(9000, 10, 10), enabled=False))
        scope.add(*set_fifo(1))
        scope.add(*lock_memory())
    found = {
        "actions": [dataclasses.asdict(action) for action in scope.actions],
        "undone": [dataclasses.asdict(action) for action in scope.undone],
        "before": before,
        "after": state(folder),
        "content": mapping[:3].decode(),
    }
    sys.stdout.write(json.dumps(found))


main(sys.argv[1], Path(sys.argv[2]))
