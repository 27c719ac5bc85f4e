"""Converts the races of this host's profiles to report values."""

from mainspring.host.plan import Plan, SessionPlan
from mainspring.host.profiles.describe import name_of
from mainspring.host.profiles.model import CandidateRecord, Decision, Found, Profile
from mainspring.report import CandidateReport, RaceReport
from mainspring.seams import raced_slots

__all__ = ["race_reports"]


def race_reports(session: SessionPlan) -> list[RaceReport]:
    """Returns every race of the profiles that the session's feeds use; with several feeds, each race names its own."""
    return [
        _race(feed, found, found.profile, decision)
        for feed, found in zip(session.feeds, session.profiles, strict=False)
        if found.profile is not None
        for decision in found.profile.decisions
    ]


def _race(feed: Plan, found: Found, profile: Profile, decision: Decision) -> RaceReport:
    return RaceReport(
        slot=f"{decision.race} [{feed.name}]" if feed.name else decision.race,
        default=name_of(decision, decision.default),
        winner=name_of(decision, decision.slots),
        rounds=decision.rounds,
        noise=decision.noise,
        because=f"{decision.because} ({found.freshness}, {profile.tuned_at[:10]})",
        candidates=[_candidate(profile, one) for one in decision.candidates],
    )


def _candidate(profile: Profile, candidate: CandidateRecord) -> CandidateReport:
    """Converts a candidate, naming the distribution of each part; a candidate that couldn't take part has none."""
    seams = raced_slots()
    parts = [
        profile.candidates.get(f"{seams[slot]} {by}") if slot in seams else f"mainspring {profile.mainspring}"
        for slot, by in candidate.slots.items()
    ]
    *before, last = list(dict.fromkeys(part for part in parts if part)) or [""]
    distribution, _, version = last.rpartition(" ")
    return CandidateReport(
        plugin=candidate.name,
        distribution=", ".join([*before, distribution]),
        version=version,
        gain=candidate.gain,
        low=candidate.low,
        high=candidate.high,
        note=candidate.because,
    )
