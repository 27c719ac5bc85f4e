"""`kill`: stops trading, at once, and keeps it stopped."""

import time
from pathlib import Path
from typing import Annotated

import typer

from mainspring.cli.control_text import WAIT_S, finish, folder_of, who
from mainspring.errors import ConfigError
from mainspring.session.control import ControlFolder, KillLevel, KillRecord, LiftRecord, Reply, utc_now

__all__ = ["kill"]


def kill(
    where: Annotated[
        Path | None, typer.Argument(metavar="CONFIG|FOLDER", help="The session's config, or its control folder.")
    ] = None,
    *,
    instrument: Annotated[str | None, typer.Option(help="Kill this instrument alone, by its symbol.")] = None,
    strategy: Annotated[str | None, typer.Option(help="Kill this strategy alone, by its name in the config.")] = None,
    why: Annotated[str, typer.Option(help="The reason, for the record.")] = "",
    flatten: Annotated[bool, typer.Option("--flatten", help="Close what is held by market orders, too.")] = False,
    lift: Annotated[bool, typer.Option("--lift", help="Lift the kill instead. Needs --why.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Kill all trading of a session, or of one instrument or strategy: no new orders, and the open ones cancelled.

    It holds until somebody lifts it, through crashes and restarts, whether a session runs now or not.
    """
    if instrument is not None and strategy is not None:
        raise ConfigError("name an instrument or a strategy, not both: kill them one after the other")
    if lift and not why:
        raise ConfigError("say why it is lifted: --why TEXT")
    level: KillLevel = "all" if instrument is strategy is None else "instrument" if strategy is None else "strategy"
    target = instrument or strategy or ""
    folder = ControlFolder(folder_of(where))
    if lift:
        lifted = folder.lift(LiftRecord(level=level, target=target, who=who(), why=why, at=utc_now()))
        text = f"{target or 'everything'} {'is lifted' if lifted else 'was not killed'}"
        finish([Reply(lane="", done=lifted, text=text)], as_json)
        return
    folder.kill(KillRecord(level=level, target=target, flatten=flatten, who=who(), why=why, at=utc_now()))
    finish(
        [Reply(lane="", done=True, text=f"{target or 'everything'} is killed"), *_taken(folder, level, target)], as_json
    )


def _taken(folder: ControlFolder, level: KillLevel, target: str) -> list[Reply]:
    """Waits until every lane that runs has taken the kill; returns what is known of each."""
    until = time.monotonic() + WAIT_S
    name = f"{level} {target}".strip()
    while True:
        lanes = folder.statuses()
        if all(name in one.kills for one in lanes) or time.monotonic() >= until:
            break
        time.sleep(0.02)
    return [
        Reply(lane=one.lane, done=True, text=f"process {one.process} trades nothing of it any more")
        if name in one.kills
        else Reply(lane=one.lane, done=False, text=f"process {one.process} has NOT taken it: see docs/risk.md")
        for one in lanes
    ]
