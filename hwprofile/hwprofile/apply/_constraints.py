"""Checks a plan's assignments against the constraints of its strategy."""

from collections import Counter
from collections.abc import Iterator, Sequence

from hwprofile.apply._inventory import CpuInventory
from hwprofile.apply.roles import Assignment, Role
from hwprofile.apply.strategies import PlacementStrategy
from hwprofile.cpu_lists import cpu_list

__all__ = ["find_violations"]


def find_violations(
    inventory: CpuInventory, strategy: PlacementStrategy, roles: Sequence[Role], assignments: Sequence[Assignment]
) -> tuple[str, ...]:
    """Describes each violated constraint in a sentence. A constraint that can't be checked counts as violated."""
    if not roles:
        return ()
    if not inventory.free:
        return ("no role can be pinned: which CPUs may be used isn't known",)
    hot = [(role, assignment.cpus[0]) for role, assignment in zip(roles, assignments, strict=True) if role.hot]
    rest = [assignment for role, assignment in zip(roles, assignments, strict=True) if not role.hot]
    return (
        *_taken(inventory),
        *_alone(hot),
        *_own_core(inventory, hot),
        *_housekeeping(inventory, hot, rest),
        *_isolated(inventory, strategy, hot),
        *_near_nic(inventory, hot),
        *_caches(inventory, strategy, hot),
        *_fast_and_quiet(inventory, hot),
        *_quota(inventory, hot, rest),
    )


_Hot = Sequence[tuple[Role, int]]


def _taken(inventory: CpuInventory) -> Iterator[str]:
    if inventory.all_taken:
        yield f"all usable CPUs ({cpu_list(inventory.free)}) are reserved by other processes, and shared with these"


def _alone(hot: _Hot) -> Iterator[str]:
    for cpu, count in sorted(Counter(cpu for _, cpu in hot).items()):
        if count > 1:
            yield f"{_names(role for role, own in hot if own == cpu)} share CPU {cpu}: more hot roles than CPUs"


def _own_core(inventory: CpuInventory, hot: _Hot) -> Iterator[str]:
    by_core: dict[tuple[int, ...], list[tuple[Role, int]]] = {}
    for role, cpu in hot:
        by_core.setdefault(inventory.siblings[cpu], []).append((role, cpu))
    for pairs in by_core.values():
        cpus = {cpu for _, cpu in pairs}
        if len(cpus) > 1:
            yield f"{_names(role for role, _ in pairs)} are siblings on one core (CPUs {cpu_list(cpus)})"
    for role, cpu in hot:
        others = sorted(inventory.taken & set(inventory.siblings[cpu]) - {cpu})
        if others and not inventory.all_taken:
            yield f"{role.name}: CPU {cpu} shares its core with CPU {cpu_list(others)}, which another process reserved"
    unknown = [cpu for _, cpu in hot if (thread := inventory.threads.get(cpu)) is None or thread.core is None]
    if unknown:
        yield f"which CPUs share a core with CPUs {cpu_list(unknown)} isn't known"


def _housekeeping(inventory: CpuInventory, hot: _Hot, rest: Sequence[Assignment]) -> Iterator[str]:
    if not rest:
        return
    cpus = set(rest[0].cpus)
    names = ", ".join(assignment.role for assignment in rest)
    for role, cpu in hot:
        if cpu in cpus:
            yield f"{role.name} shares CPU {cpu} with housekeeping ({names})"
        elif beside := cpus & set(inventory.siblings[cpu]):
            yield f"{role.name}: housekeeping ({names}) runs on its core's other CPUs ({cpu_list(beside)})"
    if hot and (isolated := cpus & inventory.isolated):
        yield f"housekeeping ({names}) runs on isolated CPUs ({cpu_list(isolated)})"


def _isolated(inventory: CpuInventory, strategy: PlacementStrategy, hot: _Hot) -> Iterator[str]:
    if strategy.isolated == "never" or (strategy.isolated == "where there are any" and not inventory.isolated):
        return
    for role, cpu in hot:
        if cpu not in inventory.isolated:
            yield f"{role.name}: CPU {cpu} isn't isolated; those that are, and are free: {cpu_list(inventory.isolated)}"
        elif others := set(inventory.siblings[cpu]) - inventory.isolated - inventory.taken:
            yield f"{role.name}: CPU {cpu} is isolated, and CPU {cpu_list(others)} of the same core isn't"


def _near_nic(inventory: CpuInventory, hot: _Hot) -> Iterator[str]:
    if len(inventory.profile.topology.nodes) <= 1:
        return
    for role, cpu in hot:
        if role.nic is None:
            continue
        node = inventory.nic_node(role.nic)
        if node is None:
            yield f"{role.name}: on which node {role.nic} stands isn't known"
        elif inventory.node(cpu) != node:
            yield f"{role.name}: CPU {cpu} is on node {inventory.node(cpu)}, and {role.nic} on node {node}"


def _caches(inventory: CpuInventory, strategy: PlacementStrategy, hot: _Hot) -> Iterator[str]:
    if strategy.caches == "any":
        return
    by_node: dict[int | None, list[tuple[Role, int]]] = {}
    for role, cpu in hot:
        by_node.setdefault(inventory.wanted_node(role.nic) if strategy.caches == "one" else None, []).append(
            (role, cpu)
        )
    for pairs in by_node.values():
        cpus = sorted({cpu for _, cpu in pairs})
        if len(cpus) < 2:
            continue
        names = _names(role for role, _ in pairs)
        if not all(cpu in inventory.last_level for cpu in cpus):
            yield f"{names}: which of CPUs {cpu_list(cpus)} share a cache isn't known"
            continue
        caches = Counter(inventory.last_level[cpu] for cpu in cpus)
        if strategy.caches == "one" and len(caches) > 1:
            yield f"{names}: CPUs {cpu_list(cpus)} lie under {len(caches)} last-level caches"
        for shared, count in caches.items():
            if strategy.caches == "own" and count > 1:
                both = [cpu for cpu in cpus if cpu in shared]
                yield f"CPUs {cpu_list(both)} share a last-level cache: there are more hot roles than caches"


def _fast_and_quiet(inventory: CpuInventory, hot: _Hot) -> Iterator[str]:
    for role, cpu in hot:
        if inventory.best_kind is not None and inventory.kind(cpu) < inventory.best_kind:
            yield f"{role.name}: CPU {cpu} isn't of the fastest kind"
        if busy := inventory.system_cpus & set(inventory.siblings[cpu]):
            where = "" if cpu in busy else ", on the same core"
            yield f"{role.name}: the system's own work and interrupts come to CPU {cpu_list(busy)}{where}"


def _quota(inventory: CpuInventory, hot: _Hot, rest: Sequence[Assignment]) -> Iterator[str]:
    quota = inventory.profile.allowance.cpu_quota
    need = len(hot) + bool(rest)
    if hot and quota.value is not None and quota.state == "limited" and quota.value < need:
        yield f"the CPU quota of {quota.value:g} CPUs is below the {need} that are wanted: the kernel will stop threads"


def _names(roles: "Iterator[Role]") -> str:
    return ", ".join(role.name for role in roles)
