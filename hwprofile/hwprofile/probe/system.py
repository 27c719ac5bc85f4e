"""Reads a host's operating system and product name."""

import platform
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from hwprofile.kernel_files import cpuinfo_fields, kernel_release, read_text
from hwprofile.probe.pages import meminfo
from hwprofile.profile import System

__all__ = ["read_system"]

_ROOT = Path("/")

# Firmware's placeholders for a name that its maker didn't fill in, in lower case.
_NO_NAME = (
    "",
    "none",
    "unknown",
    "not specified",
    "not available",
    "default string",
    "system product name",
    "undefined",
)

# Parts of cgroup paths that container managers create, outermost first.
_CGROUP_MARKS = {
    "kubepods": "kubernetes",
    "libpod": "podman",
    "docker": "docker",
    "containerd": "containerd",
    "lxc": "lxc",
    "machine.slice/systemd-nspawn": "systemd-nspawn",
}


def read_system(root: Path) -> System:
    """Returns the system of the host whose files are below `root`. `python` is None for a recorded host."""
    here = root == _ROOT
    return System(
        system=(platform.system() or None) if here else _system(root),
        kernel=kernel_release(root) or ((platform.release() or None) if here else None),
        distribution=_distribution(root) or (_other_systems_version() if here else None),
        python=_python() if here else None,
        memory=_memory(root),
        product=next(_products(root), None),
        container=next(_containers(root), None),
    )


def _system(root: Path) -> str | None:
    # "Linux version 6.1.0-test (builder@host) ..."
    words = (read_text(root / "proc/version") or "").split()
    return read_text(root / "proc/sys/kernel/ostype") or (words[0] if words else None)


def _distribution(root: Path) -> str | None:
    text = read_text(root / "etc/os-release") or read_text(root / "usr/lib/os-release") or ""
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    for name in ("PRETTY_NAME", "NAME"):
        try:
            value = " ".join(shlex.split(fields.get(name, "")))
        except ValueError:  # an unclosed quote
            value = fields[name].strip("\"'")
        if value:
            return value
    return None


def _other_systems_version() -> str | None:
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    if sys.platform == "win32":
        return f"Windows {platform.version()}"
    return None


def _python() -> str:
    free_threaded = " free-threaded" if "t" in getattr(sys, "abiflags", "") else ""
    return (
        f"{platform.python_implementation()} {platform.python_version()}{free_threaded}, {platform.python_compiler()}"
    )


def _memory(root: Path) -> int | None:
    """Returns the system's memory in bytes: its own total, else the sum over its nodes."""
    total = meminfo(root).get("MemTotal")
    if total is not None:
        return total
    nodes = [read_text(path) or "" for path in (root / "sys/devices/system/node").glob("node[0-9]*/meminfo")]
    sizes = [int(found[1]) * 1024 for text in nodes if (found := re.search(r"MemTotal:\s+(\d+) kB", text))]
    if sizes:
        return sum(sizes)
    if root != _ROOT:
        return None
    import psutil

    return int(psutil.virtual_memory().total)


def _products(root: Path) -> Iterator[str]:
    """Yields the host's names from its firmware, its device tree, and the kernel's description of the board."""
    for directory in ("sys/class/dmi/id", "sys/devices/virtual/dmi/id"):
        vendor, product = (_named(read_text(root / directory / name)) for name in ("sys_vendor", "product_name"))
        if product is not None:
            yield product if vendor is None or product.startswith(vendor) else f"{vendor} {product}"
    for name in ("proc/device-tree/model", "sys/firmware/devicetree/base/model"):
        model = _named(read_text(root / name))
        if model is not None:
            yield model
    fields = cpuinfo_fields(root)
    for name in ("machine", "hardware"):
        for value in fields.get(name, ()):
            if _named(value) is not None:
                yield value


def _named(text: str | None) -> str | None:
    name = (text or "").strip("\0 ")
    return None if name.lower() in _NO_NAME or "o.e.m" in name.lower() else name


def _containers(root: Path) -> Iterator[str]:
    """Yields the container managers that this system runs in, outermost first. None isn't proof that there are none."""
    if (root / "var/run/secrets/kubernetes.io").is_dir() or (root / "run/secrets/kubernetes.io").is_dir():
        yield "kubernetes"
    first_process = (read_text(root / "proc/1/environ") or "").split("\0")
    if any(variable.startswith("KUBERNETES_SERVICE_HOST=") for variable in first_process):
        yield "kubernetes"
    reported = read_text(root / "run/systemd/container")
    if reported:
        yield reported
    for variable in first_process:
        name, _, value = variable.partition("=")
        if name == "container" and value:
            # OCI runtimes get this from others; the files below show from which.
            yield value if value != "oci" else "podman" if (root / "run/.containerenv").exists() else value
    if (root / "run/.containerenv").exists():
        yield "podman"
    if (root / ".dockerenv").exists():
        yield "docker"
    groups = read_text(root / "proc/1/cgroup") or ""
    for mark, name in _CGROUP_MARKS.items():
        if mark in groups:
            yield name
    if "microsoft" in (kernel_release(root) or "").lower():
        yield "wsl"
