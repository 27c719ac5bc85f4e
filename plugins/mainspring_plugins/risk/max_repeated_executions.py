"""Stops a strategy that was executed too often, until a person allows more."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

import msgspec

from mainspring.model import Fill, Instrument, NewOrder, OrderEvent, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, RiskSession, hookimpl
from mainspring_plugins.risk._limit import reduces

__all__ = ["ExecutionCounts", "MaxRepeatedExecutions", "RepeatedOptions", "Stop", "register_risk_checks"]

_NAME = "max_repeated_executions"
_NS_IN_MS = 1_000_000


class RepeatedOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most `limit` fills of a strategy's orders on one side of an instrument in any `window_ms` milliseconds."""

    limit: Annotated[int, msgspec.Meta(ge=0)]
    window_ms: Annotated[int, msgspec.Meta(ge=1)] = 60_000

    def loosens(self, before: "RepeatedOptions") -> bool:
        """Returns whether this lets something pass that `before` doesn't."""
        return self.limit > before.limit or self.window_ms < before.window_ms


class Stop(NamedTuple):
    """Why a strategy was stopped: its fills on a side within the window were above the limit."""

    fills: int
    side: int
    window_ns: int
    limit: int


class ExecutionCounts:
    """When fills of strategies came, by side, and which strategies these have stopped."""

    def __init__(self) -> None:
        self._fills: dict[tuple[str, int], deque[int]] = {}
        self._stops: dict[str, Stop] = {}
        self.stopped = False
        """Whether any strategy is stopped."""

    def stop_of(self, strategy: str) -> Stop | None:
        """Returns why a strategy was stopped; None if it wasn't."""
        return self._stops.get(strategy)

    def add(self, strategy: str, side: int, now_ns: int, window_ns: int, limit: int) -> None:
        """Counts a fill of a strategy's order. Above the limit in the window, it stops the strategy."""
        fills = self._fills.setdefault((strategy, int(side)), deque())
        fills.append(now_ns)
        while now_ns - fills[0] >= window_ns:
            fills.popleft()
        if len(fills) > limit:
            self._stops.setdefault(strategy, Stop(len(fills), int(side), window_ns, limit))
            self.stopped = True

    def lift(self) -> bool:
        """Lets all strategies go on, and counts theirs from nothing. Returns whether any was stopped."""
        for strategy in self._stops:
            for side in (1, -1):
                self._fills.pop((strategy, side), None)
        had_stopped, self.stopped = self.stopped, False
        self._stops.clear()
        return had_stopped

    def state(self) -> tuple[dict[tuple[str, int], list[int]], dict[str, Stop]]:
        """Returns when fills came, by strategy and side, and why strategies were stopped."""
        fills = {key: list(times) for key, times in self._fills.items()}
        return fills, dict(self._stops)

    def restore(
        self, state: tuple[Mapping[tuple[str, int], Sequence[int]], Mapping[str, tuple[int, int, int, int]]]
    ) -> None:
        """Takes over what others have counted, as `state` has it."""
        self._fills = {key: deque(times) for key, times in state[0].items()}
        self._stops = {strategy: Stop(*stop) for strategy, stop in state[1].items()}
        self.stopped = bool(self._stops)


class MaxRepeatedExecutions:
    """Passes a strategy's orders until one more fill than `limit` came within the window, on one side.

    Then only those of its orders pass that reduce the position, until a person lifts it: a strategy that buys again and
    again because it doesn't see what it bought is found by nothing else. What an exchange calls a repeated-execution
    throttle.
    """

    hears_in_runs = True
    passes_if = "not self.counts.stopped"

    def __init__(self, instrument: Instrument, *, options: RepeatedOptions) -> None:
        self.limit = options.limit
        self.window_ns = options.window_ms * _NS_IN_MS
        self._session: RiskSession | None = None
        self.counts = ExecutionCounts()
        """What was filled. A fused run puts a twin in its place, with the same methods."""

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def adopt(self, before: "MaxRepeatedExecutions") -> None:
        """See `mainspring.seams.RiskCheck`. What has stopped stays stopped."""
        self.counts = before.counts

    def lift(self) -> bool:
        """See `mainspring.seams.RiskCheck`. Counting starts again."""
        return self.counts.lift()

    def on_event(self, event: OrderEvent) -> None:
        """See `mainspring.seams.RiskCheck`."""
        session = self._session
        if not isinstance(event, Fill) or session is None:
            return
        order = session.order(event.order_id)
        strategy = "" if order is None else order.order.strategy
        self.counts.add(strategy, event.side, session.now_ns, self.window_ns, self.limit)

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        if self._session is None:
            return Refusal(_NAME, "nothing says what was filled: 0 fills known")
        stop = self.counts.stop_of(order.strategy)
        if stop is None or reduces(order, account):
            return None
        fills, side, window_ns, limit = stop
        figures = f"{fills} {'buys' if side > 0 else 'sells'} in {window_ns // _NS_IN_MS} ms are above {limit}"
        return Refusal(_NAME, f"{figures}: a person has to lift it")


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `max_repeated_executions`."""
    catalogue.add(
        _NAME,
        MaxRepeatedExecutions,
        summary="Most fills of a strategy on one side in a time, until a person lifts it",
        options=RepeatedOptions,
        capabilities={"in_runs": True},
    )
