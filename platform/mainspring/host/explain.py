"""Prints the plan: each slot's plugin, its distribution, the rule that chose it, and where it runs."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hwprofile.actions import Action
from mainspring.flags import describe_share
from mainspring.host.plan import KEPT_APART, Choice, FlagPlan, HardwarePlan, LanePlan, Place, Plan, SessionPlan
from mainspring.model import Instrument
from mainspring.orders import TERMS, handling_of
from mainspring.report.notes import Notes

__all__ = ["explain_json", "explain_text"]

Tried = Mapping[str, Sequence[Action]]


def explain_json(session: SessionPlan, tried: Tried = {}) -> dict[str, Any]:  # noqa: B006  never written to
    """Returns the plan as plain values. `tried` holds the outcomes of trying each lane's placement, by lane name."""
    plan = session.first
    several = len(session.feeds) > 1
    sources = [
        {
            **({"feed": feed.name} if several else {}),
            "name": feed.source.name,
            "captures": [str(path) for path in feed.source.captures],
        }
        for feed in session.feeds
    ]
    return {
        "config": plan.origin,
        "mode": plan.mode,
        "seed": plan.seed,
        **({"sources": sources} if several else {"source": sources[0]}),
        "instruments": [
            {**({"feed": feed.name} if several else {}), **_instrument(instrument)}
            for feed in session.feeds
            for instrument in feed.instruments
        ],
        "slots": [
            {
                "slot": choice.slot,
                "plugin": choice.plugin,
                "distribution": choice.distribution,
                "version": choice.version,
                "rule": choice.rule,
                "because": choice.because,
                "where": _where(session, lanes),
            }
            for choice, lanes in session.choices_with_lanes()
        ],
        "profiles": [
            {
                **({"feed": feed.name} if several else {}),
                "freshness": found.freshness,
                "because": found.because,
                "tuned_at": None if found.profile is None else found.profile.tuned_at,
                "workload": None if found.profile is None else found.profile.workload_description,
            }
            for feed, found in zip(session.feeds, session.profiles, strict=False)
        ],
        "outside_runs": [choice.slot for feed in session.feeds for choice in feed.outside_runs],
        "flags": [_flag(one) for one in plan.flags],
        "missing_limits": list(session.missing_limits()),
        "orders": [
            {
                **({"feed": feed.name} if several else {}),
                "router": feed.router.plugin,
                "day_ends": feed.day_ends,
                "stop_trigger": feed.stop_trigger,
                **_terms(feed),
            }
            for feed in session.feeds
            if feed.router is not None
        ],
        "lanes": [
            {
                "lane": lane.name,
                "instruments": list(lane.instruments),
                "cpus": list(lane.place.cpus),
                "node": lane.place.node,
                "because": lane.place.because,
                "tried": [msgspec.to_builtins(action) for action in tried.get(lane.name, ())],
            }
            for lane in session.lanes
        ],
        "lanes_because": session.lanes_because,
        "pin": session.hardware.pin,
        "rest": list(session.hardware.rest.cpus),
        "violations": list(session.hardware.violations),
    }


def explain_text(session: SessionPlan, console: Console, tried: Tried = {}) -> None:  # noqa: B006  never written to
    """Prints the plan as tables. `tried` is as in `explain_json`."""
    plan = session.first
    sources = ", ".join(_source(feed) for feed in session.feeds)
    console.print(f"[bold]{escape(plan.origin)}[/]: mode {plan.mode}, seed {plan.seed}, source {escape(sources)}")
    console.print()
    notes = Notes()
    rows = [(*_row(choice, notes), _where(session, lanes)) for choice, lanes in session.choices_with_lanes()]
    console.print(_table(("slot", "provided by", "from", "rule", "because", "where"), rows))
    if lines := list(notes):
        console.print()
        console.print(escape("\n".join(lines)))
    for found, words in session.describe_profile():
        if found.freshness != "none":
            console.print(f"\n{escape(words[0].upper() + words[1:])}")
    console.print()
    several = len(session.feeds) > 1
    grids = [
        (*((feed.name,) if several else ()), *map(str, _instrument(one).values()))
        for feed in session.feeds
        for one in feed.instruments
    ]
    named = ("instrument", "venue symbol", "tick", "lot", "contract", "grid from")
    console.print(_table((*(("feed",) if several else ()), *named), grids))
    if len(session.lanes) > 1 or session.lanes_because or session.hardware != HardwarePlan():
        _lanes(session, console, tried)
    for feed in session.feeds:
        if feed.router is not None:
            console.print(f"\n{escape(_orders(feed))}", soft_wrap=True)
        if feed.outside_runs:
            console.print(f"\n{escape(_outside_runs(feed))}")
    if plan.flags:
        _flags(session, console)
    missing = session.missing_limits()
    if missing and plan.router is not None:
        console.print()
        console.print(
            f"[bold red]No order will go out:[/] {escape('[risk]')} sets no limit for {escape(', '.join(missing))}.",
            markup=True,
            highlight=False,
        )


def _flag(planned: FlagPlan) -> dict[str, Any]:
    flag = planned.flag
    return {
        "name": flag.name,
        "slot": flag.slot,
        "candidate": flag.plugin,
        "share": flag.share_bp / 100,
        "unit": flag.unit,
        "shadow": planned.shadow,
        "owner": flag.owner,
        "reason": flag.reason,
    }


