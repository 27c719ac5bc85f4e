"""Runs a strategy's body as it stands: the kernel calls it, over the memory that a compiled one is given."""

import ctypes
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from mainspring_native.replay.actions import BookReader
from mainspring_native.replay.layout import BUFFER_ROWS, CANCEL, MARKET, MARKET_VIEW, ORDER_VIEW, REPLACE, REQUEST
from mainspring_native.replay.strategy import State, Strategy

__all__ = ["MarketRecord", "OrderRecord", "PlainMarket", "bind_body", "call_body", "can_be"]

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


class _KernelMarket(ctypes.Structure):
    """Implements `mainspring_native.replay.actions.MarketView` over the kernel's own memory."""

    # The book and the orders stand there as addresses.
    _fields_ = [
        (f"_{field}" if field in ("book", "orders") else field, _TYPES[MARKET_VIEW[field].str])
        for field in MARKET_VIEW.names or ()
    ]

    @property
    def book(self) -> BookReader:
        # Here, since a session runs without the native module too.
        from mainspring_native.replay.native_book import NativeBook

        return NativeBook(self._book)

    @property
    def own(self) -> Sequence[Any]:
        if not self.open_orders:
            return ()
        orders: Sequence[Any] = (OrderRecord * self.open_orders).from_address(self._orders)
        return orders


def bind_body(strategy: Strategy, state: State, count: int, markets: int, requests: int) -> list[Callable[[], None]]:
    """Returns what calls a strategy's body about each of `count` markets.

    `markets` and `requests` are the addresses of the kernel's records: they are valid during a call.
    """
    seen = list((_KernelMarket * count).from_address(markets))
    orders = _Buffer((_RequestRecord * BUFFER_ROWS).from_address(requests))
    if strategy.sees_all:
        return [partial(strategy.body, market, seen, orders, state) for market in seen]
    return [partial(strategy.body, market, orders, state) for market in seen]


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
