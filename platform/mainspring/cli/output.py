"""What commands print with: consoles for results and for errors, and the exit codes."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hwprofile.terminal import printable
from mainspring.data.replace import write_atomically
from mainspring.errors import ConfigError, MainspringError
from mainspring.plugin_calls import describe_error, error_trace
from mainspring.report import encodable
from mainspring.report.terminal import SafeConsole

__all__ = [
    "EXIT_CODES",
    "FAILED",
    "REFUSED",
    "errors",
    "plain_table",
    "print_error",
    "print_json",
    "print_json_lines",
    "print_json_text",
    "print_warnings",
    "results",
    "write_file",
]

FAILED: Final = 1
"""Exit code: the command ran and its verdict is negative."""

REFUSED: Final = 2
"""Exit code: the command can't run as requested."""

EXIT_CODES: Final = (
    "Exit codes: 0 done; 1 it ran, and its answer is no; 2 it can't be run as asked; "
    "129, 130, 143 stopped by SIGHUP, SIGINT, SIGTERM."
)
"""What every help text says of exit codes. docs/exit-codes.md has the table."""

_PIPE_COLUMNS = 100


def results() -> Console:
    """The console for results, on standard output. If that isn't a terminal, lines are 100 columns wide."""
    return SafeConsole(width=None if sys.stdout.isatty() else _PIPE_COLUMNS, highlight=False)


def errors() -> Console:
    """The console for errors, warnings and progress, on standard error."""
    return SafeConsole(stderr=True, highlight=False)


def plain_table(*columns: str) -> Table:
    """Returns a table without lines. Columns of figures, whose names begin with ">", are flush right."""
    table = Table(box=None, pad_edge=False, header_style="bold", caption_justify="left", caption_style="dim")
    for name in columns:
        table.add_column(name.removeprefix(">"), justify="right" if name.startswith(">") else "left", overflow="fold")
    return table


def print_json(value: Any) -> None:
    """Prints a value as indented JSON, and nothing else. A path that isn't UTF-8 has its odd bytes as escapes."""
    try:
        encoded = orjson.dumps(value, option=orjson.OPT_INDENT_2)
    except TypeError:
        encoded = orjson.dumps(encodable(value), option=orjson.OPT_INDENT_2)
    print_json_text(encoded.decode())


def print_json_text(text: str) -> None:
    """Prints JSON, with escapes of its own for characters that would control a terminal."""
    sys.stdout.write(printable(text, json=True) + "\n")


def print_json_lines(values: Iterable[Any]) -> None:
    """Prints each value as JSON on a line of its own."""
    for value in values:
        sys.stdout.write(printable(orjson.dumps(value).decode(), json=True) + "\n")


def print_error(error: MainspringError | OSError) -> None:
    """Prints an error on standard error: its text, and for a plugin's the frames that led there."""
    text = describe_error(error) if isinstance(error, MainspringError) else str(error)
    errors().print(f"[bold red]error:[/] {escape(text)}", soft_wrap=True)
    errors().print(error_trace(error), end="", markup=False, soft_wrap=True)


def print_warnings(warnings: Iterable[str]) -> None:
    """Prints warnings on standard error."""
    for warning in warnings:
        errors().print(f"[bold yellow]warning:[/] {escape(warning)}", soft_wrap=True)


def write_file(path: Path, data: bytes) -> None:
    """Writes a file that the user named, whole or not at all. Raises `ConfigError` if it can't be written."""
    try:
        write_atomically(path, data)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error
