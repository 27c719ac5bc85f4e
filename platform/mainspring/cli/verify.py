"""`verify`: rebuilds the books of a capture and compares them with everything else in it."""

from typing import Annotated

import typer

from mainspring.cli.output import FAILED, print_json, print_warnings, results
from mainspring.cli.session import SetOption, SkipBadOption
from mainspring.session import verdict_json, verdict_text, verify_capture

__all__ = ["verify"]


def verify(
    captures: Annotated[
        list[str],
        typer.Argument(
            metavar="CAPTURE...", help="A file, or a name from `mainspring data list`. Several follow one another."
        ),
    ],
    *,
    feed: Annotated[
        str | None, typer.Option(metavar="NAME", help="The feed that recorded it.", show_default=False)
    ] = None,
    overrides: SetOption = None,
    skip_bad: SkipBadOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Rebuild the books of a capture and compare them with every independent truth in it.

    Exits with 1 if anything differs, a book crosses, a message is missing, or there is nothing to compare with.
    """
    verification = verify_capture(captures, feed=feed, overrides=overrides or (), skip_bad=skip_bad)
    print_warnings(verification.plugin_warnings)
    if as_json:
        print_json(verdict_json(verification))
    else:
        verdict_text(verification, results())
    if not verification.ok:
        raise typer.Exit(FAILED)
