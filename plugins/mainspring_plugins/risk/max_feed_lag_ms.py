"""Refuses orders while market data come too late."""

from decimal import Decimal

from mainspring.model import Instrument, NewOrder, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, RiskSession, hookimpl
from mainspring_plugins.risk._limit import LimitOptions, whole_units

__all__ = ["MaxFeedLagMs", "register_risk_checks"]

_NAME = "max_feed_lag_ms"


class MaxFeedLagMs:
    """Passes orders while receive times are at most `limit` milliseconds behind the wall clock.

    A lane that works off a queue decides by prices that are as old as the queue is long, and its own clock doesn't show
    it. The driver compares the clocks; without a comparison that is still valid, every order is refused.
    """

    wants_clock = True

    passes_if = "clock is not None and now_ns <= clock.valid_until_ns and clock.lag_ns <= self.max_ns"

    def __init__(self, instrument: Instrument, *, options: LimitOptions) -> None:
        self._limit = options.limit
        self.max_ns = whole_units(options.limit, Decimal("0.000001"))
        self._session: RiskSession | None = None

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def passes_until_ns(self) -> int | None:
        """Returns until when the last comparison lets orders pass; None if it doesn't."""
        reading = None if self._session is None else self._session.clock
        if reading is None or reading.lag_ns > self.max_ns:
            return None
        return reading.valid_until_ns

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        session = self._session
        reading = None if session is None else session.clock
        if session is None or reading is None or session.now_ns > reading.valid_until_ns:
            return Refusal(_NAME, "nothing says how late messages are: 0 valid comparisons with the wall clock")
        if reading.lag_ns <= self.max_ns:
            return None
        return Refusal(_NAME, f"messages are {reading.lag_ns / 1e6:.3f} ms behind the wall clock, above {self._limit}")


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `max_feed_lag_ms`."""
    catalogue.add(
        _NAME,
        MaxFeedLagMs,
        summary="Furthest that messages may be behind the wall clock, in milliseconds",
        options=LimitOptions,
        capabilities={"in_runs": True},
    )
