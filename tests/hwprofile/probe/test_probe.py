import dataclasses
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwprofile.picture import draw
from hwprofile.probe import probe
from hwprofile.profile import CpuFrequency, HostProfile, Limit, Pressure, ProfileError

_FILES = {
    "sys/devices/system/cpu/online": "0-3",
    "sys/devices/system/cpu/possible": "0-7",
    "sys/devices/system/cpu/isolated": "2-3",
    "sys/devices/system/cpu/cpu0/topology/physical_package_id": "0",
    "sys/devices/system/cpu/cpu0/topology/core_id": "0",
    "sys/devices/system/cpu/cpu0/topology/die_id": "0",
    "sys/devices/system/cpu/cpu0/topology/thread_siblings": "3",
    "sys/devices/system/cpu/cpu0/topology/core_siblings": "f",
    "sys/devices/system/cpu/cpu1/topology/core_id": "0",
    "sys/devices/system/cpu/cpu1/topology/thread_siblings_list": "0-1",
    "sys/devices/system/cpu/cpu2/topology/core_id": "1",
    "sys/devices/system/cpu/cpu3/topology/core_id": "2",
    "sys/devices/system/cpu/cpu3/online": "1",
    "sys/devices/system/cpu/cpu0/cache/index0/level": "1",
    "sys/devices/system/cpu/cpu0/cache/index0/type": "Data",
    "sys/devices/system/cpu/cpu0/cache/index0/size": "32K",
    "sys/devices/system/cpu/cpu0/cache/index0/shared_cpu_map": "3",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "3000000",
    "sys/devices/system/cpu/cpu0/cpufreq/affected_cpus": "0",
    "sys/devices/system/cpu/cpu0/cpuidle/state0/name": "POLL",
    "sys/devices/system/cpu/cpu0/cpuidle/state0/latency": "0",
    "sys/devices/system/cpu/cpu0/cpuidle/state0/disable": "1",
    "sys/devices/system/cpu/cpu0/cpu_capacity": "1024",
    "sys/devices/system/cpu/cpu0/regs/identification/midr_el1": "0x410fd0c1",
    "sys/devices/cpu_core/cpus": "0-1",
    "sys/devices/system/node/online": "0",
    "sys/devices/system/node/node0/cpulist": "0-3",
    "sys/devices/system/node/node0/meminfo": "Node 0 MemTotal: 1024 kB",
    "sys/devices/system/node/node0/distance": "10",
    "sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages": "1",
    "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages": "1",
    "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never",
    "sys/class/net/eth0/device/numa_node": "0",
    "sys/class/net/eth0/device/local_cpulist": "0-3",
    "sys/class/net/eth0/device/irq": "24",
    "sys/class/net/eth0/speed": "1000",
    "sys/class/dmi/id/sys_vendor": "QEMU",
    "proc/cpuinfo": "processor : 0\nvendor_id : AuthenticAMD\ncpu family : 25\nmodel : 17\nflags : fpu lm sse avx2",
    "proc/cmdline": "isolcpus=domain,2-3 nohz_full=2-3 rcu_nocbs=all quiet",
    "proc/meminfo": "MemTotal: 1024 kB\nSwapTotal: 0 kB",
    "proc/stat": "cpu 1 2 3 4 5 6 7 8 9 10",
    "proc/version": "Linux version 6.1.0 (a@b) #1 SMP PREEMPT",
    "proc/mounts": "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0",
    "proc/self/mountinfo": "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
    "proc/self/cgroup": "0::/a/b",
    "proc/self/status": "Cpus_allowed_list:\t0-3\nCapEff:\t0000003fffffffff",
    "proc/self/limits": "Max locked memory         65536                65536                bytes",
    "proc/sys/kernel/sched_rt_runtime_us": "950000",
    "proc/irq/24/smp_affinity_list": "0-3",
    "proc/irq/24/smp_affinity": "f",
    "proc/irq/default_smp_affinity": "f",
    "proc/pressure/cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=0",
    "proc/1/comm": "init",
    "sys/fs/cgroup/cgroup.controllers": "cpu cpuset memory",
    "sys/fs/cgroup/a/cpuset.cpus.effective": "0-3",
    "sys/fs/cgroup/a/cpu.max": "150000 100000",
    "sys/fs/cgroup/a/memory.max": "max",
    "sys/fs/cgroup/a/b/cpu.max": "max 100000",
    "etc/os-release": 'PRETTY_NAME="Tiny"',
}
_WRONG = st.one_of(
    st.binary(max_size=12),
    st.text(alphabet="0123456789-,:/x+ \n\0", max_size=12).map(str.encode),
    st.sampled_from(["", "\0", "-1", "0-", ",", "3-1", "99999999999999999999", "0-0:1/0", "max max", "²"]).map(
        str.encode
    ),
)


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode() + b"\n")
    return root


@pytest.fixture(scope="module")
def host(tmp_path_factory) -> HostProfile:
    return probe(write(tmp_path_factory.mktemp("host"), _FILES))


