"""`flags`: shows the flags of a session, changes them, ramps them, and exchanges parts by hand."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from mainspring.cli.command import make_app
from mainspring.cli.control_text import WAIT_S, finish, folder_of, who
from mainspring.cli.durations import duration_s
from mainspring.cli.output import FAILED, print_json, results
from mainspring.errors import ConfigError
from mainspring.flags import describe_share, parse_share
from mainspring.host.config import load_config
from mainspring.host.flag_config import FlagConfig
from mainspring.host.registry import Registry
from mainspring.session.control import ControlFolder, Reply, SwapOrder, utc_now
from mainspring.session.differences import read_difference, repeat_difference
from mainspring.session.flag_file import FlagFile, FlagRecord, RampRecord

__all__ = ["flags_app", "shares_of"]

flags_app = make_app(
    name="flags", help="Show and change the flags of sessions, and exchange their parts.", no_args_is_help=True
)

_Where = Annotated[Path, typer.Argument(metavar="CONFIG|FOLDER", help="The session's config, or its control folder.")]
_Name = Annotated[str, typer.Argument(metavar="NAME", help="The flag, as in [flags.NAME].")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Why = Annotated[str, typer.Option(help="The reason, for the record.")]


@flags_app.command("list")
def list_flags(where: _Where, *, as_json: _Json = False) -> None:
    """Print the config's flags, what they are set to, by whom and why, and how they are in each lane that runs."""
    folder = ControlFolder(folder_of(where))
    configured = _flags_in(where) or {}
    changes, lanes = FlagFile(folder.path).changes(), folder.statuses()
    if as_json:
        running = [{"lane": one.lane, "flags": one.flags, "swaps": one.swaps} for one in lanes]
        print_json(msgspec.to_builtins({"configured": configured, "changes": changes, "lanes": running}))
        return
    lines = [f"in {where}:"] if configured else []
    for name, one in configured.items():
        what = f"{one.slot} {one.candidate}".strip() or "read by strategies"
        share = describe_share(round(one.share * 100))
        lines.append(f"  {name:<20} {share:>7}  {what}: {one.reason} ({one.owner})")
    lines += [f"{one.at} {one.who} {_describe(one)}: {one.why}" for one in changes] or ["nobody has set a flag"]
    for lane in lanes:
        lines.append(f"lane {lane.lane}, process {lane.process}:")
        for flag in lane.flags:
            what = f"{flag.slot} {flag.candidate}".strip() or "read by strategies"
            said = f": {flag.text}" if flag.text else ""
            lines.append(f"  {flag.name:<20} {describe_share(flag.share_bp):>7} of {flag.unit:<10}  {what}{said}")
        for swap in lane.swaps:
            other = f", {swap.standby} stands by" if swap.standby else ""
            lines.append(
                f"  {swap.slot} of {swap.key}: {swap.active} is active{other}; {swap.differences} differences, "
                f"longest exchange {swap.pause_us:.0f} us"
            )
    if not lanes:
        lines.append("no session with this control folder runs")
    _print(lines)


@flags_app.command("set")
def set_flag(
    where: _Where,
    name: _Name,
    share: Annotated[str, typer.Argument(help='A percentage such as 5%, or "config" for what the config says.')],
    *,
    why: _Why,
    as_json: _Json = False,
) -> None:
    """Set a flag's share. It holds for the sessions that run and for the next ones, until it is set again."""
    configured = share == "config"
    share_bp = 0 if configured else _share(share)
    _set(
        where,
        FlagRecord(name=name, share_bp=share_bp, configured=configured, who=who(), why=why, at=utc_now()),
        as_json,
    )


@flags_app.command("ramp")
def ramp(
    where: _Where,
    name: _Name,
    steps: Annotated[list[str], typer.Argument(help="Shares that rise, such as 5% 25% 100%.")],
    *,
    every: Annotated[str, typer.Option(help="How long each share lasts at least, such as 10m, by the market's time.")],
    why: _Why,
    as_json: _Json = False,
) -> None:
    """Raise a flag's share step by step, as long as its guards let it.

    A guard that fails sets it to 0; one that can't say yet holds the ramp, and so does a step without traffic.
    """
    shares = shares_of(steps)
    ramped = RampRecord(steps_bp=shares, every_s=duration_s(every, "--every"))
    _set(where, FlagRecord(name=name, ramp=ramped, who=who(), why=why, at=utc_now()), as_json)


@flags_app.command("rollback")
def rollback(where: _Where, name: _Name, *, why: _Why, as_json: _Json = False) -> None:
    """Take a flag's candidate back everywhere, between two events, and end its ramp."""
    _set(where, FlagRecord(name=name, share_bp=0, who=who(), why=why, at=utc_now()), as_json)


