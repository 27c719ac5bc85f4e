import platform
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from hwprofile.probe.system import read_system


@pytest.fixture
def host(tmp_path: Path):
    """Writes the files of a host, given by their paths, and returns its root."""

    def write(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def test_this_host():
    """The host that runs the test agrees with Python's own view and with psutil's."""
    found = read_system(Path("/"))
    assert (found.system, found.kernel) == (platform.system(), platform.release())
    assert found.python is not None
    assert found.python.startswith("CPython 3.")
    assert found.memory == psutil.virtual_memory().total


def test_another_host(host):
    """Files below another root are all that is told; the Python that runs here isn't that host's."""
    root = host(
        {
            "proc/meminfo": "MemTotal:       16384 kB\nMemFree: 1 kB\n",
            "proc/sys/kernel/osrelease": "6.1.0-test\n",
            "proc/sys/kernel/ostype": "Linux\n",
            "etc/os-release": 'NAME="X"\nPRETTY_NAME="X Linux 7 (Seven)"\n',
            "sys/class/dmi/id/sys_vendor": "Dell Inc.\n",
            "sys/class/dmi/id/product_name": "PowerEdge R7625\n",
        }
    )
    found = read_system(root)
    assert (found.system, found.kernel, found.distribution) == ("Linux", "6.1.0-test", "X Linux 7 (Seven)")
    assert (found.memory, found.product) == (16384 * 1024, "Dell Inc. PowerEdge R7625")
    assert (found.python, found.container) == (None, None)


def test_nothing_known(tmp_path):
    """A root with no files gives None for everything, and no guess."""
    assert set(vars(read_system(tmp_path)).values()) == {None}


def test_a_kernel_known_by_its_banner(host):
    """Where only /proc/version was recorded, system and kernel stand there."""
    found = read_system(host({"proc/version": "Linux version 5.4.0-77-generic (buildd@x) (gcc 9.3.0) #86 SMP\n"}))
    assert (found.system, found.kernel) == ("Linux", "5.4.0-77-generic")


def test_memory_of_the_nodes(host):
    """Where /proc/meminfo wasn't recorded, the memory is that of all nodes."""
    root = host(
        {
            "sys/devices/system/node/node0/meminfo": "Node 0 MemTotal:  1024 kB\nNode 0 MemFree: 1 kB\n",
            "sys/devices/system/node/node3/meminfo": "Node 3 MemTotal:  2048 kB\n",
        }
    )
    assert read_system(root).memory == 3072 * 1024


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PRETTY_NAME='Alpine Linux v3.20'\n", "Alpine Linux v3.20"),
        ("NAME=Gentoo\nID=gentoo\n", "Gentoo"),
        ('PRETTY_NAME="unended\n', "unended"),
        ("# nothing\n", None),
    ],
)
def test_distributions(host, text, expected):
    """os-release is quoted like a shell's variables, or isn't; without a pretty name the plain one serves."""
    assert read_system(host({"usr/lib/os-release": text})).distribution == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"sys/class/dmi/id/product_name": "To Be Filled By O.E.M."}, None),
        (
            {"sys/class/dmi/id/sys_vendor": "QEMU", "sys/class/dmi/id/product_name": "QEMU Virtual Machine"},
            "QEMU Virtual Machine",
        ),
        ({"proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.1\0"}, "Raspberry Pi 4 Model B Rev 1.1"),
        ({"proc/cpuinfo": "processor : 0\n\nmachine : CHRP IBM pSeries\n"}, "CHRP IBM pSeries"),
        ({"proc/cpuinfo": "processor : 0\n\nHardware : BCM2708\n"}, "BCM2708"),
    ],
)
def test_products(host, files, expected):
    """A host's name comes from its firmware, its device tree or the kernel; what makers left blank is no name."""
    assert read_system(host(files)).product == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({".dockerenv": ""}, "docker"),
        ({"run/.containerenv": 'decoder="podman-4.3.1"\n'}, "podman"),
        ({"run/systemd/container": "systemd-nspawn\n"}, "systemd-nspawn"),
        ({"proc/1/environ": "TERM=linux\0container=lxc\0"}, "lxc"),
        ({"proc/1/environ": "container=oci\0", "run/.containerenv": ""}, "podman"),
        ({"proc/1/environ": "KUBERNETES_SERVICE_HOST=10.0.0.1\0", ".dockerenv": ""}, "kubernetes"),
        ({"proc/1/cgroup": "12:cpu:/kubepods/burstable/pod1/docker-2\n"}, "kubernetes"),
        ({"proc/1/cgroup": "3:cpuset:/docker/0123abcd\n"}, "docker"),
        ({"proc/sys/kernel/osrelease": "5.15.153.1-microsoft-standard-WSL2"}, "wsl"),
        ({"proc/1/cgroup": "0::/init.scope\n", "proc/1/environ": "HOME=/\0"}, None),
    ],
)
def test_containers(host, files, expected):
    """Each container manager by the marks that it leaves; where there is none, nothing is claimed."""
    assert read_system(host(files)).container == expected
