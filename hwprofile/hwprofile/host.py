"""What kind of host this is: CPU, memory, kernel, Python, hypervisor. What can't be known is None, never a guess."""

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from hwprofile.cpu import instruction_sets
from hwprofile.kernel_files import cpuinfo_fields, parse_cpu_list, read_text

__all__ = ["HostDescription", "describe"]

_ROOT = Path("/")


@dataclass(frozen=True, kw_only=True)
class HostDescription:
    """A host, as far as it can be known. None means that nothing said so.

    `online_cpus` are the CPUs that the system runs, `usable_cpus` those that this process may run on, both by number.
    `hypervisor` is the name of the one the host runs under ("kvm", "vmware", ...), or "unnamed" where the CPU says that
    there is one and nothing names it; None isn't a proof of bare metal. `python` and `usable_cpus` are of this process,
    and None for files of another host.
    """

    cpu_model: str | None
    architecture: str | None
    online_cpus: tuple[int, ...] | None
    usable_cpus: tuple[int, ...] | None
    memory_total_bytes: int | None
    system: str | None
    kernel: str | None
    python: str | None
    hypervisor: str | None
    instruction_sets: tuple[str, ...]


def describe(root: Path = _ROOT) -> HostDescription:
    """The host whose files lie below `root`. What only a running process can tell is left out for another root."""
    here = root == _ROOT
    return HostDescription(
        cpu_model=_cpu_model(root),
        architecture=platform.machine() or None if here else None,
        online_cpus=_online_cpus(root),
        usable_cpus=_usable_cpus() if here else None,
        memory_total_bytes=_memory_total_bytes(root),
        system=platform.system() or None if here else None,
        kernel=read_text(root / "proc/sys/kernel/osrelease") or (platform.release() or None if here else None),
        python=_python() if here else None,
        hypervisor=_hypervisor(root),
        instruction_sets=tuple(sorted(instruction_sets(root))),
    )


def _cpu_model(root: Path) -> str | None:
    fields = cpuinfo_fields(root)
    for name in ("model name", "cpu model", "cpu", "processor"):
        for value in fields.get(name, ()):
            # Old Arm kernels write the model as "Processor", all others the CPU's number.
            if value and not value.isdigit():
                return value
    if "cpu implementer" in fields and "cpu part" in fields:
        # Arm kernels name no model; these two numbers are what identifies it.
        return f"Arm implementer {fields['cpu implementer'][0]}, part {fields['cpu part'][0]}"
    if root == _ROOT and not fields:
        return platform.processor() or None
    return None


def _online_cpus(root: Path) -> tuple[int, ...] | None:
    listed = read_text(root / "sys/devices/system/cpu/online")
    if listed:
        return parse_cpu_list(listed)
    count = os.cpu_count()
    return tuple(range(count)) if root == _ROOT and count else None


def _usable_cpus() -> tuple[int, ...] | None:
    affinity = getattr(os, "sched_getaffinity", None)
    return None if affinity is None else tuple(sorted(affinity(0)))


def _memory_total_bytes(root: Path) -> int | None:
    for line in (read_text(root / "proc/meminfo") or "").splitlines():
        name, _, value = line.partition(":")
        if name == "MemTotal":
            return int(value.split()[0]) * 1024
    if root != _ROOT:
        return None
    try:
        import psutil
    except ImportError:
        return None
    total: int = psutil.virtual_memory().total
    return total


def _python() -> str:
    free_threaded = " free-threaded" if "t" in getattr(sys, "abiflags", "") else ""
    return (
        f"{platform.python_implementation()} {platform.python_version()}{free_threaded}, {platform.python_compiler()}"
    )


# What firmware says only inside a virtual machine. Clouds that also rent out bare metal under one name aren't here.
_FIRMWARE = {
    "QEMU": "qemu",
    "VMware": "vmware",
    "innotek GmbH": "virtualbox",
    "VirtualBox": "virtualbox",
    "Parallels": "parallels",
    "Xen": "xen",
    "BHYVE": "bhyve",
    "KVM": "kvm",
}
# Those that are virtual machines if the CPU says that there is a hypervisor.
_CLOUDS = {"Amazon EC2": "amazon", "Google": "google", "Microsoft Corporation": "hyper-v"}


def _hypervisor(root: Path) -> str | None:
    named = read_text(root / "sys/hypervisor/type")
    if named:
        return named
    flagged = "hypervisor" in instruction_sets(root)
    firmware = " ".join(
        read_text(root / "sys/class/dmi/id" / name) or "" for name in ("sys_vendor", "product_name", "bios_vendor")
    )
    for text, name in (_FIRMWARE | _CLOUDS if flagged else _FIRMWARE).items():
        if text in firmware:
            return name
    return "unnamed" if flagged else None
