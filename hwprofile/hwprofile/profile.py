"""What is known of a host: frozen values, their JSON, and the fingerprint that says whether a measurement still holds.

`HostProfile` is the whole: who the CPU is (`Cpu`), how its parts lie (`Topology`), what this process may use
(`Allowance`), how the system is set (`State`), and what runs on it (`System`). What nothing said is None, never a
guess; an empty tuple means that there are none.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

import msgspec

__all__ = [
    "SCHEMA",
    "Allowance",
    "CState",
    "Cache",
    "Cpu",
    "CpuFrequency",
    "CpuKind",
    "HostProfile",
    "HugePages",
    "Limit",
    "Nic",
    "Node",
    "Pressure",
    "ProfileError",
    "State",
    "System",
    "Thread",
    "Topology",
]

SCHEMA = 1


class ProfileError(ValueError):
    """A text isn't a host profile that this version reads. Says where it stands, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Cpu:
    """Who the CPU is.

    `vendor` is as the CPU names itself ("GenuineIntel", "AuthenticAMD") or the implementer of an Arm core ("arm",
    "apple"). `microarchitecture` is archspec's name ("zen4", "icelake", "neoverse_v1"). `x86_64_level` is 1 to 4, as in
    the psABI's x86-64-v1 to v4. `instruction_sets` are those that a program can *use* on every CPU, the operating
    system's part included, by the kernel's names ("sse4_2", "avx2", "avx512f", "neon", "sve"). `sve_bits` is the length
    of an SVE register as the kernel sets it.
    """

    architecture: str | None
    vendor: str | None
    model_name: str | None
    family: int | None
    model: int | None
    stepping: int | None
    microcode: str | None
    microarchitecture: str | None
    x86_64_level: int | None
    instruction_sets: tuple[str, ...]
    sve_bits: int | None


@dataclass(frozen=True, kw_only=True)
class Thread:
    """One CPU as the scheduler counts them: a hardware thread of a core, online or not.

    `package`, `die`, `cluster` and `core` number the host's own from 0, in the order of their lowest CPU: unlike the
    kernel's ids they never repeat. None if nothing says, as for most that are offline. `smt` is the place among the
    threads of its core, from 0. `node` is the NUMA node's number as the kernel gives it; `kind` the number of its
    `CpuKind`.
    """

    number: int
    online: bool
    package: int | None
    die: int | None
    cluster: int | None
    core: int | None
    smt: int | None
    node: int | None
    kind: int | None


@dataclass(frozen=True, kw_only=True)
class Cache:
    """One cache. `cpus` are those that share it. Sizes in bytes."""

    level: int
    type: Literal["data", "instruction", "unified"]
    size: int | None
    line: int | None
    ways: int | None
    cpus: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Node:
    """A NUMA node. `cpus` may be empty: memory alone. `distances` are pairs of node number and distance (10 is local).

    `memory` in bytes.
    """

    number: int
    cpus: tuple[int, ...]
    memory: int | None
    distances: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class CpuKind:
    """CPUs of one kind on a hybrid host. `number` rises with performance: 0 is the most frugal kind.

    `name` is "performance", "efficiency" or "low-power" where the kernel says so. `capacity` is the kernel's relative
    figure (the largest is 1024), `max_mhz` and `base_mhz` the frequencies of the kind.
    """

    number: int
    name: str | None
    cpus: tuple[int, ...]
    capacity: int | None
    max_mhz: int | None
    base_mhz: int | None


@dataclass(frozen=True, kw_only=True)
class Nic:
    """A network interface that stands on a bus. `node` and `cpus` are those near it; `mbps` is the link's speed."""

    name: str
    node: int | None
    cpus: tuple[int, ...] | None
    mbps: int | None
    driver: str | None
    irqs: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Topology:
    """How the parts of the host lie: every possible thread by number, caches, nodes, kinds and NICs.

    `diagnostics` are sentences about what the kernel's files contradict themselves in.
    """

    threads: tuple[Thread, ...]
    caches: tuple[Cache, ...]
    nodes: tuple[Node, ...]
    kinds: tuple[CpuKind, ...]
    nics: tuple[Nic, ...]
    diagnostics: tuple[str, ...] = ()

    @property
    def online(self) -> tuple[int, ...]:
        """The CPUs that the system runs."""
        return tuple(thread.number for thread in self.threads if thread.online)

    def thread(self, cpu: int) -> Thread | None:
        """The thread of that number; None if there is none."""
        return next((thread for thread in self.threads if thread.number == cpu), None)

    def siblings(self, cpu: int) -> tuple[int, ...]:
        """The online CPUs of the same core, `cpu` included. Only `cpu` itself where its core isn't known."""
        own = self.thread(cpu)
        if own is None or own.core is None:
            return (cpu,)
        return tuple(thread.number for thread in self.threads if thread.online and thread.core == own.core)

    def sharing(self, cpu: int, level: int) -> tuple[int, ...]:
        """The CPUs that share a data or unified cache of that level with `cpu`; empty if no such cache is known."""
        for cache in self.caches:
            if cache.level == level and cache.type != "instruction" and cpu in cache.cpus:
                return cache.cpus
        return ()


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A bound on what may be used. *Unknown* is an answer, and never the same as *unlimited*.

    `value` is there only when limited; its unit is that of the field. `source` names what said so (a file, a call), or
    why nothing did.
    """

    state: Literal["limited", "unlimited", "unknown"]
    value: float | None
    source: str


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What this process may use.

    `usable` are the CPUs it can run on: online, in its affinity mask, and in every cpuset above it; `affinity` and
    `cpuset` are two of the reasons. `cpu_quota` is in CPUs (1.5 is one and a half), the least of all cgroups above;
    `memory`, `memlock` in bytes; `rtprio` a priority. `capabilities` are the effective ones by name ("sys_nice").
    `cgroup_version` is 1, 2, or 0 for none.
    """

    usable: tuple[int, ...] | None
    affinity: tuple[int, ...] | None
    cpuset: tuple[int, ...] | None
    memory_nodes: tuple[int, ...] | None
    cpu_quota: Limit
    memory: Limit
    memlock: Limit
    rtprio: Limit
    capabilities: tuple[str, ...] | None
    cgroup: str | None
    cgroup_version: int | None


