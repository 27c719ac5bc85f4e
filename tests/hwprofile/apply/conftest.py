"""Hosts made by hand, and a kernel that is only pretended."""

import errno
import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pytest

from hwprofile.apply.kernel import Kernel
from hwprofile.apply.threads import ThreadStat
from hwprofile.partial import partly_known
from hwprofile.profile import (
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
    return partly_known(
        HostProfile,
        cpu=partly_known(Cpu, architecture="x86_64"),
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
        allowance=partly_known(
            Allowance,
            usable=may,
            affinity=may if affinity is None else tuple(sorted(affinity)),
            memory_nodes=memory_nodes,
            **({} if quota is None else {"cpu_quota": Limit(state="limited", value=quota, source="made by hand")}),
        ),
        state=partly_known(
            State,
            isolated=tuple(sorted(isolated)),
            nohz_full=nohz_full,
            rcu_nocbs=(),
            irq_affinity=tuple(irqs),
            default_irq_affinity=default_irqs,
            rt_period_us=1_000_000,
            rt_runtime_us=950_000,
        ),
        system=partly_known(System, system="Linux", kernel="6.18"),
    )


@pytest.fixture(scope="session")
def host() -> Callable[..., HostProfile]:
    """Makes a host: see `make_host`."""
    return make_host


class FakeKernel(Kernel):
    """A kernel in memory: threads with masks, policies and priorities; and errors, where a test wants some.

    `fail(call, error, ...)` makes the next calls of that name raise or, for None, succeed; `always` all of them.
    Like the real one, it silently drops CPUs that a cpuset doesn't hold.
    """

    def __init__(self, cpuset=(0, 1, 2, 3), threads=(100, 101, 102)):
        self.cpuset = set(cpuset)
        self.me = threads[0]
        self.masks = {tid: tuple(sorted(cpuset)) for tid in threads}
        self.started = {tid: 5000 + tid for tid in threads}
        self.ended = set()
        self.ran_on = dict.fromkeys(threads, 0)
        self.policies = dict.fromkeys(threads, (0, ()))
        self.slack = dict.fromkeys(threads, 50_000)
        self.scheduled = dict.fromkeys(threads, (0, 0))
        self.files = {"/sys/devices/system/cpu/online": "0-3", "/proc/sys/kernel/sched_rt_runtime_us": "950000"}
        self.mems = (0, 1)
        self.locked = 0
        self.limit = None
        self.advice = []
        self.ranges = {}
        self.pages = {}
        self.calls = []
        self._failures = {}
        self._always = {}

    def fail(self, call, *errors):
        self._failures.setdefault(call, []).extend(errors)

    def always(self, call, error):
        self._always[call] = error

    def _call(self, name):
        self.calls.append(name)
        waiting = self._failures.get(name)
        number = waiting.pop(0) if waiting else self._always.get(name)
        if number is not None:
            raise OSError(number, os.strerror(number))

    def _alive(self, tid):
        if tid not in self.masks:
            raise ProcessLookupError(errno.ESRCH, "No such process")

    def start(self, tid, mask=None):
        """A new thread, or one that gets an old one's number."""
        self.masks[tid] = mask or self.masks[self.me]
        self.started[tid] = self.started.get(tid, 9000) + 1
        self.ran_on[tid], self.scheduled[tid], self.slack[tid] = 0, (0, 0), 50_000
        self.policies[tid] = (0, ())

    def end(self, tid):
        del self.masks[tid]

    def pid(self):
        return 100

    def tid(self):
        return self.me

    def exists(self, pid):
        return pid in self.masks

    def pid_namespace(self):
        return 1

    def threads(self, pid):
        self._call("threads")
        if pid != 100:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        return tuple(sorted(self.masks))

    def stat(self, tid):
        self._call("stat")
        if tid not in self.masks:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        state = "Z" if tid in self.ended else "R"
        policy, priority = self.scheduled[tid]
        return ThreadStat(
            name=f"t{tid}",
            state=state,
            cpu=self.ran_on[tid],
            started=self.started[tid],
            policy=policy,
            priority=priority,
        )

    def read(self, path):
        if path.endswith("/timerslack_ns"):
            tid = int(path.split("/")[2])
            return str(self.slack[tid]) if tid in self.masks else None
        if path == "/proc/self/status":
            kb = self.locked // 1024
            return f"VmSize:\t 8192 kB\nVmLck:\t {kb} kB\nVmRSS:\t 4096 kB\nCapEff:\t0000000000000000"
        return self.files.get(path)

    def write(self, path, text):
        self._call("write")
        self.slack[int(path.split("/")[2])] = int(text)

    def affinity(self, tid):
        self._call("affinity")
        self._alive(tid or self.me)
        return self.masks[tid or self.me]

    def set_affinity(self, tid, cpus):
        self._call("set_affinity")
        self._alive(tid)
        kept = tuple(sorted(set(cpus) & self.cpuset))
        if not kept:
            raise OSError(errno.EINVAL, "Invalid argument")
        self.masks[tid] = kept
        self.ran_on[tid] = kept[0]

    def scheduling(self, tid):
        self._call("scheduling")
        self._alive(tid)
        return self.scheduled[tid]

    def set_scheduling(self, tid, policy, priority):
        self._call("set_scheduling")
        self._alive(tid)
        self.scheduled[tid] = policy, priority

    def memory_policy(self, address=0, flags=0):
        self._call("memory_policy")
        if flags == 4:
            return 0, self.mems
        return self.ranges.get(address, (0, ())) if address else self.policies[self.me]

    def set_memory_policy(self, mode, nodes):
        self._call("set_memory_policy")
        self.policies[self.me] = mode, tuple(nodes)

    def bind_range(self, address, length, mode, nodes, flags):
        self._call("bind_range")
        self.ranges[address] = mode, tuple(nodes)

    def page_nodes(self, addresses):
        self._call("page_nodes")
        nodes = self.policies[self.me][1]
        return tuple(self.pages.get(address, nodes[0] if nodes else 0) for address in addresses)

    def timer_slack(self):
        self._call("timer_slack")
        return self.slack[self.me]

    def set_timer_slack(self, slack_ns):
        self._call("set_timer_slack")
        self.slack[self.me] = slack_ns

    def lock_memory(self, flags):
        self._call("lock_memory")
        self.locked = 8192 * 1024
        self.advice.append(flags)

    def unlock_memory(self):
        self._call("unlock_memory")
        self.locked = 0

    def locked_limit(self):
        return self.limit

    def advise(self, address, length, advice):
        self._call("advise")
        self.advice.append(advice)


@pytest.fixture
def kernel() -> FakeKernel:
    """A kernel with four CPUs and a process of three threads, of which the first one is asking."""
    return FakeKernel()


@pytest.fixture(scope="session")
def make_kernel() -> type[FakeKernel]:
    """Makes a kernel: see `FakeKernel`."""
    return FakeKernel


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where processes write down what they have reserved; absent at first."""
    return tmp_path / "reservations"


@pytest.fixture
def two(make_kernel: type[FakeKernel]) -> tuple[FakeKernel, FakeKernel]:
    """Two processes of one host, as each of them sees it."""
    first, second = make_kernel(threads=(100, 200)), make_kernel(threads=(200, 100))
    second.pid = lambda: 200  # type: ignore[method-assign]
    second.masks = first.masks
    second.started = first.started
    second.ended = first.ended
    return first, second
