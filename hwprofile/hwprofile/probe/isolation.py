"""Finds CPUs that are isolated from the scheduler, run without a tick, or are free of RCU callbacks."""

from pathlib import Path

from hwprofile.kernel_files import read_text
from hwprofile.probe.command_line import boot_cpus, isolcpus, parameters
from hwprofile.probe.numbers import read_cpus

__all__ = ["isolated", "nohz_full", "rcu_nocbs"]

_CPUS = "sys/devices/system/cpu"


def isolated(root: Path) -> tuple[int, ...] | None:
    """Returns the CPUs isolated from the scheduler by `isolcpus=` or by an isolated partition of a cpuset.

    These are the CPUs that the kernel really isolates. The command line is used only if the kernel doesn't show them
    (before Linux 4.2, or in a recording without that file).
    """
    reported = read_cpus(root / _CPUS / "isolated")
    if reported is None:
        reported = _asked(root, "domain")
    partitions = read_cpus(root / "sys/fs/cgroup/cpuset.cpus.isolated") or ()
    return None if reported is None else tuple(sorted({*reported, *partitions}))


def nohz_full(root: Path) -> tuple[int, ...] | None:
    """Returns the CPUs whose scheduling tick stops while they run a single task."""
    reported = read_cpus(root / _CPUS / "nohz_full")
    if reported is not None:
        return reported
    if root == Path("/") and (root / _CPUS / "isolated").exists():
        # Both files were added together: a running kernel with only one was built without the tickless mode.
        return ()
    return _asked(root, "nohz")


def rcu_nocbs(root: Path) -> tuple[int, ...] | None:
    """Returns the CPUs whose RCU callbacks run elsewhere, by boot parameter. `nohz_full` implies it."""
    line = read_text(root / "proc/cmdline")
    if line is None:
        return None
    cpus = set(nohz_full(root) or ())
    for name, value in parameters(line):
        if name == "rcu_nocbs" and value:
            cpus.update(_possible_of(root, value))
    return tuple(sorted(cpus))


def _asked(root: Path, flag: str) -> tuple[int, ...] | None:
    line = read_text(root / "proc/cmdline")
    if line is None:
        return None
    cpus: set[int] = set()
    for name, value in parameters(line):
        if name == "isolcpus" and value:
            flags, listed = isolcpus(value)
            if flag in flags:
                cpus.update(_possible_of(root, listed))
        elif name == "nohz_full" and value and flag == "nohz":
            cpus.update(_possible_of(root, value))
    return tuple(sorted(cpus))


def _possible_of(root: Path, listed: str) -> tuple[int, ...]:
    """Returns a boot parameter's CPUs that the host can have; none if it isn't a list, which the kernel ignores."""
    possible = read_cpus(root / _CPUS / "possible")
    try:
        cpus = boot_cpus(listed, possible[-1] + 1 if possible else None)
    except ValueError:
        return ()
    return cpus if possible is None else tuple(cpu for cpu in cpus if cpu in possible)
