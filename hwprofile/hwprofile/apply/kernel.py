"""The operating system's calls and files that actions use, as one object that tests can replace."""

import contextlib
import errno
import os
import platform
import threading
import time
from collections.abc import Collection, Sequence
from pathlib import Path

from hwprofile.apply import syscalls
from hwprofile.apply.threads import ThreadStat, parse_stat, thread_ids
from hwprofile.kernel_files import parse_cpu_list, read_text

__all__ = ["KERNEL", "Kernel"]

_ROOT = Path("/")


class Kernel:
    """The kernel's calls and files. Every method raises `OSError` as the kernel would.

    A call that the system lacks raises `ENOSYS`. `tid` is a thread's native number.
    """

    def pid(self) -> int:
        """The number of this process."""
        return os.getpid()

    def tid(self) -> int:
        """The native number of the calling thread."""
        return threading.get_native_id()

    def exists(self, pid: int) -> bool:
        """Whether the process exists, whichever user owns it."""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def pause(self, seconds: float) -> None:
        """Sleeps before another attempt."""
        time.sleep(seconds)

    def pid_namespace(self) -> int:
        """The number of this process's PID namespace: containers have their own."""
        return Path("/proc/self/ns/pid").stat().st_ino

    def threads(self, pid: int) -> tuple[int, ...]:
        """The threads of a process."""
        return thread_ids(_ROOT, pid)

    def stat(self, tid: int) -> ThreadStat:
        """The kernel's `stat` entry for a thread of any process."""
        return parse_stat(Path(f"/proc/{tid}/stat").read_text("utf-8", "replace"))

    def read(self, path: str) -> str | None:
        """The text of a kernel file; None if it can't be read."""
        return read_text(Path(path))

    def write(self, path: str, text: str) -> None:
        """Writes a kernel file."""
        Path(path).write_text(text, "ascii")

    def cpus(self, path: str) -> tuple[int, ...] | None:
        """The CPUs listed in a kernel file; None if it can't be read or isn't a list of CPUs."""
        text = self.read(path)
        if text is not None:
            with contextlib.suppress(ValueError):
                return parse_cpu_list(text)
        return None

    def affinity(self, tid: int) -> tuple[int, ...]:
        """The CPUs that a thread may run on."""
        call = getattr(os, "sched_getaffinity", None)
        if call is None:
            raise _missing("sched_getaffinity")
        return tuple(sorted(call(tid)))

    def set_affinity(self, tid: int, cpus: Collection[int]) -> None:
        """Confines a thread to CPUs. The kernel silently drops those that it may not use."""
        call = getattr(os, "sched_setaffinity", None)
        if call is None:
            raise _missing("sched_setaffinity")
        call(tid, cpus)

    def scheduling(self, tid: int) -> tuple[int, int]:
        """A thread's scheduling policy, including its flags, and its real-time priority."""
        if not hasattr(os, "sched_getscheduler"):
            raise _missing("sched_getscheduler")
        return os.sched_getscheduler(tid), os.sched_getparam(tid).sched_priority

    def set_scheduling(self, tid: int, policy: int, priority: int) -> None:
        """Sets a thread's scheduling policy, including its flags, and its real-time priority."""
        if not hasattr(os, "sched_setscheduler"):
            raise _missing("sched_setscheduler")
        os.sched_setscheduler(tid, policy, os.sched_param(priority))

    def memory_policy(self, address: int = 0, flags: int = 0) -> tuple[int, tuple[int, ...]]:
        """Returns the NUMA policy of the calling thread, or of an address: mode and nodes. See get_mempolicy(2)."""
        return syscalls.get_mempolicy(address, flags)

    def set_memory_policy(self, mode: int, nodes: Collection[int]) -> None:
        """Gives the calling thread a NUMA policy. See set_mempolicy(2)."""
        syscalls.set_mempolicy(mode, nodes)

    def bind_range(self, address: int, length: int, mode: int, nodes: Collection[int], flags: int) -> None:
        """Gives whole pages a NUMA policy. See mbind(2)."""
        syscalls.mbind(address, length, mode, nodes, flags)

    def page_nodes(self, addresses: Sequence[int]) -> tuple[int, ...]:
        """The node of each page, or a negative errno."""
        return syscalls.move_pages(addresses)

    def timer_slack(self) -> int:
        """The timer slack of the calling thread, in nanoseconds."""
        return syscalls.get_timer_slack()

    def set_timer_slack(self, slack_ns: int) -> None:
        """Sets the calling thread's timer slack, in nanoseconds."""
        syscalls.set_timer_slack(slack_ns)

    def lock_memory(self, flags: int) -> None:
        """Locks the memory of the process."""
        syscalls.mlockall(flags)

    def unlock_memory(self) -> None:
        """Unlocks the memory of the process, all of it."""
        syscalls.munlockall()

    def locked_limit(self) -> int | None:
        """The bytes that an unprivileged process may lock; None for no limit."""
        try:
            import resource
        except ImportError:
            return 0
        soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
        return None if soft == resource.RLIM_INFINITY else soft

    def advise(self, address: int, length: int, advice: int) -> None:
        """Advises the kernel on whole pages. See madvise(2)."""
        syscalls.madvise(address, length, advice)


def _missing(call: str) -> OSError:
    return OSError(errno.ENOSYS, f"{platform.system()} has no {call}")


KERNEL = Kernel()
"""The kernel that this process runs on."""
