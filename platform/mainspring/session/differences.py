"""Stores what a candidate did otherwise than the active part, with the input that led to it, and does it again."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from mainspring.data import write_atomically
from mainspring.errors import CodecError, ConfigError, DataError, MainspringError
from mainspring.host.offers import decode_options
from mainspring.host.registry import Registry
from mainspring.lane import BookSlot
from mainspring.lane.swaps import Difference, difference_of
from mainspring.model import Instrument
from mainspring.plugin_calls import describe_exception

__all__ = ["DifferenceFolder", "Repeated", "read_difference", "repeat_difference"]

_MOST_FILES: Final = 100
"""How many differences a lane stores. What comes after them is counted alone."""


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    difference: Difference
    instrument: Instrument | None = None


class Repeated(NamedTuple):
    """What came of the input this time: whether both parts differ again, and how."""

    differs: bool
    text: str


class DifferenceFolder:
    """Writes the differences of one lane as files: `LANE-NUMBER-SLOT.json`."""

    def __init__(self, path: Path, lane: str) -> None:
        self._path = path
        self._lane = lane
        self._stored = 0

    def store(self, difference: Difference, instrument: Instrument | None) -> Path | None:
        """Writes a difference, and the instrument of its key if it has one; returns the file, None beyond the most.

        Raises `DataError` if it can't be written.
        """
        if self._stored >= _MOST_FILES:
            return None
        self._stored += 1
        name = f"{self._lane}-{difference.now_ns}-{self._stored}-{difference.slot.replace(' ', '-')}.json"
        data = msgspec.json.encode(_Stored(difference=difference, instrument=instrument))
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path / name, msgspec.json.format(data) + b"\n")
        except OSError as error:
            raise DataError(f"a difference can't be stored in {self._path}: {error.strerror or error}") from error
        return self._path / name


def read_difference(path: Path) -> tuple[Difference, Instrument | None]:
    """Returns a stored difference and its instrument. Raises `DataError` if the file has none."""
    try:
        stored = msgspec.json.decode(path.read_bytes(), type=_Stored)
    except (OSError, msgspec.MsgspecError) as error:
        raise DataError(f"{path} has no difference that can be read: {error}") from error
    return stored.difference, stored.instrument


def repeat_difference(difference: Difference, instrument: Instrument | None, registry: Registry) -> Repeated:
    """Gives both parts the stored input again, and compares what comes of it.

    Raises `ConfigError` if that input alone doesn't decide, as an order's doesn't without its market, or if a plugin
    isn't installed.
    """
    seam = difference.slot.partition(" ")[0]
    if seam == "book" and instrument is not None:
        return _repeat_book(difference, instrument, registry)
    if seam == "codec":
        return _repeat_codec(difference, registry)
    raise ConfigError(
        f"what a {seam} does depends on more than one input: replay the session up to {difference.now_ns} ns, by "
        "`mainspring journal replay` or its recorded inputs"
    )


def _repeat_book(difference: Difference, instrument: Instrument, registry: Registry) -> Repeated:
    active, candidate = (
        BookSlot(_make("book", plugin, options, registry, instrument), plugin, "the stored difference")
        for plugin, options in (
            (difference.active, difference.active_options),
            (difference.candidate, difference.options),
        )
    )
    what, *rows = difference.input
    try:
        for book in (active, candidate):
            book.apply_snapshot(*map(_rows, difference.before or ([], [])))
            given = [_rows(side) for side in rows]
            if what == "delta":
                book.apply_delta(*given)
            elif what == "snapshot":
                book.apply_snapshot(*given)
            elif what == "clear":
                book.clear()
            else:
                raise ConfigError(f"the orders of a {what} weren't stored: replay the session")
    except MainspringError as error:
        if isinstance(error, ConfigError):
            raise
        return Repeated(True, describe_exception(error.__cause__ or error))
    found = difference_of(active, candidate)
    return Repeated(found is not None, found or "both have the same levels now")


def _rows(side: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    return [(price, lots) for price, lots in side]


def _repeat_codec(difference: Difference, registry: Registry) -> Repeated:
    raw = str(difference.input).encode()
    found = [
        _decoded(_make("codec", plugin, {}, registry), raw) for plugin in (difference.active, difference.candidate)
    ]
    return Repeated(found[0] != found[1], f"{difference.active}: {found[0]}; {difference.candidate}: {found[1]}")


def _decoded(codec: Any, raw: bytes) -> str:
    try:
        return repr(codec.decode(raw))
    except CodecError as error:
        return describe_exception(error)


def _make(seam: str, plugin: str, options: dict[str, Any], registry: Registry, *arguments: object) -> Any:
    offer = registry.get(seam, plugin)
    try:
        decoded = decode_options(offer, options)
    except ValueError as error:
        raise ConfigError(f"the {seam} {plugin!r} {error}") from error
    return offer.factory(*arguments) if decoded is None else offer.factory(*arguments, options=decoded)
