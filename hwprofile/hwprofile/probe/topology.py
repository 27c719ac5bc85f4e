"""Reads a host's topology from the kernel's files: threads, cores, packages, caches, nodes, kinds.

Groups are identified by their members, because the kernel's ids repeat in each package or die. Ids are used only if the
masks are missing.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hwprofile.kernel_files import cpuinfo_fields, read_text
from hwprofile.probe.cache_diagnostics import cache_diagnostics
from hwprofile.probe.device_tree import device_tree_caches, device_tree_cores
from hwprofile.probe.kinds import read_kinds
from hwprofile.probe.nics import read_nics
from hwprofile.probe.numbers import read_cpus, read_int, read_mask
from hwprofile.profile import Cache, CpuKind, Node, Thread, Topology

__all__ = ["read_topology"]

_CPUS = "sys/devices/system/cpu"
_NODES = "sys/devices/system/node"
_HOLDS: Mapping[str, Literal["data", "instruction", "unified"]] = {
    "Data": "data",
    "Instruction": "instruction",
    "Unified": "unified",
}
_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


def read_topology(root: Path) -> Topology:
    """Returns the topology of the host whose files are below `root`. What isn't known is None or an empty tuple."""
    known, online = _known_and_online(root)
    nodes = _nodes(root, online)
    kinds = read_kinds(root, online)
    threads = _threads(root, known, online, nodes, kinds)
    caches = _caches(root, threads)
    return Topology(
        threads=threads,
        caches=caches,
        nodes=nodes,
        kinds=kinds,
        nics=read_nics(root),
        diagnostics=cache_diagnostics(caches),
    )


def _known_and_online(root: Path) -> tuple[tuple[int, ...], frozenset[int]]:
    """Returns the host's CPUs, and those that are online.

    A CPU that is listed as online but has no folder is left out, because recorded hosts may be incomplete. If no CPU
    has a folder, the lists are used, and without these `/proc/cpuinfo`.
    """
    folders = {int(path.name[3:]) for path in _folders(root / _CPUS, "cpu")}
    listed = read_cpus(root / _CPUS / "online")
    if folders:
        running = {
            cpu for cpu in folders if read_int(root / _CPUS / f"cpu{cpu}/online") != 0 and (not listed or cpu in listed)
        }
        if any((root / _CPUS / f"cpu{cpu}/topology").is_dir() for cpu in running):
            # The kernel removes this folder with the CPU; some kernels list the CPU as online nevertheless.
            running = {cpu for cpu in running if (root / _CPUS / f"cpu{cpu}/topology").is_dir()}
        return tuple(sorted(folders)), frozenset(running)
    if listed:
        return listed, frozenset(listed)
    numbered = {int(text) for text in cpuinfo_fields(root).get("processor", ()) if text.isdecimal()}
    return tuple(sorted(numbered)), frozenset(numbered)


def _folders(parent: Path, name: str) -> list[Path]:
    """Returns the numbered folders with that name, in the order of their numbers."""
    try:
        found = [path for path in parent.iterdir() if re.fullmatch(rf"{name}\d+", path.name)]
    except OSError:
        return []
    return sorted(found, key=lambda path: int(path.name[len(name) :]))


def _members(folder: Path, *names: str) -> frozenset[int] | None:
    """Returns the CPUs of the first of these masks that exists; None if there is none, or it is empty."""
    for name in names:
        cpus = read_cpus(folder / f"{name}_list") or read_mask(folder / name)
        if cpus:
            return frozenset(cpus)
    return None


@dataclass(frozen=True)
class _Places:
    """The core, cluster, die and package of one CPU, each by an identity that is unique on the host."""

    core: Collection[int] | tuple[object, ...] | None
    cluster: Collection[int] | None
    die: Collection[int] | tuple[object, ...] | None
    package: Collection[int] | tuple[object, ...] | None


