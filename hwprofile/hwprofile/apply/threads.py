"""Reads the state of threads from /proc."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Switches", "ThreadStat", "parse_stat", "parse_switches", "thread_ids"]


@dataclass(frozen=True, kw_only=True)
class ThreadStat:
    """A thread: its name, the letter of its state, the CPU it last ran on, and its start in clock ticks since boot.

    `policy` and `priority` are the scheduling policy's number and the real-time priority. The start time distinguishes
    a thread from a later one with the same number.
    """

    name: str
    state: str
    cpu: int
    started: int
    policy: int
    priority: int

    @property
    def ended(self) -> bool:
        """Whether it has ended although it is still listed."""
        return self.state in "ZXx"


@dataclass(frozen=True, kw_only=True)
class Switches:
    """How often a thread gave up its CPU (`voluntary`: it waited) and was preempted (`involuntary`)."""

    voluntary: int
    involuntary: int


def parse_stat(text: str) -> ThreadStat:
    """Parses a `stat` file. The name may contain spaces and parentheses, so it ends at the last parenthesis."""
    before, _, after = text.rpartition(")")
    fields = after.split()
    # The first after the name is the kernel's field 3.
    return ThreadStat(
        name=before.partition("(")[2],
        state=fields[0],
        started=int(fields[22 - 3]),
        cpu=int(fields[39 - 3]),
        priority=int(fields[40 - 3]),
        policy=int(fields[41 - 3]),
    )


def parse_switches(status: str) -> Switches | None:
    """Returns the context switches counted in a `status` file; None if it has no counts."""
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    try:
        return Switches(
            voluntary=int(fields["voluntary_ctxt_switches"]), involuntary=int(fields["nonvoluntary_ctxt_switches"])
        )
    except KeyError:
        return None


def thread_ids(root: Path, pid: int) -> tuple[int, ...]:
    """Returns the threads of a process, in ascending order. Raises `OSError` if there is no such process."""
    return tuple(sorted(int(path.name) for path in (root / "proc" / str(pid) / "task").iterdir()))
