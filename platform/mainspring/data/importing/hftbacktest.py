"""Events in hftbacktest's form: the array `data` of an npz or npy file.

The fields and flags are those of hftbacktest's documentation, "Data". An event counts if it is meant for the local
side, at its local time; one for the exchange's side only is passed over.
"""

import zipfile
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np

from mainspring.data.importing.messages import Change, Quote, Received, Snapshot, Trade
from mainspring.errors import DataError

__all__ = ["is_hftbacktest", "read_hftbacktest"]

_LOCAL: Final = 1 << 30
_BUY: Final = 1 << 29
_SELL: Final = 1 << 28
_DEPTH, _TRADE, _CLEAR, _SNAPSHOT, _BBO = 1, 2, 3, 4, 5
_KINDS: Final = 0xFF
_FIELDS: Final = ("ev", "exch_ts", "local_ts", "px", "qty")
_ROWS: Final = 65_536
_NPY: Final = b"\x93NUM"
_ZIP: Final = b"PK\x03\x04"

Event = tuple[int, int, int, float, float]


def is_hftbacktest(path: Path, magic: bytes) -> bool:
    """Whether a file is an npy file, or a zip of some. `magic` are its first four bytes."""
    if magic != _ZIP:
        return magic == _NPY
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def read_hftbacktest(path: Path, symbol: str) -> Iterator[Received]:
    """The messages of a file, for an instrument of that name: the form doesn't have one.

    Events of one moment and kind that follow each other make one message. Raises `DataError` for another form.
    """
    if not symbol:
        raise DataError(f"{path.name}: its events don't name the instrument; say it with --symbol")
    events = _Reader(path.name, symbol)
    for number, event in enumerate(_events(path)):
        yield from events.take(number, event)
    yield from events.end()


def _events(path: Path) -> Iterator[Event]:
    try:
        found = np.load(path, allow_pickle=False)
        rows = found if isinstance(found, np.ndarray) else found["data"]
    except KeyError as error:
        raise DataError(f"{path.name}: it has no array 'data', as hftbacktest's files have") from error
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DataError(f"{path.name}: it can't be read as NumPy arrays: {error}") from error
    missing = [name for name in _FIELDS if name not in (rows.dtype.names or ())]
    if missing:
        raise DataError(f"{path.name}: it lacks the fields {', '.join(missing)} of hftbacktest's events")
    for start in range(0, len(rows), _ROWS):
        some: Any = rows[start : start + _ROWS]
        yield from zip(*(some[name].tolist() for name in _FIELDS), strict=True)


class _Reader:
    """Gathers events into messages, and keeps the book of levels that a clearing leaves."""

    def __init__(self, name: str, symbol: str) -> None:
        self._name, self._symbol = name, symbol
        self._sides: tuple[dict[float, str], dict[float, str]] = ({}, {})
        self._moment: tuple[int, int, bool] | None = None
        self._changes: tuple[list[tuple[str, str]], list[tuple[str, str]]] = ([], [])
        self._bbo: dict[int, tuple[str, str]] = {}

    def take(self, number: int, event: Event) -> Iterator[Received]:
        """Takes the next event; gives the messages that it ends, or is."""
        flags, exchange_ns, local_ns, price, size = event
        kind, side = flags & _KINDS, 1 if flags & _BUY else -1 if flags & _SELL else 0
        if not flags & _LOCAL:
            return
        where = f"{self._name}: event {number}"
        if kind not in (_DEPTH, _TRADE, _CLEAR, _SNAPSHOT, _BBO):
            raise DataError(f"{where}: kind {kind} isn't one of depth, trade, clear, snapshot and best bid or offer")
        if min(exchange_ns, local_ns) <= 0:
            raise DataError(f"{where}: its times are {exchange_ns} and {local_ns}, not nanoseconds since 1970")
        whole = kind in (_CLEAR, _SNAPSHOT)
        if self._moment != (local_ns, exchange_ns, whole) or kind in (_TRADE, _BBO):
            yield from self.end()
        if kind == _TRADE:
            aggressor = {1: "buy", -1: "sell", 0: ""}[side]
            yield local_ns, Trade(self._symbol, exchange_ns, _text(price), _text(size), aggressor)
            return
        if kind != _CLEAR and not side:
            raise DataError(f"{where}: a level needs a side")
        if kind == _BBO:
            yield from self._best(local_ns, exchange_ns, side, (_text(price), _text(size)))
            return
        self._moment = local_ns, exchange_ns, whole
        if kind == _CLEAR:
            self._clear(side, price)
            return
        levels = self._sides[side < 0]
        text = _text(size)
        if size:
            levels[price] = text
        else:
            levels.pop(price, None)
        self._changes[side < 0].append((_text(price), text))

    def end(self) -> Iterator[Received]:
        """Gives the message that was being gathered, if there is one."""
        if self._moment is None:
            return
        (local_ns, exchange_ns, whole), self._moment = self._moment, None
        changes, self._changes = self._changes, ([], [])
        if whole:
            bids, asks = ([(_text(price), size) for price, size in levels.items()] for levels in self._sides)
            yield local_ns, Snapshot(self._symbol, exchange_ns, bids, asks)
        else:
            yield local_ns, Change(self._symbol, exchange_ns, *changes)

    def _clear(self, side: int, price: float) -> None:
        """Removes the levels of a side, or of both, from the best up to a price."""
        for sign, levels in ((1, self._sides[0]), (-1, self._sides[1])):
            if side in (0, sign):
                for one in [one for one in levels if not side or (one - price) * sign >= 0]:
                    del levels[one]

    def _best(self, local_ns: int, exchange_ns: int, side: int, level: tuple[str, str]) -> Iterator[Received]:
        self._bbo[side] = level
        if len(self._bbo) > 1:
            (bid, bid_size), (ask, ask_size) = self._bbo[1], self._bbo[-1]
            yield local_ns, Quote(self._symbol, exchange_ns, bid, bid_size, ask, ask_size)


def _text(value: float) -> str:
    """The fewest decimals that mean the number."""
    return format(Decimal(repr(value)), "f")
