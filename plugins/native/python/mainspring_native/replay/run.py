"""Runs a replay: events through the trading kernel with a strategy."""

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mainspring.errors import ConfigError, ReplayError
from mainspring.model import DEFAULT_MAX_ANSWERS
from mainspring.seams import QueueModel, RiskCheck
from mainspring_native import NEEDS
from mainspring_native.checks import described, runs_in_replays
from mainspring_native.replay.layout import APPROVED, EVENT, FILLED, LOG, REFUSED, REJECTED, SUBMIT
from mainspring_native.replay.strategy import State, Strategy, make_state
from mainspring_native.replay.uncompiled import bind_body
from mainspring_native.routers import describe_queue
from mainspring_plugins.routers.paper import PaperOptions, fees_and_settling

__all__ = ["Account", "ReplayMarket", "ReplayResult", "replay"]

# So that Ctrl-C is heard.
_SLICE = 500_000


class Account(NamedTuple):
    """What a strategy has in a market, exact.

    `cash_units` are sales less purchases before fees, in ticks times lots; `fees_ppb_units` are fees less rebates, in
    parts per billion of that.
    """

    position_lots: int
    cash_units: int
    fees_ppb_units: int


@dataclass(frozen=True)
class ReplayMarket:
    """A market of a replay: the risk checks that its orders have to pass, its queue model, and its statistics' options.

    The checks are built-in ones, made for the instrument: `MaxPosition(instrument, options=LimitOptions(limit=...))`.
    Without any, no order is refused for a limit. The queue model is a built-in one, "proportional" if None. The others
    are the figures of the table `[market]` of a session's config.
    """

    checks: Sequence[RiskCheck] = ()
    queue: QueueModel | None = None
    volatility_half_life_s: float = 300.0
    warm_up_s: float = 10.0
    daily_volume_lots: float | None = None
    daily_volatility: float | None = None


@dataclass(frozen=True)
class ReplayResult:
    """What came of a replay.

    `log` has everything that happened to orders, an array of `LOG`. `accounts` are by market. `state` is the strategy's
    record at the end.
    """

    events: int
    log: NDArray[Any]
    accounts: tuple[Account, ...]
    state: State

    @property
    def requests(self) -> NDArray[Any]:
        """What the strategy asked for: orders, cancels and replaces."""
        kinds = self.log["kind"]
        return self._of((kinds >= SUBMIT) & (kinds < APPROVED))

    @property
    def approvals(self) -> NDArray[Any]:
        """What of it passed the risk checks."""
        return self._of(self.log["kind"] == APPROVED)

    @property
    def fills(self) -> NDArray[Any]:
        """The fills."""
        return self._of(self.log["kind"] == FILLED)

    @property
    def rejections(self) -> NDArray[Any]:
        """What was refused, or rejected by the venue; `REASONS` has the reasons in words."""
        kinds = self.log["kind"]
        return self._of((kinds == REFUSED) | (kinds == REJECTED))

    def _of(self, chosen: NDArray[Any]) -> NDArray[Any]:
        records: NDArray[Any] = self.log[chosen]
        return records


@dataclass(frozen=True)
class _Spec:
    """A market as the kernel takes it."""

    checks: list[tuple[str, tuple[int, ...]]]
    statistics: tuple[float, int, float | None, float | None]
    queue: tuple[str, float]
    request: int
    response: int


