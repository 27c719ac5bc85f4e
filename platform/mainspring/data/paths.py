"""Where files lie: the user's cache and state folders, and the folders that `MAINSPRING_DATA` adds."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from mainspring.errors import DataError

__all__ = ["DATA_VARIABLE", "cache_folder", "data_folders", "state_folder"]

DATA_VARIABLE = "MAINSPRING_DATA"
"""The environment variable that names folders to look in before the cache, split as `PATH` is."""


def cache_folder(environ: Mapping[str, str] | None = None, *, system: str = sys.platform) -> Path:
    """The folder that keeps what can be fetched or made again. It need not exist yet.

    Linux and the other Unixes: `$XDG_CACHE_HOME/mainspring`, or `~/.cache/mainspring` (XDG Base Directory
    Specification 0.8: a relative path there is ignored). macOS: `~/Library/Caches/mainspring`. Windows:
    `%LOCALAPPDATA%\\mainspring\\Cache`. `environ` stands for `os.environ`, `system` for `sys.platform`.

    Raises `DataError` where the user has no home folder.
    """
    environ = os.environ if environ is None else environ
    if system == "win32":
        local = environ.get("LOCALAPPDATA")
        base = Path(local) if local else _home(environ) / "AppData" / "Local"
        return base / "mainspring" / "Cache"
    if system == "darwin":
        return _home(environ) / "Library" / "Caches" / "mainspring"
    named = environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if Path(named).is_absolute() else _home(environ) / ".cache"
    return base / "mainspring"


def state_folder() -> Path:
    """The folder that keeps what was found out here and should last. It need not exist yet.

    Linux and the other Unixes: `$XDG_STATE_HOME/mainspring`, or `~/.local/state/mainspring`; elsewhere as platformdirs
    has it. Raises `DataError` where the user has no home folder.
    """
    folder = platformdirs.user_state_path("mainspring", appauthor=False)
    if not folder.is_absolute():
        raise DataError("no home folder is known for this user: set HOME, or XDG_STATE_HOME")
    return folder


def data_folders(environ: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """The folders of `MAINSPRING_DATA`, in order, `~` expanded. Empty where it isn't set.

    Raises `DataError` for one that isn't there: a misspelt folder would otherwise mean a download.
    """
    environ = os.environ if environ is None else environ
    folders = tuple(
        _home(environ) / part[2:] if part.startswith("~/") else Path(part)
        for part in environ.get(DATA_VARIABLE, "").split(os.pathsep)
        if part
    )
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"{DATA_VARIABLE} names {folder}, which is no folder: correct the variable, or unset it")
    return folders


def _home(environ: Mapping[str, str]) -> Path:
    named = environ.get("HOME") or environ.get("USERPROFILE")
    if named:
        return Path(named)
    try:
        return Path.home()
    except RuntimeError as error:
        raise DataError("no home folder is known for this user: set HOME, or XDG_CACHE_HOME") from error
