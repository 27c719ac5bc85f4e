"""Runs a strategy's body as it stands, behind a C function that the kernel calls as it calls a compiled one."""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from mainspring_native.replay.actions import BookReader
from mainspring_native.replay.layout import BUFFER_ROWS, CANCEL, MARKET, MARKET_VIEW, ORDER_VIEW, REPLACE, REQUEST
from mainspring_native.replay.strategy import State, Strategy

__all__ = ["MarketRecord", "OrderRecord", "PlainEntry", "PlainMarket", "call_body", "can_be"]

_TYPES: dict[str, Any] = {"<i8": ctypes.c_int64, "<f8": ctypes.c_double, "<u8": ctypes.c_uint64}


def _structure(name: str, dtype: np.dtype[Any]) -> type[ctypes.Structure]:
    fields = [(field, _TYPES[dtype[field].str]) for field in dtype.names or ()]
    return type(name, (ctypes.Structure,), {"_fields_": fields})


MarketRecord = _structure("MarketRecord", MARKET_VIEW)
OrderRecord = _structure("OrderRecord", ORDER_VIEW)
_RequestRecord = _structure("_RequestRecord", REQUEST)


class PlainMarket:
    """Implements `mainspring_native.replay.actions.MarketView` over a record."""

    __slots__ = ("_record", "book", "own")

    def __init__(self, record: Any, book: BookReader, own: Sequence[Any]) -> None:
        """`own` are the strategy's orders there that haven't ended."""
        self._record = record
        self.book = book
        self.own = own

    def __getattr__(self, name: str) -> Any:
        return getattr(self._record, name)


class _Buffer:
    """Implements `mainspring_native.replay.actions.OrderBuffer` over the kernel's own."""

    def __init__(self, rows: Any) -> None:
        self._rows = rows

    def add(self, action: int, order_id: int, market: int, side: int, price_ticks: int, size_lots: int) -> int:
        head = self._rows[0]
        if head.action + 1 >= BUFFER_ROWS or market >= head.side or not can_be(action, side, price_ticks, size_lots):
            return 0
        if action not in (CANCEL, REPLACE):
            order_id = head.order_id
            head.order_id = order_id + 1
        head.action += 1
        row = self._rows[head.action]
        row.action, row.order_id, row.market, row.side = action, order_id, market, side
        row.price_ticks, row.size_lots = price_ticks, size_lots
        return int(order_id)


class PlainEntry:
    """A strategy's body behind a C function; `raised` is what it raised. `address` is as of a compiled strategy."""

    def __init__(self, strategy: Strategy, state: State, markets: int) -> None:
        """`markets` is how many there are."""
        # Here, since a session runs without the native module too.
        from mainspring_native.replay.native_book import NativeBook

        self.raised: BaseException | None = None
        self._book = NativeBook
        self._strategy = strategy
        self._state = state
        self._markets = MarketRecord * markets
        self._rows = _RequestRecord * BUFFER_ROWS
        integer, address = ctypes.c_int64, ctypes.c_void_p
        self._function = ctypes.CFUNCTYPE(ctypes.c_int32, address, integer, address, address)(self._call)
        pointer = ctypes.cast(self._function, ctypes.c_void_p).value
        assert pointer is not None
        self.address = pointer

    def _call(self, markets: int, at: int, requests: int, state: int) -> int:
        try:
            seen = [
                PlainMarket(record, self._book(record.book), _own(record))
                for record in self._markets.from_address(markets)
            ]
            call_body(self._strategy, seen, at, _Buffer(self._rows.from_address(requests)), self._state)
        except BaseException as error:  # noqa: BLE001  it must not pass through the kernel; `replay` raises it
            self.raised = error
            return 0
        return 1


def call_body(strategy: Strategy, markets: Sequence[PlainMarket], at: int, orders: Any, state: State) -> None:
    """Calls a strategy's body about the market at a place; `orders` takes what it asks for."""
    if strategy.sees_all:
        strategy.body(markets[at], markets, orders, state)
    else:
        strategy.body(markets[at], orders, state)


def can_be(action: int, side: int, price_ticks: int, size_lots: int) -> bool:
    """Whether there can be such a request; `action` is one of the numbers of a `REQUEST`."""
    if action == CANCEL:
        return True
    if size_lots <= 0 or (action != MARKET and price_ticks <= 0):
        return False
    return action == REPLACE or side in (1, -1)


def _own(record: Any) -> Sequence[Any]:
    return (OrderRecord * record.open_orders).from_address(record.orders) if record.open_orders else ()
