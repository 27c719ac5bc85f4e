"""Applies this host's profiles to the feeds of a session, each by its own workload."""

from collections.abc import Callable, Sequence

import msgspec

from hwprofile.profile import HostProfile
from mainspring.host.config import Config
from mainspring.host.plan import Plan
from mainspring.host.profiles.freshness import NO_RACE, load
from mainspring.host.profiles.hosts import host_key
from mainspring.host.profiles.model import Found
from mainspring.host.profiles.resolve import resolve
from mainspring.host.profiles.store import files_of
from mainspring.host.profiles.workloads import workload
from mainspring.host.registry import Registry

__all__ = ["follow_profiles"]


def follow_profiles(
    feeds: Sequence[Plan], configs: Sequence[Config], registry: Registry, probe: Callable[[], HostProfile]
) -> tuple[tuple[Plan, ...], tuple[Found, ...]]:
    """Fills the plans' open slots from profiles; returns the plans and what was found for each.

    `configs` are the feeds' configurations. `probe` is called only if there is a profile at all. Chunk and gc, which
    the whole session shares, follow the first feed's profile.
    """
    found = tuple(_find(feed, registry, probe) for feed in feeds)
    filled = [
        resolve(feed, one, registry, {"decoder": config.decoder.options, "book": config.book.options})
        for feed, one, config in zip(feeds, found, configs, strict=True)
    ]
    first = filled[0]
    shared = tuple(msgspec.structs.replace(feed, chunk=first.chunk, gc=first.gc) for feed in filled)
    return shared, found


def _find(feed: Plan, registry: Registry, probe: Callable[[], HostProfile]) -> Found:
    if not files_of():
        # Nothing was ever raced here, so the captures needn't be read.
        return Found(freshness="none", because=NO_RACE)
    return load(workload(feed), host_key(probe()), registry)
