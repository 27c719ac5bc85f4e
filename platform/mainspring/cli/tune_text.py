"""Prints a tune, its profile and its races in a terminal."""

import math
import re
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hwprofile.tune.gate import NO_TIME
from hwprofile.tune.samples import CONFIDENCE
from mainspring.host.profiles.model import CandidateRecord, Decision, Found, Paired, Profile
from mainspring.host.profiles.store import Kept
from mainspring.tuning.tune import Tuned

__all__ = ["as_typed", "render_paired", "render_profiles", "render_tuned", "render_why"]

_CHART = 24
_LEAST_SPAN = math.log(1.1)
_MIB = 1 << 20
_FLOOR = 1.02
_SURE = f"{CONFIDENCE:.0%} sure of"
_STYLES = {
    "winner": "green",
    "default": "bold",
    "gated": "red",
    "unconfirmed": "yellow",
    "slower": "dim",
    "left": "dim",
}


def render_tuned(tuned: Tuned, console: Console) -> None:
    """Prints what a tune decided: one row per race, and the gain of the whole lane."""
    profile = tuned.profile
    _say(console, f"tuned for {profile.workload_description}, on {profile.host.words}")
    _say(console, f"it took {profile.seconds:.0f} of {profile.budget_s:.0f} s; better is {profile.objective}")
    for note in tuned.notes:
        _say(console, f"note: {note}")
    columns = (("race", ""), ("decided", ""), ("gain", "right"), (_SURE, "right"), ("rounds", "right"))
    table = _table(*columns, ("host", ""))
    for decision in profile.decisions:
        best = _best(decision)
        changed = decision.slots != decision.default
        name = _name(decision, changed=changed)
        table.add_row(
            decision.race,
            Text(name, "green") if changed else f"{name}, the default",
            _gain(best) if changed else "",
            _bounds(best) if changed else "",
            f"{decision.rounds:,}",
            f"{decision.grade}, {_part(decision.noise)} noise",
        )
        if not changed and best is not None:
            table.add_row(
                "", Text(f"best alternative: {best.name}", "dim"), Text(_gain(best), "dim"), Text(_bounds(best), "dim")
            )
    if profile.decisions:
        console.print()
        console.print(table)
    for decision in profile.decisions:
        late = [one.name for one in decision.candidates if one.because == NO_TIME]
        if late:
            _say(
                console,
                f"in the race of {decision.race} there was no time for {', '.join(late)}: give a longer --budget",
            )
    for one in profile.skipped:
        _say(console, f"{one.race} wasn't raced: {one.because}")
    console.print()
    changed = any(one.slots != one.default for one in profile.decisions)
    if profile.paired is not None or not changed:
        render_paired(profile.paired, console)
    raced = [slot for one in profile.decisions for slot in one.slots if len(_fillers(one, slot)) > 1]
    if raced:
        _say(
            console,
            f"`mainspring tune why {as_typed(raced[0])}` explains a race; `mainspring run` uses the winners",
        )


def render_paired(paired: Paired | None, console: Console) -> None:
    """Prints the verdict on the whole lane."""
    if paired is None:
        console.print("Nothing was changed, so there is no tuned lane to compare with the default one.")
        return
    _say(
        console,
        f"the whole lane, tuned against default: {paired.gain:.3f}x as good, {_SURE} {paired.low:.3f} to "
        f"{paired.high:.3f}, in {paired.rounds} pairs of fresh processes: {paired.because}",
    )


def render_why(slot: str, decision: Decision, profile: Profile, console: Console) -> None:
    """Prints one race: its candidates, how each performed, and why the slot has its plugin."""
    filled = decision.slots.get(slot)
    console.print(Text(f"{slot}: {filled}, by the race of {decision.race}" if filled else decision.race, "bold"))
    _say(console, decision.because)
    console.print()
    raced = [one for one in decision.candidates if one.gain is not None or one.standing == "default"]
    span = _span(raced)
    columns = (("candidate", ""), ("", ""), ("gain", "right"), (_SURE, "right"), ("p99", "right"))
    table = _table(*columns)
    table.add_column(_scale(span), no_wrap=True)
    for one in sorted(raced, key=lambda one: -(one.gain or 1.0)):
        tail = "" if one.tail_gain is None else f"{one.tail_gain:.2f}x"
        style = _STYLES.get(one.standing, "")
        names = Text(one.name, style), Text(_word(one), style)
        table.add_row(*names, _gain(one), _bounds(one), tail, _bar(one, span))
    console.print(table)
    reported = [one for one in decision.candidates if one.standing in ("gated", "unconfirmed") or one.gain is None]
    for one in (one for one in reported if one.standing != "default"):
        console.print()
        console.print(Text(f"{one.name} ({one.standing}): {one.because}", _STYLES.get(one.standing, "")))
    console.print()
    memory = [f"{one.name} {one.memory_bytes / _MIB:.1f} MiB" for one in raced if one.memory_bytes is not None]
    if memory:
        _say(console, f"memory over the workload: {', '.join(memory)}")
    _say(
        console,
        f"a gain of 1.05x is 5% better than the default by {profile.objective}. The host was {decision.grade}: two "
        f"runs of one candidate were {_part(decision.noise)} apart. {decision.rounds:,} rounds in {decision.processes} "
        f"fresh processes, and {decision.dropped:,} dropped; seed {decision.seed}",
    )
    _say(console, f"tuned {profile.tuned_at} for {profile.workload_description}")


