"""Turns the results of races into a profile's decisions."""

import msgspec

from hwprofile.tune.values import RaceResult
from mainspring.host.profiles.model import CandidateRecord, Decision, Paired
from mainspring.tuning.candidates import Field

__all__ = ["decision_of", "has_verdict", "without_gain"]


def decision_of(race: RaceResult, field: Field) -> Decision:
    """Returns a race's decision with each candidate's slots, and the excluded plugins with reasons."""
    slots = {one.name: one.slots for one in field.candidates}
    candidates = [
        CandidateRecord(
            name=one.name,
            slots=slots[one.name],
            standing=one.standing,
            because=one.because,
            gain=one.gain,
            low=one.low,
            high=one.high,
            tail_gain=one.tail_gain,
            memory_bytes=one.memory_bytes,
            rounds=one.rounds,
            ratios=one.ratios,
        )
        for one in race.candidates
    ]
    candidates += [
        CandidateRecord(name=name, slots={}, standing="gated", because=because)
        for name, because in field.unusable.items()
    ]
    return Decision(
        race=field.race,
        slots=slots[race.winner],
        default=slots[race.default],
        because=race.because,
        grade=race.health.grade,
        noise=race.health.noise,
        rounds=race.rounds,
        processes=race.processes,
        dropped=race.dropped,
        seed=race.seed,
        candidates=tuple(candidates),
    )


def has_verdict(decision: Decision) -> bool:
    """Whether a race reached a verdict: on an unfit host, or with too little time, it doesn't."""
    return decision.grade != "unfit" and any(one.low is not None for one in decision.candidates)


def without_gain(decision: Decision, paired: Paired) -> Decision:
    """Returns the decision changed to the default, for a tuned lane that was slower than the default one."""
    if decision.slots == decision.default:
        return decision
    because = (
        f"the default is kept: in the paired check of the whole lane the tuned one was {paired.gain:.3f}x as good "
        f"[{paired.low:.3f}, {paired.high:.3f}], although its race said: {decision.because}"
    )
    candidates = tuple(
        msgspec.structs.replace(one, standing="unconfirmed", because="refused by the paired check of the whole lane")
        if one.standing == "winner"
        else one
        for one in decision.candidates
    )
    return msgspec.structs.replace(decision, slots=decision.default, because=because, candidates=candidates)
