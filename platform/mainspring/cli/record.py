"""`data record`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer
from rich.markup import escape

from mainspring.cli.durations import duration_s
from mainspring.cli.output import FAILED, errors, plain_table, print_json, print_warnings, results
from mainspring.cli.session import ConfigArgument, JsonOption, SetOption
from mainspring.data import check_outputs
from mainspring.data.recording import RecordingWriter
from mainspring.errors import ConfigError
from mainspring.host.config import load_config
from mainspring.host.diagnostics import quoted
from mainspring.host.plan import Plan
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.report.figures import clock
from mainspring.session.signals import signal_exit_code

if TYPE_CHECKING:
    from mainspring.session.live.record import Recorded

__all__ = ["record"]

_MOST_ROTATE_S: Final = 86_400


def record(
    config: ConfigArgument = None,
    *,
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The capture to write: FILE, FILE.gz or FILE.zst.", show_default=False),
    ] = None,
    feed: Annotated[
        str | None, typer.Option(metavar="NAME", help="The feed of the venue to connect to.", show_default=False)
    ] = None,
    instruments: Annotated[
        list[str] | None,
        typer.Option("--instrument", metavar="SYMBOL", help="What to record. Repeatable.", show_default=False),
    ] = None,
    length: Annotated[
        str | None,
        typer.Option("--for", metavar="TIME", help="How long: 90s, 10m, 8h. Without it: until Ctrl-C."),
    ] = None,
    rotate: Annotated[
        str | None, typer.Option(metavar="TIME", help="Begin a new file at each multiple of this, of UTC: 1h.")
    ] = None,
    overrides: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record a venue's messages, and the snapshots that its books need, as a capture that `run` and `verify` read."""
    plan, registry = _plan(config, feed, instruments, overrides)
    target = to or Path(f"{plan.feed.plugin}.cap.gz")
    seconds = None if length is None else duration_s(length, "--for")
    rotate_s = None if rotate is None else duration_s(rotate, "--rotate")
    if rotate_s is not None and (rotate_s > _MOST_ROTATE_S or rotate_s != int(rotate_s)):
        raise typer.BadParameter("--rotate: a day at most, in whole seconds")
    check_outputs({"the capture": target}, () if config is None else [config])
    if target.exists():
        raise ConfigError(f"the capture {target} exists already: name another file with --to")
    _record(plan, registry, target, None if rotate_s is None else int(rotate_s), seconds, as_json=as_json)


def _plan(
    config: Path | None, feed: str | None, instruments: list[str] | None, overrides: list[str] | None
) -> tuple[Plan, Registry]:
    if config is None and (feed is None or not instruments):
        raise ConfigError(
            "name what to record: a configuration, or --feed NAME --instrument SYMBOL; "
            "`mainspring plugins list` has the feeds"
        )
    wanted = ["mode=replay"]
    if feed is not None:
        wanted.append(f"feed.plugin={quoted(feed)}")
    if instruments:
        wanted.append(f"instruments=[{', '.join(map(quoted, instruments))}]")
    wanted += overrides or ()
    loaded = load_config(config, wanted, {("feed", "plugin"): "--feed", ("instruments",): "--instrument"})
    if loaded.config.feeds:
        raise ConfigError(f"{loaded.origin}: has several feeds; record each with a configuration of its own")
    if loaded.config.feed.connect is False:
        loaded = load_config(config, [*wanted, "feed.connect=true"], {("feed", "plugin"): "--feed"})
    registry = Registry.load(loaded.config.plugins.loaded)
    print_warnings(registry.warnings)
    return make_plan(loaded, registry), registry


def _record(
    plan: Plan, registry: Registry, target: Path, rotate_s: int | None, seconds: float | None, *, as_json: bool
) -> None:
    # Here, so that other commands don't wait for an event loop and an HTTP client to be imported.
    try:
        from mainspring.session.live.record import Recording
    except ModuleNotFoundError as error:
        raise ConfigError(f"connecting needs {error.name}, which isn't installed: install mainspring[live]") from error
    console = errors()

    def say(event: str) -> None:
        console.print(escape(f"{clock(time.time_ns())}: {event}"), soft_wrap=True)

    try:
        with RecordingWriter(target, rotate_s=rotate_s) as writer, console.status("connecting") as status:
            recording = Recording(plan, registry, writer, say)
            found, stopped = recording.record(
                seconds,
                lambda now: status.update(
                    f"{now.messages:,} messages, {now.bytes / 1e6:,.1f} MB, {now.seconds:,.0f} s"
                ),
            )
        found = msgspec.structs.replace(found, files=tuple(map(str, writer.files)))
    except OSError as error:
        raise ConfigError(f"{error.filename or target} can't be written: {error.strerror}") from error
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        _show(found)
    if not found.messages:
        raise typer.Exit(FAILED)
    if stopped and seconds is not None:
        raise typer.Exit(signal_exit_code(stopped) or 0)


def _show(found: "Recorded") -> None:
    table = plain_table("connection", ">uptime", ">connected", ">failed", "lost")
    for number, link in enumerate(found.links, 1):
        lost = ", ".join(f"{why} {count}" for why, count in link.lost.items())
        table.add_row(
            str(number), f"{link.uptime_s:,.1f} s", str(link.connected), str(link.failed), escape(lost or "-")
        )
    console = results()
    console.print(table)
    read = found.statistics
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(read.by_kind.items())) or "nothing"
    console.print(f"\nread: {kinds}; gaps {read.gaps:,}, resyncs {read.resyncs:,}, refused {found.refused:,}")
    for why, count in found.failed_requests.items():
        console.print(escape(f"snapshot not fetched, {count:,} times: {why}"), soft_wrap=True)
    files = ", ".join(found.files)
    rate = found.messages / found.seconds if found.seconds else 0.0
    console.print(f"{found.messages:,} messages in {found.seconds:,.1f} s, {rate:,.0f} a second")
    if found.files:
        console.print(escape(f"{files}: check its books with `mainspring verify {found.files[0]}`"), soft_wrap=True)