def render_profiles(assessed: Sequence[tuple[Kept, Found | None]], console: Console) -> None:
    """Prints each stored profile: what it is for, what it decided, and whether it still holds."""
    if not assessed:
        console.print("There is no profile; `mainspring tune` makes one.", markup=False)
        return
    for number, (kept, found) in enumerate(assessed):
        if number:
            console.print()
        if kept.profile is None or found is None:
            console.print(Text(f"refused: {kept.because}", "red"))
            continue
        profile = kept.profile
        style = {"fresh": "green", "stale": "yellow"}.get(found.freshness, "red")
        console.print(Text.assemble((found.freshness, style), ": ", profile.workload_description))
        changed = [_name(one, changed=True) for one in profile.decisions if one.slots != one.default]
        paired = profile.paired
        gain = f"; the whole lane {paired.gain:.2f}x as good [{paired.low:.2f}, {paired.high:.2f}]" if paired else ""
        _say(console, f"  won: {', '.join(changed)}{gain}" if changed else "  every default was kept")
        _say(console, f"  {found.because}")
        _say(console, f"  objective {profile.objective}, {profile.seconds:.0f} s, on {profile.host.words}")
        console.print(f"  {kept.path}", markup=False, soft_wrap=True)


def as_typed(slot: str) -> str:
    """Returns a slot's name in the form that is easy to type: "codec.json" for "codec (json)"."""
    return re.sub(r" \((\w+)\)$", r".\1", slot)


def _say(console: Console, sentence: str) -> None:
    """Prints a line of text as a sentence; an indented line stays as it is."""
    begun = sentence if sentence.startswith(" ") else f"{sentence[:1].upper()}{sentence[1:]}"
    console.print(f"{begun.rstrip('.')}.", markup=False)


def _bounds(one: CandidateRecord | None) -> str:
    """Returns the bounds of a candidate's gain."""
    return "" if one is None or one.low is None or one.high is None else f"{one.low:.3f}-{one.high:.3f}"


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in columns:
        table.add_column(name, justify="right" if justify else "left", overflow="fold")
    return table


def _word(one: CandidateRecord) -> str:
    """Returns a candidate's result; one that beat the default without winning is "faster"."""
    return "faster" if one.standing == "tied" and one.low is not None and one.low > _FLOOR else one.standing


def _part(noise: float) -> str:
    return f"{noise:.1%}" if noise < 1 else "100% or more"


def _fillers(decision: Decision, slot: str) -> set[str]:
    """What the candidates would put into a slot."""
    return {one.slots[slot] for one in decision.candidates if slot in one.slots}


def _gain(one: CandidateRecord | None) -> str:
    return "" if one is None or one.gain is None else f"{one.gain:.3f}x"


def _name(decision: Decision, *, changed: bool) -> str:
    """Returns the name of the winner, or of the default."""
    wanted = decision.slots if changed else decision.default
    return next((one.name for one in decision.candidates if one.slots == wanted), " + ".join(wanted.values()))


def _best(decision: Decision) -> CandidateRecord | None:
    """Returns the winner, or if the default was kept the best of the others."""
    others = [one for one in decision.candidates if one.gain is not None and one.slots != decision.default]
    won = [one for one in others if one.slots == decision.slots]
    return max(won or others, key=lambda one: one.gain or 0.0, default=None)


def _span(raced: Sequence[CandidateRecord]) -> tuple[float, float]:
    """Returns the ends of the chart, as logarithms of the gain; they include the default."""
    ends = [math.log(end) for one in raced for end in (one.low, one.gain, one.high) if end]
    return min([-_LEAST_SPAN, *ends]), max([_LEAST_SPAN, *ends])


def _place(gain: float, span: tuple[float, float]) -> int:
    low, high = span
    return round((math.log(gain) - low) / (high - low) * (_CHART - 1))


def _scale(span: tuple[float, float]) -> Text:
    """Returns the header above the chart: its ends, and the default's position between them."""
    low, high = (f"{math.exp(end):.2f}x" for end in span)
    line = list(low.ljust(_CHART - len(high)) + high)
    at = _place(1.0, span)
    if len(low) < at < _CHART - len(high) - 2:
        line[at : at + 2] = "1x"
    return Text("".join(line), "bold")


def _bar(one: CandidateRecord, span: tuple[float, float]) -> Text:
    """Returns the gain as a dot in its interval, with the default marked."""
    line = [" "] * _CHART
    line[_place(1.0, span)] = "│"
    if one.gain is not None:
        if one.low and one.high:
            begin, end = _place(one.low, span), _place(one.high, span)
            line[begin : end + 1] = "─" * (end + 1 - begin)
        line[_place(one.gain, span)] = "●"
    return Text("".join(line), _STYLES.get(one.standing, ""))
