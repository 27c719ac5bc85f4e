"""`python -m mainspring_tools.peers_page docs/peers.md`: runs the peers, and writes their page and its picture."""

import argparse
import datetime
import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hwprofile.probe import probe
from mainspring.cli.peers import against
from mainspring.report.figures import fine_latency
from mainspring_perf.peers.catalogue import PEERS
from mainspring_perf.peers.peer import Unavailable
from mainspring_perf.peers.race import Outcome, Row, race
from mainspring_tools.peers_notes import NOTES, PARTS
from mainspring_tools.peers_picture import draw
from mainspring_tools.rust_peer import RUST, build

if TYPE_CHECKING:
    from mainspring_perf.peers.candidate import Command

__all__ = ["main", "make_page"]

_OPENING = """# Peers, side by side

This page compares Mainspring with other libraries that do the same work, in the same run on the same machine. In a
checkout,

    python -m mainspring_tools.peers_page docs/peers.md

writes it and its picture; `mainspring bench peers` prints the same tables, but for the Rust stack, which is built
with cargo from a checkout. A peer that needs other versions of packages than ours gets an environment of its own,
with the newest CPython on this machine that its pinned versions are published for (`pip install
'mainspring[peers]'` installs uv, which makes it). Mainspring and the hand-written loops run where Mainspring is
installed. `--fast` takes fewer rounds and a shorter session.

Each candidate runs in a process of its own. Before it is timed, its answer is compared with the right one, which is
computed in the plainest way and by no candidate's code. Each round times every candidate once, in a new random
order, over as many passes as take 50 ms. A time is the median of the rounds. A ratio compares with Mainspring's
fastest candidate for that work: the median of the rounds' ratios. If the quartiles of those ratios lie on both
sides of 1, the two are called even."""

# Above this spread of the rounds, the page warns that small ratios mean little.
_UNSTEADY = 0.1

_CLOSING = """## What not to conclude

The figures are for one thread, for data in memory, and for one machine. On another machine the ratios hold better
than the times; for other work neither does. A peer that does less has an advantage, and one that does more a
disadvantage; the section above says what differs. Most of these libraries are made for more than the piece of work
that is measured here."""


def make_page(outcomes: Sequence[Outcome], picture: str, *, today: datetime.date, load: float | None = None) -> str:
    """Returns the page. `picture` is the name of the picture next to it, `load` how many processes ran at a time."""
    parts = [_OPENING, _machine(outcomes, today, load), f"![The figures as bars]({picture})", _summary(outcomes)]
    parts += [_work(outcome, outcomes[0].session) for outcome in outcomes]
    parts += [_ways(outcomes), _CLOSING]
    return "\n\n".join(parts) + "\n"


def _machine(outcomes: Sequence[Outcome], today: datetime.date, load: float | None) -> str:
    host = probe()
    model, system, usable = host.cpu.model_name, host.system, host.allowance.usable
    memory = f", {system.memory / 2**30:.0f} GiB" if system.memory else ""
    cpus = f"{len(usable)} CPUs of " if usable else ""
    under = f", under a hypervisor ({host.state.hypervisor})" if host.state.hypervisor else ""
    first = outcomes[0]
    busy = "" if load is None else f" {load:.1f} processes ran or waited to run at a time, on average."
    scatter = statistics.median(row.spread for outcome in outcomes for row in outcome.rows if row.one_ns is not None)
    return (
        f"Run on {today.isoformat()}, {first.rounds} rounds, on the {first.session}: {cpus}"
        f"{model or 'an unknown model'}{memory}, {system.system or 'unknown'}{under}; Mainspring itself on "
        f"{system.python or 'an unknown Python'}. The rounds of a row scatter by {100 * scatter:.1f}% (the median of "
        f"all rows{', which is much: read small ratios as even' if scatter > _UNSTEADY else ''}).{busy}"
    )


def _summary(outcomes: Sequence[Outcome]) -> str:
    faster = [
        f"- {outcome.title}: {row.peer} ({row.way}), {row.ratio:.2f} times as fast."
        for outcome in outcomes
        for row in outcome.rows
        if row.verdict == "faster" and row.ratio is not None
    ]
    return "\n".join(["## Where a peer is faster", "", *(faster or ["Nowhere in this run."])])


def _work(outcome: Outcome, usual: str) -> str:
    said = outcome.input if outcome.session == usual else f"{outcome.session}: {outcome.input}"
    lines = [f"## {outcome.title}", "", f"{said[0].upper()}{said[1:]}."]
    if not outcome.rows:
        return "\n".join(lines)
    lines += [
        "",
        f"| peer | how | one {outcome.operation} | a second | ± rounds | against Mainspring's fastest |",
        "| --- | --- | ---: | ---: | ---: | --- |",
    ]
    lines += [_line(row) for row in outcome.rows]
    return "\n".join(lines)


def _line(row: Row) -> str:
    way = f"{row.way} ({row.detail})" if row.detail else row.way
    if row.one_ns is None:
        return f"| {row.peer} | {way} | | | | not run: {_cell(row.reason)} |"
    figures = f"{fine_latency(row.one_ns)} | {1e9 / row.one_ns:,.0f} | {100 * row.spread:.1f}%"
    if row.verdict == "ours":
        return f"| **{row.peer}** | **{way}** | {figures} | {against(row)} |"
    reported = f"**{against(row)}**" if row.verdict == "faster" else against(row)
    return f"| {row.peer} | {way} | {figures} | {reported} |"


def _ways(outcomes: Sequence[Outcome]) -> str:
    rows = {(row.peer, row.way): row for outcome in outcomes for row in outcome.rows}
    lines = ["## How each is run, and what differs", ""]
    for peer in (*PEERS, RUST):
        ran = [row for ways in peer.ways.values() for way in ways if (row := rows.get((peer.name, way))) is not None]
        versions = next((row.versions for row in ran if row.versions), "not run")
        python = next((f", CPython {row.python}" for row in ran if row.python), "")
        name = f"{peer.name}, {PARTS[peer.adapter]}" if peer.adapter in PARTS else peer.name
        lines.append(f"- **{name}** ({versions}{python}). {NOTES[peer.adapter]}")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs every peer, and writes the page with its picture next to it."""
    parser = argparse.ArgumentParser(prog="python -m mainspring_tools.peers_page", description=__doc__)
    parser.add_argument("page", type=Path, help="the Markdown file to write; its picture gets the suffix .svg")
    parser.add_argument("--fast", action="store_true", help="fewer rounds, and a shorter session")
    asked = parser.parse_args(arguments)
    if asked.page.suffix != ".md" or not asked.page.parent.is_dir():
        parser.error(f"{asked.page} must end in .md, and its folder must exist")
    print(f"{RUST.name}: building it", file=sys.stderr)
    try:
        rust: Command | str = build()
    except Unavailable as error:
        rust = str(error)
    outcomes = race(fast=asked.fast, more=[(RUST, rust)], progress=lambda text: print(text, file=sys.stderr))
    picture = asked.page.with_suffix(".svg")
    picture.write_text(draw(outcomes), encoding="utf-8")
    load = os.getloadavg()[2] if hasattr(os, "getloadavg") else None
    page = make_page(outcomes, picture.name, today=datetime.datetime.now(datetime.UTC).date(), load=load)
    asked.page.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
