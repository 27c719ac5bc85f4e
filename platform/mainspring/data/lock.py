"""A lock between processes of one user. The operating system frees it when its holder ends, however it ends."""

import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ["exclusive"]

_PAUSE_S: Final = 0.05

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def exclusive(path: Path, within_s: float | None = None) -> Iterator[None]:
    """Holds the lock on `path`, which is made if absent and never removed: removing it would let two in.

    Only this user can open the file, so that no other user can hold the lock.

    Args:
        path: The lock file.
        within_s: How long to wait for another process, in seconds; None: as long as it takes.

    Raises:
        TimeoutError: Another process has held the lock that long.
        OSError: The file can't be made, isn't a regular file of this user, or its file system has no locks.
    """
    # Without O_NONBLOCK and O_NOFOLLOW, a FIFO would block, and a link would lock another file.
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        _make_private(descriptor, path)
        _acquire(descriptor, path, within_s)
        yield
    finally:
        os.close(descriptor)


def _make_private(descriptor: int, path: Path) -> None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(None, "it isn't a regular file", str(path))
    if sys.platform != "win32":
        if status.st_uid != os.geteuid():
            raise PermissionError(None, "it belongs to another user", str(path))
        if status.st_mode & 0o077:
            os.fchmod(descriptor, 0o600)


def _acquire(descriptor: int, path: Path, within_s: float | None) -> None:
    began = time.monotonic()
    while True:
        try:
            _lock(descriptor)
        except (BlockingIOError, PermissionError):
            # How POSIX and Windows say that another process has it.
            if within_s is not None and time.monotonic() - began >= within_s:
                raise TimeoutError(None, f"another process has held its lock for {within_s:g} s", str(path)) from None
            time.sleep(_PAUSE_S)
        else:
            return
