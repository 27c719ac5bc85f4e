"""Describes decisions in one line: why a plugin runs in its slot."""

from typing import Final

from mainspring.host.profiles.model import CandidateRecord, Decision, Found, Freshness, Profile

__all__ = ["day_of", "describe_found", "describe_kept_default", "describe_winner", "name_of"]

_FLOOR: Final = 0.02


def day_of(profile: Profile) -> str:
    """Returns the date of the races, and says if they ran on another machine."""
    return profile.tuned_at[:10] + (", imported from an identical machine" if profile.imported_from else "")


def describe_found(found: Found) -> str:
    """Describes in one line what was found of a workload on this host."""
    if found.profile is None:
        state = {"unused": "not used: ", "refused": "refused, and the defaults run: "}.get(found.freshness, "")
        return f"host profile: {state}{found.because}"
    words = f"host profile: {found.freshness} ({found.profile.workload_description}): {found.because}"
    paired = found.profile.paired
    if found.freshness != "fresh" or paired is None:
        return words
    return f"{words}; the whole lane {_times(paired.gain)} as fast as the default [{paired.low:.2f}, {paired.high:.2f}]"


def name_of(decision: Decision, slots: dict[str, str]) -> str:
    """Returns the name of the candidate that has these slots."""
    return _candidate(decision, slots).name


def describe_winner(decision: Decision, profile: Profile, freshness: Freshness) -> str:
    """Describes a winner: its gain over the default with its interval, freshness, date, and the runner-up."""
    winner = _candidate(decision, decision.slots)
    default = _candidate(decision, decision.default)
    runner_up = _best(decision, (winner, default))
    behind = f"; runner-up {runner_up.name} {_times(runner_up.gain)}" if runner_up is not None else ""
    return (
        f"profile: {winner.name} {_times(winner.gain)} over {default.name}{_interval(winner)}, {freshness}, "
        f"{day_of(profile)}{behind}"
    )


def describe_kept_default(decision: Decision, profile: Profile, freshness: Freshness) -> str:
    """Explains why the default won, and names the best of the others if the race reached a verdict on them."""
    raced = f"the default; raced {day_of(profile)}{'' if freshness == 'fresh' else f' ({freshness})'}"
    assessed = any(one.low is not None for one in decision.candidates if one.slots != decision.default)
    if decision.grade == "unfit" or not assessed or any(one.standing == "unconfirmed" for one in decision.candidates):
        return f"{raced}: {decision.because}"
    best = _best(decision, (_candidate(decision, decision.default),))
    led = f"; best was {best.name} {_times(best.gain)}{_interval(best)}" if best is not None else ""
    return f"{raced}: nothing beat it by more than {max(_FLOOR, decision.noise) * 100:.2g}%{led}"


def _candidate(decision: Decision, slots: dict[str, str]) -> CandidateRecord:
    found = next((one for one in decision.candidates if one.slots == slots), None)
    if found is not None:
        return found
    return CandidateRecord(name=" + ".join(slots.values()), slots=slots, standing="", because="")


def _best(decision: Decision, besides: tuple[CandidateRecord, ...]) -> CandidateRecord | None:
    ran = [one for one in decision.candidates if one.gain is not None and one not in besides]
    return max(ran, key=lambda one: one.gain or 0.0, default=None)


def _times(gain: float | None) -> str:
    if gain is None:
        return "of unknown gain"
    # Two decimals if the gains are close together, otherwise one.
    return f"{gain:.2f}x" if gain < 10 else f"{gain:.1f}x"


def _interval(candidate: CandidateRecord) -> str:
    if candidate.low is None or candidate.high is None:
        return ""
    return f" [{_times(candidate.low)[:-1]}, {_times(candidate.high)[:-1]}]"
