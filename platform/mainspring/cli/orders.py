"""`orders show`: the records of an order log, readably."""

import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from hwprofile.terminal import printable
from mainspring.cli.command import make_app
from mainspring.cli.orders_text import Describer
from mainspring.cli.output import print_json_lines, print_warnings
from mainspring.host.guard import calling
from mainspring.host.registry import Registry
from mainspring.orders import OrderLogFile

if TYPE_CHECKING:
    from mainspring.seams import Records

__all__ = ["orders_app"]

orders_app = make_app(name="orders", help="Read order logs.", no_args_is_help=True)


@orders_app.command("show")
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `mainspring run --order-log FILE` wrote.")],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON object a line: the header, then each record.")
    ] = False,
) -> None:
    """Print an order log: a line for each request, decision and order event.

    A record that a killed session left half written is left out, with a warning. A log that is damaged anywhere else
    is an error that names the byte.
    """
    offer = Registry.load().best("records")
    with calling(offer, "be made"):
        records: Records = offer.factory()
    log = OrderLogFile(file, records.decode)
    if as_json:
        header = {"type": "log", "version": log.version, "instruments": msgspec.to_builtins(log.instruments)}
        print_json_lines(chain([header], map(msgspec.to_builtins, log)))
    else:
        describer = Describer(log.instruments)
        for record in log:
            sys.stdout.write(printable(describer.describe(record)) + "\n")
    if log.torn_at is not None:
        print_warnings([f"{file}: the record at byte {log.torn_at} was never finished and is left out"])
