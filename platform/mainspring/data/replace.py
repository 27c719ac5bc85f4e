"""Writes files so that they are complete or absent: under a temporary name, then renamed."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["private_file", "remove_private_files", "write_atomically"]


@contextmanager
def private_file(target: Path) -> Iterator[Path]:
    """Creates an empty file next to `target` with a name of its own, and removes it afterwards unless it was renamed.

    It has the access rights of any new file, and so will `target`. Raises `OSError`.
    """
    path = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    path.touch(exist_ok=False)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def remove_private_files(target: Path) -> None:
    """Removes what killed writers of `target` left behind. Nothing may be writing it meanwhile. Raises `OSError`."""
    for path in target.parent.glob(f".{target.name}.*"):
        path.unlink(missing_ok=True)


def write_atomically(target: Path, data: bytes) -> None:
    """Replaces the content of `target` in one step: readers see the old file or the new one. Raises `OSError`.

    That holds after a power failure too: the bytes are on the disk before the file is renamed, and the new name is
    before this returns.
    """
    with private_file(target) as path:
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        path.replace(target)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        # Windows can't open a folder, and NTFS journals its names.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