@flags_app.command("swap")
def swap(
    where: _Where,
    slot: Annotated[str, typer.Argument(help='The slot, such as book, slippage or "risk max_position".')],
    plugin: Annotated[str, typer.Argument(help="The candidate; empty with --back and --end.")] = "",
    *,
    why: _Why,
    target: Annotated[str, typer.Option(help="Only for this key of the slot, such as an instrument.")] = "",
    options: Annotated[str, typer.Option(help="The candidate's options as JSON.")] = "{}",
    shadow: Annotated[bool, typer.Option("--shadow", help="Let it stand by and compare it, no more.")] = False,
    back: Annotated[bool, typer.Option("--back", help="Return to what stands by.")] = False,
    end: Annotated[bool, typer.Option("--end", help="Drop what stands by.")] = False,
    as_json: _Json = False,
) -> None:
    """Exchange a part of the sessions that run, between two events. What ran stands by for a return."""
    if shadow + back + end > 1:
        raise ConfigError("choose one of --shadow, --back and --end")
    if bool(plugin) is (back or end):
        raise ConfigError("name a candidate" if not plugin else "--back and --end take no candidate")
    try:
        decoded = msgspec.json.decode(options, type=dict)
    except msgspec.MsgspecError as error:
        raise ConfigError(f"--options must be a JSON object: {error}") from error
    folder = ControlFolder(folder_of(where))
    if not folder.statuses():
        raise ConfigError(f"no session with the control folder {folder.path} runs: change its config instead")
    action: Literal["shadow", "swap", "back", "end"]
    action = "shadow" if shadow else "back" if back else "end" if end else "swap"
    order = SwapOrder(action=action, slot=slot, target=target, plugin=plugin, options=decoded, who=who(), why=why)
    replies = folder.take_replies(folder.ask(order), WAIT_S)
    silent = sorted({one.lane for one in folder.statuses()} - {one.lane for one in replies})
    unanswered = [Reply(lane=lane, done=False, text=f"no answer in {WAIT_S:g} s") for lane in silent]
    finish([*replies, *unanswered], as_json)


@flags_app.command("repeat")
def repeat(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of the control folder's differences.")],
    *,
    as_json: _Json = False,
) -> None:
    """Give two parts the input again for which they differed. Exits with 1 if they differ again."""
    difference, instrument = read_difference(file)
    found = repeat_difference(difference, instrument, Registry.load())
    if as_json:
        print_json(msgspec.to_builtins({"difference": difference, "differs": found.differs, "text": found.text}))
    else:
        parts = f"{difference.slot} of {difference.key}, {difference.candidate} against {difference.active}"
        _print([f"{parts}: {difference.what}", f"again: {found.text}"])
    if found.differs:
        raise typer.Exit(FAILED)


def _set(where: Path, record: FlagRecord, as_json: bool) -> None:
    """Sets a flag, and waits until every lane that runs has taken it. Raises `ConfigError` for one that isn't there."""
    folder = ControlFolder(folder_of(where))
    configured = _flags_in(where)
    if configured is not None and record.name not in configured:
        there = ", ".join(sorted(configured)) or "none"
        raise ConfigError(
            f"{where} has no flag {record.name!r}; its flags: {there}. Add a table [flags.{record.name}], or name the "
            "control folder of a session that has it"
        )
    record = FlagFile(folder.path).set(record)
    until = time.monotonic() + WAIT_S
    while True:
        lanes = folder.statuses()
        known = {(lane.lane, flag.name): flag for lane in lanes for flag in lane.flags}
        own = {lane.lane: known.get((lane.lane, record.name)) for lane in lanes}
        if all(flag is None or flag.number >= record.number for flag in own.values()) or time.monotonic() >= until:
            break
        time.sleep(0.02)
    replies = [Reply(lane="", done=True, text=_describe(record))]
    for lane, flag in own.items():
        if flag is None:
            replies.append(Reply(lane=lane, done=False, text=f"no flag {record.name} is in its config"))
        elif flag.number < record.number:
            replies.append(Reply(lane=lane, done=False, text="it has NOT taken it"))
        else:
            text = f"{describe_share(flag.share_bp)}{f': {flag.text}' if flag.text else ''}"
            replies.append(Reply(lane=lane, done=True, text=text))
    finish(replies, as_json)


def _flags_in(where: Path) -> Mapping[str, FlagConfig] | None:
    """The flags of a config, by name; None for a control folder, which may be that of several."""
    return None if where.is_dir() else load_config(where).config.flags


def _describe(record: FlagRecord) -> str:
    if record.configured:
        return f"{record.name} is what the config says"
    if record.ramp is not None:
        steps = " ".join(map(describe_share, record.ramp.steps_bp))
        return f"{record.name} ramps {steps}, each {record.ramp.every_s:g} s or more"
    return f"{record.name} is at {describe_share(record.share_bp)}"


def shares_of(steps: Sequence[str]) -> tuple[int, ...]:
    """Returns the shares of a ramp in basis points. Raises `ConfigError` if they are none, or don't rise."""
    shares = tuple(map(_share, steps))
    if list(shares) != sorted(set(shares)) or not shares[0]:
        raise ConfigError(f"a ramp's shares rise from above 0%; found {' '.join(steps)}")
    return shares


def _share(text: str) -> int:
    try:
        return parse_share(text)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _print(lines: list[str]) -> None:
    out = results()
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)
