"""Writes files so that they are complete or absent: under a temporary name, then renamed."""

import errno
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["check_writable", "private_file", "private_folder", "remove_private_files", "replacing", "write_atomically"]


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


@contextmanager
def private_folder(target: Path) -> Iterator[Path]:
    """Makes a folder next to `target`, with the folders above it; removes all of them unless it was renamed.

    Raises `OSError`.
    """
    path = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    above = [folder for folder in path.parents if not folder.exists()]
    try:
        path.mkdir(parents=True)
        yield path
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        for folder in above:
            with suppress(OSError):
                folder.rmdir()
        raise


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Opens a file that takes the place of `target` when the block ends; if it raises, `target` stays as it was.

    A reader sees the old file or the new one, even after a power cut: the bytes reach the disk before the name does,
    and the name before this returns. A symbolic link is followed, and a file that exists keeps its access rights.
    What isn't a regular file (`/dev/stdout`, a named pipe) is written to directly. Raises `OSError`.
    """
    if _is_stream(target):
        with target.open("wb") as stream:
            yield stream
        return
    target = _real(target)
    with private_file(target) as path:
        with path.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            path.chmod(stat.S_IMODE(target.stat().st_mode))
        path.replace(target)
    _sync_folder(target.parent)


def write_atomically(target: Path, data: bytes) -> None:
    """Gives `target` these bytes in one step. See `replacing`. Raises `OSError`."""
    with replacing(target) as file:
        file.write(data)


def check_writable(target: Path) -> None:
    """Raises `OSError` if `replacing` couldn't write `target`; changes nothing."""
    if not _is_stream(target):
        with private_file(_real(target)):
            pass


def _is_stream(target: Path) -> bool:
    """Whether the target is a device or a pipe, which can't be replaced; a folder is an `OSError`."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    # These may lead to a regular file that another process holds open: `--html /dev/stdout >FILE`.
    if str(target).startswith(("/dev/std", "/dev/fd/", "/proc/")):
        return True
    return target.exists() and not target.is_file()


def _real(target: Path) -> Path:
    return Path(os.path.realpath(target))


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        # Windows can't open a folder, and NTFS journals its names.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
