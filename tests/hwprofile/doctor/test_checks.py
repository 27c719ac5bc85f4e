"""What each check says of hosts that differ from a ready one in one respect."""

import dataclasses
import shutil
import subprocess

import pytest

from hwprofile.doctor import CHECKS, examine
from hwprofile.profile import CpuFrequency, CState, HugePages, Limit, Nic, Pressure


def findings(profile, hot=None):
    """The findings of all checks by the check's name."""
    return {finding.check: finding for finding in examine(profile, hot).findings}


def fixes(finding):
    """All that a finding asks for, as text."""
    return "\n".join(fix.text for fix in finding.fixes)


def test_names_are_unique():
    """A check is known by its name."""
    assert len({check.name for check in CHECKS}) == len(CHECKS)


def test_ready(ready):
    """A host that is tuned in every respect is good in every respect, and asks for nothing."""
    assert {finding.check: finding.found for finding in examine(ready).findings if finding.grade != "good"} == {}
    assert examine(ready).exit_code == 0


def test_unknown_is_never_good(nothing_known):
    """Of a host of which nothing is known nothing is judged good, and each finding says how to find out."""
    for finding in examine(nothing_known).findings:
        assert finding.grade == "unknown", finding
        assert finding.fixes, finding


def test_all_that_is_wrong_is_found(unready):
    """Where everything is set the wrong way no check is content, and each says what fixes it."""
    allowance = dataclasses.replace(unready.allowance, usable=(0, 1))
    for finding in examine(dataclasses.replace(unready, allowance=allowance), hot=(2, 3)).findings:
        assert finding.grade in ("fair", "poor"), finding
        assert finding.fixes, finding
        assert finding.why, finding


def test_one_field_unknown_at_a_time(ready):
    """Whichever fact about the system's state is missing, no check becomes better by it, and none fails."""
    for field in dataclasses.fields(ready.state):
        empty = () if isinstance(getattr(ready.state, field.name), tuple) and "None" not in str(field.type) else None
        changed = dataclasses.replace(ready, state=dataclasses.replace(ready.state, **{field.name: empty}))
        # What isn't isolated is judged for the same CPUs, so that only the one fact differs.
        grades = {finding.grade for finding in examine(changed, hot=(2, 3)).findings}
        silent = {"hypervisor", "command_line", "idle_driver", "clocksources", "numa_balancing", "swappiness"}
        silent |= {"irq_affinity", "default_irq_affinity"}
        assert ("unknown" in grades) is (field.name not in silent), field.name


@pytest.mark.skipif(shutil.which("sh") is None, reason="no shell to parse the commands with")
def test_commands_are_shell(unready, nothing_known):
    """Every command that fixes something is one that a shell can read."""
    commands = [
        fix.text
        for profile in (unready, nothing_known)
        for finding in examine(profile).findings
        for fix in finding.fixes
        if fix.kind == "command"
    ]
    assert len(commands) > 20
    for command in commands:
        assert subprocess.run(["sh", "-n", "-c", command], capture_output=True).returncode == 0, command