def _threads(
    root: Path, known: Collection[int], online: frozenset[int], nodes: tuple[Node, ...], kinds: tuple[CpuKind, ...]
) -> tuple[Thread, ...]:
    folders = {cpu: root / _CPUS / f"cpu{cpu}/topology" for cpu in sorted(online)}
    if any(folder.is_dir() for folder in folders.values()):
        places = {cpu: _places(cpu, folder, folders) for cpu, folder in folders.items()}
    else:
        places = _places_of_cpuinfo(root) or _places_of_device_tree(root, online)
    core_of = _numbered(places, lambda place: place.core)
    package_of = _numbered(places, lambda place: place.package)
    die_of = _numbered(places, lambda place: place.die)
    cluster_of = _numbered(places, lambda place: place.cluster)
    node_of = {cpu: node.number for node in nodes for cpu in node.cpus}
    kind_of = {cpu: kind.number for kind in kinds for cpu in kind.cpus}
    seen: dict[int, int] = {}
    threads = []
    for cpu in known:
        core = core_of.get(cpu)
        smt = None
        if core is not None:
            smt = seen.get(core, 0)
            seen[core] = smt + 1
        threads.append(
            Thread(
                number=cpu,
                online=cpu in online,
                package=package_of.get(cpu),
                die=die_of.get(cpu),
                cluster=cluster_of.get(cpu),
                core=core,
                smt=smt,
                node=node_of.get(cpu),
                kind=kind_of.get(cpu),
            )
        )
    return tuple(threads)


def _numbered(places: Mapping[int, _Places], of: Callable[[_Places], object]) -> dict[int, int]:
    """Numbers the groups from 0 in the order of their lowest CPU."""
    numbers: dict[object, int] = {}
    return {
        cpu: numbers.setdefault(group, len(numbers))
        for cpu, place in sorted(places.items())
        if (group := of(place)) is not None
    }


def _places(cpu: int, folder: Path, folders: Mapping[int, Path]) -> _Places:
    def group(*names: str) -> frozenset[int] | None:
        members = _members(folder, *names)
        # A mask without the CPU itself is ignored; offline CPUs may still be in masks.
        return members.intersection(folders) if members is not None and cpu in members else None

    package_id, die_id, core_id = (read_int(folder / name) for name in ("physical_package_id", "die_id", "core_id"))
    package: Collection[int] | tuple[object, ...] | None = group("package_cpus", "core_siblings")
    if package is None and package_id is not None and package_id >= 0:
        package = ("package", package_id)
    die: Collection[int] | tuple[object, ...] | None = None
    if die_id is None or die_id >= 0:
        # If the id says that there are no dies, the mask is the CPU's own.
        die = group("die_cpus") or (None if die_id is None else (package, die_id))
    threads = group("core_cpus", "thread_siblings")
    core: Collection[int] | tuple[object, ...] | None = threads
    if threads is not None and any(read_int(folders[other] / "core_id") != core_id for other in threads):
        # AMD's module of two cores (family 15h) appears as a core of two threads.
        core = frozenset((cpu,))
    if core is None and core_id is not None and core_id >= 0:
        core = (package, die, core_id)
    return _Places(core=core, cluster=group("cluster_cpus"), die=die, package=package)


def _places_of_cpuinfo(root: Path) -> dict[int, _Places]:
    """Reads each CPU's place from `/proc/cpuinfo` on x86, for kernels that show no topology."""
    places: dict[int, _Places] = {}
    for block in re.split(r"\n\s*\n", read_text(root / "proc/cpuinfo") or ""):
        found = dict(re.findall(r"^(processor|physical id|core id)\s*:\s*(\d+)\s*$", block, re.MULTILINE))
        if "processor" in found and "physical id" in found:
            package = ("package", found["physical id"])
            core = (package, found["core id"]) if "core id" in found else None
            places[int(found["processor"])] = _Places(core=core, cluster=None, die=None, package=package)
    return places


def _places_of_device_tree(root: Path, online: frozenset[int]) -> dict[int, _Places]:
    return {
        cpu: _Places(core=cpus, cluster=None, die=None, package=None)
        for cpus in device_tree_cores(root, online)
        for cpu in cpus
    }


