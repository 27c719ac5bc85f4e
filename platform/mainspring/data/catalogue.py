"""The captures that can be fetched: what each holds, where it comes from, and its checksum."""

import difflib
from collections.abc import Iterable, Mapping
from importlib import resources
from types import MappingProxyType

import msgspec

from mainspring.errors import DataError

__all__ = ["CatalogueEntry", "capture_catalogue", "find_entry"]


class CatalogueEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One capture of the catalogue.

    `file` is its path below the cache's `captures` folder or a folder of `MAINSPRING_DATA`, with forward slashes.
    `size_bytes` and `sha256` (lower-case hex) are those of the file at `address`. `feed` names the feed plugin that
    reads it. `continues` names the capture that it continues without a gap.
    """

    name: str = ""
    summary: str
    file: str
    address: str
    size_bytes: int
    sha256: str
    licence: str
    feed: str
    instruments: str
    messages: int
    continues: str | None = None


def capture_catalogue() -> Mapping[str, CatalogueEntry]:
    """The built-in catalogue by name, read-only."""
    text = resources.files("mainspring.data").joinpath("catalogue.toml").read_bytes()
    entries = msgspec.toml.decode(text, type=dict[str, CatalogueEntry])
    return MappingProxyType({name: msgspec.structs.replace(entry, name=name) for name, entry in entries.items()})


def find_entry(name: str, catalogue: Mapping[str, CatalogueEntry] | None = None) -> CatalogueEntry:
    """The entry of that name. Raises `DataError`, which suggests the nearest name, if there is none."""
    catalogue = capture_catalogue() if catalogue is None else catalogue
    if name in catalogue:
        return catalogue[name]
    raise DataError(f"no capture of the catalogue is named {name!r}{nearest(name, catalogue)}")


def nearest(name: str, names: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest known one, or all of them."""
    names = list(names)
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are: {', '.join(names)}"
