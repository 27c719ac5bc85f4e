"""The commands, gathered, and the one place where an error becomes a message and exit code 2."""

import io
import os
import sys
from typing import Annotated, Any

import typer

from mainspring import __version__
from mainspring.cli.calibrate import calibrate
from mainspring.cli.command import CommandGroup, make_app
from mainspring.cli.data import data_app
from mainspring.cli.feed import feed_app
from mainspring.cli.flags import flags_app
from mainspring.cli.journal import journal_app
from mainspring.cli.kill import kill
from mainspring.cli.late import LateCommand, WithLateCommands
from mainspring.cli.orders import orders_app
from mainspring.cli.output import EXIT_CODES, REFUSED, print_error
from mainspring.cli.plugins import plugins_app
from mainspring.cli.promote import promote
from mainspring.cli.risk import risk_app
from mainspring.cli.session import explain, init, run
from mainspring.cli.tune import tune_app
from mainspring.cli.venue import venue
from mainspring.cli.verify import verify
from mainspring.cli.watch import watch
from mainspring.errors import MainspringError
from mainspring.plugin_calls import TRACEBACK

__all__ = ["app", "run_app"]


class _Commands(WithLateCommands, CommandGroup):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Takes `--traceback` wherever it stands: one types it after the command that went wrong."""
        end = args.index("--") if "--" in args else len(args)
        if "--traceback" in args[:end]:
            args = ["--traceback", *(word for word in args[:end] if word != "--traceback"), *args[end:]]
        return super().parse_args(ctx, args)

    late = (
        LateCommand(
            "bench",
            "mainspring.cli.bench_gates:bench_app",
            "Time the parts on this host. `mainspring bench [SUITE...]` runs suites: see `bench run --help`.",
        ),
        LateCommand(
            "scaling",
            "mainspring.cli.scaling:scaling",
            "Measure how cost grows with instruments, orders, levels, message rate and session length; size a fleet.",
        ),
    )


app = make_app(
    cls=_Commands,
    name="mainspring",
    help="Trading strategies run through swappable, measured parts.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=True,
)
app.command()(run)
app.command()(explain)
app.command()(init)
app.command()(verify)
app.command()(kill)
app.command()(promote)
app.command()(calibrate)
app.command()(venue)
app.command()(watch)
app.add_typer(plugins_app)
app.add_typer(data_app)
app.add_typer(feed_app)
app.add_typer(orders_app)
app.add_typer(journal_app)
app.add_typer(risk_app)
app.add_typer(flags_app)
app.add_typer(tune_app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[  # noqa: ARG001  its callback has printed it
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    traceback: Annotated[
        bool, typer.Option("--traceback", help="Print errors with their whole traceback. May stand anywhere.")
    ] = False,
) -> None:
    if traceback:
        os.environ[TRACEBACK] = "1"


def run_app() -> None:
    """Runs the command that was typed. An error of ours, or of a file, becomes a message and exit code 2."""
    # A path may have bytes that aren't UTF-8, and a terminal another encoding: neither is worth losing a report for.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except (MainspringError, OSError) as error:
        print_error(error)
        sys.exit(REFUSED)
