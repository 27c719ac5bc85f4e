"""Finds captures by name or path, and fetches those that aren't here yet."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec

from mainspring.data.addresses import Opener, open_address
from mainspring.data.catalogue import CatalogueEntry, capture_catalogue, find_entry, nearest
from mainspring.data.digest import check_file, is_file_of
from mainspring.data.download import Progress, download
from mainspring.data.lock import exclusive
from mainspring.data.paths import DATA_VARIABLE, cache_folder, data_folders
from mainspring.data.spool import spool
from mainspring.errors import DataError

__all__ = ["Located", "find_capture", "get", "locate"]


class Located(msgspec.Struct, frozen=True):
    """A file, and the name of the feed plugin that reads it: None where the file is none of the catalogue's."""

    path: Path
    feed: str | None


def locate(
    name_or_path: str | Path,
    folder: Path | None = None,
    *,
    catalogue: Mapping[str, CatalogueEntry] | None = None,
) -> Located:
    """The file that is meant: a name of the catalogue, or a path. Nothing is fetched.

    A name comes first; to mean a file of that name, write `./name`. A relative path is one from `folder` (by default
    the working folder), or else from a folder of `MAINSPRING_DATA`. A file that was named by its name is held against
    its entry; one that was named by its path is taken as it is, and its feed is known if it is a file of the catalogue,
    whatever it is called. What comes through a pipe (a FIFO, `/dev/stdin`) is kept in a temporary file first: see
    `mainspring.data.spool`. `catalogue` replaces the built-in one.

    Raises `DataError`: no such file (with the nearest name), a capture that isn't here yet (with what fetches it), or a
    file that isn't what the catalogue says.
    """
    catalogue = capture_catalogue() if catalogue is None else catalogue
    text = str(name_or_path)
    if text in catalogue:
        entry = catalogue[text]
        found = find_capture(entry)
        if found is None:
            raise DataError(
                f"the capture {entry.name!r} isn't on this machine yet: fetch it ({entry.size_bytes / 1e6:.1f} MB) "
                f"with `mainspring data get {entry.name}`, or put it by hand at {_target(entry)}"
            )
        return Located(found, entry.feed)
    path = Path(text).expanduser()
    candidates = [base / path for base in (folder or Path(), *data_folders())]
    for candidate in dict.fromkeys(candidates):
        if candidate.is_file():
            return Located(candidate, _feed_of(candidate, catalogue))
        if candidate.is_fifo() or candidate.is_char_device():
            return Located(spool(candidate), None)
    places = ", nor ".join(str(candidate) for candidate in dict.fromkeys(candidates))
    raise DataError(f"there is no file {places}, and no capture of that name{nearest(text, catalogue)}")


def _feed_of(path: Path, catalogue: Mapping[str, CatalogueEntry]) -> str | None:
    size = path.stat().st_size
    for entry in catalogue.values():
        if entry.size_bytes == size and is_file_of(path, entry):
            return entry.feed
    return None


def find_capture(entry: CatalogueEntry) -> Path | None:
    """Where a capture of the catalogue lies on this machine, checked; None where it doesn't.

    Looks in the folders of `MAINSPRING_DATA`, for `entry.file` and for `entry.name` with the same ending, then in the
    cache. Raises `DataError` for a file there that isn't the one meant.
    """
    for candidate in (*_by_hand(entry), _target(entry)):
        if candidate.is_file():
            check_file(candidate, entry)
            return candidate
    return None


def get(
    name: str,
    *,
    progress: Progress | None = None,
    opener: Opener = open_address,
    catalogue: Mapping[str, CatalogueEntry] | None = None,
) -> Path:
    """The capture of that name, fetched into the cache if it isn't on this machine. See `download` for how.

    A file in the cache that isn't the right one is replaced. Two processes may ask for one capture at once: the second
    waits, and finds it there. Raises `DataError` as `find_entry`, `find_capture` and `download` do.
    """
    entry = find_entry(name, catalogue)
    target = _target(entry)
    if any(candidate.is_file() for candidate in _by_hand(entry)):
        return find_capture(entry) or target
    if is_file_of(target, entry):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(target.with_name(target.name + ".lock")):
            if not is_file_of(target, entry):
                download(entry, target, progress=progress, opener=opener)
    except OSError as error:
        raise DataError(
            f"{target.parent} can't be written ({error.strerror or error}): name another cache folder in "
            f"XDG_CACHE_HOME, or put {entry.file} into a folder that {DATA_VARIABLE} names"
        ) from error
    return target


def _by_hand(entry: CatalogueEntry) -> list[Path]:
    endings = "".join(PurePosixPath(entry.file).suffixes)
    return [folder / name for folder in data_folders() for name in (entry.file, entry.name + endings)]


def _target(entry: CatalogueEntry) -> Path:
    return cache_folder() / "captures" / entry.file
