"""Finds captures by name or path, and fetches those that aren't on this machine yet."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec

from mainspring.data.addresses import Opener, open_address
from mainspring.data.catalogue import CatalogueEntry, capture_catalogue, find_entry, nearest
from mainspring.data.digest import check_file, is_file_of
from mainspring.data.download import Progress, download
from mainspring.data.lock import exclusive
from mainspring.data.paths import DATA_VARIABLE, cache_folder, data_folders
from mainspring.data.spool import as_capture, spool
from mainspring.errors import DataError

__all__ = ["Located", "find_capture", "get", "locate"]


class Located(msgspec.Struct, frozen=True):
    """A file and the feed plugin that reads it: None if the file isn't in the catalogue."""

    path: Path
    feed: str | None


def locate(
    name_or_path: str | Path,
    folder: Path | None = None,
    *,
    catalogue: Mapping[str, CatalogueEntry] | None = None,
) -> Located:
    """Finds the file that a catalogue name or a path stands for. Fetches nothing.

    A catalogue name takes precedence; to mean a file of that name, write `./name`. A relative path starts from `folder`
    (by default the working folder), or else from a folder of `MAINSPRING_DATA`. A file found by its catalogue name is
    verified; one found by its path is taken as it is, and if its content is in the catalogue, its feed is known,
    whatever the file is called. What comes through a pipe (a FIFO, `/dev/stdin`) is kept in a temporary file first: see
    `mainspring.data.spool`. `catalogue` replaces the built-in one.

    Raises `DataError` if there is no such file (suggesting the nearest name), if a capture isn't on this machine yet
    (with the command that fetches it), and if a file isn't what the catalogue says.
    """
    catalogue = capture_catalogue() if catalogue is None else catalogue
    text = str(name_or_path)
    if text in catalogue:
        entry = catalogue[text]
        found = find_capture(entry)
        if found is None:
            raise DataError(
                f"the capture {entry.name!r} isn't on this machine yet: fetch it ({entry.size_bytes / 1e6:.1f} MB) "
                f"with `mainspring data get {entry.name}`, or copy it to {_target(entry)}"
            )
        return Located(found, entry.feed)
    path = Path(text).expanduser()
    candidates = [base / path for base in (folder or Path(), *data_folders())]
    for candidate in dict.fromkeys(candidates):
        if candidate.is_file():
            # A lane's own process has another /dev/stdin.
            found = candidate.resolve() if candidate.is_relative_to("/dev") else candidate
            return Located(as_capture(found), _feed_of(found, catalogue))
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
    """The verified path of a catalogue capture on this machine; None if it isn't here.

    Searches the folders of `MAINSPRING_DATA` for `entry.file` and for `entry.name` with the same ending, then the
    cache. Raises `DataError` for a file there with other content.
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
    """Returns the capture of that name, fetching it into the cache if it isn't on this machine. See `download`.

    A file in the cache with other content is replaced. If two processes ask for the same capture, the second waits for
    the first. `progress` and `opener` are those of `download`; `catalogue` replaces the built-in one. Raises
    `DataError` as `find_entry`, `find_capture` and `download` do.
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
