"""A lock between processes. The operating system frees it when its holder ends, however it ends."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["exclusive"]

if sys.platform == "win32":
    import errno
    import msvcrt

    def _acquire(file: IO[bytes]) -> None:
        while True:
            try:
                # Waits ten seconds at a time, then says EDEADLOCK: there is no call that waits for good.
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
            except OSError as error:
                if error.errno != errno.EDEADLOCK:
                    raise
            else:
                return
else:
    import fcntl

    def _acquire(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Holds the lock on `path` (made where absent, never removed: removing it would let two in). Waits for its turn.

    Raises `OSError` where the file can't be made or the file system knows no locks.
    """
    with path.open("ab") as file:
        _acquire(file)
        yield
