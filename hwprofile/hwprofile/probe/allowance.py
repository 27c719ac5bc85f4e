"""Finds what this process may use: CPUs, CPU time, memory, locked memory, priorities, capabilities.

Every bound is limited, unlimited or unknown. It is unlimited only if everything that could limit it was read, and
nothing did: in a container, cgroups above the first visible one aren't known.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from hwprofile.kernel_files import parse_cpu_list, read_text
from hwprofile.probe.capabilities import capability_names
from hwprofile.probe.cgroups import Cgroup, cgroup_of, controller
from hwprofile.probe.numbers import read_cpus, read_int
from hwprofile.profile import Allowance, Limit, Topology

__all__ = ["read_allowance"]

_ROOT = Path("/")
_NO_V1_MEMORY_LIMIT = 2**62
"""For "no limit", cgroup v1 writes the largest number of pages, in bytes."""


def read_allowance(root: Path, topology: Topology) -> Allowance:
    """Returns what the process may use whose files are below `root`: this one, or the one that recorded them."""
    cpuset = controller(root, "cpuset")
    allowed = _narrowest(cpuset, "cpus")
    affinity = _affinity(root)
    usable = set(topology.online)
    for bound in (allowed, affinity):
        if bound is not None:
            usable &= set(bound)
    own = cgroup_of(root)
    return Allowance(
        usable=tuple(sorted(usable)) if topology.online else affinity,
        affinity=affinity,
        cpuset=allowed,
        memory_nodes=_narrowest(cpuset, "mems"),
        cpu_quota=_cpu_quota(root),
        memory=_memory(root),
        memlock=_rlimit(root, "Max locked memory"),
        rtprio=_rlimit(root, "Max realtime priority"),
        capabilities=_capabilities(root),
        cgroup=own.path if own is not None else None,
        cgroup_version=own.version if own is not None else _no_cgroup(root),
    )


def _no_cgroup(root: Path) -> int | None:
    """Returns 0 if the process's own files exist and show no cgroup."""
    return 0 if read_text(root / "proc/self/status") is not None else None


def _narrowest(cgroup: Cgroup | None, what: str) -> tuple[int, ...] | None:
    """Returns what a cpuset and all of its ancestors allow ("cpus" or "mems"); None if it isn't known.

    Version 2 shows the effective values. In version 1 the configured values are in effect, whatever its file of
    effective values says.
    """
    allowed: set[int] | None = None
    for folder in cgroup.folders if cgroup is not None else ():
        names = (
            (f"cpuset.{what}.effective",) if cgroup is not None and cgroup.version == 2 else (f"cpuset.{what}", what)
        )
        listed = next((found for name in names if (found := read_cpus(folder / name))), None)
        if listed is not None:
            allowed = set(listed) if allowed is None else allowed & set(listed)
    return None if allowed is None else tuple(sorted(allowed))


def _affinity(root: Path) -> tuple[int, ...] | None:
    if root == _ROOT:
        affinity = getattr(os, "sched_getaffinity", None)
        return None if affinity is None else tuple(sorted(affinity(0)))
    found = re.search(r"^Cpus_allowed_list:\s*([\d,-]+)$", read_text(root / "proc/self/status") or "", re.MULTILINE)
    try:
        return None if found is None else parse_cpu_list(found[1])
    except ValueError:
        return None


def _cpu_quota(root: Path) -> Limit:
    cgroup = controller(root, "cpu")
    if cgroup is None:
        return _nothing_mounted("cpu")

    def quotas() -> Iterator[tuple[float | None, Path]]:
        for folder in cgroup.folders:
            if cgroup.version == 2:
                words = (read_text(folder / "cpu.max") or "").split()
                if words:
                    yield _share(words[0], words[1] if len(words) > 1 else "100000"), folder / "cpu.max"
            else:
                quota = read_text(folder / "cpu.cfs_quota_us")
                if quota is not None:
                    period = read_text(folder / "cpu.cfs_period_us") or "100000"
                    yield _share("max" if quota == "-1" else quota, period), folder / "cpu.cfs_quota_us"

    return _least(cgroup, list(quotas()), root)


def _share(quota: str, period: str) -> float | None:
    """Returns a quota in CPUs; None if there is none or the text isn't a number. Never raises."""
    if not (quota.isdecimal() and period.isdecimal() and int(period)):
        return None
    return int(quota) / int(period)


def _memory(root: Path) -> Limit:
    cgroup = controller(root, "memory")
    if cgroup is None:
        return _nothing_mounted("memory")
    name = "memory.max" if cgroup.version == 2 else "memory.limit_in_bytes"
    found: list[tuple[float | None, Path]] = []
    for folder in cgroup.folders:
        if read_text(folder / name) is not None:
            value = read_int(folder / name)
            found.append((value if value is not None and value < _NO_V1_MEMORY_LIMIT else None, folder / name))
    return _least(cgroup, found, root)


def _least(cgroup: Cgroup, found: list[tuple[float | None, Path]], root: Path) -> Limit:
    """Returns the tightest limit of a cgroup and its ancestors."""
    bounds = [(value, path) for value, path in found if value is not None]
    if bounds:
        value, path = min(bounds)
        return Limit(state="limited", value=value, source=f"/{path.relative_to(root)}")
    if not cgroup.whole:
        own = f"of which {cgroup.path} is one" if cgroup.path is not None else "and which one it is in isn't known"
        return Limit(state="unknown", value=None, source=f"no cgroup that can be seen limits it, {own}")
    return Limit(state="unlimited", value=None, source=f"no cgroup from {cgroup.path} up to the root limits it")


def _nothing_mounted(name: str) -> Limit:
    return Limit(state="unknown", value=None, source=f"no cgroup with the {name} controller can be seen")


def _rlimit(root: Path, name: str) -> Limit:
    """Returns the soft limit from `/proc/self/limits`, or from the system if there is no such file."""
    found = re.search(rf"^{name}\s+(\S+)\s", read_text(root / "proc/self/limits") or "", re.MULTILINE)
    if found is not None:
        if found[1] == "unlimited":
            return Limit(state="unlimited", value=None, source="/proc/self/limits")
        if found[1].isdecimal():
            return Limit(state="limited", value=int(found[1]), source="/proc/self/limits")
    if root == _ROOT:
        return _asked_rlimit({"Max locked memory": "RLIMIT_MEMLOCK", "Max realtime priority": "RLIMIT_RTPRIO"}[name])
    return Limit(state="unknown", value=None, source="no /proc/self/limits")


def _asked_rlimit(name: str) -> Limit:
    try:
        import resource
    except ImportError:
        return Limit(state="unknown", value=None, source="this system has no resource limits")
    which = getattr(resource, name, None)
    if which is None:
        return Limit(state="unknown", value=None, source=f"this system has no {name}")
    soft, _ = resource.getrlimit(which)
    if soft == resource.RLIM_INFINITY:
        return Limit(state="unlimited", value=None, source=f"getrlimit({name})")
    return Limit(state="limited", value=soft, source=f"getrlimit({name})")


def _capabilities(root: Path) -> tuple[str, ...] | None:
    found = re.search(r"^CapEff:\s*([0-9a-fA-F]+)$", read_text(root / "proc/self/status") or "", re.MULTILINE)
    return None if found is None else capability_names(int(found[1], 16))
