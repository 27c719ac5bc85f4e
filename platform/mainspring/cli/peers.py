"""`bench peers`: the same work through other libraries, side by side."""

import dataclasses
import datetime
from pathlib import Path

from mainspring.cli.output import errors, print_json, results, write_file
from mainspring.errors import ConfigError
from mainspring_perf.peers.page import write_page
from mainspring_perf.peers.picture import draw
from mainspring_perf.peers.race import race
from mainspring_perf.peers.table import render

__all__ = ["run_peers"]


def run_peers(*, fast: bool, as_json: bool, page: Path | None) -> None:
    """Runs the works by every peer, and prints the tables; or writes `page`, with its picture beside it, as well.

    Raises `ConfigError` where the page can't be written, before anything is run.
    """
    picture = None if page is None else page.with_suffix(".svg")
    if page is not None and (page.suffix != ".md" or not page.parent.is_dir()):
        raise ConfigError(f"{page} must be a file that ends in .md, in a folder that is there")
    console = errors()
    with console.status("starting") as status:
        outcomes = race(fast=fast, progress=status.update)
    if page is not None and picture is not None:
        write_file(picture, draw(outcomes).encode())
        today = datetime.datetime.now(datetime.UTC).date()
        write_file(page, write_page(outcomes, picture.name, today=today).encode())
    if as_json:
        print_json([dataclasses.asdict(outcome) for outcome in outcomes])
    else:
        render(outcomes, results())