@dataclass(frozen=True, kw_only=True)
class CpuFrequency:
    """How the frequency of one CPU is governed. Frequencies in MHz."""

    cpu: int
    driver: str | None
    governor: str | None
    energy_preference: str | None
    min_mhz: int | None
    max_mhz: int | None
    current_mhz: int | None


@dataclass(frozen=True, kw_only=True)
class CState:
    """An idle state of the CPUs: how long it takes to leave, and the CPUs on which it is switched off."""

    name: str
    exit_latency_us: int | None
    disabled_on: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class HugePages:
    """The pool of huge pages of one size on one node (None: the whole host). `size` in bytes."""

    size: int
    node: int | None
    total: int
    free: int | None


@dataclass(frozen=True, kw_only=True)
class Pressure:
    """Percent of the last ten seconds in which some task waited (the kernel's PSI, "some avg10")."""

    cpu: float | None
    memory: float | None
    io: float | None


@dataclass(frozen=True, kw_only=True)
class State:
    """How the system is set up, and how it performs.

    `isolated` and `nohz_full` are the CPUs that the kernel really treats so; `irq_affinity` are pairs of interrupt
    number and the CPUs that may serve it; `default_irq_affinity` applies to new ones. `steal_percent` is of all CPU
    time since boot. `mitigations` are pairs of vulnerability and the kernel's statement on it. `command_line` is the
    kernel's. Real-time tasks may use `rt_runtime_us` of each `rt_period_us`; -1 means all of it.
    """

    isolated: tuple[int, ...] | None
    nohz_full: tuple[int, ...] | None
    rcu_nocbs: tuple[int, ...] | None
    command_line: str | None
    frequencies: tuple[CpuFrequency, ...]
    turbo: bool | None
    c_states: tuple[CState, ...]
    idle_driver: str | None
    clocksource: str | None
    clocksources: tuple[str, ...]
    huge_pages: tuple[HugePages, ...]
    transparent_huge_pages: str | None
    swap_bytes: int | None
    swappiness: int | None
    numa_balancing: bool | None
    irqbalance: bool | None
    irq_affinity: tuple[tuple[int, tuple[int, ...]], ...]
    default_irq_affinity: tuple[int, ...] | None
    timer_migration: bool | None
    nmi_watchdog: bool | None
    preemption: str | None
    rt_period_us: int | None
    rt_runtime_us: int | None
    mitigations: tuple[tuple[str, str], ...]
    steal_percent: float | None
    pressure: Pressure | None
    throttled_count: int | None
    hypervisor: str | None


@dataclass(frozen=True, kw_only=True)
class System:
    """The system and the Python that run on the host. `python` is None for a recorded host."""

    system: str | None
    kernel: str | None
    distribution: str | None
    python: str | None
    memory: int | None
    product: str | None
    container: str | None


@dataclass(frozen=True, kw_only=True)
class HostProfile:
    """A host as it was found. A value: two profiles that say the same are equal, and JSON gives the same one back."""

    schema: int
    cpu: Cpu
    topology: Topology
    allowance: Allowance
    state: State
    system: System

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits of what matters for a measured choice, and of nothing else.

        The CPU's identity and instruction sets, the topology without NICs, the CPUs and the quota that may be used, the
        hypervisor, the kernel's major and minor version, and the Python build. Not: load, frequencies, free memory.
        """
        kernel = ".".join((self.system.kernel or "").split("-", 1)[0].split(".")[:2])
        parts = (
            self.schema,
            self.cpu,
            self.topology.threads,
            self.topology.caches,
            [(node.number, node.cpus) for node in self.topology.nodes],
            self.topology.kinds,
            self.allowance.usable,
            (self.allowance.cpu_quota.state, self.allowance.cpu_quota.value),
            self.state.hypervisor,
            kernel,
            self.system.python,
        )
        return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]

    def to_json(self) -> bytes:
        """The profile as JSON, indented, in UTF-8."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2)

    @classmethod
    def from_json(cls, text: bytes | str) -> "HostProfile":
        """The profile that `to_json` wrote. Raises `ProfileError` for what isn't one, or is of another schema."""
        try:
            schema = msgspec.json.decode(text, type=_Versioned).schema
            if schema != SCHEMA:
                raise ProfileError(
                    f"host profile: its schema is {schema}, and this version reads {SCHEMA}; probe the host again"
                )
            return msgspec.json.decode(text, type=cls)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ProfileError(f"host profile: {error}; probe the host again") from error


@dataclass(frozen=True)
class _Versioned:
    schema: int
