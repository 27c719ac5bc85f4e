"""Plans where roles go on a host: hot ones on cores of their own, housekeeping elsewhere, and what can't be kept."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from hwprofile.apply._ground import Core, Ground
from hwprofile.apply._promises import broken_promises
from hwprofile.apply.roles import Placement, Role, Seat
from hwprofile.apply.strategies import STRATEGIES, Strategy, core_order
from hwprofile.cpu_lists import cpu_list
from hwprofile.profile import HostProfile

__all__ = ["Placement", "Role", "Seat", "plan_placement"]


def plan_placement(
    profile: HostProfile, roles: Sequence[Role], strategy: str = "auto", taken: Collection[int] = ()
) -> Placement:
    """A seat for every role on that host; the same for the same arguments, always.

    Every strategy but "none" gives hot roles a CPU each: on distinct physical cores as long as there are any, those of
    the fastest kind first, away from where the system's own work lands (CPU 0, the CPUs of interrupts) where there is a
    choice. Housekeeping roles share the CPUs that are left, away from the hot ones' cores and from isolated CPUs.
    `taken` are CPUs that other processes have reserved (`taken_cpus`): they are left to them. Where the host has too
    little, every role gets a seat all the same, and `unkept` says which promises don't hold. `STRATEGIES` names the
    strategies. Raises `ValueError` for one that there isn't, and for two roles of one name.
    """
    chosen = STRATEGIES.get(strategy)
    if chosen is None:
        raise ValueError(f"no placement strategy is named {strategy!r}; there are: {', '.join(STRATEGIES)}")
    twice = [name for name, count in Counter(role.name for role in roles).items() if count > 1]
    if twice:
        raise ValueError(f"two roles are named {twice[0]!r}; give each a name of its own")
    ground = Ground(profile=profile, taken=frozenset(taken))
    if not chosen.pins:
        seats = [_seat(ground, role, ground.free, "left to the kernel's scheduler") for role in roles]
        return Placement(strategy=strategy, seats=tuple(seats), unkept=())
    hot = _hot_cpus(ground, chosen, [role for role in roles if role.hot])
    rest = _housekeeping_cpus(ground, tuple(hot.values()))
    seats = [
        _seat(ground, role, (hot[role.name],), _why(ground, role, hot[role.name]))
        if role.name in hot
        else _seat(ground, role, rest, _why_rest(ground, rest, hot.values()))
        for role in roles
    ]
    return Placement(strategy=strategy, seats=tuple(seats), unkept=broken_promises(ground, chosen, roles, seats))


def _hot_cpus(ground: Ground, strategy: Strategy, hot: Sequence[Role]) -> Mapping[str, int]:
    """A CPU for each hot role: of the cores that the strategy chose, else of others, else beside or with others."""
    # Caches of their own lie on several nodes: only a role with an interface of its own is kept near to it then.
    roam = strategy.caches == "own"
    nodes = [None if role.nic is None and roam else ground.wanted_node(role.nic) for role in hot]
    cpus = {index: _best_cpu(ground, core) for index, core in strategy.choose(ground, nodes).items()}
    for index in range(len(hot)):
        if index in cpus or not ground.free:
            continue
        used = Counter(cpus.values())
        own = [core for core in ground.cores if used.keys().isdisjoint(core.threads)]
        if own:
            best = min(
                own, key=lambda core: (core.foreign, ground.far(core.node, nodes[index]), *core_order(ground, core))
            )
            cpus[index] = _best_cpu(ground, best)
        elif unused := [cpu for cpu in ground.free if cpu not in used]:
            cpus[index] = min(unused, key=lambda cpu: (cpu in ground.system_cpus, cpu))
        else:
            cpus[index] = min(ground.free, key=lambda cpu: (used[cpu], -cpu))
    return {hot[index].name: cpu for index, cpu in cpus.items()}


def _best_cpu(ground: Ground, core: Core) -> int:
    """Of a core's free CPUs, the isolated one, away from the system's work and interrupts."""
    return min(
        core.free,
        key=lambda cpu: (cpu not in ground.isolated, cpu in ground.system_cpus, ground.interrupts.get(cpu, 0), cpu),
    )


def _housekeeping_cpus(ground: Ground, hot: Sequence[int]) -> tuple[int, ...]:
    """The CPUs that housekeeping shares: the first of these choices that has any."""
    beside = {sibling for cpu in hot for sibling in ground.siblings[cpu]}
    foreign = {cpu for core in ground.cores if core.foreign for cpu in core.free}
    apart = [cpu for cpu in ground.free if cpu not in beside]
    plain = [cpu for cpu in apart if cpu not in ground.isolated]
    quiet = [cpu for cpu in plain if cpu not in foreign]
    if quiet or plain:
        return tuple(quiet or plain)
    if apart:
        # The scheduler doesn't balance isolated CPUs: of several, it would use one.
        return (apart[0],)
    for cpu in reversed(hot):
        # Beside one hot role only, the last one.
        unused = [sibling for sibling in ground.siblings[cpu] if sibling in ground.free and sibling not in hot]
        if unused:
            return tuple(unused)
    return tuple(hot[-1:])


def _seat(ground: Ground, role: Role, cpus: Sequence[int], because: str) -> Seat:
    return Seat(role=role.name, cpus=tuple(cpus), node=ground.memory_node(cpus), because=because)


def _why(ground: Ground, role: Role, cpu: int) -> str:
    parts = ["an isolated core" if ground.isolated.issuperset(ground.siblings[cpu]) else "a core"]
    if cpu in ground.last_level:
        parts.append(f"of the cache of CPUs {cpu_list(ground.last_level[cpu])}")
    node = ground.node(cpu)
    if node is not None:
        near = f", with {role.nic}" if role.nic is not None and ground.wanted_node(role.nic) == node else ""
        parts.append(f"on node {node}{near}")
    return " ".join(parts)


def _why_rest(ground: Ground, rest: Sequence[int], hot: Collection[int]) -> str:
    if not rest:
        return "which CPUs may be used isn't known"
    if not hot:
        return "no role is hot"
    beside = {sibling for cpu in hot for sibling in ground.siblings[cpu]}
    if not ground.cores_known:
        return (
            "apart from the hot roles' CPUs" if beside.isdisjoint(rest) else "no CPU is left apart from the hot roles'"
        )
    return "apart from the hot roles' cores" if beside.isdisjoint(rest) else "no core is left apart from the hot roles'"