def replay(
    events: NDArray[Any],
    strategy: Strategy,
    *,
    markets: Sequence[ReplayMarket] = (ReplayMarket(),),
    book: str = "ladder",
    latency_ns: int = 0,
    response_ns: int = 0,
    paper: PaperOptions = PaperOptions(),  # noqa: B008  it is frozen
    max_answers: int = DEFAULT_MAX_ANSWERS,
    compiled: bool = True,
) -> ReplayResult:
    """Replays events, an array of `EVENT`, through native books, the paper venue and a strategy.

    Orders meet the rules of a session: the risk checks of their market, and the paper venue with its queue model, fees
    and depletion. `paper` has the options of the router `paper`, `latency_ns` is how long a request takes to the venue,
    and `response_ns` what its answers take back. `max_answers` is that of `[orders]`: how many requests the strategy
    may make at one instant in answer to its own order events. `book` names a native structure. With `compiled=False`
    the strategy's body runs as it stands, where a debugger and `print` work, and gives the same orders.

    Raises `ConfigError` for what can't be run, and `ReplayError`, with the number of the event, for one that can't be
    and where the strategy raised.
    """
    if events.dtype != EVENT or events.ndim != 1:
        raise ConfigError(
            f"events must be a one-dimensional array of mainspring_native.replay.EVENT, not {events.dtype}"
        )
    for name, delay_ns in (("latency_ns", latency_ns), ("response_ns", response_ns)):
        if not 0 <= delay_ns < 2**62:
            raise ConfigError(f"{name} must be 0 to 2**62 - 1, not {delay_ns}")
    if max_answers < 1:
        raise ConfigError(f"max_answers must be 1 or more, not {max_answers}")
    if NEEDS.missing is not None:
        raise ConfigError(f"a replay needs the native module: {NEEDS.missing}")
    from mainspring_native._native import Kernel

    state = make_state(strategy.state)
    entry = _entry(strategy, state, len(markets), compiled)
    maker_ppb, taker_ppb, settle_ns = fees_and_settling(paper)
    try:
        kernel = Kernel(
            book,
            [_spec(market, latency_ns, response_ns) for market in markets],
            (maker_ppb, taker_ppb),
            settle_ns,
            strategy.subscription(),
            max_answers,
            entry if isinstance(entry, partial) else entry.address,
            ctypes.addressof(state),
        )
    except ValueError as error:
        raise ConfigError(str(error)) from error
    rows = np.ascontiguousarray(events).view(np.uint8).data
    try:
        at = 0
        while at < len(events):
            at = kernel.run(rows, at, _SLICE)
        kernel.finish()
    except ValueError as error:
        raise ReplayError(kernel.events, str(error)) from error
    except RuntimeError as error:
        raised = error.__cause__
        if raised is not None and not isinstance(raised, Exception):
            raise raised from None
        hint = "" if raised is not None else "; compiled=False shows what it raised"
        raise ReplayError(kernel.events, f"{error}{hint}") from raised
    accounts = tuple(Account(*account) for account in kernel.accounts())
    return ReplayResult(kernel.events, np.frombuffer(kernel.log(), LOG), accounts, state)


def _entry(strategy: Strategy, state: State, markets: int, compiled: bool) -> Any:
    if not compiled:
        return partial(bind_body, strategy, state, markets)
    try:
        from mainspring_native.replay.compiled import compile_strategy
    except ImportError as error:
        raise ConfigError(
            f"a compiled replay needs Numba ({error}): install mainspring-native[numba], or set compiled=False"
        ) from error
    return compile_strategy(strategy, markets)


def _spec(market: ReplayMarket, latency_ns: int, response_ns: int) -> _Spec:
    checks = []
    for check in market.checks:
        native = described(check)
        if native is None:
            raise ConfigError(f"a replay takes the built-in risk checks, not {type(check).__name__}")
        if not runs_in_replays(check):
            raise ConfigError(
                f"a replay estimates no costs and tells no check what was sent or filled: leave {type(check).__name__} "
                "out, or run a session"
            )
        checks.append(native)
    queue = ("proportional", 0.0) if market.queue is None else describe_queue(market.queue)
    if queue is None:
        raise ConfigError(f"a replay takes the built-in queue models, not {type(market.queue).__name__}")
    keep = 0.5 ** (1.0 / market.volatility_half_life_s)
    statistics = keep, math.ceil(market.warm_up_s), market.daily_volume_lots, market.daily_volatility
    return _Spec(checks, statistics, queue, latency_ns, response_ns)
