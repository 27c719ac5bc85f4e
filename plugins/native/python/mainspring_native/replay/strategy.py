"""A strategy that runs compiled: a function, the state that it keeps, and what it is called for."""

import ctypes
import inspect
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mainspring.errors import ConfigError

__all__ = ["State", "Strategy", "make_state", "strategy"]

_NO_STATE = np.dtype([("unused", "<i8")])

_NUMBERS: Final[dict[str, Any]] = {
    "<i8": ctypes.c_int64,
    "<i4": ctypes.c_int32,
    "<i2": ctypes.c_int16,
    "|i1": ctypes.c_int8,
    "<u8": ctypes.c_uint64,
    "<u4": ctypes.c_uint32,
    "<u2": ctypes.c_uint16,
    "|u1": ctypes.c_uint8,
    "<f8": ctypes.c_double,
    "<f4": ctypes.c_float,
}

_SUBSCRIPTIONS: Final = ("bbo", "trade", "order", "row")


class State(ctypes.Structure):
    """A strategy's record: its fields are attributes. A field that is an array is the array itself."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and bytes(self) == bytes(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"State({', '.join(f'{name}={getattr(self, name)!r}' for name in _fields_of(type(self)))})"


def make_state(dtype: np.dtype[Any]) -> State:
    """Returns a record of zeros of that type."""
    return _state_type(dtype)()


@cache
def _state_type(dtype: np.dtype[Any]) -> type[State]:
    """The record's memory is NumPy's, field by field; its numbers are read as fields of the object, which is faster."""
    fields: list[tuple[str, Any]] = []
    at = 0
    placed = [(*dtype.fields[name][:2], name) for name in dtype.names or ()] if dtype.fields else []
    for field, offset, name in sorted(placed, key=lambda one: one[1]):
        if offset > at:
            fields.append((f"_gap_{at}", ctypes.c_char * (offset - at)))
        kind = _NUMBERS.get(field.str, ctypes.c_char * field.itemsize)
        fields.append((f"_{name}", kind))
        at = offset + field.itemsize
    if dtype.itemsize > at:
        fields.append((f"_gap_{at}", ctypes.c_char * (dtype.itemsize - at)))
    made = type("State", (State,), {"__slots__": (), "_pack_": 1, "_fields_": fields})
    for field, offset, name in placed:
        setattr(made, name, _attribute(made, field, offset, name))
    return made


def _attribute(made: type[State], field: np.dtype[Any], offset: int, name: str) -> property:
    inner: Any = made.__dict__[f"_{name}"]
    read, write = inner.__get__, inner.__set__
    if field.str not in _NUMBERS:

        def array(state: State) -> Any:
            seen = _within(state, field, offset)
            return seen if seen.shape else seen.item()

        def fill(state: State, value: Any) -> None:
            _within(state, field, offset)[...] = value

        return property(array, fill)
    if field.kind == "f":
        return property(read, write)
    # As compiled: what is no whole number loses its fraction.
    return property(read, lambda state, value: write(state, int(value)))


def _within(state: State, field: np.dtype[Any], offset: int) -> NDArray[Any]:
    buffer: Any = state
    return np.ndarray((), field, buffer, offset)


def _fields_of(made: type[State]) -> list[str]:
    return [name for name, value in vars(made).items() if isinstance(value, property)]


class Strategy:
    """A function `body(market, orders, state)`, and the record type of its state.

    `body` runs compiled by Numba or, uncompiled, as it stands, with the same orders. It reads `market` (see
    `mainspring_native.replay.MARKET_FIELDS`), asks by the functions of `mainspring_native.replay`, and keeps what it
    has to remember in the fields of `state`, integers and floats, all 0 at the beginning. Integers have 64 bits. A body
    of four parameters, `body(market, markets, orders, state)`, sees all markets; `market` is the one that it is called
    about.
    """

    def __init__(
        self, body: Callable[..., None], state: np.dtype[Any], on: Iterable[str] = ("bbo",), every_ns: int = 0
    ) -> None:
        """See `strategy`, which makes one. Raises `ConfigError` if the function or what it is called for can't be."""
        self.body = body
        self.name = body.__name__
        self.state = state
        self.on = frozenset(on)
        self.every_ns = every_ns
        parameters = len(inspect.signature(body).parameters)
        self.sees_all = parameters == 4
        if parameters not in (3, 4):
            raise ConfigError(
                f"strategy {self.name}: it has to take market, orders and state, or market, markets, orders and state"
            )
        if state.fields is None:
            raise ConfigError(f"strategy {self.name}: its state must be a record type with named fields")
        if not self.on <= set(_SUBSCRIPTIONS):
            unknown = ", ".join(sorted(self.on - set(_SUBSCRIPTIONS)))
            raise ConfigError(f"strategy {self.name}: on={unknown!r} isn't among {', '.join(_SUBSCRIPTIONS)}")
        if every_ns and not 1_000 <= every_ns <= 10**18:
            raise ConfigError(f"strategy {self.name}: a timer is due every 1e-6 to 1e9 seconds, not {every_ns} ns")

    def subscription(self) -> tuple[bool, bool, bool, bool, int]:
        """Whether it wants best prices, trades, order events and rows, and the period of its timer."""
        bbo, trade, order, row = (name in self.on for name in _SUBSCRIPTIONS)
        return bbo, trade, order, row, self.every_ns


def strategy(
    *, state: DTypeLike | None = None, on: Iterable[str] = ("bbo",), every_seconds: float = 0
) -> Callable[[Callable[..., None]], Strategy]:
    """Makes a `Strategy` of a function.

    `state` is a NumPy record type, or what makes one: `[("seen", "i8")]`. `on` says what the function is called for:
    "bbo" (best prices changed, or whether they can be trusted), "trade" (a public trade), "order" (what becomes of its
    orders), and in research "row" (each row of the events, in the middle of messages too). With `every_seconds` it is
    also called by a timer, about the first market.
    """

    def make(body: Callable[..., None]) -> Strategy:
        record = _NO_STATE if state is None else np.dtype(state, align=True)
        return Strategy(body, record, on, round(every_seconds * 1e9))

    return make
