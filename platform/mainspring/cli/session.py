"""`run`, `explain` and `init`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from mainspring.cli.durations import duration_s
from mainspring.cli.entry import Stopped
from mainspring.cli.output import (
    FAILED,
    errors,
    print_json,
    print_json_text,
    print_warnings,
    results,
    write_file,
)
from mainspring.data import check_absent, check_outputs
from mainspring.errors import ConfigError, MainspringError
from mainspring.host.applying import try_lanes
from mainspring.host.config import Loaded, default_text, load_config
from mainspring.host.diagnostics import quoted
from mainspring.host.explain import explain_json, explain_text
from mainspring.host.going_live import check_asked
from mainspring.host.native_part import PROVIDES, why_not_native
from mainspring.host.plan import SessionPlan
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.report import SessionReport, render_text, to_html, to_json
from mainspring.session.inputs import RecordedInputs
from mainspring.session.logs import LEVELS, LOG, show_logs
from mainspring.session.order_logs import order_log_files
from mainspring.session.outcome import failures
from mainspring.session.signals import signal_exit_code

__all__ = [
    "CaptureOption",
    "ConfigArgument",
    "FeedOption",
    "JsonOption",
    "SetOption",
    "SkipBadOption",
    "explain",
    "init",
    "load_session",
    "run",
]

ConfigArgument = Annotated[
    Path | None, typer.Argument(help="A TOML file. Without one: the reference session.", show_default=False)
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override a key, such as book.plugin=bisect-list.", show_default=False
    ),
]
CaptureOption = Annotated[
    list[str] | None,
    typer.Option(
        "--capture",
        metavar="FILE|NAME",
        help="Run this recorded session. Repeatable: they follow one another.",
        show_default=False,
    ),
]
FeedOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="The feed that recorded the capture.", show_default=False)
]
SkipBadOption = Annotated[bool, typer.Option("--skip-bad", help="Count and skip messages that can't be read.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]


_ACCEPT_LOSS = ("journal.accept_loss=true",)
_NOTHING_RUN = "the session was still being prepared, so nothing was run"


def _check_level(level: str | None) -> str | None:
    if level is not None and level not in LEVELS:
        raise typer.BadParameter(f"must be one of: {', '.join(LEVELS)}")
    return level


def run(
    config: ConfigArgument = None,
    *,
    captures: CaptureOption = None,
    feed: FeedOption = None,
    overrides: SetOption = None,
    skip_bad: SkipBadOption = False,
    as_json: JsonOption = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the report as one HTML page.", show_default=False)
    ] = None,
    order_log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the encoded order log to this file.", show_default=False)
    ] = None,
    record_inputs: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Record everything that the lane is fed, in order.", show_default=False),
    ] = None,
    inputs: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Run recorded inputs instead of the feeds' messages.", show_default=False),
    ] = None,
    recover: Annotated[
        bool,
        typer.Option("--recover", help="Take over the orders and positions of the journal's last session first."),
    ] = False,
    live: Annotated[bool, typer.Option("--live", help='Send real orders: the config says mode = "live" too.')] = False,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Run live though the journal isn't durable, or there is none.")
    ] = False,
    until: Annotated[
        int | None, typer.Option(metavar="EVENT", min=0, help="With --inputs: stop after this many events.")
    ] = None,
    length: Annotated[
        str | None,
        typer.Option("--for", metavar="TIME", help="End a live session after this: 90s, 10m, 8h.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an order log or recorded inputs.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar.")] = False,
    log: Annotated[
        str | None,
        typer.Option(
            metavar="LEVEL",
            help=f"Show what strategies log, from this level on: {', '.join(LEVELS)}. Without it: warnings.",
            show_default=False,
            callback=_check_level,
        ),
    ] = None,
) -> None:
    """Run a session and report on it."""
    # Not at the top: the event loop that it imports would make every other command start a third slower.
    from mainspring.session import run_session

    try:
        session, registry = _plan(config, captures, feed, [*_ACCEPT_LOSS[:accept_loss], *(overrides or ())], skip_bad)
        check_asked(session.feeds[0].mode, live=live, again=inputs is not None)
    except (KeyboardInterrupt, Stopped) as error:
        raise Stopped.by(error, _NOTHING_RUN) from None
    session = session.recovering(recover=recover)
    for found, words in session.describe_profile():
        if found.freshness not in ("fresh", "none"):
            errors().print(words, markup=False, soft_wrap=True)
    _note_native(session, registry)
    # Now, since a failure after the session would lose its report.
    _check_outputs(session, config, html, order_log, record_inputs, inputs, force=force)
    _check_inputs(session, record_inputs, inputs, until)
    seconds = _length(session, length, inputs)
    if log is not None:
        os.environ[LOG] = log
    show_logs()
    failure: MainspringError | None = None
    try:
        with _progress(quiet) as progress:
            report = run_session(
                session,
                registry,
                progress=progress,
                order_log=order_log,
                notice=_notice,
                record_inputs=record_inputs,
                inputs=None if inputs is None else RecordedInputs(inputs, until),
                seconds=seconds,
                live=live,
            )
    except MainspringError as error:
        if not isinstance(error.report, SessionReport):
            raise
        failure, report = error, error.report
    except (KeyboardInterrupt, Stopped) as error:
        # Once messages flow, a session handles signals itself and ends with its report.
        raise Stopped.by(error, _NOTHING_RUN) from None
    if html is not None:
        write_file(html, to_html(report).encode())
    if as_json:
        print_json_text(to_json(report).decode())
    else:
        render_text(report, results())
    if failure is not None:
        raise failure
    if code := _exit_code(session, report):
        raise typer.Exit(code)


def _length(session: SessionPlan, length: str | None, inputs: Path | None) -> float | None:
    """How long a session is to run, in seconds; None if its messages or a signal end it."""
    live = [feed for feed in session.feeds if feed.source.connect is not None]
    if live and inputs is None and (len(live) < len(session.feeds) or len(session.lanes) > 1):
        raise ConfigError("a live session has one lane, and all of its feeds connect: set lanes = 1")
    if length is None:
        return None
    if not live:
        raise ConfigError("--for is for live sessions: this one ends with its messages; feed.connect = true connects")
    return duration_s(length, "--for")


def _exit_code(session: SessionPlan, report: SessionReport) -> int:
    """The exit code of a session that no error ended; prints why, if it is a failure all the same."""
    if any(lane.ended == "failed" for lane in report.lanes):
        return FAILED
    if report.stopped_early is not None:
        return signal_exit_code(report.stopped_early) or FAILED
    wrong = failures(session, report)
    for sentence in wrong:
        errors().print(f"[bold red]failed:[/] {escape(sentence)}", soft_wrap=True)
    return FAILED if wrong else 0


def _note_native(session: SessionPlan, registry: Registry) -> None:
    """Says on standard error why the compiled parts don't run, unless the config pins what runs in their place."""
    without = why_not_native(registry)
    slots = [getattr(feed, seam) for feed in session.feeds for seam in PROVIDES]
    if without is not None and any(choice.rule != "pinned" for choice in slots):
        errors().print(f"slower than need be: {without}", markup=False, soft_wrap=True)


