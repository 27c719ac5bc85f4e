"""The CPUs that a placement plan may use, by core, cache and node, and those that it should avoid."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from hwprofile.apply.reach import reachable_cpus
from hwprofile.profile import HostProfile, Thread

__all__ = ["Core", "CpuInventory"]

_LOCAL = 10
_UNKNOWN_DISTANCE = 255


@dataclass(frozen=True, kw_only=True)
class Core:
    """A physical core with free CPUs. `threads` are all its online CPUs, `free` those that the plan may assign.

    `number` is None if it isn't known which CPUs share a core; each CPU then counts as a core. `place` names the node
    and the last-level cache: cores of one place are near each other. `foreign` says if another process has reserved
    one of its threads.
    """

    number: int | None
    threads: tuple[int, ...]
    free: tuple[int, ...]
    place: tuple[int, int]
    node: int | None
    kind: int
    isolated: bool
    foreign: bool


@dataclass(frozen=True, kw_only=True)
class CpuInventory:
    """A host's free CPUs and their properties."""

    profile: HostProfile
    taken: frozenset[int]

    @cached_property
    def reachable(self) -> tuple[int, ...]:
        """The CPUs that this process may use."""
        return reachable_cpus(self.profile)

    @cached_property
    def all_taken(self) -> bool:
        """Whether other processes have reserved every CPU that this one may use, so that it has to share."""
        return bool(self.reachable) and self.taken.issuperset(self.reachable)

    @cached_property
    def free(self) -> tuple[int, ...]:
        """The CPUs that the plan may assign, in ascending order."""
        return self.reachable if self.all_taken else tuple(cpu for cpu in self.reachable if cpu not in self.taken)

    @cached_property
    def isolated(self) -> frozenset[int]:
        """The free CPUs that are isolated from the kernel's scheduler."""
        return frozenset(self.free) & frozenset(self.profile.state.isolated or ())

    @cached_property
    def threads(self) -> dict[int, Thread]:
        """The profile's entry for each CPU, by number."""
        return {thread.number: thread for thread in self.profile.topology.threads}

    @cached_property
    def siblings(self) -> dict[int, tuple[int, ...]]:
        """The online CPUs of each core that has a free CPU, by each of the core's CPUs."""
        by_core: dict[int, list[int]] = {}
        for thread in self.profile.topology.threads:
            if thread.online and thread.core is not None:
                by_core.setdefault(thread.core, []).append(thread.number)
        found = {cpu: tuple(cpus) for cpus in by_core.values() for cpu in cpus}
        return {cpu: (cpu,) for cpu in self.free} | found

    @cached_property
    def last_level(self) -> dict[int, tuple[int, ...]]:
        """The CPUs that share each CPU's last-level cache: the L3, or the L2 if there is no L3."""
        found: dict[int, tuple[int, ...]] = {}
        level = dict.fromkeys(self.threads, 1)
        for cache in self.profile.topology.caches:
            if cache.type != "instruction" and cache.level in (2, 3):
                for cpu in cache.cpus:
                    if cache.level > level.get(cpu, 1):
                        found[cpu], level[cpu] = cache.cpus, cache.level
        return found

    @cached_property
    def best_kind(self) -> int | None:
        """The number of the fastest kind among the free CPUs of a hybrid host; None if all CPUs are alike."""
        kinds = {self.kind(cpu) for cpu in self.free}
        return max(kinds) if len(kinds) > 1 else None

    def kind(self, cpu: int) -> int:
        """The number of a CPU's kind; 0 if it isn't known."""
        thread = self.threads.get(cpu)
        return thread.kind or 0 if thread is not None else 0

    def node(self, cpu: int) -> int | None:
        """The NUMA node of a CPU."""
        thread = self.threads.get(cpu)
        return thread.node if thread is not None else None

    def place(self, cpu: int) -> tuple[int, int]:
        """Names a CPU's node and last-level cache, or its package if no cache is known."""
        node = self.node(cpu)
        cache = self.last_level.get(cpu)
        thread = self.threads.get(cpu)
        package = thread.package if thread is not None else None
        return -1 if node is None else node, -1 - (package or 0) if cache is None else min(cache)

    @cached_property
    def cores(self) -> tuple[Core, ...]:
        """The cores that have free CPUs, by their lowest free CPU."""
        cores: list[Core] = []
        seen: set[int] = set()
        free = frozenset(self.free)
        for cpu in self.free:
            if cpu in seen:
                continue
            threads = self.siblings[cpu]
            mine = tuple(each for each in threads if each in free)
            seen.update(mine)
            thread = self.threads.get(cpu)
            cores.append(
                Core(
                    number=thread.core if thread is not None else None,
                    threads=threads,
                    free=mine,
                    place=self.place(cpu),
                    node=self.node(cpu),
                    kind=self.kind(cpu),
                    isolated=self.isolated.issuperset(threads),
                    foreign=not self.all_taken and not self.taken.isdisjoint(threads),
                )
            )
        return tuple(cores)

    @cached_property
    def cores_known(self) -> bool:
        """Whether the core of every free CPU is known."""
        return all(core.number is not None for core in self.cores)

    @cached_property
    def system_cpus(self) -> frozenset[int]:
        """The CPUs that run the system's own work: CPU 0, and those that receive new interrupts."""
        default = self.profile.state.default_irq_affinity
        online = frozenset(self.profile.topology.online)
        named = frozenset(default) if default is not None and not online.issubset(default) else frozenset()
        return named | {0}

    @cached_property
    def interrupts(self) -> dict[int, int]:
        """The number of interrupts bound to each CPU. Interrupts that may be served anywhere aren't counted."""
        online = frozenset(self.profile.topology.online)
        counts = dict.fromkeys(self.free, 0)
        for _, cpus in self.profile.state.irq_affinity:
            if not online.issubset(cpus):
                for cpu in cpus:
                    counts[cpu] = counts.get(cpu, 0) + 1
        return counts

    def nic_node(self, name: str) -> int | None:
        """The NUMA node of a network interface; None if it isn't known."""
        return next((nic.node for nic in self.profile.topology.nics if nic.name == name), None)

    @cached_property
    def any_nic_node(self) -> int | None:
        """The node of the host's network interfaces if they are all on one, otherwise None."""
        nodes = {nic.node for nic in self.profile.topology.nics if nic.node is not None}
        return nodes.pop() if len(nodes) == 1 else None

    def wanted_node(self, nic: str | None) -> int | None:
        """The node that a role with that network interface should be near; without `nic`, `any_nic_node`."""
        return self.any_nic_node if nic is None else self.nic_node(nic)

    def far(self, node: int | None, wanted: int | None) -> int:
        """The distance of a node from the wanted one; 0 if none is wanted."""
        return 0 if wanted is None else self.distance(wanted, node)

    def distance(self, one: int | None, other: int | None) -> int:
        """The distance between two nodes according to the firmware; 10 within a node."""
        if one == other:
            return _LOCAL
        for node in self.profile.topology.nodes:
            if node.number == one:
                return dict(node.distances).get(-1 if other is None else other, _UNKNOWN_DISTANCE)
        return _UNKNOWN_DISTANCE

    def memory_node(self, cpus: Collection[int]) -> int | None:
        """The node whose memory is nearest to all of those CPUs and may be used by this process.

        None if the CPUs are on several nodes, or the node isn't known.
        """
        own = {self.node(cpu) for cpu in cpus}
        if len(own) != 1 or None in own:
            return None
        (node,) = own
        allowed = self.profile.allowance.memory_nodes
        with_memory = [
            each.number
            for each in self.profile.topology.nodes
            if each.memory != 0 and (allowed is None or each.number in allowed)
        ]
        return min(with_memory, key=lambda each: (self.distance(node, each), each), default=None)
