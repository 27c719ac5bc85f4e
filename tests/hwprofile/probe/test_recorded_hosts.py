"""Recorded hosts, whose answers hwloc gives: each tree read as it stands, and every count, number and set compared.

hwloc leaves out what the process may not use, and what its options ask it to; that is done to our answer here, by the
same rule for every tree. Where it draws another line than we do, the line is spelled out beside the comparison.
"""

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from hwprofile.probe.allowance import read_allowance
from hwprofile.probe.topology import read_topology
from hwprofile.profile import Allowance, Node, Thread, Topology

_ALIKE_AS_CACHES = {f"L{level}Cache": f"L{level}dCache" for level in range(1, 4)}


@pytest.fixture
def golden(golden_name: str, hwloc: Path) -> dict[str, Any]:
    """hwloc's answer by the name of its file; skips the test if it is absent."""
    path = hwloc / "golden" / golden_name
    if not path.is_file():
        pytest.skip(f"recorded hosts absent: hw/hwloc/golden/{golden_name}")
    return dict(json.loads(path.read_text()))


class _Seen:
    """What hwloc would show of a host that we read: all that may be used, or all, as its options say."""

    def __init__(self, root: Path, golden: dict[str, Any]) -> None:
        self.topology: Topology = read_topology(root)
        self.allowance: Allowance = read_allowance(root, self.topology)
        self.options = (golden.get("options") or "").split()
        whole = "--disallowed" in self.options
        online = self.topology.online
        assert self.allowance.usable is not None
        self.cpus = set(online if whole else self.allowance.usable)
        nodes = self.topology.nodes
        if self.allowance.memory_nodes is not None and not whole:
            nodes = tuple(node for node in nodes if node.number in self.allowance.memory_nodes)
        if (root / "proc/driver/nvidia/gpus").is_dir() and not any("KEEP_NVIDIA" in line for line in golden["env"]):
            # Unless it is told to keep them, hwloc leaves out the memory of graphics cards: their nodes have no CPU.
            nodes = tuple(node for node in nodes if node.cpus)
        # A node without memory is to hwloc only a place of CPUs.
        self.nodes: tuple[Node, ...] = tuple(node for node in nodes if node.memory != 0)

    def threads(self) -> list[Thread]:
        return [thread for thread in self.topology.threads if thread.number in self.cpus]

    def counts(self) -> dict[str, int]:
        threads = self.threads()
        # A package stays where one of its CPUs may be used, or memory that is its own.
        near = self.cpus.union(*(node.cpus for node in self.nodes))
        counts = {
            "PU": len(threads),
            "Core": _count(thread.core for thread in threads),
            "Die": _count(thread.die for thread in threads),
            "Package": _count(thread.package for thread in self.topology.threads if thread.number in near),
            "NUMANode": len(self.nodes),
        }
        for cache in self.topology.caches:
            if self.cpus.intersection(cache.cpus) and "--no-caches" not in self.options:
                if cache.type == "instruction" and "--no-icaches" in self.options:
                    continue
                letter = {"data": "d", "instruction": "i", "unified": ""}[cache.type]
                name = f"L{cache.level}{letter}Cache"
                counts[name] = counts.get(name, 0) + 1
        return counts


def _count(groups: Iterable[int | None]) -> int:
    return len(set(groups) - {None})


def test_what_hwloc_says_of_a_recorded_host(golden: dict[str, Any], unpacked: Callable[[str], Path]) -> None:
    """CPUs, cores, packages, dies, each sort of cache, nodes with their numbers and CPUs, kinds."""
    seen = _Seen(unpacked(f"linux/{golden['source']}"), golden)
    assert sorted(seen.cpus) == golden["pus"]
    assert [node.number for node in seen.nodes] == golden["numa_os"]
    for node in seen.nodes:
        # Not all of hwloc's formats tell a node's CPUs; for one without any they tell those nearest.
        reported = golden["numa"].get(str(node.number))
        if node.cpus and reported is not None:
            assert sorted(seen.cpus.intersection(node.cpus)) == reported["cpus"]
    ours, theirs = seen.counts(), dict(golden["counts"])
    # Old answers call a data cache just a cache.
    for plain, data in _ALIKE_AS_CACHES.items():
        if plain in theirs and data in ours:
            theirs[data] = theirs.pop(plain)
    # A cache on the memory's side of a node belongs to no CPU, and isn't told by us.
    theirs.pop("MemCache", None)
    shown = {name: count for name, count in theirs.items() if name in ours or name.endswith("Cache")}
    left_out = {name: count for name, count in ours.items() if name not in shown and count}
    assert shown == {name: ours.get(name, 0) for name in shown}
    if {"--merge", "all:structure"}.intersection(seen.options):
        # Asked to, hwloc drops a level that is the same as the one above or below it.
        assert set(left_out.values()) <= {1, *shown.values()}
    else:
        # It always drops dies where each package is one.
        assert set(left_out) <= {"Die"}
        assert left_out.get("Die", ours["Package"]) == ours["Package"]


