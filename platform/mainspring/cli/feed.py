"""`feed`: says how the connections of running sessions perform."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape

from mainspring.cli.command import make_app
from mainspring.cli.control_text import WAIT_S, folder_of
from mainspring.cli.output import FAILED, plain_table, print_json, results
from mainspring.errors import ConfigError
from mainspring.report import LiveReport
from mainspring.report.live_grids import book_times_grid, connections_grid, lag_grid, losses_grid
from mainspring.session.control import ConnectionsQuestion, ControlFolder

__all__ = ["feed_app"]

feed_app = make_app(name="feed", help="Say how the connections of running sessions perform.", no_args_is_help=True)


@feed_app.callback()
def _group() -> None:
    """Keeps `status` a command of its own, though it is the only one."""


@feed_app.command("status")
def status(
    where: Annotated[
        Path, typer.Argument(metavar="CONFIG|FOLDER", help="The session's config, or its control folder.")
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print uptime, losses, gaps, lag and the time without a book, of each session that runs with that config."""
    folder = ControlFolder(folder_of(where))
    lanes = folder.statuses()
    if not lanes:
        raise ConfigError(f"no session with the control folder {folder.path} runs")
    replies = folder.take_replies(folder.ask(ConnectionsQuestion()), WAIT_S)
    silent = sorted({one.lane for one in lanes} - {one.lane for one in replies})
    if as_json:
        print_json(msgspec.to_builtins({"lanes": replies, "silent": silent}))
    else:
        out = results()
        for one in replies:
            if one.live is None:
                out.print(f"lane {one.lane}: {one.text}", markup=False, soft_wrap=True)
            else:
                _show(one.live)
        for lane in silent:
            out.print(f"lane {lane}: no answer in {WAIT_S:g} s", markup=False, soft_wrap=True)
    if silent or not all(one.done for one in replies):
        raise typer.Exit(FAILED)


def _show(live: LiveReport) -> None:
    out = results()
    for grid in (connections_grid(live), losses_grid(live), lag_grid(live), book_times_grid(live)):
        if grid is not None:
            table = plain_table(*(title if at in grid.words else f">{title}" for at, title in enumerate(grid.titles)))
            for row in grid.rows:
                table.add_row(*map(escape, row))
            out.print(table)
            out.print()
