"""`bench`: the pyperf suites that come with the package."""

from typing import Annotated

import typer

from mainspring.cli.output import errors, print_json, results
from mainspring.errors import MainspringError
from mainspring_perf.run import UnknownSuite, list_suites, render, run_suites

__all__ = ["bench"]


def bench(
    suites: Annotated[list[str] | None, typer.Argument(help="The suites to run; all of them if none is named.")] = None,
    *,
    list_only: Annotated[bool, typer.Option("--list", help="List the suites and end.")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="Fewer processes and values: quicker, and less sure.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Time the parts on this host. Every answer is checked before it is timed."""
    if list_only:
        for name, summary in list_suites():
            typer.echo(f"{name:10} {summary}")
        return
    console = errors()
    try:
        with console.status("starting") as status:
            outcome = run_suites(
                suites or (),
                fast=fast,
                progress=lambda suite, number, of: status.update(f"{suite}: round {number} of {of}"),
            )
    except UnknownSuite as error:
        raise MainspringError(str(error)) from error
    if as_json:
        print_json(outcome)
    else:
        render(outcome, results())
