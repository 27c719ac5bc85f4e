"""A host's profile as frozen values, their JSON, and a fingerprint that decides if measurements still hold.

`HostProfile` consists of the CPU's identity (`Cpu`), its `Topology`, what this process may use (`Allowance`), the
system's settings (`State`), and its software (`System`). A field that isn't known is None, never a guess; an empty
tuple means that there are none.
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
    """A text isn't a host profile that this version can read. Says what is wrong, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Cpu:
    """The CPU's identity and instruction sets.

    `vendor` is the CPU's own vendor string ("GenuineIntel", "AuthenticAMD") or the implementer of an Arm core ("arm",
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

    `package`, `die`, `cluster` and `core` are numbered from 0 in the order of their lowest CPU; unlike the kernel's
    ids, they are unique on the host. They are None if not known, as for most offline CPUs. `smt` is the index within
    the core, from 0. `node` is the kernel's number of the NUMA node, `kind` the number of the `CpuKind`.
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
    """A cache and the CPUs that share it. Sizes are in bytes."""

    level: int
    type: Literal["data", "instruction", "unified"]
    size: int | None
    line: int | None
    ways: int | None
    cpus: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Node:
    """A NUMA node. `cpus` is empty for a node with memory only; `memory` is in bytes.

    `distances` has pairs of a node's number and its distance (10 is local).
    """

    number: int
    cpus: tuple[int, ...]
    memory: int | None
    distances: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class CpuKind:
    """CPUs of one kind on a hybrid host. `number` rises with performance: 0 is the slowest kind.

    `name` is "performance", "efficiency" or "low-power", or None if the kernel names none. `capacity` is the kernel's
    relative figure (the largest is 1024), `max_mhz` and `base_mhz` are the frequencies of the kind.
    """

    number: int
    name: str | None
    cpus: tuple[int, ...]
    capacity: int | None
    max_mhz: int | None
    base_mhz: int | None


@dataclass(frozen=True, kw_only=True)
class Nic:
    """A network interface on a bus. `node` and `cpus` are those near it; `mbps` is the link's speed."""

    name: str
    node: int | None
    cpus: tuple[int, ...] | None
    mbps: int | None
    driver: str | None
    irqs: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Topology:
    """The host's topology: every possible thread by number, caches, nodes, kinds and NICs.

    `diagnostics` are sentences about contradictions in the kernel's files.
    """

    threads: tuple[Thread, ...]
    caches: tuple[Cache, ...]
    nodes: tuple[Node, ...]
    kinds: tuple[CpuKind, ...]
    nics: tuple[Nic, ...]
    diagnostics: tuple[str, ...] = ()

    @property
    def online(self) -> tuple[int, ...]:
        """The CPUs that are online."""
        return tuple(thread.number for thread in self.threads if thread.online)

    def thread(self, cpu: int) -> Thread | None:
        """Returns the thread with that number; None if there is none."""
        return next((thread for thread in self.threads if thread.number == cpu), None)

    def siblings(self, cpu: int) -> tuple[int, ...]:
        """Returns the online CPUs of the same core, `cpu` included; only `cpu` if its core isn't known."""
        own = self.thread(cpu)
        if own is None or own.core is None:
            return (cpu,)
        return tuple(thread.number for thread in self.threads if thread.online and thread.core == own.core)

    def sharing(self, cpu: int, level: int) -> tuple[int, ...]:
        """Returns the CPUs that share a level's data or unified cache with `cpu`; empty if no such cache is known."""
        for cache in self.caches:
            if cache.level == level and cache.type != "instruction" and cpu in cache.cpus:
                return cache.cpus
        return ()


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A bound on what may be used: limited, unlimited or unknown. *Unknown* is never treated as *unlimited*.

    `value` is set only if limited; its unit is that of the field. `source` names where it was read (a file, a call), or
    why it couldn't be.
    """

    state: Literal["limited", "unlimited", "unknown"]
    value: float | None
    source: str


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What this process may use.

    `usable` are the CPUs that it can run on: online, in its `affinity` mask, and in the `cpuset` of every cgroup above.
    `cpu_quota` is the smallest of all cgroups above, in CPUs (1.5 is one and a half); `memory` and `memlock` are in
    bytes; `rtprio` is a priority. `capabilities` are the effective ones by name ("sys_nice"). `cgroup_version` is 1, 2,
    or 0 for none.
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
    """The frequency settings of one CPU. Frequencies are in MHz."""

    cpu: int
    driver: str | None
    governor: str | None
    energy_preference: str | None
    min_mhz: int | None
    max_mhz: int | None
    current_mhz: int | None


@dataclass(frozen=True, kw_only=True)
class CState:
    """An idle state of the CPUs: its exit latency, and the CPUs on which it is disabled."""

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
    """The system's settings and load.

    `isolated` and `nohz_full` are the CPUs for which the kernel has these in effect. `irq_affinity` has pairs of an
    interrupt's number and the CPUs that may serve it; `default_irq_affinity` the CPUs for new interrupts.
    `steal_percent` is of all CPU time since boot. `mitigations` has pairs of a vulnerability and the kernel's status.
    `command_line` is the kernel's. Real-time tasks may run for `rt_runtime_us` of each `rt_period_us`; -1 is all of it.
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
    """The operating system and Python of the host. `python` is None for a recorded host."""

    system: str | None
    kernel: str | None
    distribution: str | None
    python: str | None
    memory: int | None
    product: str | None
    container: str | None


@dataclass(frozen=True, kw_only=True)
class HostProfile:
    """A host as it was probed. Profiles with equal fields are equal, also after a round trip through JSON."""

    schema: int
    cpu: Cpu
    topology: Topology
    allowance: Allowance
    state: State
    system: System

    @property
    def fingerprint(self) -> str:
        """A digest, in sixteen hexadecimal digits, of what decides if a measurement holds.

        It covers the CPU's identity and instruction sets, the topology without NICs, the usable CPUs and quota, the
        hypervisor, the kernel's major and minor version, and the Python build; not load, frequencies or free memory.
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
        """Returns the profile as indented JSON."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2)

    @classmethod
    def from_json(cls, text: bytes | str) -> "HostProfile":
        """Reads what `to_json` wrote. Raises `ProfileError` if it isn't a profile or has another schema."""
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
