"""What a process may use, by files written here in the kernel's own formats. Unknown is never unlimited."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwprofile.probe.allowance import read_allowance
from hwprofile.probe.capabilities import capability_names
from hwprofile.profile import Allowance, Thread, Topology

_V2 = "30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"
_MANY = Topology(
    threads=tuple(
        Thread(number=cpu, online=cpu != 7, package=0, die=0, cluster=None, core=cpu, smt=0, node=0, kind=None)
        for cpu in range(8)
    ),
    caches=(),
    nodes=(),
    kinds=(),
    nics=(),
)

Host = Callable[[dict[str, str]], Allowance]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """Writes the files of a process on a host of eight CPUs, the last offline, and reads what it may use."""

    def write(files: dict[str, str]) -> Allowance:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return read_allowance(tmp_path, _MANY)

    return write


def _v2(own: str, files: dict[str, str], mount: str = _V2) -> dict[str, str]:
    """The files of a cgroup of version 2 and its ancestors, the true root among them."""
    root = {"sys/fs/cgroup/cgroup.controllers": "cpuset cpu memory"}
    below = {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    return {"proc/self/mountinfo": mount + "\n", "proc/self/cgroup": f"0::{own}\n", **root, **below}


def test_nothing_known(host: Host) -> None:
    """Without a file every bound is unknown; what runs is what may be used."""
    allowance = host({})
    bounds = (allowance.cpu_quota, allowance.memory, allowance.memlock, allowance.rtprio)
    assert {bound.state for bound in bounds} == {"unknown"}
    assert (allowance.cgroup_version, allowance.capabilities, allowance.cpuset) == (None, None, None)
    assert allowance.usable == (0, 1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize(
    ("files", "state", "value"),
    [
        ({"a/b/cpu.max": "150000 100000", "a/cpu.max": "max 100000"}, "limited", 1.5),
        ({"a/b/cpu.max": "max 100000", "a/cpu.max": "50000 100000"}, "limited", 0.5),
        ({"a/b/cpu.max": "400000 100000", "a/cpu.max": "150000 50000"}, "limited", 3.0),
        ({"a/b/cpu.max": "max 100000", "a/cpu.max": "max 100000"}, "unlimited", None),
        ({"a/b/cpu.max": "max 100000", "a/cpu.max": "max 100000", "cgroup.type": "domain"}, "unknown", None),
        ({"a/cpu.max": "max 100000"}, "unknown", None),
        ({"a/b/cpu.max": "200000", "a/cpu.max": "max"}, "limited", 2.0),
        ({"a/b/cpu.max": "", "a/cpu.max": "nonsense 0"}, "unlimited", None),
    ],
    ids=["own", "above", "least", "none", "in a container", "own is gone", "default period", "not numbers"],
)
def test_a_quota_of_version_2(host: Host, files: dict[str, str], state: str, value: float | None) -> None:
    """The least of all ancestors; unlimited only where all of them were seen."""
    quota = host(_v2("/a/b", files)).cpu_quota
    assert (quota.state, quota.value) == (state, value)


def test_a_quota_tells_where_it_stands(host: Host) -> None:
    """The file that bounds, as it is called on that host."""
    assert host(_v2("/a", {"a/cpu.max": "100000 100000"})).cpu_quota.source == "/sys/fs/cgroup/a/cpu.max"


def test_memory_of_version_2(host: Host) -> None:
    """In bytes; "max" bounds nothing."""
    memory = host(_v2("/a/b", {"a/b/memory.max": "max", "a/memory.max": "1073741824"})).memory
    assert (memory.state, memory.value) == ("limited", 2**30)


def test_cpusets_of_version_2(host: Host) -> None:
    """The effective ones, narrowed by every ancestor, and by what runs."""
    files = {
        "a/b/cpuset.cpus.effective": "0-3,7",
        "a/b/cpuset.mems.effective": "0-1",
        "a/cpuset.cpus.effective": "2-7",
        "cpuset.cpus.effective": "0-7",
    }
    allowance = host(_v2("/a/b", files))
    assert (allowance.cpuset, allowance.memory_nodes) == ((2, 3, 7), (0, 1))
    assert allowance.usable == (2, 3)


def test_an_affinity_narrows(host: Host) -> None:
    """That of the recorded process, with its capabilities."""
    allowance = host({"proc/self/status": "Name:\tx\nCpus_allowed_list:\t1,3-4\nCapEff:\t0000000000804000\n"})
    assert (allowance.affinity, allowance.usable) == ((1, 3, 4), (1, 3, 4))
    assert allowance.capabilities == ("ipc_lock", "sys_nice")
    assert allowance.cgroup_version == 0


_V1 = "\n".join(
    f"3{number} 24 0:{number} {below} /sys/fs/cgroup/{names} rw - cgroup cgroup rw,{names}"
    for number, names, below in ((1, "cpu,cpuacct", "/"), (2, "memory", "/docker/1"), (3, "cpuset", "/"))
)
_V1_OWN = "4:memory:/docker/1\n3:cpu,cpuacct:/jobs/one\n2:cpuset:/jobs\n"


def test_bounds_of_version_1(host: Host) -> None:
    """Each controller has its hierarchy; a quota of -1 and a limit beyond all memory bound nothing."""
    base = "sys/fs/cgroup"
    allowance = host(
        {
            "proc/self/mountinfo": _V1,
            "proc/self/cgroup": _V1_OWN,
            f"{base}/cpu,cpuacct/jobs/one/cpu.cfs_quota_us": "-1",
            f"{base}/cpu,cpuacct/jobs/cpu.cfs_quota_us": "250000",
            f"{base}/cpu,cpuacct/jobs/cpu.cfs_period_us": "100000",
            f"{base}/memory/memory.limit_in_bytes": "9223372036854771712",
            f"{base}/cpuset/jobs/cpuset.cpus": "0-2",
            f"{base}/cpuset/jobs/cpuset.mems": "1",
        }
    )
    assert (allowance.cpu_quota.state, allowance.cpu_quota.value) == ("limited", 2.5)
    # What is mounted begins below the root: whatever stands above it can't be seen.
    assert allowance.memory.state == "unknown"
    assert (allowance.cpuset, allowance.memory_nodes, allowance.cgroup_version) == ((0, 1, 2), (1,), 1)


def test_a_controller_of_version_1_is_not_sought_in_version_2(host: Host) -> None:
    """Where both are mounted, as systemd's hybrid layout has them."""
    mounts = f"{_V1}\n35 24 0:35 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw"
    files = {
        "proc/self/mountinfo": mounts,
        "proc/self/cgroup": f"{_V1_OWN}0::/user\n",
        "sys/fs/cgroup/unified/cgroup.controllers": "",
        "sys/fs/cgroup/unified/user/cpu.max": "10000 100000",
        "sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_quota_us": "-1",
    }
    allowance = host(files)
    assert allowance.cpu_quota.state == "unlimited"
    assert (allowance.cgroup, allowance.cgroup_version) == ("/user", 2)