# (check, what differs in the state, grade, what the fix holds)
STATES = [
    ("isolated CPUs", {"isolated": (2,)}, "poor", "isolcpus=domain,managed_irq,2-3"),
    ("isolated CPUs", {"isolated": ()}, "poor", "isolcpus=domain,managed_irq,2-3"),
    ("isolated CPUs", {"isolated": (1, 2, 3)}, "good", ""),
    ("isolated CPUs", {"isolated": None}, "unknown", "/sys/devices/system/cpu/isolated"),
    ("tick", {"nohz_full": (3,)}, "fair", "nohz_full=2-3"),
    ("RCU callbacks", {"rcu_nocbs": ()}, "fair", "rcu_nocbs=2-3"),
    ("interrupts", {"irq_affinity": ((4, (0, 3)), (7, (2,)), (9, (1,)))}, "poor", "for irq in 4 7; do echo 0-1 >"),
    ("interrupts", {"default_irq_affinity": (0, 1, 2)}, "fair", "echo 3 > /proc/irq/default_smp_affinity"),
    ("interrupts", {"irq_affinity": (), "default_irq_affinity": None}, "unknown", ""),
    ("irqbalance", {"irqbalance": True}, "good", ""),
    ("irqbalance", {"irqbalance": True, "isolated": (), "nohz_full": ()}, "poor", "systemctl disable --now irqbalance"),
    ("irqbalance", {"irqbalance": None}, "unknown", "pgrep"),
    ("turbo", {"turbo": True}, "fair", "cpufreq/boost"),
    ("clock source", {"clocksource": "kvm-clock", "clocksources": ("kvm-clock", "tsc")}, "fair", "echo tsc > /sys/dev"),
    ("clock source", {"clocksource": "hpet", "clocksources": ("hpet",)}, "poor", "tsc=reliable"),
    ("clock source", {"clocksource": "arch_sys_counter"}, "good", ""),
    ("throttling", {"throttled_count": 1}, "fair", "cooling"),
    ("idle states", {"command_line": "quiet idle=poll", "c_states": ()}, "good", ""),
    (
        "huge pages",
        {"huge_pages": (HugePages(size=2**21, node=None, total=0, free=0),)},
        "fair",
        "echo 512 > /sys/devi",
    ),
    ("huge pages", {"huge_pages": (HugePages(size=2**30, node=None, total=1, free=0),)}, "fair", "echo 2 > /sys/devic"),
    ("transparent huge pages", {"transparent_huge_pages": "always"}, "poor", "echo madvise"),
    ("transparent huge pages", {"transparent_huge_pages": "never"}, "good", ""),
    ("swap", {"swap_bytes": 2**30, "swappiness": 60}, "poor", "swapoff"),
    ("swap", {"swap_bytes": 2**30, "swappiness": 1}, "fair", "swapoff"),
    ("swap", {"swap_bytes": 2**30, "swappiness": None}, "poor", "swapoff"),
    ("NUMA balancing", {"numa_balancing": True}, "good", ""),
    ("preemption", {"preemption": "none"}, "fair", "preempt=full"),
    ("preemption", {"preemption": "dynamic"}, "unknown", "sched/preempt"),
    ("preemption", {"preemption": "rt"}, "good", ""),
    ("timer migration", {"timer_migration": True}, "fair", "sysctl -w kernel.timer_migration=0"),
    ("NMI watchdog", {"nmi_watchdog": True}, "fair", "sysctl -w kernel.nmi_watchdog=0"),
    ("real time", {"rt_runtime_us": 950_000}, "fair", "sched_rt_runtime_us=-1"),
    ("mitigations", {"mitigations": (("x", "Mitigation: PTI"),)}, "fair", "mitigations=off"),
    ("mitigations", {"mitigations": (("x", "Vulnerable"),)}, "good", ""),
    ("hypervisor", {"hypervisor": "kvm"}, "fair", "bare metal"),
    ("steal", {"steal_percent": 0.1}, "fair", "isn't shared"),
    ("steal", {"steal_percent": 2.0}, "poor", "isn't shared"),
    ("CPU pressure", {"pressure": Pressure(cpu=3.0, memory=None, io=None)}, "fair", "ps -eo"),
    ("CPU pressure", {"pressure": Pressure(cpu=30.0, memory=None, io=None)}, "poor", "ps -eo"),
    ("CPU pressure", {"pressure": Pressure(cpu=None, memory=0.0, io=0.0)}, "unknown", "psi=1"),
]


@pytest.mark.parametrize(("check", "changes", "grade", "fix"), STATES)
def test_state(ready, check, changes, grade, fix):
    """One thing that is set otherwise on a ready host: its grade, and what fixes it, with the host's own numbers."""
    profile = dataclasses.replace(ready, state=dataclasses.replace(ready.state, **changes))
    finding = findings(profile, hot=(2, 3))[check]
    assert finding.grade == grade
    assert fix in fixes(finding)


def frequency(cpu, governor, preference=None):
    """A CPU that Intel's driver governs."""
    return CpuFrequency(
        cpu=cpu,
        driver="intel_pstate",
        governor=governor,
        energy_preference=preference,
        min_mhz=None,
        max_mhz=None,
        current_mhz=None,
    )


@pytest.mark.parametrize(
    ("frequencies", "governor", "energy"),
    [
        ([frequency(2, "performance", "performance"), frequency(3, "performance", "performance")], "good", "good"),
        (
            [frequency(2, "performance", "performance"), frequency(3, "powersave", "balance_performance")],
            "poor",
            "fair",
        ),
        ([frequency(2, "performance", "power"), frequency(3, "performance", "balance_performance")], "good", "poor"),
        ([frequency(2, "performance"), frequency(3, "performance")], "good", "good"),
        ([frequency(2, "performance")], "unknown", "good"),
        ([frequency(0, "powersave")], "unknown", "unknown"),
        ([], "unknown", "unknown"),
    ],
)
def test_frequencies(ready, frequencies, governor, energy):
    """The hot CPUs are judged and no others, and only if all of them are known."""
    profile = dataclasses.replace(ready, state=dataclasses.replace(ready.state, frequencies=tuple(frequencies)))
    found = findings(profile)
    assert (found["governor"].grade, found["energy preference"].grade) == (governor, energy)
    if governor == "poor":
        assert 'for cpu in 3; do echo performance > "/sys/devices/system/cpu/cpu$cpu/' in fixes(found["governor"])


