"""Reads a PowerPC's cores and caches from the device tree, for kernels that don't show them in sysfs.

The properties are those of the Power Architecture Platform Reference: numbers are big-endian words of 32 bits, a node
is referred to by its phandle, and `ibm,ppc-interrupt-server#s` has the numbers of a core's hardware threads.
"""

import struct
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal

from hwprofile.kernel_files import cpuinfo_fields
from hwprofile.probe.numbers import read_int
from hwprofile.profile import Cache

__all__ = ["device_tree_caches", "device_tree_cores"]

_PLACES = ("proc/device-tree/cpus", "sys/firmware/devicetree/base/cpus")
_HANDLES = ("phandle", "ibm,phandle", "linux,phandle")
_SPLIT: tuple[tuple[Literal["data", "instruction"], str], ...] = (("data", "d"), ("instruction", "i"))
_UNIFIED: tuple[tuple[Literal["unified"], str], ...] = (("unified", "d"),)
_NEXT_LEVEL = ("l2-cache", "next-level-cache")


def device_tree_cores(root: Path, online: Collection[int]) -> tuple[tuple[int, ...], ...]:
    """Returns the online CPUs of each core; empty if there is no device tree, or it isn't a PowerPC's."""
    return tuple(cpus for _, cpus in _cores(root, online))


def device_tree_caches(root: Path, online: Collection[int]) -> tuple[Cache, ...]:
    """Returns the caches; a core contains its first and refers to the next. Empty as in `device_tree_cores`."""
    cores = list(_cores(root, online))
    if not cores:
        return ()
    by_handle = {handle: node for node in _nodes(root) for handle in _words(node, *_HANDLES)[:1]}
    held: dict[tuple[int, Path], set[int]] = {}
    for core, cpus in cores:
        node: Path | None = core
        seen: set[Path] = set()
        while node is not None and node not in seen:
            seen.add(node)
            held.setdefault((len(seen), node), set()).update(cpus)
            node = next((by_handle.get(handle) for handle in _words(node, *_NEXT_LEVEL)[:1]), None)
    return tuple(
        cache for (level, node), shared in sorted(held.items()) for cache in _caches(node, level, tuple(sorted(shared)))
    )


def _cores(root: Path, online: Collection[int]) -> Iterator[tuple[Path, tuple[int, ...]]]:
    # On other architectures, the kernel doesn't number CPUs by `reg`.
    if not any("(pvr " in revision for revision in cpuinfo_fields(root).get("revision", ())):
        return
    by_thread = {_thread_number(root, cpu): cpu for cpu in online}
    for node in _nodes(root):
        if _bytes(node / "device_type").strip(b"\0") == b"cpu":
            threads = _words(node, "ibm,ppc-interrupt-server#s", "reg")
            cpus = tuple(sorted(by_thread[thread] for thread in threads if thread in by_thread))
            if cpus:
                yield node, cpus


def _thread_number(root: Path, cpu: int) -> int:
    number = read_int(root / f"sys/devices/system/cpu/cpu{cpu}/physical_id")
    return cpu if number is None else number


def _nodes(root: Path) -> list[Path]:
    """Returns the nodes below the CPUs' node, nested ones too: caches are next to cores or inside them."""
    for place in _PLACES:
        if (root / place).is_dir():
            return sorted(path for path in (root / place).rglob("*") if path.is_dir())
    return []


def _caches(node: Path, level: int, cpus: tuple[int, ...]) -> Iterator[Cache]:
    for kind, letter in _UNIFIED if (node / "cache-unified").exists() else _SPLIT:
        size, sets = (next(iter(_words(node, f"{letter}-cache-{name}")), 0) for name in ("size", "sets"))
        line = next(iter(_words(node, f"{letter}-cache-line-size", f"{letter}-cache-block-size")), 0)
        if size:
            ways = size // (line * sets) if line and sets else None
            yield Cache(level=level, type=kind, size=size, line=line or None, ways=ways or None, cpus=cpus)


def _words(node: Path, *names: str) -> tuple[int, ...]:
    """Returns the words of the first of these properties that the node has."""
    for name in names:
        content = _bytes(node / name)
        if content and len(content) % 4 == 0:
            return struct.unpack(f">{len(content) // 4}I", content)
    return ()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