@pytest.mark.parametrize("own", ["/", "/../.."])
def test_a_cgroup_namespace(host: Host, own: str) -> None:
    """The process sees its own cgroup as the root, or as above it; its bound is read, and none isn't unlimited."""
    files = {"cgroup.type": "domain", "cpu.max": "max 100000", "memory.max": "1000"}
    allowance = host(_v2(own, files))
    assert allowance.cpu_quota.state == "unknown"
    assert (allowance.memory.state, allowance.memory.value) == ("limited", 1000)


def test_resource_limits(host: Host) -> None:
    """The soft ones."""
    limits = (
        "Limit                     Soft Limit           Hard Limit           Units\n"
        "Max locked memory         8388608              unlimited            bytes\n"
        "Max realtime priority     unlimited            unlimited\n"
    )
    allowance = host({"proc/self/limits": limits})
    assert (allowance.memlock.state, allowance.memlock.value) == ("limited", 8388608)
    assert (allowance.rtprio.state, allowance.rtprio.value) == ("unlimited", None)


def test_a_mount_with_a_space_in_its_path(host: Host) -> None:
    """The kernel writes it as octal."""
    mount = _V2.replace("/sys/fs/cgroup ", "/my\\040cgroups ")
    files = {"proc/self/mountinfo": mount, "proc/self/cgroup": "0::/a", "my cgroups/a/cpu.max": "100000 100000"}
    assert host(files).cpu_quota.value == 1.0


