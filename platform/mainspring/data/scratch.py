"""Temporary folders that don't outlive their processes, however these end."""

import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

__all__ = ["scratch_folder"]

_PREFIX: Final = "mainspring-scratch-"
_LOCK: Final = ".lock"
_FORGOTTEN_S: Final = 86_400


@contextmanager
def scratch_folder(purpose: str) -> Iterator[Path]:
    """Makes a temporary folder of this process's own; removes it at the end, and those of processes that were killed.

    `purpose` is a word that becomes part of its name. The folder holds a file that is locked as long as the process
    lives, by which others know that it isn't to be removed. Raises `OSError`.
    """
    base = Path(tempfile.gettempdir())
    _sweep(base)
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{purpose}-", dir=base) as name, ExitStack() as held:
        if sys.platform != "win32":
            import fcntl

            path = Path(name) / _LOCK
            # Renamed once it is locked, so that there is no moment at which it looks forgotten.
            lock = held.enter_context(path.with_name(f"{_LOCK}.new").open("wb"))
            fcntl.flock(lock, fcntl.LOCK_EX)
            path.with_name(f"{_LOCK}.new").rename(path)
        yield Path(name)


def _sweep(base: Path) -> None:
    """Removes the folders of this user whose processes have ended. What can't be removed stays for another time."""
    if sys.platform == "win32":
        return
    for folder in base.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            status = folder.lstat()
            if (
                stat.S_ISDIR(status.st_mode)
                and status.st_uid == os.geteuid()
                and _is_forgotten(folder, status.st_mtime)
            ):
                shutil.rmtree(folder)


def _is_forgotten(folder: Path, changed_s: float) -> bool:
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        descriptor = os.open(folder / _LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        # It is being made, or was never finished.
        return time.time() - changed_s > _FORGOTTEN_S
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
