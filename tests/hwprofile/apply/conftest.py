"""Hosts made by hand, and a kernel that is only pretended."""

from collections.abc import Callable, Collection, Sequence

import pytest

from hwprofile.profile import (
    SCHEMA,
    Allowance,
    Cache,
    Cpu,
    CpuKind,
    HostProfile,
    Limit,
    Nic,
    Node,
    State,
    System,
    Thread,
    Topology,
)

UNKNOWN = Limit(state="unknown", value=None, source="made by hand")


def make_host(
    *,
    nodes: int = 1,
    caches: int = 1,
    cores: int = 4,
    smt: int = 1,
    efficient: int = 0,
    isolated: Collection[int] = (),
    usable: Collection[int] | None = None,
    affinity: Collection[int] | None = None,
    nics: Sequence[tuple[str, int | None]] = (),
    offline: Collection[int] = (),
    quota: float | None = None,
    known: bool = True,
    irqs: Sequence[tuple[int, tuple[int, ...]]] = (),
    default_irqs: tuple[int, ...] | None = None,
    nohz_full: tuple[int, ...] = (),
    memory_nodes: tuple[int, ...] | None = None,
    empty_nodes: Collection[int] = (),
) -> HostProfile:
    """A host of `nodes`, each with `caches` L3 caches of `cores` cores of `smt` threads.

    CPUs are numbered as Intel's firmware does: the first threads of all cores, then the second ones. The last
    `efficient` cores of each cache are of the frugal kind and have one thread. `known` is whether the host tells which
    CPUs share cores and caches. `empty_nodes` have no memory.
    """
    total = nodes * caches * cores

    def threads_of(core: int) -> int:
        return 1 if core % cores >= cores - efficient else smt

    numbers: dict[int, list[int]] = {core: [] for core in range(total)}
    cpu = 0
    for thread in range(smt):
        for core in range(total):
            if thread < threads_of(core):
                numbers[core].append(cpu)
                cpu += 1
    threads = [
        Thread(
            number=number,
            online=number not in offline,
            package=core // (caches * cores),
            die=None,
            cluster=None,
            core=core if known else None,
            smt=place if known else None,
            node=core // (caches * cores),
            kind=(0 if core % cores >= cores - efficient else 1) if efficient else None,
        )
        for core, cpus in numbers.items()
        for place, number in enumerate(cpus)
    ]
    threads.sort(key=lambda thread: thread.number)
    online = tuple(thread.number for thread in threads if thread.online)
    made = [
        Cache(
            level=3,
            type="unified",
            size=32 << 20,
            line=64,
            ways=16,
            cpus=tuple(
                sorted(cpu for core in range(first, first + cores) for cpu in numbers[core] if cpu not in offline)
            ),
        )
        for first in range(0, total, cores)
    ]
    kinds = tuple(
        CpuKind(
            number=kind,
            name=name,
            cpus=tuple(thread.number for thread in threads if thread.kind == kind),
            capacity=None,
            max_mhz=None,
            base_mhz=None,
        )
        for kind, name in ((0, "efficiency"), (1, "performance"))
    )
    may = tuple(sorted(online if usable is None else usable))
    return HostProfile(
        schema=SCHEMA,
        cpu=Cpu(
            architecture="x86_64",
            vendor=None,
            model_name=None,
            family=None,
            model=None,
            stepping=None,
            microcode=None,
            microarchitecture=None,
            x86_64_level=None,
            instruction_sets=(),
            sve_bits=None,
        ),
        topology=Topology(
            threads=tuple(threads),
            caches=tuple(made) if known else (),
            nodes=tuple(
                Node(
                    number=node,
                    cpus=tuple(thread.number for thread in threads if thread.node == node),
                    memory=0 if node in empty_nodes else 1 << 30,
                    distances=tuple((other, 10 if other == node else 20 + abs(other - node)) for other in range(nodes)),
                )
                for node in range(nodes)
            ),
            kinds=kinds if efficient else (),
            nics=tuple(Nic(name=name, node=node, cpus=None, mbps=None, driver=None, irqs=()) for name, node in nics),
        ),
        allowance=Allowance(
            usable=may,
            affinity=may if affinity is None else tuple(sorted(affinity)),
            cpuset=None,
            memory_nodes=memory_nodes,
            cpu_quota=UNKNOWN if quota is None else Limit(state="limited", value=quota, source="made by hand"),
            memory=UNKNOWN,
            memlock=UNKNOWN,
            rtprio=UNKNOWN,
            capabilities=None,
            cgroup=None,
            cgroup_version=None,
        ),
        state=State(
            isolated=tuple(sorted(isolated)),
            nohz_full=nohz_full,
            rcu_nocbs=(),
            command_line=None,
            frequencies=(),
            turbo=None,
            c_states=(),
            idle_driver=None,
            clocksource=None,
            clocksources=(),
            huge_pages=(),
            transparent_huge_pages=None,
            swap_bytes=None,
            swappiness=None,
            numa_balancing=None,
            irqbalance=None,
            irq_affinity=tuple(irqs),
            default_irq_affinity=default_irqs,
            timer_migration=None,
            nmi_watchdog=None,
            preemption=None,
            rt_period_us=1_000_000,
            rt_runtime_us=950_000,
            mitigations=(),
            steal_percent=None,
            pressure=None,
            throttled_count=None,
            hypervisor=None,
        ),
        system=System(
            system="Linux",
            kernel="6.18",
            distribution=None,
            python=None,
            memory=None,
            product=None,
            container=None,
        ),
    )


@pytest.fixture(scope="session")
def host() -> Callable[..., HostProfile]:
    """Makes a host: see `make_host`."""
    return make_host