def explain(
    config: ConfigArgument = None,
    *,
    captures: CaptureOption = None,
    feed: FeedOption = None,
    overrides: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the plan: which plugin runs in each slot, and why."""
    session, _ = _plan(config, captures, feed, overrides, skip_bad=False)
    tried = try_lanes(session)
    if as_json:
        print_json(explain_json(session, tried))
    else:
        explain_text(session, results(), tried)


def init(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path("session.toml"),
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a commented configuration to start from."""
    check_absent("the configuration", path, force=force)
    write_file(path, default_text().encode())
    results().print(f"Wrote {path}. See what it would run with `mainspring explain {path}`.", soft_wrap=True)


def _notice(text: str) -> None:
    errors().print(text, markup=False, soft_wrap=True)


def _check_inputs(session: SessionPlan, record: Path | None, inputs: Path | None, until: int | None) -> None:
    """Raises `ConfigError` if inputs can't be recorded, or run, as they are asked for."""
    if until is not None and inputs is None:
        raise ConfigError("--until counts recorded events: it needs --inputs FILE")
    if record is not None and inputs is not None:
        raise ConfigError("--record-inputs would record what --inputs has already: give one of them")
    if (record is not None or inputs is not None) and session.state is not None:
        raise ConfigError("inputs don't hold the states that strategies start from: leave session.state out with them")
    if (record is not None or inputs is not None) and len(session.lanes) > 1:
        raise ConfigError(f"inputs are those of one lane, and this session has {len(session.lanes)}: set lanes = 1")


def _check_outputs(
    session: SessionPlan,
    config: Path | None,
    html: Path | None,
    order_log: Path | None,
    record_inputs: Path | None,
    inputs: Path | None,
    *,
    force: bool,
) -> None:
    """Raises `ConfigError` if a file that the session is to write would destroy another that matters."""
    logs = list(order_log_files(session, order_log).values())
    outputs = {f"--order-log{f' {number}' if number else ''}": path for number, path in enumerate(logs)}
    if html is not None:
        outputs["--html"] = html
    if session.state is not None:
        outputs["session.state"] = session.state
    if record_inputs is not None:
        outputs["--record-inputs"] = record_inputs
        check_absent("the recorded inputs", record_inputs, force=force)
    captures = [capture for feed in session.feeds for capture in feed.source.captures]
    check_outputs(outputs, [path for path in (config, inputs, *captures) if path is not None])
    for path in logs:
        check_absent("the order log", path, force=force)


def _is_there(name: str) -> bool:
    """Whether there is a file or a pipe of that name."""
    return Path(name).exists() and not Path(name).is_dir()


def load_session(
    config: Path | None,
    captures: list[str] | None,
    feed: str | None,
    overrides: list[str] | None,
    *,
    skip_bad: bool = False,
) -> tuple[Loaded, Registry]:
    """Loads the configuration that a command's options ask for, and the plugins that it allows.

    `config` is a file or None for the built-in configuration; `captures`, `feed`, `overrides` and `skip_bad` are the
    options `--capture`, `--feed`, `--set` and `--skip-bad`.
    """
    # Option values come first, so that a --set of the same key wins.
    wanted = []
    if captures:
        if config is not None:
            # A path typed here is relative to the working folder; one in a file is relative to the file.
            captures = [str(Path(name).absolute()) if _is_there(name) else name for name in captures]
        wanted.append(f"feed.capture=[{', '.join(map(quoted, captures))}]")
        wanted.append(f"feed.plugin={quoted(feed or 'auto')}")
        # A file whose feed connects is that of a live session, of which this is the recording.
        wanted.append("feed.connect=false")
        if config is None:
            # The built-in configuration names the reference session's instrument; a capture has its own.
            wanted.append("instruments=[]")
    elif feed is not None:
        wanted.append(f"feed.plugin={quoted(feed)}")
    if skip_bad:
        wanted.append("feed.skip_bad=true")
    wanted += overrides or ()
    loaded = load_config(config, wanted, {("feed", "capture"): "--capture", ("feed", "plugin"): "--feed"})
    registry = Registry.load(loaded.config.plugins.loaded)
    print_warnings(registry.warnings)
    return loaded, registry


def _plan(
    config: Path | None, captures: list[str] | None, feed: str | None, overrides: list[str] | None, skip_bad: bool
) -> tuple[SessionPlan, Registry]:
    loaded, registry = load_session(config, captures, feed, overrides, skip_bad=skip_bad)
    return make_session(loaded, registry), registry


class _Bar:
    """A progress bar that takes messages and a fraction."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("running", total=None, messages=0)

    def __call__(self, messages: int, fraction: float | None) -> None:
        if fraction is None:
            self._bar.update(self._task, messages=messages)
        else:
            self._bar.update(self._task, total=1.0, completed=fraction, messages=messages)


@contextmanager
def _progress(quiet: bool) -> Iterator[_Bar | None]:
    console = errors()
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[messages]:,} messages"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield _Bar(bar)
