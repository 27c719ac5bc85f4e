"""Stops orders once too much of the best profit is lost."""

from collections.abc import Sequence

from mainspring.model import Instrument
from mainspring.seams import Catalogue, RiskSession, hookimpl
from mainspring_plugins.risk._loss import LossCheck, LossOptions

__all__ = ["MaxDrawdown", "register_risk_checks"]

_NAME = "max_drawdown"


class MaxDrawdown(LossCheck):
    """Passes orders until the profit falls more than `limit` below its best, as seen at orders and reports of venues.

    Then only orders that reduce a position pass, until a person lifts it: the best is what it is then.
    """

    follows_best = True

    def __init__(self, instruments: Sequence[Instrument], *, options: LossOptions) -> None:
        super().__init__(_NAME, instruments, options)
        # At any time.
        self.marks.set_day(-(1 << 63), (1 << 63) - 1)

    def measure_from(self, currency: str, profit: int, session: RiskSession) -> int:
        """See `LossCheck`: the best profit so far, which is 0 at the start."""
        best = self.marks.get(currency) or 0
        if profit > best:
            best = profit
            self.marks.put(currency, best)
        return best


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `max_drawdown`."""
    catalogue.add(
        _NAME,
        MaxDrawdown,
        summary="Largest fall of the profit below its best, in each profit currency",
        options=LossOptions,
        capabilities={"across_instruments": True, "in_runs": True},
    )
