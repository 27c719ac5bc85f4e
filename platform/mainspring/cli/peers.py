"""`bench peers`: compares with other libraries on the same work."""

import dataclasses

from mainspring.cli.output import errors, print_json, results
from mainspring_perf.peers.race import race
from mainspring_perf.peers.table import render

__all__ = ["run_peers"]


def run_peers(*, fast: bool, as_json: bool) -> None:
    """Runs the works by every peer, and prints the tables. `fast` runs fewer rounds, `as_json` prints JSON."""
    with errors().status("starting") as status:
        outcomes = race(fast=fast, progress=status.update)
    if as_json:
        print_json([dataclasses.asdict(outcome) for outcome in outcomes])
    else:
        render(outcomes, results())