@given(text=st.text(max_size=200))
def test_no_text_of_a_file_breaks_the_reading(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever a file holds: a value or unknown, never an error."""
    root = tmp_path_factory.mktemp("host")
    names = ("proc/self/mountinfo", "proc/self/cgroup", "proc/self/status", "proc/self/limits", "sys/fs/cgroup/cpu.max")
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, errors="replace")
    assert read_allowance(root, _MANY).usable is not None


def test_this_process() -> None:
    """What the scheduler says of it."""
    import os

    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("this system has no affinity masks")
    from hwprofile.probe.topology import read_topology

    allowance = read_allowance(Path("/"), read_topology(Path("/")))
    assert allowance.affinity == tuple(sorted(os.sched_getaffinity(0)))
    assert set(allowance.usable or ()) <= set(allowance.affinity or ())


def test_capabilities_by_name() -> None:
    """By their bits; one that is newer than the list by its number."""
    assert capability_names(1 | 1 << 40 | 1 << 63) == ("chown", "checkpoint_restore", "cap_63")


@pytest.mark.parametrize("own", [None, "", "1:name=systemd:/\n", "3:cpuset:/a/b\n"])
def test_version_2_without_the_processs_line(host: Host, own: str | None) -> None:
    """If /proc/self/cgroup doesn't name the cgroup of version 2, its hierarchy is read by its rules all the same."""
    files = _v2(
        "/a/b", {"a/b/cpu.max": "150000 100000", "a/b/cpuset.cpus.effective": "1-3", "cpu.max": "400000 100000"}
    )
    del files["proc/self/cgroup"]
    reported = {"proc/self/cpuset": "/a/b\n", **({} if own is None else {"proc/self/cgroup": own})}
    allowance = host(files | reported)
    assert (allowance.cpu_quota.value, allowance.usable, allowance.cgroup) == (1.5, (1, 2, 3), "/a/b")
    assert allowance.cgroup_version == 2


def test_version_2_with_nothing_that_names_the_cgroup(host: Host) -> None:
    """Then what bounds the highest cgroup that is seen bounds the process, and nothing is called unlimited."""
    files = _v2("/", {"cpu.max": "200000 100000", "memory.max": "max"})
    del files["proc/self/cgroup"]
    allowance = host(files)
    assert (allowance.cpu_quota.value, allowance.memory.state) == (2.0, "unknown")
    assert (allowance.cgroup, allowance.cgroup_version) == (None, 2)
    assert allowance.memory.source == "no cgroup that can be seen limits it, and which one it is in isn't known"


def test_a_cpuset_of_version_1_says_nothing_of_version_2(host: Host) -> None:
    """On a host with both, /proc/self/cpuset is the path in version 1."""
    files = _v2("/", {"a/cpu.max": "100000 100000"}, _V2 + "\n31 24 0:27 / /cpuset rw - cgroup cpuset rw,cpuset")
    files["proc/self/cgroup"] = "4:cpuset:/a\n"
    files["proc/self/cpuset"] = "/a\n"
    files["cpuset/a/cpuset.cpus"] = "0-1"
    allowance = host(files)
    assert (allowance.cpu_quota.state, allowance.usable) == ("unknown", (0, 1))