@pytest.mark.parametrize(
    ("latency_us", "disabled_on", "grade"),
    [(133, (), "poor"), (133, (2,), "poor"), (133, (2, 3), "good"), (30, (), "fair"), (2, (), "good")],
)
def test_idle_states(ready, latency_us, disabled_on, grade):
    """The deepest idle state that is open to a hot CPU counts; the command closes it on those CPUs."""
    states = (
        CState(name="C1", exit_latency_us=2, disabled_on=()),
        CState(name="C6", exit_latency_us=latency_us, disabled_on=disabled_on),
    )
    finding = findings(dataclasses.replace(ready, state=dataclasses.replace(ready.state, c_states=states)))
    assert finding["idle states"].grade == grade
    if grade != "good":
        assert "for cpu in 2 3; do for state in 1; do" in fixes(finding["idle states"])
        assert "intel_idle.max_cstate=1" in fixes(finding["idle states"])


def test_cores_that_cannot_be_told_apart(ready):
    """Four CPUs whose cores aren't known may be one core's threads: that isn't good."""
    threads = tuple(dataclasses.replace(thread, core=None) for thread in ready.topology.threads)
    profile = dataclasses.replace(ready, topology=dataclasses.replace(ready.topology, threads=threads))
    assert {findings(profile)[check].grade for check in ("cores", "SMT siblings")} == {"unknown"}


ALLOWANCES = [
    ("cores", {"usable": (1,)}, "poor", "taskset -pc 0-3 PID"),
    ("cores", {"usable": None}, "unknown", ""),
    ("CPU quota", {"cpu_quota": Limit(state="limited", value=2.0, source="cpu.max")}, "poor", "/sys/fs/cgroup/cpu.max"),
    (
        "CPU quota",
        {"cpu_quota": Limit(state="limited", value=2.0, source="cfs"), "cgroup": "/a/b", "cgroup_version": 1},
        "poor",
        "echo -1 > /sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us",
    ),
    ("CPU quota", {"cpu_quota": Limit(state="unknown", value=None, source="unread")}, "unknown", "cgroup"),
    ("locked memory", {"memlock": Limit(state="limited", value=65536, source="")}, "fair", "--memlock=unlimited"),
    ("locked memory", {"memlock": Limit(state="unknown", value=None, source="x")}, "unknown", "prlimit"),
    (
        "locked memory",
        {"memlock": Limit(state="limited", value=65536, source=""), "capabilities": ("ipc_lock",)},
        "good",
        "",
    ),
    ("real time", {"rtprio": Limit(state="limited", value=0, source="")}, "fair", "rtprio 50"),
    ("real time", {"rtprio": Limit(state="unknown", value=None, source="")}, "unknown", "rtprio 50"),
    (
        "real time",
        {"rtprio": Limit(state="limited", value=0, source=""), "capabilities": ("sys_nice",)},
        "good",
        "",
    ),
]


@pytest.mark.parametrize(("check", "changes", "grade", "fix"), ALLOWANCES)
def test_allowance(ready, check, changes, grade, fix):
    """What the process may use, judged by the same rules; unknown isn't unlimited."""
    profile = dataclasses.replace(ready, allowance=dataclasses.replace(ready.allowance, **changes))
    finding = findings(profile)[check]
    assert finding.grade == grade
    assert fix in fixes(finding)


def test_one_cpu_only(unready):
    """On one CPU nothing can be isolated: it is said so, and no command names CPUs that aren't there."""
    allowance = dataclasses.replace(unready.allowance, usable=(0,))
    topology = dataclasses.replace(unready.topology, threads=unready.topology.threads[:1])
    examination = examine(dataclasses.replace(unready, allowance=allowance, topology=topology))
    found = {finding.check: finding for finding in examination.findings}
    assert examination.places.hot == ()
    assert found["isolated CPUs"].grade == "poor"
    assert "at least two cores" in fixes(found["isolated CPUs"])
    assert not [fix for fix in examination.boot_parameters if "none" in fix]


def test_siblings(unready):
    """The other threads of hot cores are named, to be switched off; a core of one thread has none."""
    finding = findings(unready, hot=(2,))["SMT siblings"]
    assert (finding.grade, "for cpu in 3; do echo 0" in fixes(finding)) == ("fair", True)


def test_nic_on_another_node(unready):
    """Hot CPUs far from the fastest NIC are poor, and those near it are named."""
    slow = Nic(name="eth1", node=1, cpus=None, mbps=100, driver=None, irqs=())
    topology = dataclasses.replace(unready.topology, nics=(*unready.topology.nics, slow))
    profile = dataclasses.replace(unready, topology=topology)
    far, near = findings(profile, hot=(1, 2))["NIC locality"], findings(profile, hot=(1,))["NIC locality"]
    assert (far.grade, near.grade) == ("poor", "good")
    assert far.found == "far from eth0 (node 0): CPU 2"
    assert "CPUs of that node, 0-1" in fixes(far)
