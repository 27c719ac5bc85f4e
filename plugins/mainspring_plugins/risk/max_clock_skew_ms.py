"""Refuses orders while the wall clock may be wrong."""

from decimal import Decimal

from mainspring.model import Instrument, NewOrder, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, RiskSession, hookimpl
from mainspring_plugins.risk._limit import LimitOptions, whole_units

__all__ = ["MaxClockSkewMs", "register_risk_checks"]

_NAME = "max_clock_skew_ms"


class MaxClockSkewMs:
    """Passes orders while the wall clock is within `limit` milliseconds of its reference, either way.

    The driver compares them; without a comparison that is still valid, every order is refused.
    """

    wants_clock = True

    passes_if = (
        "clock is not None and now_ns <= clock.valid_until_ns "
        "and clock.skew_ns is not None and -self.max_ns <= clock.skew_ns <= self.max_ns"
    )

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
        return (
            reading.valid_until_ns
            if reading is not None and reading.skew_ns is not None and abs(reading.skew_ns) <= self.max_ns
            else None
        )

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        session = self._session
        reading = None if session is None else session.clock
        if session is not None and reading is not None:
            _, _, skew_ns, valid_until_ns = reading
            if skew_ns is not None and session.now_ns <= valid_until_ns:
                if -self.max_ns <= skew_ns <= self.max_ns:
                    return None
                return Refusal(_NAME, f"the clock is off by {skew_ns / 1e6:.3f} ms, above {self._limit}")
        return Refusal(_NAME, "nothing says how wrong the clock is: 0 valid comparisons with a reference")


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `max_clock_skew_ms`."""
    catalogue.add(
        _NAME,
        MaxClockSkewMs,
        summary="Furthest that the clock may be off its reference, in milliseconds",
        options=LimitOptions,
        capabilities={"in_runs": True},
    )
