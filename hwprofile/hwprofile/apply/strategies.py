"""The strategies that choose cores for hot roles."""

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hwprofile.apply._inventory import Core, CpuInventory

__all__ = ["STRATEGIES", "PlacementStrategy", "core_order"]

Nodes = Sequence[int | None]
"""For each hot role, the node of its network interface; None if it names none, or the node isn't known."""


@dataclass(frozen=True, kw_only=True)
class PlacementStrategy:
    """Chooses cores for hot roles.

    `choose` takes the inventory and the node that each hot role should be near, and returns distinct cores by the
    roles' indices; roles without a core are left out. `isolated` and `caches` are further constraints: isolated CPUs
    only, and one last-level cache for all roles or for each. `pins` is false if roles may run anywhere.
    """

    name: str
    summary: str
    choose: Callable[[CpuInventory, Nodes], Mapping[int, Core]]
    isolated: Literal["always", "where there are any", "never"] = "never"
    caches: Literal["one", "own", "any"] = "any"
    pins: bool = True


def core_order(inventory: CpuInventory, core: Core) -> tuple[object, ...]:
    """Returns the sort key of a core within its place; the best core sorts first."""
    nohz = frozenset(inventory.profile.state.nohz_full or ())
    return (
        -core.kind,
        not core.isolated,
        not inventory.system_cpus.isdisjoint(core.threads),
        nohz.isdisjoint(core.free),
        min(inventory.interrupts.get(cpu, 0) for cpu in core.free),
        core.free[0],
    )


def _one_cache(inventory: CpuInventory, nodes: Nodes) -> Mapping[int, Core]:
    return _in_tiers(inventory, nodes, [_own(inventory)], _near)


def _isolated_only(inventory: CpuInventory, nodes: Nodes) -> Mapping[int, Core]:
    return _in_tiers(inventory, nodes, _isolated_tiers(inventory), _near)


def _auto(inventory: CpuInventory, nodes: Nodes) -> Mapping[int, Core]:
    plain = [core for core in _own(inventory) if inventory.isolated.isdisjoint(core.free)]
    return _in_tiers(inventory, nodes, [*_isolated_tiers(inventory), plain], _near)


def _spread(inventory: CpuInventory, nodes: Nodes) -> Mapping[int, Core]:
    return _in_tiers(inventory, nodes, [_own(inventory)], _apart)


def _nothing(_inventory: CpuInventory, _nodes: Nodes) -> Mapping[int, Core]:
    return {}


STRATEGIES = {
    strategy.name: strategy
    for strategy in (
        PlacementStrategy(
            name="auto",
            summary="isolated cores if there are any, else as one-cache",
            choose=_auto,
            isolated="where there are any",
            caches="one",
        ),
        PlacementStrategy(
            name="isolated",
            summary="isolated cores only, of one last-level cache",
            choose=_isolated_only,
            isolated="always",
            caches="one",
        ),
        PlacementStrategy(
            name="one-cache",
            summary="distinct cores of one last-level cache, on the network interface's node",
            choose=_one_cache,
            caches="one",
        ),
        PlacementStrategy(
            name="spread", summary="each role its own last-level cache, nearest first", choose=_spread, caches="own"
        ),
        PlacementStrategy(name="none", summary="left to the kernel's scheduler", choose=_nothing, pins=False),
    )
}
"""The strategies by name, the default one first."""


def _own(inventory: CpuInventory) -> list[Core]:
    """The cores on which no other process has reserved a thread."""
    return [core for core in inventory.cores if not core.foreign]


def _isolated_tiers(inventory: CpuInventory) -> list[list[Core]]:
    """The cores that are isolated as a whole, then those with an isolated free CPU."""
    own = _own(inventory)
    whole = [core for core in own if core.isolated]
    part = [core for core in own if not core.isolated and not inventory.isolated.isdisjoint(core.free)]
    return [whole, part]


_Place = tuple[int, int]
_Way = Callable[[CpuInventory, Sequence[Core], int | None, _Place | None, int], Sequence[Core]]
"""Picks `need` of the cores, best first: near a node, and near the anchor's place if there is one."""


