"""Files that are either whole or not there: written under a name of their own, then renamed."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["private_file", "remove_private_files", "write_atomically"]


@contextmanager
def private_file(target: Path) -> Iterator[Path]:
    """An empty file beside `target` that nobody else uses; gone afterwards, unless it was renamed to its place.

    It has the access rights of any new file, so that `target` has them too. Raises `OSError`.
    """
    path = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    path.touch(exist_ok=False)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def remove_private_files(target: Path) -> None:
    """Removes what killed writers have left of `target`, for whoever knows that nobody writes it. Raises `OSError`."""
    for path in target.parent.glob(f".{target.name}.*"):
        path.unlink(missing_ok=True)


def write_atomically(target: Path, data: bytes) -> None:
    """Gives `target` these bytes in one step: a reader sees the old file or the new one. Raises `OSError`.

    So does whoever reads it after a power cut: the bytes are on the disk before the name is, and the name is before
    this returns.
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
        # A folder can't be opened there, and NTFS keeps a journal of names.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
