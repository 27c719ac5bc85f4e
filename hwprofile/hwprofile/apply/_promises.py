"""Holds a plan against what its strategy promises, from the seats alone, and says what isn't kept."""

from collections import Counter
from collections.abc import Iterator, Sequence

from hwprofile.apply._ground import Ground
from hwprofile.apply.roles import Role, Seat
from hwprofile.apply.strategies import Strategy
from hwprofile.cpu_lists import cpu_list

__all__ = ["broken_promises"]


def broken_promises(
    ground: Ground, strategy: Strategy, roles: Sequence[Role], seats: Sequence[Seat]
) -> tuple[str, ...]:
    """What the seats don't keep of the strategy's promises, in sentences. What can't be known isn't kept either."""
    if not roles:
        return ()
    if not ground.free:
        return ("no role can be pinned: which CPUs may be used isn't known",)
    hot = [(role, seat.cpus[0]) for role, seat in zip(roles, seats, strict=True) if role.hot]
    rest = [seat for role, seat in zip(roles, seats, strict=True) if not role.hot]
    return (
        *_taken(ground),
        *_alone(hot),
        *_own_core(ground, hot),
        *_housekeeping(ground, hot, rest),
        *_isolated(ground, strategy, hot),
        *_near_nic(ground, hot),
        *_caches(ground, strategy, hot),
        *_fast_and_quiet(ground, hot),
        *_quota(ground, hot, rest),
    )


_Hot = Sequence[tuple[Role, int]]


def _taken(ground: Ground) -> Iterator[str]:
    if ground.all_taken:
        yield f"all usable CPUs ({cpu_list(ground.free)}) are reserved by other processes, and shared with these"


def _alone(hot: _Hot) -> Iterator[str]:
    for cpu, count in sorted(Counter(cpu for _, cpu in hot).items()):
        if count > 1:
            yield f"{_names(role for role, own in hot if own == cpu)} share CPU {cpu}: more hot roles than CPUs"


def _own_core(ground: Ground, hot: _Hot) -> Iterator[str]:
    by_core: dict[tuple[int, ...], list[tuple[Role, int]]] = {}
    for role, cpu in hot:
        by_core.setdefault(ground.siblings[cpu], []).append((role, cpu))
    for pairs in by_core.values():
        cpus = {cpu for _, cpu in pairs}
        if len(cpus) > 1:
            yield f"{_names(role for role, _ in pairs)} are siblings on one core (CPUs {cpu_list(cpus)})"
    for role, cpu in hot:
        others = sorted(ground.taken & set(ground.siblings[cpu]) - {cpu})
        if others and not ground.all_taken:
            yield f"{role.name}: CPU {cpu} shares its core with CPU {cpu_list(others)}, which another process reserved"
    unknown = [cpu for _, cpu in hot if (thread := ground.threads.get(cpu)) is None or thread.core is None]
    if unknown:
        yield f"which CPUs share a core with CPUs {cpu_list(unknown)} isn't known"


def _housekeeping(ground: Ground, hot: _Hot, rest: Sequence[Seat]) -> Iterator[str]:
    if not rest:
        return
    cpus = set(rest[0].cpus)
    names = ", ".join(seat.role for seat in rest)
    for role, cpu in hot:
        if cpu in cpus:
            yield f"{role.name} shares CPU {cpu} with housekeeping ({names})"
        elif beside := cpus & set(ground.siblings[cpu]):
            yield f"{role.name}: housekeeping ({names}) runs on its core's other CPUs ({cpu_list(beside)})"
    if hot and (isolated := cpus & ground.isolated):
        yield f"housekeeping ({names}) runs on isolated CPUs ({cpu_list(isolated)})"


def _isolated(ground: Ground, strategy: Strategy, hot: _Hot) -> Iterator[str]:
    if strategy.isolated == "never" or (strategy.isolated == "where there are any" and not ground.isolated):
        return
    for role, cpu in hot:
        if cpu not in ground.isolated:
            yield f"{role.name}: CPU {cpu} isn't isolated; those that are, and are free: {cpu_list(ground.isolated)}"
        elif others := set(ground.siblings[cpu]) - ground.isolated - ground.taken:
            yield f"{role.name}: CPU {cpu} is isolated, and CPU {cpu_list(others)} of the same core isn't"


def _near_nic(ground: Ground, hot: _Hot) -> Iterator[str]:
    if len(ground.profile.topology.nodes) <= 1:
        return
    for role, cpu in hot:
        if role.nic is None:
            continue
        node = ground.nic_node(role.nic)
        if node is None:
            yield f"{role.name}: on which node {role.nic} stands isn't known"
        elif ground.node(cpu) != node:
            yield f"{role.name}: CPU {cpu} is on node {ground.node(cpu)}, and {role.nic} on node {node}"


def _caches(ground: Ground, strategy: Strategy, hot: _Hot) -> Iterator[str]:
    if strategy.caches == "any":
        return
    by_node: dict[int | None, list[tuple[Role, int]]] = {}
    for role, cpu in hot:
        by_node.setdefault(ground.wanted_node(role.nic) if strategy.caches == "one" else None, []).append((role, cpu))
    for pairs in by_node.values():
        cpus = sorted({cpu for _, cpu in pairs})
        if len(cpus) < 2:
            continue
        names = _names(role for role, _ in pairs)
        if not all(cpu in ground.last_level for cpu in cpus):
            yield f"{names}: which of CPUs {cpu_list(cpus)} share a cache isn't known"
            continue
        caches = Counter(ground.last_level[cpu] for cpu in cpus)
        if strategy.caches == "one" and len(caches) > 1:
            yield f"{names}: CPUs {cpu_list(cpus)} lie under {len(caches)} last-level caches"
        for shared, count in caches.items():
            if strategy.caches == "own" and count > 1:
                both = [cpu for cpu in cpus if cpu in shared]
                yield f"CPUs {cpu_list(both)} share a last-level cache: there are more hot roles than caches"


def _fast_and_quiet(ground: Ground, hot: _Hot) -> Iterator[str]:
    for role, cpu in hot:
        if ground.best_kind is not None and ground.kind(cpu) < ground.best_kind:
            yield f"{role.name}: CPU {cpu} isn't of the fastest kind"
        if busy := ground.system_cpus & set(ground.siblings[cpu]):
            where = "" if cpu in busy else ", on the same core"
            yield f"{role.name}: the system's own work and interrupts come to CPU {cpu_list(busy)}{where}"


def _quota(ground: Ground, hot: _Hot, rest: Sequence[Seat]) -> Iterator[str]:
    quota = ground.profile.allowance.cpu_quota
    need = len(hot) + bool(rest)
    if hot and quota.value is not None and quota.state == "limited" and quota.value < need:
        yield f"the CPU quota of {quota.value:g} CPUs is below the {need} that are wanted: the kernel will stop threads"


def _names(roles: "Iterator[Role]") -> str:
    return ", ".join(role.name for role in roles)