def test_the_kinds_of_cpu_that_hwloc_tells(golden: dict[str, Any], unpacked: Callable[[str], Path]) -> None:
    """On a hybrid host each kind's CPUs, the most frugal first; on any other no kinds."""
    kinds = read_topology(unpacked(f"linux/{golden['source']}")).kinds
    theirs = [kind["pus"] for kind in golden["cpukinds"]]
    assert [list(kind.cpus) for kind in kinds] == (theirs if len(theirs) > 1 else [])


def test_every_part_is_told_once(golden: dict[str, Any], unpacked: Callable[[str], Path]) -> None:
    """Cores lie in one package, threads of a core are counted from 0, caches of a sort don't overlap."""
    topology = read_topology(unpacked(f"linux/{golden['source']}"))
    online = set(topology.online)
    cores: dict[int, list[Thread]] = {}
    for thread in topology.threads:
        assert thread.online == (thread.number in online)
        if thread.core is not None:
            cores.setdefault(thread.core, []).append(thread)
    assert sorted(cores) == list(range(len(cores)))
    for threads in cores.values():
        assert len({(thread.package, thread.die, thread.node) for thread in threads}) == 1
        assert [thread.smt for thread in threads] == list(range(len(threads)))
        assert topology.siblings(threads[0].number) == tuple(thread.number for thread in threads)
    for cache in topology.caches:
        alike = [other for other in topology.caches if (other.level, other.type) == (cache.level, cache.type)]
        assert sum(bool(set(cache.cpus).intersection(other.cpus)) for other in alike) == 1
        assert online.issuperset(cache.cpus)
    nodes = {node.number for node in topology.nodes}
    for node in topology.nodes:
        assert not node.distances or {number for number, _ in node.distances} == nodes
        assert all(thread.node == node.number for thread in topology.threads if thread.number in node.cpus)


@pytest.mark.gate
def test_a_host_recorded_with_its_cpuid_dumps(unpacked: Callable[[str], Path], hwloc: Path) -> None:
    """AMD's modules of two cores, eight nodes: from the kernel's files alone, as from both."""
    name = "x86+linux/64amd64-4p2n4ca2co"
    topology = read_topology(unpacked(f"{name}.tar.bz2") / "fsroot")
    objects = [found.get("type") for found in ElementTree.parse(hwloc / f"{name}.xml").iter("object")]
    online = [thread for thread in topology.threads if thread.online]
    assert len(online) == objects.count("PU") == 64
    assert _count(thread.core for thread in online) == objects.count("Core") == 64
    assert _count(thread.package for thread in online) == objects.count("Package") == 4
    numbers = [
        int(found.get("os_index", ""))
        for found in ElementTree.parse(hwloc / f"{name}.xml").iter("object")
        if found.get("type") == "NUMANode"
    ]
    assert sorted(numbers) == [node.number for node in topology.nodes]
    for level, type_, called in ((1, "data", "L1Cache"), (2, "unified", "L2Cache"), (3, "unified", "L3Cache")):
        ours = [cache for cache in topology.caches if (cache.level, cache.type) == (level, type_)]
        assert len(ours) == objects.count(called)


def test_what_an_old_cpuset_allows(unpacked: Callable[[str], Path], hwloc: Path) -> None:
    """The process's files beside another host's topology of 16 CPUs and four nodes."""
    root = unpacked("linux/allowed/test1.fsroot.tar.bz2")
    threads = tuple(
        Thread(
            number=cpu,
            online=True,
            package=0,
            die=None,
            cluster=None,
            core=cpu // 2,
            smt=cpu % 2,
            node=cpu // 4,
            kind=None,
        )
        for cpu in range(16)
    )
    allowance = read_allowance(root, Topology(threads=threads, caches=(), nodes=(), kinds=(), nics=()))
    machine = next(ElementTree.parse(hwloc / "linux/allowed/test1.xml").iter("object"))
    mask = sum(1 << cpu for cpu in allowance.usable or ())
    assert f"0x{mask:08x}" == machine.get("allowed_cpuset")
    assert allowance.memory_nodes == (1, 2)
    assert allowance.cpu_quota.state == "unknown"
