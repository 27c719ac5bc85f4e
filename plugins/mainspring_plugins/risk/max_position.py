"""Refuses orders that could make the position too large."""

from mainspring.model import Instrument, NewOrder, Refusal, decimal_text
from mainspring.seams import AccountView, Catalogue, MarketView, hookimpl
from mainspring_plugins.risk._limit import LimitOptions, whole_units

__all__ = ["MaxPosition", "register_risk_checks"]

_NAME = "max_position"


class MaxPosition:
    """Passes an order if the position stays within `limit`, in base currency or contracts, long or short.

    It assumes the worst case: every open order of the same side fills, and none of the other side. So an order that
    reduces the position passes unless, with the others of its side, it could reverse the position beyond the limit.
    `max_lots` is the limit in whole lots.
    """

    def __init__(self, instrument: Instrument, *, options: LimitOptions) -> None:
        self._lot_size = instrument.lot_size
        self._limit = options.limit
        self.max_lots = whole_units(options.limit, instrument.lot_size)

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        if order.side > 0:
            worst_lots = account.position_lots + account.open_buy_lots + order.size_lots
        else:
            worst_lots = account.open_sell_lots + order.size_lots - account.position_lots
        if worst_lots <= self.max_lots:
            return None
        direction = "long" if order.side > 0 else "short"
        return Refusal(
            _NAME, f"position could become {decimal_text(worst_lots, self._lot_size)} {direction}, above {self._limit}"
        )


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `max_position`."""
    catalogue.add(
        _NAME,
        MaxPosition,
        summary="Largest position, open orders filled, in base currency or contracts",
        options=LimitOptions,
        capabilities={"required": True, "in_runs": True},
    )
