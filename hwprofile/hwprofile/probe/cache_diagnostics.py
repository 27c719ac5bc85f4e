"""Finds contradictions in the kernel's cache masks, which firmware and hypervisors may get wrong."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from hwprofile.cpu_lists import cpus_named
from hwprofile.profile import Cache

__all__ = ["cache_diagnostics"]


def cache_diagnostics(caches: Sequence[Cache]) -> tuple[str, ...]:
    """Describes caches of one level that overlap, and caches that have only some of a smaller cache's CPUs."""
    return (*_overlaps(caches), *_partial_holders(caches))


def _overlaps(caches: Sequence[Cache]) -> Iterator[str]:
    kinds = dict.fromkeys((cache.level, cache.type) for cache in caches)
    for level, type_ in kinds:
        alike = [cache for cache in caches if (cache.level, cache.type) == (level, type_)]
        pairs = [(one, other) for one, other in combinations(alike, 2) if set(one.cpus) & set(other.cpus)]
        if pairs:
            one, other = pairs[0]
            yield (
                f"{_name(one)} caches overlap: one is shared by {cpus_named(one.cpus)}, another by "
                f"{cpus_named(other.cpus)}{_and_more(len(pairs) - 1)}. Which CPUs share one isn't certain"
            )


def _partial_holders(caches: Sequence[Cache]) -> Iterator[str]:
    found = [
        (small, large)
        for small in caches
        for large in caches
        if small.level < large.level
        and "instruction" not in (small.type, large.type)
        and 0 < len(set(small.cpus) & set(large.cpus)) < len(small.cpus)
    ]
    if found:
        small, large = found[0]
        yield (
            f"the {_name(large)} cache of {cpus_named(large.cpus)} has only some of the CPUs that share an "
            f"{_name(small)} cache, {cpus_named(small.cpus)}{_and_more(len(found) - 1)}. Which CPUs share one isn't "
            "certain"
        )


def _name(cache: Cache) -> str:
    return f"L{cache.level}{'' if cache.type == 'unified' else f' {cache.type}'}"


def _and_more(count: int) -> str:
    return f" (and {count} more pair{'s'[: count != 1]})" if count else ""
