"""Identifies the hypervisor that a host runs under, by traces in the guest's files."""

import re
from pathlib import Path

from hwprofile.kernel_files import cpuinfo_fields, read_text

__all__ = ["hypervisor"]

# Firmware names that only virtual machines have. Clouds that use one name for bare metal too aren't here.
_FIRMWARE = {
    "QEMU": "qemu",
    "VMware": "vmware",
    "VMW": "vmware",
    "innotek GmbH": "virtualbox",
    "VirtualBox": "virtualbox",
    "Parallels": "parallels",
    "Xen": "xen",
    "HVM domU": "xen",
    "BHYVE": "bhyve",
    "Bochs": "bochs",
    "KVM": "kvm",
    "OpenStack": "kvm",
    "KubeVirt": "kvm",
    "Apple Virtualization": "apple",
}
# Clouds whose machines are virtual only if the CPU, or on Arm the product, says so.
_CLOUDS = {"Amazon EC2": "amazon", "Google": "google", "Microsoft Corporation": "hyper-v"}
_CLOUD_PRODUCTS = ("Virtual Machine", "Google Compute Decoder")
# Clock sources that only this hypervisor offers to its guests.
_CLOCKS = {"kvm-clock": "kvm", "hyperv_clocksource": "hyper-v", "xen": "xen"}
_CONTROL_PROGRAMS = {"KVM": "kvm", "z/VM": "z/vm"}


def hypervisor(root: Path) -> str | None:
    """Returns the hypervisor's name ("kvm", "vmware", ...), "unnamed" if it has none, or None if none was found.

    None isn't proof of bare metal. Sources are `/sys/hypervisor`, the firmware's tables, the device tree, s390's
    `/proc/sysinfo`, the available clock sources, and the CPU's flag.
    """
    if "control_d" in (read_text(root / "proc/xen/capabilities") or ""):
        # Xen's own domain drives the hardware, but Xen still schedules it.
        return "xen"
    flagged = _flagged(root)
    return (
        read_text(root / "sys/hypervisor/type")
        or _by_firmware(root, flagged)
        or _by_device_tree(root)
        or _by_control_program(root)
        or _by_cpuinfo(root)
        or (_by_clock(root) or "unnamed" if flagged else None)
    )


def _flagged(root: Path) -> bool:
    return any("hypervisor" in flags.split() for flags in cpuinfo_fields(root).get("flags", ()))


def _by_firmware(root: Path, flagged: bool) -> str | None:
    names = ("sys_vendor", "product_name", "board_vendor", "bios_vendor")
    said = {name: _dmi(root, name) for name in names}
    text = " ".join(said.values())
    virtual = flagged or ("cpu implementer" in cpuinfo_fields(root) and _is_instance(said["product_name"]))
    for mark, name in (_FIRMWARE | _CLOUDS if virtual else _FIRMWARE).items():
        if mark in text:
            return name
    return None


def _is_instance(product: str) -> bool:
    """Whether a cloud's product is a virtual machine. Used on Arm only, whose CPUs have no flag for it."""
    instance_type = re.fullmatch(r"[a-z][\w-]*\.(\w[\w-]*)", product)
    return product in _CLOUD_PRODUCTS or (instance_type is not None and not instance_type[1].startswith("metal"))


def _dmi(root: Path, name: str) -> str:
    for directory in ("sys/class/dmi/id", "sys/devices/virtual/dmi/id"):
        text = read_text(root / directory / name)
        if text is not None:
            return text
    return ""


def _by_device_tree(root: Path) -> str | None:
    compatible = (read_text(root / "proc/device-tree/hypervisor/compatible") or "").strip("\0")
    if compatible == "linux,kvm":
        return "kvm"
    if "xen" in compatible:
        return "xen"
    if "vmware" in compatible:
        return "vmware"
    return compatible.partition("\0")[0] or None


def _by_control_program(root: Path) -> str | None:
    found = re.search(r"^VM00 Control Program:\s*(\S+)", read_text(root / "proc/sysinfo") or "", re.MULTILINE)
    if not found:
        return None
    return next((name for mark, name in _CONTROL_PROGRAMS.items() if mark in found[1]), found[1].lower())


def _by_cpuinfo(root: Path) -> str | None:
    fields = cpuinfo_fields(root)
    if "User Mode Linux" in fields.get("vendor_id", ()):
        return "uml"
    if any("emulated by qemu" in machine for machine in fields.get("machine", ())):
        return "qemu"
    return None


def _by_clock(root: Path) -> str | None:
    clocks = read_text(root / "sys/devices/system/clocksource/clocksource0/available_clocksource") or ""
    return next((name for mark, name in _CLOCKS.items() if mark in clocks), None)
