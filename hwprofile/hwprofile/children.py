"""Builds commands that start Python without importing modules from the current folder."""

import sys
from pathlib import Path

__all__ = ["code_command", "foreign_command", "module_command", "own_python", "script_command"]


def own_python() -> str:
    """Returns the path of the interpreter that runs this process."""
    return sys.executable


def module_command(module: str, *arguments: str, python: str | Path | None = None) -> list[str]:
    """Returns the command that runs a module as `python -m` does; `python` may name another interpreter (3.11+)."""
    return [*_safe(python), "-m", module, *arguments]


def code_command(code: str, *arguments: str, python: str | Path | None = None) -> list[str]:
    """Returns the command that runs `code`; `python` is as in `module_command`."""
    return [*_safe(python), "-c", code, *arguments]


def script_command(script: str | Path, *arguments: str, python: str | Path | None = None) -> list[str]:
    """Returns the command that runs a file without its folder in sys.path; `python` is as in `module_command`."""
    return [*_safe(python), str(script), *arguments]


def _safe(python: str | Path | None) -> list[str]:
    # -P leaves the current folder, or the script's, out of sys.path: otherwise a `msgspec.py` there would be run.
    return [str(python or own_python()), "-P"]


def foreign_command(python: str | Path, *arguments: str, code: str | None = None) -> list[str]:
    """Returns a command for an interpreter that may be older than 3.11, isolated from folder, user and environment.

    It runs `code`, or the script that is the first of `arguments`.
    """
    return [str(python), "-I", *(() if code is None else ("-c", code)), *arguments]
