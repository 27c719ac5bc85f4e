"""`calibrate`: fits a slippage model to what a session's own orders have cost."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from mainspring.cli.control_text import who
from mainspring.cli.journal import opened_journal
from mainspring.cli.output import FAILED, errors, plain_table, print_json, results, write_file
from mainspring.cli.session import CaptureOption, ConfigArgument, FeedOption, JsonOption, SetOption, load_session
from mainspring.data import check_absent
from mainspring.errors import ConfigError, DataError
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.journal import JournalLog, read_session
from mainspring.session.journal_replay import replay_session

if TYPE_CHECKING:
    from mainspring.report.calibration import Calibration
    from mainspring.session.calibrating import ModelCalibration, SessionCosts

__all__ = ["calibrate"]


def calibrate(
    config: ConfigArgument = None,
    *,
    captures: CaptureOption = None,
    feed: FeedOption = None,
    overrides: SetOption = None,
    journal: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Fit to journalled sessions instead, live ones say.", show_default=False),
    ] = None,
    session: Annotated[
        list[int] | None,
        typer.Option(metavar="NUMBER", help="With --journal: this session; repeatable.", show_default=False),
    ] = None,
    prior: Annotated[
        float,
        typer.Option(min=0.01, max=10.0, help="How far off an option is believed to be, as a share of it."),
    ] = 0.5,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also draw it, as one HTML page.", show_default=False)
    ] = None,
    flag: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the fitted options as a flag, to run in shadow.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Fit a slippage model to what the session's own orders have cost.

    Runs a recorded or generated session, or journalled ones again, and compares what orders that took liquidity cost
    with what was expected. Exits with 1 if there were too few orders, or none that a model of this form describes.
    """
    for what, path in (("the page", html), ("the flag", flag)):
        if path is not None:
            check_absent(what, path, force=force)
    if journal is None and session:
        raise ConfigError("--session names a session of a journal: say which, with --journal FILE")
    try:
        from mainspring.session.calibrating import SessionCosts, run_for_costs
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"calibrating needs {error.name}, which isn't installed: install mainspring[calibrate]"
        ) from error
    if journal is not None:
        if config is not None or captures or overrides:
            raise ConfigError("a journalled session has its own config and captures: leave out those given")
        registry = Registry.load()
        costs = SessionCosts(registry)
        _replay_journal(journal, session, costs)
    else:
        loaded, registry = load_session(config, captures, feed, overrides)
        plan = make_session(loaded, registry)
        with _progress() as bar:
            task = bar.add_task("running", total=1.0)
            costs = run_for_costs(plan, registry, lambda done: bar.update(task, completed=done or 0.0))
    models = costs.calibrate(prior)
    fitted = [(model, one) for model in models for one in model.found if one.options]
    if html is not None and fitted:
        from mainspring.report.page.calibration_chart import calibration_page

        write_file(html, calibration_page([one for _, one in fitted]).encode())
    if as_json:
        print_json(msgspec.to_builtins(models))
    else:
        _print(models)
    if not fitted:
        raise typer.Exit(FAILED)
    _offer_flag(fitted, flag, quiet=as_json)


def _replay_journal(path: Path, numbers: list[int] | None, costs: "SessionCosts") -> None:
    with opened_journal(path) as (journal, records):
        for number in numbers or journal.sessions():
            one = read_session(journal, number)
            if one.opening.config is None:
                continue
            replayed = replay_session(
                one, JournalLog(journal, number, records.decode), Registry.load, records.decode, see=costs.add
            )
            if replayed.difference is not None:
                raise DataError(
                    f"session {number} gives other orders when it is run again, so its costs aren't those of its "
                    f"journal: see mainspring journal replay {path} {number}"
                )


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=errors(), transient=True)


def _print(models: "list[ModelCalibration]") -> None:
    out = results()
    for model in models:
        out.print(f"{model.plugin}, fitted to orders that took liquidity", markup=False)
        table = plain_table("venue", "instrument", ">orders", "option", ">now", ">fitted", ">95% from", ">to", "")
        for one in model.found:
            name = one.instrument or "all"
            if not one.options:
                table.add_row(one.venue, name, f"{one.orders:,}", "", "", "", "", "", one.why)
            for option in one.options:
                values = [f"{value:.4g}" for value in (option.now, option.fitted, option.low, option.high)]
                said = "differs" if option.changed else "agrees"
                table.add_row(one.venue, name, f"{one.orders:,}", option.option, *values, said)
        out.print(table)
        if model.sampled is not None:
            out.print(f"The fills are a sample of {model.sampled:,}.", markup=False)
        _print_bins(model.found)


def _print_bins(found: "list[Calibration]") -> None:
    first = next((one for one in found if one.bins), None)
    if first is None:
        return
    out = results()
    out.print("\nCost in basis points of the mid when the order was sent, cheapest tenth first", markup=False)
    table = plain_table(">orders", ">as it is", ">fitted", ">realised", "")
    most = max(max(one.fitted_bps, one.realised_bps) for one in first.bins)
    for one in first.bins:
        costs = [f"{cost:.3f}" for cost in (one.expected_bps, one.fitted_bps, one.realised_bps)]
        table.add_row(f"{one.orders:,}", *costs, _strip(one.fitted_bps, one.realised_bps, most))
    out.print(table)
    out.print("f fitted, r realised, * both", markup=False)


def _strip(fitted: float, realised: float, most: float, width: int = 40) -> str:
    """A line of characters with a mark for each of both costs."""
    places = [" "] * (width + 1)
    for cost, mark in ((fitted, "f"), (realised, "r")):
        at = round(width * min(max(cost / most, 0.0), 1.0)) if most > 0 else 0
        places[at] = "*" if places[at] != " " else mark
    return "".join(places).rstrip()


def _offer_flag(fitted: "list[tuple[ModelCalibration, Calibration]]", file: Path | None, *, quiet: bool) -> None:
    from mainspring.calibration import flag_text

    model, first = fitted[0]
    text = flag_text(first, model.plugin, owner=who(), today=datetime.now(UTC).date())
    if file is not None:
        write_file(file, text.encode())
    if not quiet:
        out = results()
        said = "To try it in shadow, add to the config:" if file is None else f"To try it in shadow, add {file}:"
        out.print(f"\n{said}\n\n{text}", markup=False, highlight=False, soft_wrap=True)
