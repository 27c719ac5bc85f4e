"""Plans where roles run: hot ones on cores of their own, housekeeping elsewhere. Reports violated constraints."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from hwprofile.apply._constraints import find_violations
from hwprofile.apply._inventory import Core, CpuInventory
from hwprofile.apply.roles import Assignment, Placement, Role
from hwprofile.apply.strategies import STRATEGIES, PlacementStrategy, core_order
from hwprofile.cpu_lists import cpu_list
from hwprofile.profile import HostProfile

__all__ = ["Assignment", "Placement", "Role", "plan_placement"]


def plan_placement(
    profile: HostProfile, roles: Sequence[Role], strategy: str = "auto", taken: Collection[int] = ()
) -> Placement:
    """Returns an assignment for every role; the same arguments always give the same plan.

    Every strategy except "none" gives each hot role a CPU: on distinct physical cores while there are enough, the
    fastest kind first, and preferably away from the system's own work (CPU 0 and the CPUs that serve interrupts).
    Housekeeping roles share the remaining CPUs, away from the hot roles' cores and from isolated CPUs.

    Every role gets an assignment even if the host is too small; `violations` then says which constraints don't hold.

    Args:
        strategy: A name from `STRATEGIES`.
        taken: The CPUs that other processes have reserved (`taken_cpus`); they aren't used.

    Raises:
        ValueError: There is no such strategy, or two roles have the same name.
    """
    chosen = STRATEGIES.get(strategy)
    if chosen is None:
        raise ValueError(f"no placement strategy is named {strategy!r}; there are: {', '.join(STRATEGIES)}")
    twice = [name for name, count in Counter(role.name for role in roles).items() if count > 1]
    if twice:
        raise ValueError(f"two roles are named {twice[0]!r}; give each a name of its own")
    inventory = CpuInventory(profile=profile, taken=frozenset(taken))
    if not chosen.pins:
        assignments = [_assignment(inventory, role, inventory.free, "left to the kernel's scheduler") for role in roles]
        return Placement(strategy=strategy, assignments=tuple(assignments), violations=())
    hot = _hot_cpus(inventory, chosen, [role for role in roles if role.hot])
    rest = _housekeeping_cpus(inventory, tuple(hot.values()))
    assignments = [
        _assignment(inventory, role, (hot[role.name],), _why(inventory, role, hot[role.name]))
        if role.name in hot
        else _assignment(inventory, role, rest, _why_rest(inventory, rest, hot.values()))
        for role in roles
    ]
    return Placement(
        strategy=strategy,
        assignments=tuple(assignments),
        violations=find_violations(inventory, chosen, roles, assignments),
    )


def _hot_cpus(inventory: CpuInventory, strategy: PlacementStrategy, hot: Sequence[Role]) -> Mapping[str, int]:
    """Picks a CPU for each hot role: on the strategy's cores, else on other cores, else on a shared core or CPU."""
    # Separate caches are on several nodes, so only a role that names an interface is kept near one.
    roam = strategy.caches == "own"
    nodes = [None if role.nic is None and roam else inventory.wanted_node(role.nic) for role in hot]
    cpus = {index: _best_cpu(inventory, core) for index, core in strategy.choose(inventory, nodes).items()}
    for index in range(len(hot)):
        if index in cpus or not inventory.free:
            continue
        used = Counter(cpus.values())
        own = [core for core in inventory.cores if used.keys().isdisjoint(core.threads)]
        if own:
            best = min(
                own,
                key=lambda core: (core.foreign, inventory.far(core.node, nodes[index]), *core_order(inventory, core)),
            )
            cpus[index] = _best_cpu(inventory, best)
        elif unused := [cpu for cpu in inventory.free if cpu not in used]:
            cpus[index] = min(unused, key=lambda cpu: (cpu in inventory.system_cpus, cpu))
        else:
            cpus[index] = min(inventory.free, key=lambda cpu: (used[cpu], -cpu))
    return {hot[index].name: cpu for index, cpu in cpus.items()}


def _best_cpu(inventory: CpuInventory, core: Core) -> int:
    """Picks a core's best free CPU: isolated, away from the system's work and interrupts."""
    return min(
        core.free,
        key=lambda cpu: (
            cpu not in inventory.isolated,
            cpu in inventory.system_cpus,
            inventory.interrupts.get(cpu, 0),
            cpu,
        ),
    )


def _housekeeping_cpus(inventory: CpuInventory, hot: Sequence[int]) -> tuple[int, ...]:
    """Returns the CPUs that housekeeping shares: the first of these choices that isn't empty."""
    beside = {sibling for cpu in hot for sibling in inventory.siblings[cpu]}
    foreign = {cpu for core in inventory.cores if core.foreign for cpu in core.free}
    apart = [cpu for cpu in inventory.free if cpu not in beside]
    plain = [cpu for cpu in apart if cpu not in inventory.isolated]
    quiet = [cpu for cpu in plain if cpu not in foreign]
    if quiet or plain:
        return tuple(quiet or plain)
    if apart:
        # The scheduler doesn't balance isolated CPUs: it would use only one of several.
        return (apart[0],)
    for cpu in reversed(hot):
        # Shares with only one hot role, the last.
        unused = [sibling for sibling in inventory.siblings[cpu] if sibling in inventory.free and sibling not in hot]
        if unused:
            return tuple(unused)
    return tuple(hot[-1:])


def _assignment(inventory: CpuInventory, role: Role, cpus: Sequence[int], because: str) -> Assignment:
    return Assignment(role=role.name, cpus=tuple(cpus), node=inventory.memory_node(cpus), because=because)


def _why(inventory: CpuInventory, role: Role, cpu: int) -> str:
    parts = ["an isolated core" if inventory.isolated.issuperset(inventory.siblings[cpu]) else "a core"]
    if cpu in inventory.last_level:
        parts.append(f"of the cache of CPUs {cpu_list(inventory.last_level[cpu])}")
    node = inventory.node(cpu)
    if node is not None:
        near = f", with {role.nic}" if role.nic is not None and inventory.wanted_node(role.nic) == node else ""
        parts.append(f"on node {node}{near}")
    return " ".join(parts)


def _why_rest(inventory: CpuInventory, rest: Sequence[int], hot: Collection[int]) -> str:
    if not rest:
        return "which CPUs may be used isn't known"
    if not hot:
        return "no role is hot"
    beside = {sibling for cpu in hot for sibling in inventory.siblings[cpu]}
    if not inventory.cores_known:
        return (
            "apart from the hot roles' CPUs" if beside.isdisjoint(rest) else "no CPU is left apart from the hot roles'"
        )
    return "apart from the hot roles' cores" if beside.isdisjoint(rest) else "no core is left apart from the hot roles'"
