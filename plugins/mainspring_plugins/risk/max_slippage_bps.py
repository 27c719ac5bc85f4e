"""Refuses orders that are expected to cost too much."""

from mainspring.model import Instrument, NewOrder, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, RiskSession, hookimpl
from mainspring_plugins.risk._limit import LimitOptions

__all__ = ["MaxSlippageBps", "register_risk_checks"]

_NAME = "max_slippage_bps"


class MaxSlippageBps:
    """Passes orders whose estimated cost against the mid is at most `limit` basis points.

    The estimate is the slippage model's, which every order gets before its checks. `max_bps` is the limit.
    """

    passes_if = "estimate is not None and estimate.bps <= self.max_bps"

    def __init__(self, instrument: Instrument, *, options: LimitOptions) -> None:
        self.max_bps = float(options.limit)
        self._session: RiskSession | None = None

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        estimate = None if self._session is None else self._session.estimate
        if estimate is None:
            return Refusal(_NAME, "there is no estimate of what the order costs")
        # An estimate that isn't a number isn't within the limit.
        if estimate.bps <= self.max_bps:
            return None
        return Refusal(_NAME, f"an estimated cost of {estimate.bps:.2f} bps is above {self.max_bps:g}")


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `max_slippage_bps`."""
    catalogue.add(
        _NAME,
        MaxSlippageBps,
        summary="Largest estimated cost of an order, in basis points of the mid",
        options=LimitOptions,
        capabilities={"in_runs": True},
    )
