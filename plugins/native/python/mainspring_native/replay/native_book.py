"""The kernel's functions that read its book, by ctypes."""

import ctypes
from collections.abc import Callable
from typing import Any

from mainspring_native._native import book_functions

__all__ = ["NativeBook", "native"]

_RESULTS: dict[str, Any] = {
    "level_ticks": ctypes.c_int64,
    "level_lots": ctypes.c_int64,
    "lots_at": ctypes.c_int64,
    "average_ticks": ctypes.c_double,
}


def native(name: str) -> Callable[..., Any]:
    """The function of that name of `mainspring_native.replay.actions`, over a book's address."""
    prototype = ctypes.CFUNCTYPE(_RESULTS[name], ctypes.c_uint64, ctypes.c_int64, ctypes.c_int64)
    return prototype(book_functions()[name])


class NativeBook:
    """Implements `mainspring_native.replay.actions.BookReader` over the book at an address, valid during a call."""

    __slots__ = ("_address",)

    def __init__(self, address: int) -> None:
        self._address = address

    def level_ticks(self, side: int, at: int) -> int:
        """See `mainspring_native.replay.level_ticks`."""
        return int(_LEVEL_TICKS(self._address, side, at))

    def level_lots(self, side: int, at: int) -> int:
        """See `mainspring_native.replay.level_lots`."""
        return int(_LEVEL_LOTS(self._address, side, at))

    def lots_at(self, side: int, price_ticks: int) -> int:
        """See `mainspring_native.replay.lots_at`."""
        return int(_LOTS_AT(self._address, side, price_ticks))

    def average_ticks(self, side: int, size_lots: int) -> float:
        """See `mainspring_native.replay.average_ticks`."""
        return float(_AVERAGE_TICKS(self._address, side, size_lots))


_LEVEL_TICKS, _LEVEL_LOTS, _LOTS_AT, _AVERAGE_TICKS = map(native, _RESULTS)
