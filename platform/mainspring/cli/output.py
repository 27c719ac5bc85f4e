"""What every command prints with: one console for results, one for errors and progress, and the exit codes."""

import sys
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console

from mainspring.errors import ConfigError

__all__ = ["FAILED", "REFUSED", "STOPPED", "errors", "print_json", "results", "write_file"]

FAILED: Final = 1
"""Exit code: the command ran, and its verdict is no."""

REFUSED: Final = 2
"""Exit code: the command can't be run as it was asked for."""

STOPPED: Final = 130
"""Exit code: a signal ended the command before its work was done."""

_PIPE_COLUMNS = 100


def results() -> Console:
    """The console for results, on standard output. Where that is no terminal, lines are 100 columns wide."""
    return Console(width=None if sys.stdout.isatty() else _PIPE_COLUMNS, highlight=False)


def errors() -> Console:
    """The console for errors, warnings and progress, on standard error."""
    return Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """Prints a value as indented JSON, and nothing else."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def write_file(path: Path, data: bytes) -> None:
    """Writes a file that the user named. Raises `ConfigError` where it can't be written."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error
