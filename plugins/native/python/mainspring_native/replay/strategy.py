"""A strategy that runs compiled: a function, the state that it keeps, and what it is called for."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike

from mainspring.errors import ConfigError

__all__ = ["State", "Strategy", "strategy"]

_NO_STATE = np.dtype([("unused", "<i8")])

_SUBSCRIPTIONS: Final = ("bbo", "trade", "order", "row")


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
