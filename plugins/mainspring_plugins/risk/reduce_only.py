"""Refuses orders that don't reduce the position."""

from mainspring.model import Instrument, NewOrder, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, hookimpl
from mainspring_plugins.risk._limit import FlagOptions, reduces

__all__ = ["ReduceOnly", "register_risk_checks"]

_NAME = "reduce_only"


class ReduceOnly:
    """Passes orders that make the position smaller, whichever of our open orders fill before them.

    An order of a size that could reverse the position is refused, and so is one that, with the other open orders of its
    side, could. `applies` is False where the config turns the rule off, so that it can be turned on while running.
    """

    passes_if = "not self.applies"

    def __init__(self, instrument: Instrument, *, options: FlagOptions) -> None:
        self.applies = options.limit

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        if not self.applies or reduces(order, account):
            return None
        open_lots = account.open_buy_lots if order.side > 0 else account.open_sell_lots
        return Refusal(
            _NAME,
            f"{order.size_lots} lots and {open_lots} open ones of that side don't only reduce a position of "
            f"{account.position_lots} lots",
        )


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `reduce_only`."""
    catalogue.add(
        _NAME,
        ReduceOnly,
        summary="Whether only orders that reduce the position pass (true or false)",
        options=FlagOptions,
        capabilities={"in_runs": True},
    )
