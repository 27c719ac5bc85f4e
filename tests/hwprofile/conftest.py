"""Recorded hosts, unpacked once for all tests that read them."""

import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_HWLOC = Path(__file__).resolve().parents[2].parent / "shared/data/hw/hwloc"

# Thousands of small files, each of which a disk would keep waiting for.
_IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

_NOT_READ = ("/sys/devices/pci", "/sys/bus/", "/sys/class/")

# A plain host, one of NUMA nodes, an old kernel and offline CPUs: 459 files. The other hosts have 45,000.
_QUICK = ("2ps3-2t", "4fake-4gr1nu1pu", "2i386-2c-nohugepage", "16em64t-4s2c2t-offlines")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrizes tests by recorded host (`host_name`) and by hwloc's answers (`golden_name`): most run as a gate."""
    for argument, folder, pattern in (
        ("host_name", "linux", "*.tar.bz2"),
        ("golden_name", "golden", "linux--*.json"),
    ):
        if argument in metafunc.fixturenames:
            names = sorted(path.name for path in (_HWLOC / folder).glob(pattern)) or [pattern]
            cases = [pytest.param(name, marks=() if _is_quick(name) else pytest.mark.gate) for name in names]
            metafunc.parametrize(argument, cases, scope="session")


def _is_quick(name: str) -> bool:
    return name.removeprefix("linux--").startswith(_QUICK) or "*" in name


@pytest.fixture(scope="session")
def hwloc() -> Path:
    """The folder of the recorded hosts, whether or not it exists."""
    return _HWLOC


@pytest.fixture(scope="session")
def unpacked() -> Iterator[Callable[[str], Path]]:
    """Unpacks a recorded host by its tarball below ../shared/data/hw/hwloc, and returns its root.

    PCI devices are left out: they are many, and no test compares them. Skips the test if the tarball is absent.
    """
    roots: dict[str, Path] = {}

    with tempfile.TemporaryDirectory(dir=_IN_MEMORY, prefix="mainspring-hosts-") as base:

        def unpack(name: str) -> Path:
            if not (_HWLOC / name).is_file():
                pytest.skip(f"recorded hosts absent: hw/hwloc/{name}")
            if name not in roots:
                folder = Path(base, str(len(roots)))
                with tarfile.open(_HWLOC / name) as tar:
                    members = [one for one in tar if not any(part in one.name for part in _NOT_READ)]
                    tar.extractall(folder, members, filter="data")
                (roots[name],) = folder.iterdir()
            return roots[name]

        yield unpack
