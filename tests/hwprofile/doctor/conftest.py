"""Host profiles to assess: one that knows nothing, one that is as ready as can be, one that is as wrong as can be."""

import dataclasses

import pytest

from hwprofile.partial import partly_known
from hwprofile.profile import (
    SCHEMA,
    Allowance,
    Cpu,
    CpuFrequency,
    CState,
    HostProfile,
    HugePages,
    Limit,
    Nic,
    Node,
    Pressure,
    State,
    System,
    Thread,
    Topology,
)

UNLIMITED = Limit(state="unlimited", value=None, source="")


def limited(value: float) -> Limit:
    """A limit of that value."""
    return Limit(state="limited", value=value, source="cpu.max")


def thread(number: int, core: int | None, node: int | None) -> Thread:
    """An online thread of the first package."""
    return Thread(number=number, online=True, package=0, die=0, cluster=0, core=core, smt=0, node=node, kind=None)


@pytest.fixture
def nothing_known():
    """A host of which nothing is known."""
    return partly_known(HostProfile)


@pytest.fixture
def ready():
    """Four cores on one node, tuned in every respect for hot threads on CPUs 2 and 3."""
    frequency = {"min_mhz": 1, "max_mhz": 1, "current_mhz": 1}
    state = State(
        isolated=(2, 3),
        nohz_full=(2, 3),
        rcu_nocbs=(2, 3),
        command_line="isolcpus=2-3",
        frequencies=tuple(
            CpuFrequency(cpu=cpu, driver="x", governor="performance", energy_preference=None, **frequency)
            for cpu in range(4)
        ),
        turbo=False,
        c_states=(
            CState(name="POLL", exit_latency_us=0, disabled_on=()),
            CState(name="C1", exit_latency_us=2, disabled_on=()),
            CState(name="C6", exit_latency_us=133, disabled_on=(2, 3)),
        ),
        idle_driver="intel_idle",
        clocksource="tsc",
        clocksources=("tsc", "hpet"),
        huge_pages=(HugePages(size=2**21, node=None, total=512, free=512),),
        transparent_huge_pages="madvise",
        swap_bytes=0,
        swappiness=60,
        numa_balancing=False,
        irqbalance=False,
        irq_affinity=((4, (0,)), (5, (0, 1))),
        default_irq_affinity=(0, 1),
        timer_migration=False,
        nmi_watchdog=False,
        preemption="full",
        rt_period_us=1_000_000,
        rt_runtime_us=-1,
        mitigations=(("l1tf", "Not affected"),),
        steal_percent=0.0,
        pressure=Pressure(cpu=0.0, memory=0.0, io=0.0),
        throttled_count=0,
        hypervisor=None,
    )
    topology = Topology(
        threads=tuple(thread(number, number, 0) for number in range(4)),
        caches=(),
        nodes=(Node(number=0, cpus=(0, 1, 2, 3), memory=2**30, distances=((0, 10),)),),
        kinds=(),
        nics=(Nic(name="eth0", node=0, cpus=(0, 1, 2, 3), mbps=10_000, driver="x", irqs=(5,)),),
    )
    allowance = partly_known(
        Allowance,
        usable=(0, 1, 2, 3),
        capabilities=(),
        **dict.fromkeys(("cpu_quota", "memory", "memlock", "rtprio"), UNLIMITED),
    )
    return HostProfile(
        schema=SCHEMA,
        cpu=partly_known(Cpu, architecture="x86_64", instruction_sets=("sse2",)),
        topology=topology,
        allowance=allowance,
        state=state,
        system=partly_known(System),
    )


@pytest.fixture
def unready(ready):
    """The same host with sibling threads, on two nodes, with everything set the wrong way."""
    state = dataclasses.replace(
        ready.state,
        isolated=(),
        nohz_full=(),
        rcu_nocbs=(),
        command_line="isolcpus=2-9000",
        frequencies=tuple(
            dataclasses.replace(one, driver="intel_pstate", governor="powersave", energy_preference="power")
            for one in ready.state.frequencies
        ),
        turbo=True,
        c_states=tuple(dataclasses.replace(one, disabled_on=()) for one in ready.state.c_states),
        clocksource="hpet",
        huge_pages=(HugePages(size=2**21, node=None, total=0, free=0),),
        transparent_huge_pages="always",
        swap_bytes=2**30,
        numa_balancing=True,
        irqbalance=True,
        irq_affinity=((4, (0,)), (5, (0, 1, 2, 3))),
        default_irq_affinity=(0, 1, 2, 3),
        timer_migration=True,
        nmi_watchdog=True,
        preemption="voluntary",
        rt_runtime_us=950_000,
        mitigations=(("spectre_v2", "Mitigation: Retpolines"), ("l1tf", "Not affected")),
        steal_percent=3.0,
        pressure=Pressure(cpu=80.0, memory=0.0, io=0.0),
        throttled_count=7,
        hypervisor="kvm",
    )
    nodes = tuple(
        Node(number=number, cpus=cpus, memory=2**30, distances=()) for number, cpus in ((0, (0, 1)), (1, (2, 3)))
    )
    topology = dataclasses.replace(
        ready.topology, threads=tuple(thread(number, number // 2, number // 2) for number in range(4)), nodes=nodes
    )
    allowance = dataclasses.replace(
        ready.allowance,
        cpu_quota=limited(1.5),
        memlock=limited(65536),
        rtprio=limited(0),
        cgroup="/user.slice",
        cgroup_version=2,
    )
    return dataclasses.replace(ready, state=state, topology=topology, allowance=allowance)
