"""Compiles a strategy with Numba to a C function that the kernel calls."""

from collections.abc import Callable
from functools import cache
from typing import Any

from numba import cfunc, njit, types
from numba.core.errors import NumbaError
from numba.extending import intrinsic, overload
from numba.np.numpy_support import carray, from_dtype

from mainspring.errors import ConfigError
from mainspring_native.replay import actions
from mainspring_native.replay.layout import (
    BUFFER_ROWS,
    CANCEL,
    FOK,
    IOC,
    LIMIT,
    MARKET,
    MARKET_VIEW,
    ORDER_VIEW,
    POST_ONLY,
    REPLACE,
    REQUEST,
)
from mainspring_native.replay.native_book import native
from mainspring_native.replay.strategy import Strategy

__all__ = ["compile_strategy"]

_market_type = from_dtype(MARKET_VIEW)
_order_type = from_dtype(ORDER_VIEW)
_request_type = from_dtype(REQUEST)


@cache
def compile_strategy(strategy: Strategy, markets: int) -> Any:
    """The strategy as a C function: `int32(market *, int64 at, request[BUFFER_ROWS] *, state *)`, 0 if its body raised.

    `markets` is how many there are. Its attribute `address` is where it lies; keep the object for as long as that is
    used. Raises `ConfigError` if the body can't be compiled.
    """
    body = njit(strategy.body)
    rows = BUFFER_ROWS

    def one(views: Any, at: int, requests: Any, state: Any) -> int:
        try:
            body(carray(views, markets)[at], carray(requests, rows), carray(state, 1)[0])
        except Exception:  # noqa: BLE001  compiled code can't say what was raised: the kernel says where
            return 0
        return 1

    def several(views: Any, at: int, requests: Any, state: Any) -> int:
        try:
            seen = carray(views, markets)
            body(seen[at], seen, carray(requests, rows), carray(state, 1)[0])
        except Exception:  # noqa: BLE001  as above
            return 0
        return 1

    pointer: Any = types.CPointer
    market, request, record = (pointer(one) for one in (_market_type, _request_type, from_dtype(strategy.state)))
    try:
        return cfunc(types.int32(market, types.int64, request, record))(several if strategy.sees_all else one)
    except NumbaError as error:
        raise ConfigError(
            f"strategy {strategy.name} can't be compiled: {error}\n"
            "compiled=False runs it as it stands; numba.readthedocs.io lists what can be compiled"
        ) from None


@njit(inline="always")
def _add(orders: Any, action: int, order_id: int, market: int, side: int, price_ticks: int, size_lots: int) -> int:
    head = orders[0]
    count = head.action + 1
    if count >= len(orders):
        return 0
    if action != CANCEL:
        if market >= head.side or size_lots <= 0 or (action != MARKET and price_ticks <= 0):
            return 0
        if action != REPLACE:
            if side != 1 and side != -1:
                return 0
            order_id = head.order_id
            head.order_id = order_id + 1
    head.action = count
    row = orders[count]
    row.action = action
    row.order_id = order_id
    row.market = market
    row.side = side
    row.price_ticks = price_ticks
    row.size_lots = size_lots
    return order_id


def _priced(plain: Callable[..., int], action: int) -> None:
    def compiled(orders: Any, side: Any, price_ticks: Any, size_lots: Any, market: Any = -1) -> Any:  # noqa: ARG001  Numba asks by their types
        def add(orders: Any, side: int, price_ticks: int, size_lots: int, market: int = -1) -> int:
            return _add(orders, action, 0, market, side, price_ticks, size_lots)

        return add

    overload(plain, strict=False)(compiled)


_priced(actions.limit, LIMIT)
_priced(actions.post_only, POST_ONLY)
_priced(actions.immediate, IOC)
_priced(actions.fill_or_kill, FOK)


@overload(actions.market_order, strict=False)
def _market_order(orders: Any, side: Any, size_lots: Any, market: Any = -1) -> Any:  # noqa: ARG001  Numba asks by their types
    def add(orders: Any, side: int, size_lots: int, market: int = -1) -> int:
        return _add(orders, MARKET, 0, market, side, 0, size_lots)

    return add


@overload(actions.cancel, strict=False)
def _cancel(orders: Any, order_id: Any) -> Any:  # noqa: ARG001  Numba asks by their types
    return lambda orders, order_id: _add(orders, CANCEL, order_id, -1, 0, 0, 0)


@overload(actions.replace, strict=False)
def _replace(orders: Any, order_id: Any, price_ticks: Any, size_lots: Any) -> Any:  # noqa: ARG001  Numba asks by their types
    def add(orders: Any, order_id: int, price_ticks: int, size_lots: int) -> int:
        return _add(orders, REPLACE, order_id, -1, 0, price_ticks, size_lots)

    return add


@intrinsic
def _orders_at(_context: Any, _address: Any) -> Any:
    """Makes a pointer to orders of an address."""
    pointer: Any = types.CPointer

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return pointer(_order_type)(types.uint64), generate


@overload(actions.own_orders, strict=False)
def _own_orders(market: Any) -> Any:  # noqa: ARG001  Numba asks by its type
    orders_at: Any = _orders_at
    return lambda market: carray(orders_at(market.orders), market.open_orders)


def _reading(plain: Callable[..., Any]) -> None:
    """Has a function that reads the book call the native one of its name."""
    function = native(plain.__name__)

    def compiled(market: Any, side: Any, which: Any) -> Any:  # noqa: ARG001  Numba asks by their types
        return lambda market, side, which: function(market.book, side, which)

    overload(plain, strict=False)(compiled)


_reading(actions.level_ticks)
_reading(actions.level_lots)
_reading(actions.lots_at)
_reading(actions.average_ticks)
