"""Where files lie: the user's cache and state folders, and the folders that `MAINSPRING_DATA` adds."""

import os
from pathlib import Path

import platformdirs

from mainspring.errors import DataError

__all__ = ["DATA_VARIABLE", "cache_folder", "data_folders", "state_folder"]

DATA_VARIABLE = "MAINSPRING_DATA"
"""The environment variable that names folders to look in before the cache, separated as in `PATH`."""


def cache_folder() -> Path:
    """The folder for what can be fetched or made again. It need not exist yet.

    On Linux it is `$XDG_CACHE_HOME/mainspring`, or `~/.cache/mainspring`; elsewhere it is where platformdirs puts it.
    Raises `DataError` if the user has no home folder.
    """
    return _absolute(platformdirs.user_cache_path("mainspring", appauthor=False), "XDG_CACHE_HOME")


def state_folder() -> Path:
    """The folder for what was found out on this host and should last. It need not exist yet.

    On Linux it is `$XDG_STATE_HOME/mainspring`, or `~/.local/state/mainspring`; elsewhere it is where platformdirs puts
    it. Raises `DataError` if the user has no home folder.
    """
    return _absolute(platformdirs.user_state_path("mainspring", appauthor=False), "XDG_STATE_HOME")


def data_folders() -> tuple[Path, ...]:
    """The folders of `MAINSPRING_DATA`, in order, `~` expanded. Empty if it isn't set.

    Raises `DataError` for one that doesn't exist: a misspelt folder would otherwise cause a download.
    """
    named = [part for part in os.environ.get(DATA_VARIABLE, "").split(os.pathsep) if part]
    try:
        folders = tuple(Path(part).expanduser() for part in named)
    except RuntimeError as error:
        raise DataError(f"{DATA_VARIABLE} names a home folder, and none is known: {error}") from error
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"{DATA_VARIABLE} names {folder}, which is no folder: correct the variable, or unset it")
    return folders


def _absolute(folder: Path, variable: str) -> Path:
    if not folder.is_absolute():
        raise DataError(f"no home folder is known for this user: set HOME or {variable}")
    return folder
