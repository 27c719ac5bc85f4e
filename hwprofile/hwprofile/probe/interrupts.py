"""Reads which CPUs serve interrupts, and if a daemon moves them."""

from collections.abc import Iterator
from pathlib import Path

from hwprofile.kernel_files import read_text
from hwprofile.probe.numbers import read_cpus, read_mask

__all__ = ["default_irq_affinity", "irq_affinity", "irqbalance"]


def irq_affinity(root: Path) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Returns pairs of an interrupt's number and the CPUs that may serve it."""
    found = []
    for number, directory in _numbered(root / "proc/irq"):
        cpus = read_cpus(directory / "smp_affinity_list") or read_mask(directory / "smp_affinity")
        if cpus:
            found.append((number, cpus))
    return tuple(found)


def default_irq_affinity(root: Path) -> tuple[int, ...] | None:
    """Returns the CPUs that serve new interrupts."""
    return read_mask(root / "proc/irq/default_smp_affinity")


def irqbalance(root: Path) -> bool | None:
    """Whether the daemon irqbalance runs; None if the host's processes aren't visible, as in a container."""
    for name in ("run/irqbalance.pid", "var/run/irqbalance.pid", "run/irqbalance/irqbalance.pid"):
        pid = read_text(root / name)
        if pid and pid.isdecimal():
            # A file that names no process, or another program, is left over from a daemon that has ended.
            program = _program(root / "proc" / pid)
            if program == "irqbalance" or (program is None and not _sees_all(root)):
                return True
    if any(_program(process) == "irqbalance" for _, process in _numbered(root / "proc")):
        return True
    return False if _sees_all(root) else None


def _sees_all(root: Path) -> bool:
    """Whether all of the host's processes are visible, which includes the kernel's own thread."""
    return _program(root / "proc/2") == "kthreadd"


def _program(process: Path) -> str | None:
    return read_text(process / "comm")


def _numbered(directory: Path) -> Iterator[tuple[int, Path]]:
    try:
        names = sorted(int(entry.name) for entry in directory.iterdir() if entry.name.isdecimal())
    except OSError:
        return
    for name in names:
        yield name, directory / str(name)
