"""Finds a workload's profile, and decides whether it still holds: by host, versions and installed plugins."""

from collections.abc import Sequence

import msgspec

from mainspring import __version__
from mainspring.host.offers import why_unusable
from mainspring.host.profiles.describe import day_of
from mainspring.host.profiles.hosts import differences
from mainspring.host.profiles.model import Decision, Found, HostKey, Profile, WorkloadKey
from mainspring.host.profiles.store import Kept, files_of, listing, read_profile
from mainspring.host.profiles.workloads import ESSENTIAL_PARTS
from mainspring.host.registry import Registry
from mainspring.seams import raced_slots

__all__ = ["NO_RACE", "assess", "best_two", "installed_candidates", "load"]

NO_RACE = "no race of this workload on this host; `mainspring tune` runs one"


def load(workload: WorkloadKey, host: HostKey, registry: Registry) -> Found:
    """Finds the profile to use for a workload on this host, or says why there is none. Never raises.

    Preferred is one of this very workload: raced among the plugins that are installed now, on this very host, or else
    the newest of the same CPU, mask and quota, which is stale. Failing that, one of the workload that differs least.
    """
    found = [read_profile(path) for path in files_of(workload.digest)]
    installed = installed_candidates(registry)
    whole = sorted(
        (one.profile for one in found if one.profile is not None and one.profile.workload == workload.digest),
        key=lambda one: (one.installed == installed, one.host.fingerprint == host.fingerprint, one.tuned_at),
        reverse=True,
    )
    assessed = [assess(profile, host, registry) for profile in whole]
    here, others = _refusals(found, host)
    used = next((one for one in assessed if one.profile is not None), None) or _nearest(workload, host, installed)
    if used is None:
        return next(iter([*here, *assessed, *others]), Found(freshness="none", because=NO_RACE))
    if here:
        return msgspec.structs.replace(used, because=f"{used.because}; {here[0].because}")
    return used


def installed_candidates(registry: Registry) -> tuple[str, ...]:
    """The plugins that could take part in races here, by seam and name: "book ladder"."""
    return tuple(
        sorted(
            f"{seam} {offer.name}"
            for seam in set(raced_slots().values())
            for offer in registry.offers(seam).values()
            if why_unusable(offer.needs) is None
        )
    )


def _nearest(workload: WorkloadKey, host: HostKey, installed: tuple[str, ...]) -> Found | None:
    """The profile of the workload that differs in the fewest parts, of those that hold on this host.

    Of several, one that was raced among the plugins installed now, then the newest.
    """
    near = []
    for kept in listing():
        if kept.profile is None:
            continue
        there = kept.profile.workload_parts
        apart = tuple(part for part, digest in workload.parts.items() if there.get(part) != digest)
        if apart and not set(apart) & set(ESSENTIAL_PARTS) and not differences(kept.profile.host, host):
            near.append((kept.profile, apart))
    if not near:
        return None
    near.sort(key=lambda one: one[0].tuned_at, reverse=True)
    profile, apart = min(near, key=lambda one: (len(one[1]), one[0].installed != installed))
    because = (
        f"this workload wasn't raced; the nearest that was, on {day_of(profile)}, is {profile.workload_description} "
        f"(other {' and '.join(apart)}). `mainspring tune` races this one"
    )
    return Found(freshness="nearest", because=because, profile=profile)


def assess(profile: Profile, host: HostKey, registry: Registry) -> Found:
    """Returns whether a profile is used here and, if so, whether it is fresh. `profile` is None if it isn't used."""
    day = day_of(profile)
    apart = differences(profile.host, host)
    if apart:
        because = f"the profile of {day} is from {' and from '.join(apart)}; run `mainspring tune` on this host"
        return Found(freshness="unused", because=because)
    changes = _changes(profile, host, registry)
    if changes:
        because = f"raced {day}; since then {', '.join(changes)}. Run `mainspring tune` to race the best again"
        return Found(freshness="stale", because=because, profile=profile)
    return Found(freshness="fresh", because=f"raced {day}", profile=profile)


def best_two(decision: Decision) -> tuple[str, ...]:
    """The two candidates that race again if a profile is stale, the better first: its winner and the best of the rest.

    The default races too, whether or not it is one of them. Fewer if fewer ran.
    """
    ran = [one for one in decision.candidates if one.gain is not None]
    ran.sort(key=lambda one: (one.slots == decision.slots, one.gain or 0.0), reverse=True)
    return tuple(one.name for one in ran[:2])


def _refusals(found: Sequence[Kept], host: HostKey) -> tuple[list[Found], list[Found]]:
    """Returns the refused files: this host's, and those of others."""
    here: list[Found] = []
    others: list[Found] = []
    for one in found:
        if one.profile is None:
            named = here if one.path.name.startswith(host.fingerprint) else others
            named.append(Found(freshness="refused", because=one.because))
    return here, others


def _changes(profile: Profile, host: HostKey, registry: Registry) -> list[str]:
    measured = profile.host
    pairs = (
        ("kernel", measured.kernel, host.kernel),
        ("Python", measured.python, host.python),
        ("mainspring", profile.mainspring, __version__),
    )
    changes = [f"{what} {before} became {now}" for what, before, now in pairs if before != now]
    if not changes and measured.fingerprint != host.fingerprint:
        changes.append("the CPU's microcode or the way hosts are identified has changed")
    return [*changes, *_other_versions(profile, registry), *_newcomers(profile, registry)]


def _other_versions(profile: Profile, registry: Registry) -> list[str]:
    found: dict[str, None] = {}
    for candidate, before in profile.candidates.items():
        seam, _, name = candidate.partition(" ")
        offer = registry.offers(seam).get(name) if seam in raced_slots().values() else None
        if offer is not None and f"{offer.distribution} {offer.version}" != before:
            found[f"{before} became {offer.distribution} {offer.version}"] = None
    return list(found)


def _newcomers(profile: Profile, registry: Registry) -> list[str]:
    """Returns the plugins that could have taken part in the races but weren't installed."""
    found = []
    for slot, seam in raced_slots().items():
        raced = {one.slots[slot] for decision in profile.decisions for one in decision.candidates if slot in one.slots}
        if len(raced) < 2:
            continue
        offers = registry.offers(seam)
        forms = {offers[name].capabilities.get("format") for name in raced if name in offers}
        found += [
            f"the {seam} {offer.name} of {offer.distribution} {offer.version} was added"
            for offer in offers.values()
            if f"{seam} {offer.name}" not in profile.candidates
            and offer.capabilities.get("format") in forms
            and why_unusable(offer.needs) is None
            and offer.name not in _gated(profile)
        ]
    return found


def _gated(profile: Profile) -> set[str]:
    return {one.name for decision in profile.decisions for one in decision.candidates if one.standing == "gated"}
