"""`watch`: prints the state of running sessions."""

import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from mainspring.cli.control_text import folder_of
from mainspring.cli.output import print_json, results
from mainspring.report.figures import round_latency
from mainspring.session.control import ControlFolder
from mainspring.session.watching.follower import Follower
from mainspring.session.watching.picture import LanePicture, picture

__all__ = ["watch"]

_PAUSE_S = 0.05


def watch(
    where: Annotated[Path, typer.Argument(metavar="CONFIG|FOLDER", help="The config, or its control folder.")],
    *,
    seconds: Annotated[float, typer.Option(min=0.1, max=60, help="How long to look before it prints.")] = 1.5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with ladders, limits, plan and events.")] = False,
) -> None:
    """Print prices, orders, positions, profit and latencies of the sessions that run, and change nothing."""
    folder = ControlFolder(folder_of(where))
    follower = Follower(folder.path)
    until = time.monotonic() + seconds
    while True:
        follower.look()
        follower.read()
        if time.monotonic() >= until:
            break
        time.sleep(_PAUSE_S)
    statuses = {one.lane: one for one in folder.statuses()}
    lanes = [picture(view, statuses.get(name)) for name, view in sorted(follower.lanes.items()) if not view.ended]
    follower.close()
    if as_json:
        print_json(msgspec.to_builtins({"lanes": lanes}))
        return
    out = results()
    for line in [line for one in lanes for line in _lines(one)] or ["no session with this control folder runs"]:
        out.print(line, markup=False, soft_wrap=True)


def _lines(lane: LanePicture) -> list[str]:
    lines = [f"lane {lane.lane}, process {lane.process}: {lane.state}, {lane.trading}, {lane.messages:,} messages"]
    lines += [f"  {one.name:<16} {one.bid or '-':>14} {one.ask or '-':>14}  {one.state}" for one in lane.instruments]
    for money in lane.money:
        if money.strategy:
            lines.append(
                f"  {money.strategy:<16} {money.instrument:<16} holds {money.position}, "
                f"net {money.net or 'unknown'} {money.currency}"
            )
    lines += [f"  net {net or 'unknown'} {currency}" for currency, net in lane.equity.items()]
    lines.append(f"  {len(lane.orders) + lane.more_orders} open orders, {sum(lane.refusals.values())} refusals")
    for stage in lane.stages:
        over = ", OVER its budget" if stage.over_budget else ""
        lines.append(
            f"  {stage.stage:<16} p99 {round_latency(stage.recent_p99_s * 1e9)} lately, "
            f"{round_latency(stage.p99_s * 1e9)} in all{over}"
        )
    return [*lines, *(f"  killed: {one}" for one in lane.kills)]
