"""What the commands share that reach running sessions: where the control folder is, who asks, and what is printed."""

import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import typer

from mainspring.cli.output import FAILED, print_json, results
from mainspring.errors import ConfigError
from mainspring.host.config import load_config
from mainspring.session.control import Reply

__all__ = ["WAIT_S", "finish", "folder_of", "who"]

WAIT_S = 5.0
"""How long a command waits for the lanes that run, in seconds."""


def folder_of(where: Path | None) -> Path:
    """Returns the control folder that a folder is, or a config names. Raises `ConfigError` if it names none."""
    if where is not None and where.is_dir():
        return where
    loaded = load_config(where)
    control = loaded.config.session.control
    if control is None:
        raise ConfigError(
            f'{where or "the default config"} names no control folder: set session.control = "FOLDER" there, and start '
            "the session again"
        )
    return (loaded.folder / control).absolute()


def who() -> str:
    """Returns the name of the user who types."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody without a name"


def finish(replies: Sequence[Reply], as_json: bool) -> None:
    """Prints what became of a command, `as_json` or as lines, and exits with 1 unless all of it was done."""
    if as_json:
        print_json(msgspec.to_builtins(replies))
    else:
        out = results()
        for one in replies:
            out.print(f"{f'lane {one.lane}: ' if one.lane else ''}{one.text}", markup=False, soft_wrap=True)
    sys.stdout.flush()
    if not all(one.done for one in replies):
        raise typer.Exit(FAILED)
