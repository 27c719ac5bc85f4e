"""Selects the CPUs that are graded, and those that are left to the rest of the system."""

from collections.abc import Collection
from dataclasses import dataclass

from hwprofile.cpu_lists import cpu_list, cpus_named
from hwprofile.profile import HostProfile, Nic

__all__ = ["Places", "find_places", "main_nic"]


@dataclass(frozen=True, kw_only=True)
class Places:
    """The CPUs for hot threads, and the other online ones. `because` says how the hot ones were selected.

    `hot` is empty if no CPU is available: with one core, everything shares it.
    """

    hot: tuple[int, ...]
    housekeeping: tuple[int, ...]
    because: str


def find_places(profile: HostProfile, wanted: Collection[int] | None = None) -> Places:
    """Returns the wanted CPUs, else the isolated ones, else those that could be isolated.

    Raises `ValueError` if a wanted CPU isn't online.
    """
    online = profile.topology.online
    usable = online if profile.allowance.usable is None else profile.allowance.usable
    if wanted is not None:
        absent = set(wanted) - set(online)
        if absent:
            raise ValueError(f"{cpus_named(absent)} not online here; there are {cpu_list(online)}")
        return _places(online, wanted, "asked for")
    isolated = set(profile.state.isolated or ()) & set(usable)
    if isolated:
        return _places(online, isolated, "isolated")
    return _places(online, _spare(profile, usable), "could be isolated")


def _places(online: tuple[int, ...], hot: Collection[int], because: str) -> Places:
    housekeeping = tuple(cpu for cpu in online if cpu not in hot)
    return Places(hot=tuple(sorted(hot)), housekeeping=housekeeping, because=because)


def _spare(profile: HostProfile, usable: tuple[int, ...]) -> set[int]:
    """Returns the usable CPUs except the first core, of the fastest kind, near the fastest NIC, on one L3 cache."""
    topology = profile.topology
    if not usable:
        return set()
    spare = set(usable) - set(topology.siblings(usable[0]))
    kinds = {cpu: thread.kind for cpu in spare if (thread := topology.thread(cpu)) and thread.kind is not None}
    fastest = {cpu for cpu, kind in kinds.items() if kind == max(kinds.values())}
    nic = main_nic(profile)
    near = {cpu for cpu in spare if nic and (thread := topology.thread(cpu)) and thread.node == nic.node}
    suited = (fastest & near) or near or fastest or spare
    # The cache with most of them, or the last of several: the system's own work runs on the first CPUs.
    return max(
        ({*topology.sharing(cpu, 3)} & suited or suited for cpu in sorted(suited)), key=_size_and_place, default=suited
    )


def _size_and_place(cpus: set[int]) -> tuple[int, int]:
    return len(cpus), min(cpus)


def main_nic(profile: HostProfile) -> Nic | None:
    """The fastest NIC whose node is known."""
    known = [nic for nic in profile.topology.nics if nic.node is not None]
    return max(known, key=lambda nic: nic.mbps or 0, default=None)
