"""Stops a strategy that was executed too often, until a person allows more."""

from collections import deque
from typing import Annotated

import msgspec

from mainspring.model import Fill, Instrument, NewOrder, OrderEvent, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, RiskSession, hookimpl
from mainspring_plugins.risk._limit import reduces

__all__ = ["MaxRepeatedExecutions", "RepeatedOptions", "register_risk_checks"]

_NAME = "max_repeated_executions"
_NS_IN_MS = 1_000_000


class RepeatedOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most `limit` fills of a strategy's orders on one side of an instrument in any `window_ms` milliseconds."""

    limit: Annotated[int, msgspec.Meta(ge=0)]
    window_ms: Annotated[int, msgspec.Meta(ge=1)] = 60_000

    def loosens(self, before: "RepeatedOptions") -> bool:
        """Returns whether this lets something pass that `before` doesn't."""
        return self.limit > before.limit or self.window_ms < before.window_ms


class MaxRepeatedExecutions:
    """Passes a strategy's orders until one more fill than `limit` came within the window, on one side.

    Then only those of its orders pass that reduce the position, until a person lifts it: a strategy that buys again and
    again because it doesn't see what it bought is found by nothing else. What an exchange calls a repeated-execution
    throttle.
    """

    hears_in_runs = True
    passes_if = "not self.stopped"

    def __init__(self, instrument: Instrument, *, options: RepeatedOptions) -> None:
        self._limit = options.limit
        self._window_ms = options.window_ms
        self._session: RiskSession | None = None
        self.fills: dict[tuple[str, int], deque[int]] = {}
        self.stopped: dict[str, str] = {}

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def adopt(self, before: "MaxRepeatedExecutions") -> None:
        """See `mainspring.seams.RiskCheck`. What has stopped stays stopped."""
        self.fills, self.stopped = before.fills, before.stopped

    def lift(self) -> bool:
        """See `mainspring.seams.RiskCheck`. Counting starts again."""
        had_stopped = bool(self.stopped)
        for strategy in self.stopped:
            for side in (1, -1):
                self.fills.pop((strategy, side), None)
        self.stopped = {}
        return had_stopped

    def on_event(self, event: OrderEvent) -> None:
        """See `mainspring.seams.RiskCheck`."""
        session = self._session
        if not isinstance(event, Fill) or session is None:
            return
        order = session.order(event.order_id)
        strategy = "" if order is None else order.order.strategy
        fills = self.fills.setdefault((strategy, int(event.side)), deque())
        now_ns, window_ns = session.now_ns, self._window_ms * _NS_IN_MS
        fills.append(now_ns)
        while now_ns - fills[0] >= window_ns:
            fills.popleft()
        if len(fills) > self._limit:
            side = "buys" if event.side > 0 else "sells"
            self.stopped.setdefault(
                strategy,
                f"{len(fills)} {side} in {self._window_ms} ms are above {self._limit}: a person has to lift it",
            )

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        if self._session is None:
            return Refusal(_NAME, "nothing says what was filled: 0 fills known")
        stopped = self.stopped.get(order.strategy)
        return None if stopped is None or reduces(order, account) else Refusal(_NAME, stopped)


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
