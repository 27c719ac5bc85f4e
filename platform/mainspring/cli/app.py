"""The commands, gathered, and the one place where an error becomes a message and an exit code."""

import sys
from typing import Annotated

import typer
from rich.markup import escape

from mainspring import __version__
from mainspring.cli.data import data_app
from mainspring.cli.late import LateCommand, WithLateCommands
from mainspring.cli.output import REFUSED, errors
from mainspring.cli.plugins import plugins_app
from mainspring.cli.session import explain, init, run
from mainspring.cli.tune import tune_app
from mainspring.cli.verify import verify
from mainspring.errors import MainspringError

__all__ = ["main"]


class _Commands(WithLateCommands):
    late = (
        LateCommand(
            "bench",
            "mainspring.cli.bench_gates:bench_app",
            "Time the parts on this host. `mainspring bench [SUITE...]` runs suites: see `bench run --help`.",
        ),
        LateCommand(
            "scaling",
            "mainspring.cli.scaling:scaling",
            "Measure how cost grows with instruments, levels, message rate and session length; size a fleet.",
        ),
    )


app = typer.Typer(
    cls=_Commands,
    name="mainspring",
    help="Trading strategies run through swappable, measured parts.",
    epilog="Exit codes: 0 done, 1 the verdict is no, 2 can't be run as asked, 130 stopped by a signal.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(run)
app.command()(explain)
app.command()(init)
app.command()(verify)
app.add_typer(plugins_app)
app.add_typer(data_app)
app.add_typer(tune_app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Runs the command line.

    A `MainspringError`, or an output that can't be written, becomes a message on standard error and exit code 2; an
    interrupt before a session has begun becomes one and exit code 130.
    """
    try:
        app()
    except MainspringError as error:
        errors().print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(REFUSED)
    except OSError as error:
        errors().print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(REFUSED)
