"""`risk`: shows the limits of running sessions, and changes them."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from mainspring.cli.command import make_app
from mainspring.cli.control_text import WAIT_S, finish, folder_of, who
from mainspring.cli.output import print_json, results
from mainspring.errors import ConfigError
from mainspring.session.control import Command, ControlFolder, LiftOrder, LimitOrder, Reply

__all__ = ["risk_app"]

risk_app = make_app(name="risk", help="Show and change the limits of running sessions.", no_args_is_help=True)

_Where = Annotated[Path, typer.Argument(metavar="CONFIG|FOLDER", help="The session's config, or its control folder.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Why = Annotated[str, typer.Option(help="The reason, for the record.")]


@risk_app.command("show")
def show(where: _Where, *, as_json: _Json = False) -> None:
    """Print what is killed, what was lifted, and the limits of each lane that runs."""
    folder = ControlFolder(folder_of(where))
    kills, lifted, lanes = folder.kills(), folder.lifted(), folder.statuses()
    if as_json:
        print_json(msgspec.to_builtins({"kills": kills, "lifted": lifted, "lanes": lanes}))
        return
    lines = [
        f"killed: {f'{one.level} {one.target}'.strip()}, by {one.who} {one.at}: {one.why}".rstrip(": ") for one in kills
    ] or ["nothing is killed"]
    lines += [f"lifted: {f'{one.level} {one.target}'.strip()}, by {one.who} {one.at}: {one.why}" for one in lifted]
    for lane in lanes:
        lines.append(f"lane {lane.lane}, process {lane.process}: {lane.mode}")
        for name, instrument, values in lane.limits:
            said = " ".join(f"{key}={value}" for key, value in values.items())
            lines.append(f"  {name:<24} {instrument:<20} {said}")
    if not lanes:
        lines.append("no session with this control folder runs")
    out = results()
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)


@risk_app.command("set")
def set_limit(
    where: _Where,
    check: Annotated[str, typer.Argument(help="The check, as in the table [risk].")],
    value: Annotated[str, typer.Argument(help="The limit, or all of the check's options as JSON.")],
    *,
    why: _Why,
    instrument: Annotated[str | None, typer.Option(help="Only this instrument, by its symbol.")] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="Let it be looser than now.")] = False,
    as_json: _Json = False,
) -> None:
    """Change a limit of the sessions that run: tighter at once, looser only with --confirm.

    It holds as long as they run. The next ones take theirs from the config.
    """
    try:
        parsed = msgspec.json.encode(msgspec.json.decode(value)).decode()
    except msgspec.DecodeError:
        parsed = msgspec.json.encode(value).decode()
    _ask(
        where,
        LimitOrder(check=check, value=parsed, instrument=instrument, confirmed=confirm, who=who(), why=why),
        as_json,
    )


@risk_app.command("lift")
def lift(
    where: _Where,
    check: Annotated[str, typer.Argument(help="The check; all of them if none is named.")] = "",
    *,
    why: _Why,
    as_json: _Json = False,
) -> None:
    """Let orders pass again that a check has stopped until a person allows it, such as max_drawdown."""
    _ask(where, LiftOrder(check=check, who=who(), why=why), as_json)


@risk_app.command("alive")
def alive(where: _Where) -> None:
    """Tell the sessions that somebody watches them: see session.dead_man_s."""
    ControlFolder(folder_of(where)).touch_alive()


def _ask(where: Path, command: Command, as_json: bool) -> None:
    folder = ControlFolder(folder_of(where))
    if not folder.statuses():
        raise ConfigError(f"no session with the control folder {folder.path} runs: change its config instead")
    replies = folder.take_replies(folder.ask(command), WAIT_S)
    answered = {one.lane for one in replies}
    silent = [one for one in folder.statuses() if one.lane not in answered]
    finish(
        [*replies, *(Reply(lane=one.lane, done=False, text=f"no answer in {WAIT_S:g} s") for one in silent)], as_json
    )
