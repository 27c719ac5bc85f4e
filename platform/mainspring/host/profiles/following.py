"""The feeds of a session, each following what was raced of its own workload on this host."""

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
    """The plans with their open slots filled by profiles, and what was found for each.

    `configs` are those of the feeds. The host is probed only if there is a profile at all. What is
    the session's own, chunk and collector, follows the first feed's profile in all of them.
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
        # Nothing was ever raced here, and the captures needn't be looked at.
        return Found(freshness="none", because=NO_RACE)
    return load(workload(feed), host_key(probe()), registry)
