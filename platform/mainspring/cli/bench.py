"""`bench`: the pyperf suites that come with the package."""

from pathlib import Path
from typing import Annotated

import typer

from mainspring.cli.output import errors, print_json, results, write_file
from mainspring.cli.peers import run_peers
from mainspring.errors import MainspringError
from mainspring_perf.page import bench_page
from mainspring_perf.run import UnknownSuite, list_suites, render, run_suites

__all__ = ["bench"]


def bench(
    suites: Annotated[list[str] | None, typer.Argument(help="The suites to run; all of them if none is named.")] = None,
    *,
    list_only: Annotated[bool, typer.Option("--list", help="List the suites and end.")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="Fewer processes and values: quicker, and less sure.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the rows as one HTML page too.", show_default=False)
    ] = None,
    write: Annotated[
        Path | None, typer.Option(help="Of `peers`: write the page here, and its picture beside it.")
    ] = None,
) -> None:
    """Time the parts on this host. Every answer is checked before it is timed.

    `bench peers` does the same work through other libraries, side by side.
    """
    if list_only:
        for name, summary in (*list_suites(), ("peers", "The same work through other libraries, side by side.")):
            typer.echo(f"{name:10} {summary}")
        return
    if suites == ["peers"]:
        run_peers(fast=fast, as_json=as_json, page=write)
        return
    if write is not None:
        raise MainspringError("--write is for `mainspring bench peers` alone")
    if html is not None:
        # Now, not after minutes of timing that would be lost with it.
        write_file(html, b"")
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
    if html is not None:
        write_file(html, bench_page(outcome).encode())
    if as_json:
        print_json(outcome)
    else:
        render(outcome, results())
