"""Runs a replay, compiled or as it stands."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mainspring.errors import ConfigError, ReplayError
from mainspring.seams import Book
from mainspring_native import NEEDS
from mainspring_native.replay.layout import EVENT, FILL, MADE, REJECTION
from mainspring_native.replay.plain import PlainReplay
from mainspring_native.replay.strategy import State, Strategy

__all__ = ["ReplayResult", "replay"]

# So that Ctrl-C is heard.
_SLICE = 500_000


@dataclass(frozen=True)
class ReplayResult:
    """What came of a replay.

    `requests`, `fills` and `rejections` are arrays of `MADE`, `FILL` and `REJECTION`, in order. `position_lots` and
    `cash` (ticks times lots; what was received less what was paid) are exact. `state` is the strategy's record at the
    end.
    """

    events: int
    requests: NDArray[Any]
    fills: NDArray[Any]
    rejections: NDArray[Any]
    position_lots: int
    cash: int
    state: State


def replay(
    events: NDArray[Any],
    strategy: Strategy,
    *,
    book: str | Book = "ladder",
    latency_ns: int = 0,
    compiled: bool = True,
) -> ReplayResult:
    """Replays events, an array of `EVENT`, through a book, a simulated exchange and a strategy called at each of them.

    `book` names a native structure. With `compiled=False` the strategy's body runs as it stands, in the plain loop,
    where a debugger and `print` work, and `book` may be any empty book. `mainspring_native.replay.plain` says by which
    rules orders are filled.

    Raises `ConfigError` for what can't be run, and `ReplayError`, with the number of the event, for one that can't be
    and where the strategy raised.
    """
    if events.dtype != EVENT or events.ndim != 1:
        raise ConfigError(
            f"events must be a one-dimensional array of mainspring_native.replay.EVENT, not {events.dtype}"
        )
    if not 0 <= latency_ns < 2**63:
        raise ConfigError(f"latency_ns must be 0 to 2**63 - 1, not {latency_ns}")
    if compiled:
        return _compiled(np.ascontiguousarray(events), strategy, book, latency_ns)
    state = State(strategy.state)
    plain = PlainReplay(strategy, state, _native_book(book) if isinstance(book, str) else book, latency_ns)
    plain.run(events.tolist())
    made, fills, rejections = (
        np.array(rows, dtype)
        for rows, dtype in ((plain.made, MADE), (plain.fills, FILL), (plain.rejections, REJECTION))
    )
    return ReplayResult(plain.events, made, fills, rejections, plain.position_lots, plain.cash, state)


def _native_book(name: str) -> Book:
    if NEEDS.missing is not None:
        raise ConfigError(f"book {name!r}: {NEEDS.missing}; or pass a book of your own")
    from mainspring_native._native import Book as NativeBook

    try:
        return NativeBook(name)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _compiled(events: NDArray[Any], strategy: Strategy, book: str | Book, latency_ns: int) -> ReplayResult:
    if NEEDS.missing is not None:
        raise ConfigError(f"a compiled replay needs the native module: {NEEDS.missing}; or set compiled=False")
    if not isinstance(book, str):
        raise ConfigError("a compiled replay takes a native book, by its name; a book of your own needs compiled=False")
    try:
        from mainspring_native.replay.compiled import compile_strategy
    except ImportError as error:
        raise ConfigError(
            f"a compiled replay needs Numba ({error}): install mainspring-native[numba], or set compiled=False"
        ) from error
    from mainspring_native._native import Replay

    entry = compile_strategy(strategy)
    state = State(strategy.state)
    try:
        run = Replay(book, latency_ns, entry.address, state.__array_interface__["data"][0])
    except ValueError as error:
        raise ConfigError(str(error)) from error
    rows = events.view(np.uint8).data
    try:
        for start in range(0, len(rows), _SLICE * EVENT.itemsize):
            run.run(rows[start : start + _SLICE * EVENT.itemsize])
    except ValueError as error:
        raise ReplayError(run.events, str(error)) from error
    except RuntimeError as error:
        raise ReplayError(run.events - 1, f"{error}; compiled=False shows what it raised") from error
    return ReplayResult(
        run.events,
        np.frombuffer(run.requests(), MADE),
        np.frombuffer(run.fills(), FILL),
        np.frombuffer(run.rejections(), REJECTION),
        run.position_lots,
        run.cash,
        state,
    )
