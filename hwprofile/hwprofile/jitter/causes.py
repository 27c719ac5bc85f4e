"""Reads the kernel's counters of a CPU and a thread: interrupts, switches, waiting, steal."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from hwprofile.kernel_files import read_text

__all__ = ["Causes", "Counted", "read_causes"]

# The tick of `/proc/stat`: USER_HZ is 100 on x86, Arm, POWER, s390 and RISC-V.
_TICK_NS = 10_000_000


@dataclass(frozen=True)
class Counted:
    """One kind of interrupt or softirq: its name, the kernel's description, and how often it was served."""

    name: str
    what: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Causes:
    """Counters of one CPU and of the calling thread; None if the kernel doesn't show them.

    `run_delay_ns` is the time for which the thread was ready but didn't run; `steal_ns` the time that the hypervisor
    took from the CPU, in steps of 10 ms.
    """

    interrupts: tuple[Counted, ...] | None = None
    softirqs: tuple[Counted, ...] | None = None
    voluntary_switches: int | None = None
    involuntary_switches: int | None = None
    run_delay_ns: int | None = None
    steal_ns: int | None = None
    ran_on: frozenset[int] = field(default_factory=frozenset)

    def since(self, earlier: "Causes") -> "Causes":
        """Returns the difference to an earlier reading."""
        return self._with(earlier, -1)

    def plus(self, other: "Causes") -> "Causes":
        """Adds two readings. A counter that is missing in one is missing in the sum."""
        return self._with(other, 1)

    def _with(self, other: "Causes", sign: int) -> "Causes":
        return Causes(
            interrupts=_merged(self.interrupts, other.interrupts, sign),
            softirqs=_merged(self.softirqs, other.softirqs, sign),
            voluntary_switches=_sum(self.voluntary_switches, other.voluntary_switches, sign),
            involuntary_switches=_sum(self.involuntary_switches, other.involuntary_switches, sign),
            run_delay_ns=_sum(self.run_delay_ns, other.run_delay_ns, sign),
            steal_ns=_sum(self.steal_ns, other.steal_ns, sign),
            ran_on=self.ran_on | other.ran_on,
        )


def _sum(one: int | None, other: int | None, sign: int) -> int | None:
    return None if one is None or other is None else one + sign * other


def _merged(
    one: tuple[Counted, ...] | None, other: tuple[Counted, ...] | None, sign: int
) -> tuple[Counted, ...] | None:
    if one is None or other is None:
        return None
    counts = {row.name: row.count for row in other}
    whats = {row.name: row.what for row in (*other, *one)}
    for row in one:
        counts[row.name] = row.count + sign * counts.get(row.name, 0)
    # A row that is only in the earlier reading belongs to a device that has since been removed.
    gone = set(counts) - {row.name for row in one} if sign < 0 else set()
    rows = (Counted(name, whats[name], count) for name, count in counts.items() if count and name not in gone)
    return tuple(sorted(rows, key=lambda row: (-row.count, row.name)))


def read_causes(cpu: int | None, root: Path = Path("/")) -> Causes:
    """Reads the current counters of a CPU and of the calling thread; without a CPU, only the thread's."""
    status = read_text(root / "proc/thread-self/status") or ""
    schedstat = (read_text(root / "proc/thread-self/schedstat") or "").split()
    ran_on = _ran_on(root)
    return Causes(
        interrupts=None if cpu is None else _table(root / "proc/interrupts", cpu),
        softirqs=None if cpu is None else _table(root / "proc/softirqs", cpu),
        voluntary_switches=_field(status, "voluntary_ctxt_switches"),
        involuntary_switches=_field(status, "nonvoluntary_ctxt_switches"),
        run_delay_ns=int(schedstat[1]) if len(schedstat) > 1 else None,
        steal_ns=None if cpu is None else _steal_ns(root, cpu),
        ran_on=frozenset() if ran_on is None else frozenset({ran_on}),
    )


def _field(status: str, name: str) -> int | None:
    found = re.search(rf"^{name}:\s*(\d+)", status, re.MULTILINE)
    return int(found[1]) if found else None


def _ran_on(root: Path) -> int | None:
    # A program's name may contain anything, so fields are counted after the last bracket: "processor" is the 39th.
    fields = (read_text(root / "proc/thread-self/stat") or "").rpartition(")")[2].split()
    return int(fields[36]) if len(fields) > 36 else None


def _steal_ns(root: Path, cpu: int) -> int | None:
    found = re.search(rf"^cpu{cpu} (.*)", read_text(root / "proc/stat") or "", re.MULTILINE)
    times = found[1].split() if found else []
    return int(times[7]) * _TICK_NS if len(times) > 7 else None


def _table(path: Path, cpu: int) -> tuple[Counted, ...] | None:
    """Returns a CPU's column of a table whose heading lists the online CPUs; None if there is no such column."""
    lines = (read_text(path) or "").splitlines()
    heading = lines[0].split() if lines else []
    if f"CPU{cpu}" not in heading:
        return None
    column, rows = heading.index(f"CPU{cpu}"), []
    for line in lines[1:]:
        name, _, rest = line.partition(":")
        cells = rest.split(None, len(heading))
        # Rows such as "ERR" have one count for the whole host.
        counts = cells[: len(heading)]
        if len(counts) == len(heading) and counts[column].isdigit():
            rows.append(Counted(name.strip(), " ".join(" ".join(cells[len(heading) :]).split()), int(counts[column])))
    return tuple(rows)
