"""What a decision is in one line, for whoever asks why a slot is filled so."""

from typing import Final

from mainspring.host.wisdom.model import Decision, Found, Freshness, Profile, RacerRecord

__all__ = ["day_of", "found_words", "kept_words", "name_of", "won_words"]

_FLOOR: Final = 0.02


def day_of(profile: Profile) -> str:
    """When it was raced, as a date; and that this was on another machine, where it was."""
    return profile.tuned_at[:10] + (", imported from an identical machine" if profile.imported_from else "")


def found_words(found: Found) -> str:
    """What was found of a workload on this host, in one line."""
    if found.profile is None:
        state = {"unused": "not used: ", "refused": "refused, and the defaults run: "}.get(found.freshness, "")
        return f"host profile: {state}{found.because}"
    words = f"host profile: {found.freshness} ({found.profile.workload_words}): {found.because}"
    paired = found.profile.paired
    if found.freshness != "fresh" or paired is None:
        return words
    return f"{words}; the whole lane {_times(paired.gain)} as fast as the default [{paired.low:.2f}, {paired.high:.2f}]"


def name_of(decision: Decision, slots: dict[str, str]) -> str:
    """The name of the racer that would fill the slots so."""
    return _racer(decision, slots).name


def won_words(decision: Decision, profile: Profile, freshness: Freshness) -> str:
    """Of a winner: its gain over the default with its interval, freshness, date, and the runner-up."""
    winner = _racer(decision, decision.slots)
    default = _racer(decision, decision.default)
    runner_up = _best(decision, (winner, default))
    behind = f"; runner-up {runner_up.name} {_times(runner_up.gain)}" if runner_up is not None else ""
    return (
        f"profile: {winner.name} {_times(winner.gain)} over {default.name}{_interval(winner)}, {freshness}, "
        f"{day_of(profile)}{behind}"
    )


def kept_words(decision: Decision, profile: Profile, freshness: Freshness) -> str:
    """Of a race that kept the default: why, and the best of the others, where it came to a verdict on them."""
    raced = f"the default; raced {day_of(profile)}{'' if freshness == 'fresh' else f' ({freshness})'}"
    judged = any(one.low is not None for one in decision.racers if one.slots != decision.default)
    if decision.grade == "unfit" or not judged or any(one.standing == "unconfirmed" for one in decision.racers):
        return f"{raced}: {decision.because}"
    best = _best(decision, (_racer(decision, decision.default),))
    led = f"; best was {best.name} {_times(best.gain)}{_interval(best)}" if best is not None else ""
    return f"{raced}: nothing beat it by more than {max(_FLOOR, decision.noise) * 100:.2g}%{led}"


def _racer(decision: Decision, slots: dict[str, str]) -> RacerRecord:
    found = next((one for one in decision.racers if one.slots == slots), None)
    if found is not None:
        return found
    return RacerRecord(name=" + ".join(slots.values()), slots=slots, standing="", because="")


def _best(decision: Decision, besides: tuple[RacerRecord, ...]) -> RacerRecord | None:
    ran = [one for one in decision.racers if one.gain is not None and one not in besides]
    return max(ran, key=lambda one: one.gain or 0.0, default=None)


def _times(gain: float | None) -> str:
    if gain is None:
        return "of unknown gain"
    # Two digits behind the point where gains lie close together, one where they don't.
    return f"{gain:.2f}x" if gain < 10 else f"{gain:.1f}x"


def _interval(racer: RacerRecord) -> str:
    if racer.low is None or racer.high is None:
        return ""
    return f" [{_times(racer.low)[:-1]}, {_times(racer.high)[:-1]}]"
