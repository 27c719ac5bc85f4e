"""Is this file the one that the catalogue means? By size at once, by SHA-256 once for each state of the file."""

import hashlib
from contextlib import suppress
from pathlib import Path

import msgspec

from mainspring.data.catalogue import CatalogueEntry
from mainspring.data.replace import write_atomically
from mainspring.errors import DataError

__all__ = ["check_file", "is_file_of", "sha256_of"]


class _Seen(msgspec.Struct, frozen=True):
    """A file whose digest was worked out, and what would differ if it were another one since."""

    path: str
    size_bytes: int
    modified_ns: int
    inode: int
    sha256: str


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file as lower-case hex, read in constant memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_file(path: Path, entry: CatalogueEntry, *, cache: Path) -> None:
    """Holds a file against its catalogue entry. `cache` is the cache folder, where the digest is remembered.

    Raises `DataError` with both sizes, or both digests, where they differ, and where the file can't be read.
    """
    try:
        size = path.stat().st_size
        digest = _remembered_sha256(path, cache) if size == entry.size_bytes else ""
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}") from error
    if size != entry.size_bytes:
        raise DataError(
            f"{path} is not the capture {entry.name!r}: it has {size:,} bytes, and {entry.size_bytes:,} were expected. "
            f"Remove it, and fetch the right one: mainspring data get {entry.name}"
        )
    if digest != entry.sha256:
        raise DataError(
            f"{path} is not the capture {entry.name!r}: its sha256 is {digest}, and {entry.sha256} was expected. "
            f"Remove it, and fetch the right one: mainspring data get {entry.name}"
        )


def is_file_of(path: Path, entry: CatalogueEntry, *, cache: Path) -> bool:
    """Whether the file is there, can be read and is the one of the entry. `cache` as for `check_file`."""
    try:
        check_file(path, entry, cache=cache)
    except DataError:
        return False
    return True


def _remembered_sha256(path: Path, cache: Path) -> str:
    path = path.resolve()
    stat = path.stat()
    # A note a file, named for its path: processes that check different files never write the same note.
    note = cache / "checked" / f"{hashlib.sha256(str(path).encode()).hexdigest()[:32]}.json"
    # The note only saves time: where it can't be read or written, the digest is worked out again.
    with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        seen = msgspec.json.decode(note.read_bytes(), type=_Seen)
        if (seen.path, seen.size_bytes, seen.modified_ns, seen.inode) == (
            str(path),
            stat.st_size,
            stat.st_mtime_ns,
            stat.st_ino,
        ):
            return seen.sha256
    digest = sha256_of(path)
    with suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(
            note, msgspec.json.encode(_Seen(str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino, digest))
        )
    return digest
