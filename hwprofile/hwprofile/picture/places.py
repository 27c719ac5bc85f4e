"""Groups a host's cores by package, and within it by cache, node and kind."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hwprofile.picture.describe import format_size
from hwprofile.profile import Cache, HostProfile, Thread

__all__ = ["Group", "Package", "packages"]


@dataclass(frozen=True)
class Group:
    """Cores with the same die, node, last-level cache and kind. `cores` has the threads of each core."""

    die: int | None
    node: int | None
    title: str
    cores: tuple[tuple[Thread, ...], ...]

    @property
    def cpus(self) -> tuple[int, ...]:
        """All CPUs of the group, in ascending order."""
        return tuple(sorted(thread.number for core in self.cores for thread in core))


@dataclass(frozen=True)
class Package:
    """A package with its groups, in the order of their lowest CPU. `number` is None if the package isn't known."""

    number: int | None
    groups: tuple[Group, ...]

    @property
    def cpus(self) -> tuple[int, ...]:
        """All CPUs of the package, in ascending order."""
        return tuple(sorted(cpu for group in self.groups for cpu in group.cpus))


def packages(profile: HostProfile) -> list[Package]:
    """Returns the packages in the order of their lowest CPU, with their online CPUs only."""
    by_place: dict[tuple[object, ...], list[Thread]] = {}
    for thread in profile.topology.threads:
        if thread.online:
            last_cache = profile.topology.sharing(thread.number, 3)
            place = (thread.package, thread.die, thread.node, thread.kind, last_cache)
            by_place.setdefault(place, []).append(thread)
    found: dict[int | None, list[Group]] = {}
    many_dies = _packages_of_many_dies(profile)
    for threads in by_place.values():
        first = threads[0]
        die = first.die if first.package in many_dies else None
        group = Group(die, first.node, _title(profile, threads), tuple(_cores(threads)))
        found.setdefault(first.package, []).append(group)
    return [Package(number, tuple(groups)) for number, groups in found.items()]


def _packages_of_many_dies(profile: HostProfile) -> set[int | None]:
    dies = {(thread.package, thread.die) for thread in profile.topology.threads if thread.online}
    numbers = [package for package, _ in dies]
    return {package for package in numbers if numbers.count(package) > 1}


def _cores(threads: Sequence[Thread]) -> Iterator[tuple[Thread, ...]]:
    by_core: dict[object, list[Thread]] = {}
    for thread in threads:
        # A thread whose core isn't known is drawn alone.
        by_core.setdefault(("alone", thread.number) if thread.core is None else thread.core, []).append(thread)
    for core in by_core.values():
        yield tuple(sorted(core, key=lambda thread: (thread.smt or 0, thread.number)))


def _title(profile: HostProfile, threads: Sequence[Thread]) -> str:
    """Describes what the cores have in common: "L3 32 MiB, performance cores up to 5.4 GHz"."""
    words = []
    cpus = {thread.number for thread in threads}
    caches = [cache for cache in profile.topology.caches if cache.type != "instruction" and cpus & set(cache.cpus)]
    last_cache = next((cache for cache in caches if cache.level == 3), None)
    if last_cache is not None:
        size = "" if last_cache.size is None else f" {format_size(last_cache.size)}"
        words.append(f"L3{size}" if set(last_cache.cpus) <= cpus else f"part of an L3{size}")
    kind = next((kind for kind in profile.topology.kinds if kind.number == threads[0].kind), None)
    if kind is not None and len(profile.topology.kinds) > 1:
        speed = "" if kind.max_mhz is None else f" up to {kind.max_mhz / 1000:g} GHz"
        words.append(f"{f'{kind.name} cores' if kind.name else f'cores of kind {kind.number}'}{speed}")
    second = _second_level(profile, [cache for cache in caches if cache.level == 2])
    if second:
        words.append(second)
    return ", ".join(words)


def _second_level(profile: HostProfile, caches: Sequence[Cache]) -> str | None:
    """Describes the L2 caches if all are alike: one for each core, or for a number of CPUs."""
    alike = {(cache.size, len(cache.cpus)) for cache in caches}
    if len(alike) != 1:
        return None
    (size, sharers), *_ = alike
    cores = {thread.core for thread in profile.topology.threads if thread.number in caches[0].cpus}
    whose = "a core" if len(cores) == 1 else f"{sharers} CPUs"
    return f"L2{'' if size is None else f' {format_size(size)}'} for {whose}"
