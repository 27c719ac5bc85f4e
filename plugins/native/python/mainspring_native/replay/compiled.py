"""Compiles a strategy with Numba to a C function that the Rust loop calls."""

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

from numba import cfunc, njit, types
from numba.core.errors import NumbaError
from numba.extending import overload
from numba.np.numpy_support import carray, from_dtype

from mainspring.errors import ConfigError
from mainspring_native._native import book_functions
from mainspring_native.replay import actions
from mainspring_native.replay.layout import BUFFER_ROWS, CANCEL, IOC, LIMIT, MARKET, MARKET_VIEW, POST_ONLY, REQUEST
from mainspring_native.replay.strategy import Strategy

__all__ = ["compile_strategy"]

_market_type = from_dtype(MARKET_VIEW)
_request_type = from_dtype(REQUEST)


@cache
def compile_strategy(strategy: Strategy) -> Any:
    """The strategy as a C function: `int32(market *, request[BUFFER_ROWS] *, state *)`, 0 if its body raised.

    Its attribute `address` is where it lies; keep the object for as long as that is used. Raises `ConfigError` if
    the body can't be compiled.
    """
    body = njit(strategy.body)
    rows = BUFFER_ROWS

    def entry(market: Any, requests: Any, state: Any) -> int:
        try:
            body(carray(market, 1)[0], carray(requests, rows), carray(state, 1)[0])
        except Exception:  # noqa: BLE001  compiled code can't say what was raised: the loop says where
            return 0
        return 1

    pointer: Any = types.CPointer
    pointers = [pointer(one) for one in (_market_type, _request_type, from_dtype(strategy.state))]
    try:
        return cfunc(types.int32(*pointers))(entry)
    except NumbaError as error:
        raise ConfigError(
            f"strategy {strategy.name} can't be compiled: {error}\n"
            "compiled=False runs it as it stands; numba.readthedocs.io lists what can be compiled"
        ) from None


@njit(inline="always")
def _add(orders: Any, action: int, order_id: int, side: int, price_ticks: int, size_lots: int) -> int:
    head = orders[0]
    count = head.action + 1
    if count >= len(orders):
        return 0
    if action != CANCEL:
        order_id = head.order_id
        head.order_id = order_id + 1
    head.action = count
    row = orders[count]
    row.action = action
    row.order_id = order_id
    row.side = side
    row.price_ticks = price_ticks
    row.size_lots = size_lots
    return order_id


def _priced(plain: Callable[..., int], action: int) -> None:
    def compiled(orders: Any, side: Any, price_ticks: Any, size_lots: Any) -> Any:  # noqa: ARG001  Numba asks by their types
        return lambda orders, side, price_ticks, size_lots: _add(orders, action, 0, side, price_ticks, size_lots)

    overload(plain, strict=False)(compiled)


_priced(actions.limit, LIMIT)
_priced(actions.post_only, POST_ONLY)
_priced(actions.immediate, IOC)


@overload(actions.market_order, strict=False)
def _market_order(orders: Any, side: Any, size_lots: Any) -> Any:  # noqa: ARG001  Numba asks by their types
    return lambda orders, side, size_lots: _add(orders, MARKET, 0, side, 0, size_lots)


@overload(actions.cancel, strict=False)
def _cancel(orders: Any, order_id: Any) -> Any:  # noqa: ARG001  Numba asks by their types
    return lambda orders, order_id: _add(orders, CANCEL, order_id, 0, 0, 0)


def _reading(plain: Callable[..., Any], result: Any) -> None:
    """Has a function that reads the book call the native one of its name."""
    prototype = ctypes.CFUNCTYPE(result, ctypes.c_uint64, ctypes.c_int64, ctypes.c_int64)
    native = prototype(book_functions()[plain.__name__])

    def compiled(market: Any, side: Any, which: Any) -> Any:  # noqa: ARG001  Numba asks by their types
        return lambda market, side, which: native(market.book, side, which)

    overload(plain, strict=False)(compiled)


_reading(actions.level_ticks, ctypes.c_int64)
_reading(actions.level_lots, ctypes.c_int64)
_reading(actions.lots_at, ctypes.c_int64)
_reading(actions.average_ticks, ctypes.c_double)