def _flags(session: SessionPlan, console: Console) -> None:
    flags = [one.flag for one in session.first.flags]
    rows = [
        (
            flag.name,
            flag.slot or "read by strategies",
            flag.plugin or repr(flag.value),
            f"{describe_share(flag.share_bp)} of {flag.units}",
            flag.owner,
            flag.reason,
        )
        for flag in flags
    ]
    console.print()
    console.print(_table(("flag", "slot", "candidate", "share", "owner", "reason"), rows))
    apart = [flag.name for flag in flags if flag.slot in KEPT_APART]
    if apart:
        console.print(
            f"\nFeed, books and markets don't run as one natively, so that {escape(', '.join(apart))} can exchange "
            "one of them. A message costs several times as much.",
            soft_wrap=True,
        )


def _terms(feed: Plan) -> dict[str, list[str]]:
    """Returns the terms of orders by who does them: "native", "emulated" or "refused"."""
    found: dict[str, list[str]] = {"native": [], "emulated": [], "refused": []}
    for term in TERMS:
        found["refused" if term == "day" and not feed.day_ends else handling_of(term, feed.terms)].append(term)
    return found


def _orders(feed: Plan) -> str:
    """Says which terms of orders the router's venue does, which the lane, and which are refused."""
    assert feed.router is not None
    found = {handling: ", ".join(terms) or "none" for handling, terms in _terms(feed).items()}
    day = f"; a day ends at {feed.day_ends}" if feed.day_ends else "; nothing says when a day ends (orders.day_ends)"
    return (
        f"Orders through {f'{feed.name} ' if feed.name else ''}{feed.router.plugin}: native {found['native']}; "
        f"emulated {found['emulated']}, stops by the {feed.stop_trigger} price, brackets, pairs; "
        f"refused {found['refused']}{day}"
    )


_VENUE_PARTS = ("book", "router", "queue", "latency")


def _outside_runs(feed: Plan) -> str:
    """What keeps orders in Python although the decoder is native, and what that costs."""
    named = [(one.seam, f"{one.slot} {one.plugin} of {one.distribution}") for one in feed.outside_runs]
    slow = ", ".join(name for seam, name in named if seam in _VENUE_PARTS)
    if slow:
        return (
            f"The paper venue runs in Python, which is shown each message while an order is open: {slow} can't run "
            "natively. That costs some 10 us a message; the native parts cost less than 1 us."
        )
    names = ", ".join(name for seam, name in named if seam != "journal")
    because = f"{names} can't run natively" if names else 'each waits for the journal (journal.durability = "sync")'
    return f"Orders are priced and checked in Python, some 20 us each more than natively: {because}."


def _lanes(session: SessionPlan, console: Console, tried: Tried) -> None:
    console.print()
    rows = [
        (lane.name, *_cells(lane.place), ", ".join(lane.instruments), lane.place.because, _outcome(lane, tried))
        for lane in session.lanes
    ]
    rest = session.hardware.rest
    if rest.cpus:
        rows.append(("the rest", *_cells(rest), "", rest.because, ""))
    console.print(_table(("lane", "cpu", "node", "instruments", "there because", "tried"), rows))
    if session.lanes_because:
        console.print(f"\nlanes {escape(session.lanes_because)}")
    if session.hardware.violations:
        console.print()
    for sentence in session.hardware.violations:
        console.print(f"[yellow]Violated:[/] {escape(sentence)}", soft_wrap=True)
    for lane in session.lanes:
        for action in tried.get(lane.name, ()):
            if action.outcome != "applied":
                needs = f"; it needs {action.needs}" if action.needs else ""
                outcome = escape(f"{action.outcome}: {action.reason}{needs}")
                console.print(f"[yellow]Lane {lane.name}, {escape(action.name)}:[/] {outcome}", soft_wrap=True)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(text) for text in row))
    return table


def _where(session: SessionPlan, lanes: Sequence[LanePlan]) -> str:
    """Describes where a part of these lanes runs: the place if there is one, otherwise the lanes, listed below."""
    if len(lanes) > 1:
        every = len(lanes) == len(session.lanes)
        return "every lane" if every else f"lanes {', '.join(lane.name for lane in lanes)}"
    lane = f"lane {lanes[0].name}, " if len(session.lanes) > 1 else ""
    cpu, node = _cells(lanes[0].place)
    return f"{lane}{cpu} cpu" if not lanes[0].place.cpus else f"{lane}cpu {cpu}, node {node}"


def _cells(place: Place) -> tuple[str, str]:
    cpus = ", ".join(map(str, place.cpus)) or "any"
    return cpus, "any" if place.node is None else str(place.node)


def _outcome(lane: LanePlan, tried: Tried) -> str:
    return ", ".join(f"{action.name} {action.outcome}" for action in tried.get(lane.name, ()))


def _source(plan: Plan) -> str:
    source = ", ".join(map(str, plan.source.captures)) or plan.source.name
    return f"{plan.name} {source}" if plan.name else source


def _row(choice: Choice, notes: Notes) -> tuple[str, ...]:
    origin = f"{choice.distribution} {choice.version}"
    return (choice.slot, choice.plugin, origin, choice.rule, notes.cell(choice.because))


def _instrument(one: Instrument) -> dict[str, Any]:
    contract = one.contract if one.contract == "spot" else f"{one.contract} x {one.contract_size}"
    return {
        "symbol": one.symbol,
        "venue_symbol": one.venue_symbol,
        "tick_size": f"{one.tick_size:f}",
        "lot_size": f"{one.lot_size:f}",
        "contract": contract,
        "grid_from": one.origin,
    }