def _in_tiers(inventory: CpuInventory, nodes: Nodes, tiers: Sequence[Sequence[Core]], way: _Way) -> Mapping[int, Core]:
    """Assigns the cores of the first tier, then of the next; roles with the same interface's node go together."""
    dealt: dict[int, Core] = {}
    known = [node for node in dict.fromkeys(nodes) if node is not None]
    for tier in tiers:
        # Each node's own roles come first, so that other roles don't take its cores.
        for node, local in [*((node, True) for node in known), *((node, False) for node in (*known, None))]:
            left = [index for index, each in enumerate(nodes) if each == node and index not in dealt]
            used = {core.free for core in dealt.values()}
            cores = [core for core in tier if core.free not in used and (core.node == node or not local)]
            anchor = next((core.place for index, core in dealt.items() if nodes[index] == node), None)
            dealt.update(zip(left, way(inventory, cores, node, anchor, len(left)), strict=False))
    return dealt


def _near(
    inventory: CpuInventory, cores: Sequence[Core], node: int | None, anchor: _Place | None, need: int
) -> Sequence[Core]:
    """Picks the cores of the best place, then those of the places nearest to it."""
    places = _places(inventory, cores, node, anchor, need)
    order = [core for place in places for core in _of_place(inventory, cores, place)]
    return _calm(inventory, order, need, lambda chosen: len({core.place for core in chosen}) == 1)


def _apart(
    inventory: CpuInventory, cores: Sequence[Core], node: int | None, anchor: _Place | None, need: int
) -> Sequence[Core]:
    """Picks one core of each place, then a second of each."""
    places = [_of_place(inventory, cores, place) for place in _places(inventory, cores, node, anchor, 1)]
    order = [core for turn in itertools.zip_longest(*places) for core in turn if core is not None]
    return _calm(inventory, order, need, lambda chosen: len({core.place for core in chosen}) == len(chosen))


def _calm(
    inventory: CpuInventory, order: Sequence[Core], need: int, kept: Callable[[Sequence[Core]], bool]
) -> Sequence[Core]:
    """Picks `need` cores, preferring fast, interrupt-free ones if the constraints allow it."""
    calm = sorted(order, key=lambda core: (-core.kind, not inventory.system_cpus.isdisjoint(core.threads)))[:need]
    return calm if kept(calm) or not kept(order[:need]) else order[:need]


def _of_place(inventory: CpuInventory, cores: Sequence[Core], place: _Place) -> list[Core]:
    return sorted((core for core in cores if core.place == place), key=lambda core: core_order(inventory, core))


def _places(
    inventory: CpuInventory, cores: Sequence[Core], node: int | None, anchor: _Place | None, need: int
) -> list[_Place]:
    """Sorts the cores' places: nearest to the node, then with room for all, then on the node with most cores."""
    by_place: dict[_Place, list[Core]] = {}
    for core in cores:
        by_place.setdefault(core.place, []).append(core)
    best = max((core.kind for core in cores), default=0)
    cores_on = Counter(core.node for core in cores)
    quiet_on = Counter(core.node for core in cores if inventory.system_cpus.isdisjoint(core.threads))

    def fit(place: _Place) -> tuple[int, int, int]:
        there = by_place[place]
        fast = [core for core in there if core.kind == best]
        quiet = [core for core in fast if inventory.system_cpus.isdisjoint(core.threads)]
        return -min(need, len(fast)), -min(need, len(there)), -min(need, len(quiet))

    def far(place: _Place, wanted: int | None) -> int:
        return inventory.far(by_place[place][0].node, wanted)

    def first(place: _Place) -> tuple[object, ...]:
        on_node = by_place[place][0].node
        return far(place, node), *fit(place), -min(need, quiet_on[on_node]), -cores_on[on_node], place

    if not by_place:
        return []
    anchor = anchor or min(by_place, key=first)
    start = None if anchor[0] < 0 else anchor[0]
    return sorted(by_place, key=lambda place: (place != anchor, far(place, start), *fit(place), place))
