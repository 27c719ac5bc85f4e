"""How our processes start Python: never with modules from the folder that the user happens to be in."""

import sys
from pathlib import Path

__all__ = ["code_command", "foreign_command", "module_command", "own_python", "script_command"]


def own_python() -> str:
    """The interpreter that runs this process."""
    return sys.executable


def module_command(module: str, *arguments: str, python: str | Path | None = None) -> list[str]:
    """The command that runs a module as `python -m` does; `python` is another interpreter than this one (3.11 on)."""
    return [*_safe(python), "-m", module, *arguments]


def code_command(code: str, *arguments: str, python: str | Path | None = None) -> list[str]:
    """The command that runs `code`; `python` as in `module_command`."""
    return [*_safe(python), "-c", code, *arguments]


def script_command(script: str | Path, *arguments: str, python: str | Path | None = None) -> list[str]:
    """The command that runs a file, without its folder on the path; `python` as in `module_command`."""
    return [*_safe(python), str(script), *arguments]


def _safe(python: str | Path | None) -> list[str]:
    # -P leaves the current folder, or the script's, out of sys.path: a `msgspec.py` there would be run otherwise.
    return [str(python or own_python()), "-P"]


def foreign_command(python: str | Path, *arguments: str, code: str | None = None) -> list[str]:
    """The command for an interpreter that may be older than 3.11: isolated from folder, user and environment.

    It runs `code`, or the script that `arguments` begin with.
    """
    return [str(python), "-I", *(() if code is None else ("-c", code)), *arguments]
