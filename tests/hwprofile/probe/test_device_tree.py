"""A POWER as an old kernel shows it: cores and caches only in the firmware's tree, written here word by word."""

import struct
from collections.abc import Mapping
from pathlib import Path

import pytest

from hwprofile.probe.topology import read_topology

_POWER = "processor : 0\ncpu : POWER7 (raw), altivec supported\nrevision : 2.1 (pvr 003f 0201)\n"
_CORES = {"PowerPC,POWER7@0": (0, 1, 2, 3), "PowerPC,POWER7@4": (4, 5, 6, 7)}


def write_node(folder: Path, words: Mapping[str, tuple[int, ...]], *, kind: str | None = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in words.items():
        (folder / name).write_bytes(struct.pack(f">{len(values)}I", *values))
    if kind is not None:
        (folder / "device_type").write_bytes(kind.encode() + b"\0")


@pytest.fixture
def power(tmp_path: Path) -> Path:
    """Two cores of four threads, each with an L2, one L3 for both; of every CPU a folder that says nothing."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text(_POWER)
    cpus = tmp_path / "proc/device-tree/cpus"
    for number, (name, threads) in enumerate(_CORES.items()):
        first = {"d-cache-size": 32768, "d-cache-line-size": 128, "d-cache-sets": 32, "i-cache-size": 16384}
        words: dict[str, tuple[int, ...]] = {key: (value,) for key, value in first.items()}
        words |= {"reg": (threads[0],), "ibm,ppc-interrupt-server#s": threads, "l2-cache": (16 + number,)}
        write_node(cpus / name, words, kind="cpu")
        second = {"phandle": (16 + number,), "d-cache-size": (2**18,), "l2-cache": (99,)}
        write_node(cpus / f"l2-cache@{number}", second, kind="cache")
        (cpus / f"l2-cache@{number}/cache-unified").touch()
    write_node(cpus / "l3-cache@0", {"ibm,phandle": (99,), "d-cache-size": (2**22,)}, kind="cache")
    (cpus / "l3-cache@0/cache-unified").touch()
    for cpu in range(8):
        (tmp_path / f"sys/devices/system/cpu/cpu{cpu}").mkdir(parents=True)
    return tmp_path


def test_cores_and_caches(power: Path) -> None:
    """Threads of a core by the firmware's numbers, and each cache with all that refer to it, at any distance."""
    topology = read_topology(power)
    assert [thread.core for thread in topology.threads] == [0, 0, 0, 0, 1, 1, 1, 1]
    assert [(cache.level, cache.type, cache.size, cache.cpus) for cache in topology.caches] == [
        (1, "data", 32768, (0, 1, 2, 3)),
        (1, "instruction", 16384, (0, 1, 2, 3)),
        (1, "data", 32768, (4, 5, 6, 7)),
        (1, "instruction", 16384, (4, 5, 6, 7)),
        (2, "unified", 2**18, (0, 1, 2, 3)),
        (2, "unified", 2**18, (4, 5, 6, 7)),
        (3, "unified", 2**22, tuple(range(8))),
    ]
    assert (topology.caches[0].line, topology.caches[0].ways) == (128, 8)


def test_the_kernels_numbers_arent_the_firmwares(power: Path) -> None:
    """Where the kernel says which hardware thread a CPU is, that counts; threads that aren't online are left out."""
    for cpu, thread in enumerate((4, 5, 0, 1)):
        (power / f"sys/devices/system/cpu/cpu{cpu}/physical_id").write_text(f"{thread}\n")
    for cpu in range(4, 8):
        (power / f"sys/devices/system/cpu/cpu{cpu}").rmdir()
    topology = read_topology(power)
    assert [thread.core for thread in topology.threads] == [0, 0, 1, 1]
    assert topology.sharing(0, 2) == (0, 1)
    assert topology.sharing(0, 3) == (0, 1, 2, 3)


def test_the_kernels_own_word_comes_first(power: Path) -> None:
    """Caches that sysfs shows are the kernel's; the firmware's aren't added to them."""
    index = power / "sys/devices/system/cpu/cpu0/cache/index0"
    index.mkdir(parents=True)
    for name, text in (("level", "1"), ("type", "Data"), ("size", "64K"), ("shared_cpu_list", "0")):
        (index / name).write_text(f"{text}\n")
    assert [(cache.size, cache.cpus) for cache in read_topology(power).caches] == [(65536, (0,))]


def test_other_architectures_number_otherwise(power: Path) -> None:
    """On Arm `reg` is an affinity register: of such a tree nothing is taken for a CPU's number."""
    (power / "proc/cpuinfo").write_text("processor : 0\nCPU implementer : 0x41\nCPU revision : 1\n")
    topology = read_topology(power)
    assert topology.caches == ()
    assert {thread.core for thread in topology.threads} == {None}


def test_caches_that_refer_to_each_other(power: Path) -> None:
    """A tree that goes in a circle ends where it began; a reference to nothing, or half a word, is none."""
    cpus = power / "proc/device-tree/cpus"
    (cpus / "l3-cache@0/l2-cache").write_bytes(struct.pack(">I", 16))
    (cpus / "l2-cache@1/l2-cache").write_bytes(b"\0\0")
    shared = {(cache.level, cache.cpus) for cache in read_topology(power).caches if cache.type == "unified"}
    assert shared == {(2, (0, 1, 2, 3)), (2, (4, 5, 6, 7)), (3, (0, 1, 2, 3))}