def _caches(root: Path, threads: tuple[Thread, ...]) -> tuple[Cache, ...]:
    cores: dict[int, list[int]] = {}
    for thread in threads:
        if thread.core is not None:
            cores.setdefault(thread.core, []).append(thread.number)
    core_of = {thread.number: thread.core for thread in threads if thread.online}
    found: dict[tuple[int, str, tuple[int, ...]], Cache] = {}
    for cpu, core in core_of.items():
        for folder in _folders(root / _CPUS / f"cpu{cpu}/cache", "index"):
            level = read_int(folder / "level")
            holds = _HOLDS.get(read_text(folder / "type") or "")
            if level is None or holds is None:
                continue
            shared = _members(folder, "shared_cpu_map") or _members(folder, "shared_cpu")
            if shared is not None and cpu in shared:
                cpus = tuple(sorted(shared & core_of.keys()))
            else:
                # An empty mask is ignored, because the threads of a core share their caches.
                cpus = (cpu,) if core is None else tuple(cores[core])
            found.setdefault(
                (level, holds, cpus),
                Cache(
                    level=level,
                    type=holds,
                    size=_size(read_text(folder / "size")),
                    line=read_int(folder / "coherency_line_size") or None,
                    ways=read_int(folder / "ways_of_associativity") or None,
                    cpus=cpus,
                ),
            )
    return tuple(found[key] for key in sorted(found)) or device_tree_caches(root, core_of)


def _size(text: str | None) -> int | None:
    found = re.fullmatch(r"(\d+)([KMG]?)", text or "")
    if found is None or not int(found[1]):
        return None
    return int(found[1]) * _UNITS.get(found[2], 1)


def _nodes(root: Path, online: frozenset[int]) -> tuple[Node, ...]:
    """Returns the online nodes. A kernel without NUMA has one: all memory is equally far from all CPUs."""
    folders = _folders(root / _NODES, "node")
    if not folders and (root / _CPUS).is_dir():
        found = re.search(r"^MemTotal:\s*(\d+) kB", read_text(root / "proc/meminfo") or "", re.MULTILINE)
        memory = int(found[1]) * 1024 if found else None
        return (Node(number=0, cpus=tuple(sorted(online)), memory=memory, distances=((0, 10),)),)
    listed = read_cpus(root / _NODES / "online")
    running = [folder for folder in folders if not listed or int(folder.name[4:]) in listed]
    numbers = [int(folder.name[4:]) for folder in running]
    nodes: dict[tuple[int, ...] | int, Node] = {}
    for number, folder in zip(numbers, running, strict=True):
        members = read_cpus(folder / "cpulist") or read_mask(folder / "cpumap") or ()
        cpus = tuple(cpu for cpu in members if cpu in online)
        memory = _node_memory(folder)
        # A CPU has one node. If firmware gives several nodes the same CPUs, they are parts of one node.
        same = nodes.get(cpus) if cpus else None
        if same is not None:
            total = None if same.memory is None or memory is None else same.memory + memory
            nodes[cpus] = Node(number=same.number, cpus=cpus, memory=total, distances=same.distances)
            continue
        nodes[cpus or number] = Node(number=number, cpus=cpus, memory=memory, distances=_distances(folder, numbers))
    left = {node.number for node in nodes.values()}
    return tuple(
        Node(
            number=node.number,
            cpus=node.cpus,
            memory=node.memory,
            distances=tuple(pair for pair in node.distances if pair[0] in left),
        )
        for node in sorted(nodes.values(), key=lambda node: node.number)
    )


def _distances(folder: Path, numbers: list[int]) -> tuple[tuple[int, int], ...]:
    """Returns the distances to the online nodes, in the kernel's order; none if their count differs."""
    distances = [int(text) for text in (read_text(folder / "distance") or "").split() if text.isdecimal()]
    return tuple(zip(numbers, distances, strict=True)) if len(distances) == len(numbers) else ()


def _node_memory(folder: Path) -> int | None:
    found = re.search(r"MemTotal:\s*(\d+) kB", read_text(folder / "meminfo") or "")
    return int(found[1]) * 1024 if found else None
