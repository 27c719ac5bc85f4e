"""A strategy for a replay: a function, and the state that it keeps."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from mainspring.errors import ConfigError

__all__ = ["State", "Strategy", "strategy"]

_NO_STATE = np.dtype([("unused", "<i8")])


class State:
    """A strategy's record: its fields are attributes. A field that is an array is the array itself."""

    __slots__ = ("_record",)

    def __init__(self, dtype: np.dtype[Any]) -> None:
        """A record of zeros."""
        object.__setattr__(self, "_record", np.zeros(1, dtype))

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """Where the record lies, as NumPy has it."""
        interface: dict[str, Any] = self._record.__array_interface__
        return interface

    def __getattr__(self, name: str) -> Any:
        try:
            value = self._record[name][0]
        except ValueError:
            raise AttributeError(f"the state has no field {name!r}, only {self._record.dtype.names}") from None
        return value.item() if isinstance(value, np.generic) else value

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in (self._record.dtype.names or ()):
            raise AttributeError(f"the state has no field {name!r}, only {self._record.dtype.names}")
        self._record[name][0] = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and bool(self._record.tobytes() == other._record.tobytes())

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._record.dtype.names or ())
        return f"State({fields})"


class Strategy:
    """A function `body(market, orders, state)`, called at every event, and the record type of its state.

    `body` runs compiled by Numba or, uncompiled, as it stands, with the same orders. It reads `market` (see
    `mainspring_native.replay.MARKET_FIELDS`), asks by the functions of `mainspring_native.replay`, and keeps what it
    has to remember in the fields of `state`, integers and floats, all 0 at the beginning. Integers have 64 bits.
    """

    def __init__(self, body: Callable[[Any, Any, Any], None], state: np.dtype[Any]) -> None:
        """Raises `ConfigError` if the function doesn't take three things."""
        if len(inspect.signature(body).parameters) != 3:
            raise ConfigError(f"strategy {body.__name__}: it has to take market, orders and state")
        if state.fields is None:
            raise ConfigError(f"strategy {body.__name__}: its state must be a record type with named fields")
        self.body = body
        self.name = body.__name__
        self.state = state


def strategy(*, state: DTypeLike | None = None) -> Callable[[Callable[[Any, Any, Any], None]], Strategy]:
    """Makes a `Strategy` of a function. `state` is a NumPy record type, or what makes one: `[("seen", "i8")]`."""

    def make(body: Callable[[Any, Any, Any], None]) -> Strategy:
        return Strategy(body, _NO_STATE if state is None else np.dtype(state, align=True))

    return make