def test_all_parts_of_a_host(host):
    """One call finds the CPU, how its parts lie, what may be used, how the system is set, and what runs there."""
    assert (host.cpu.vendor, host.cpu.family, host.cpu.architecture) == ("AuthenticAMD", 25, "x86_64")
    assert host.topology.online == (0, 1, 2, 3)
    assert host.topology.siblings(1) == (0, 1)
    assert host.allowance.usable == (0, 1, 2, 3)
    assert host.allowance.cpu_quota == Limit(state="limited", value=1.5, source="/sys/fs/cgroup/a/cpu.max")
    assert host.state.isolated == (2, 3)
    assert (host.system.kernel, host.system.python) == ("6.1.0", None)


def test_nothing_known(tmp_path):
    """Of a folder without files nothing is known, and nothing of this host is put in its place."""
    found = probe(tmp_path)
    assert found.topology.threads == ()
    for limit in (found.allowance.cpu_quota, found.allowance.memory, found.allowance.memlock, found.allowance.rtprio):
        assert limit.state == "unknown"
    for part in (found.cpu, found.state, found.system):
        assert {value for value in vars(part).values() if value != ()} == {None}


@settings(derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(sorted(_FILES)), _WRONG, min_size=1, max_size=6), st.booleans())
def test_malformed_files(tmp_path_factory, wrong, missing):
    """Whatever a kernel writes into its files, the probe ends, and its answer can be written, read back and drawn."""
    root = write(tmp_path_factory.mktemp("wrong"), _FILES | wrong)
    if missing:
        (root / min(wrong)).unlink()
    found = probe(root)
    assert HostProfile.from_json(found.to_json()) == found
    assert draw(found, width=80)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b'{"schema": 999}', b"[" * 100_000, b'{"schema": "\xff"}'])
def test_what_is_no_profile(text):
    """Text that isn't a profile, whatever is wrong with it, is an error that says what to do."""
    with pytest.raises(ProfileError, match="host profile"):
        HostProfile.from_json(text)


def test_files_that_are_folders(tmp_path):
    """A folder where a file should be, as a mount may leave it, is a file that can't be read."""
    for name in _FILES:
        (tmp_path / name).mkdir(parents=True)
    assert probe(tmp_path).cpu.vendor is None


@settings(derandomize=True, max_examples=50)
@given(st.floats(0, 100), st.integers(1, 2**40), st.integers(800, 6000))
def test_fingerprint_isnt_about_load(host, percent, memory, mhz):
    """Load, free memory, pressure, the frequencies of the moment and NICs leave the fingerprint as it was."""
    busy = dataclasses.replace(
        host,
        state=dataclasses.replace(
            host.state,
            steal_percent=percent,
            pressure=Pressure(cpu=percent, memory=0.0, io=None),
            frequencies=(
                CpuFrequency(
                    cpu=0,
                    driver=None,
                    governor=None,
                    energy_preference=None,
                    min_mhz=None,
                    max_mhz=None,
                    current_mhz=mhz,
                ),
            ),
        ),
        system=dataclasses.replace(host.system, memory=memory),
        topology=dataclasses.replace(host.topology, nics=()),
    )
    assert busy.fingerprint == host.fingerprint


@settings(derandomize=True, max_examples=50)
@given(st.sets(st.integers(0, 3), max_size=4), st.none() | st.sampled_from([0.5, 1.0, 2.0]))
def test_fingerprint_is_about_what_may_be_used(host, cpus, quota):
    """Another mask or quota gives another fingerprint, the same ones the same."""
    limit = host.allowance.cpu_quota if quota is None else Limit(state="limited", value=quota, source="elsewhere")
    other = dataclasses.replace(
        host, allowance=dataclasses.replace(host.allowance, usable=tuple(sorted(cpus)), cpu_quota=limit)
    )
    same = cpus == {0, 1, 2, 3} and quota is None
    assert (other.fingerprint == host.fingerprint) == same


def test_unknown_quota_isnt_unlimited(host):
    """The fingerprint, like the profile, keeps apart what isn't limited and what isn't known."""
    limits = (
        Limit(state="unknown", value=None, source="a test"),
        Limit(state="unlimited", value=None, source="a test"),
    )
    unknown, unlimited = (
        dataclasses.replace(host, allowance=dataclasses.replace(host.allowance, cpu_quota=limit)) for limit in limits
    )
    assert unknown.fingerprint != unlimited.fingerprint


def test_this_host():
    """The host that runs the tests: its affinity and Python are this process's, and two probes tell the same host."""
    found = probe()
    if hasattr(os, "sched_getaffinity"):
        assert found.allowance.affinity == tuple(sorted(os.sched_getaffinity(0)))
    assert found.system.python is not None
    assert found.topology.online
    assert probe().fingerprint == found.fingerprint


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity masks")
def test_a_mask_of_one_cpu():
    """A process that may run on one CPU finds that one usable, all others known, and shows itself so."""
    cpu = max(os.sched_getaffinity(0))
    program = (
        f"import os; os.sched_setaffinity(0, [{cpu}]); from hwprofile.probe import probe; p = probe();"
        "print(p.allowance.usable, len(p.topology.online))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == f"({cpu},) {len(probe().topology.online)}\n"


def test_the_import_is_light():
    """Neither `hwprofile` nor the probe brings in what takes long: py-cpuinfo, psutil, archspec, or Mainspring."""
    program = "import sys, hwprofile.probe; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"mainspring", "mainspring_plugins", "cpuinfo", "psutil", "archspec"} & set(done.stdout.split())
