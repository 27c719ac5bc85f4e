"""Tells whether a file is the one that a catalogue entry describes."""

import hashlib
from pathlib import Path

from mainspring.data.catalogue import CatalogueEntry
from mainspring.errors import DataError

__all__ = ["check_file", "is_file_of", "sha256_of"]


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file as lower-case hex, read in constant memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_file(path: Path, entry: CatalogueEntry) -> None:
    """Compares a file with its catalogue entry, by size and SHA-256.

    The content is hashed each time. That takes a few milliseconds for a capture, and neither time stamps nor inodes say
    whether a file is still what it was.

    Raises `DataError`, with both sizes or both digests, if they differ, and if the file can't be read.
    """
    try:
        size = path.stat().st_size
        digest = sha256_of(path) if size == entry.size_bytes else ""
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}") from error
    if size != entry.size_bytes:
        difference = f"it has {size:,} bytes instead of {entry.size_bytes:,}"
    elif digest != entry.sha256:
        difference = f"its sha256 is {digest} instead of {entry.sha256}"
    else:
        return
    raise DataError(
        f"{path} is not the capture {entry.name!r}: {difference}. "
        f"Remove it and fetch the right one: mainspring data get {entry.name}"
    )


def is_file_of(path: Path, entry: CatalogueEntry) -> bool:
    """Whether the file exists, can be read and is the one of the entry."""
    try:
        check_file(path, entry)
    except DataError:
        return False
    return True
