"""Refuses orders above a size."""

from mainspring.model import Instrument, NewOrder, Refusal, decimal_text
from mainspring.seams import AccountView, Catalogue, MarketView, hookimpl
from mainspring_plugins.risk._limit import LimitOptions, whole_units

__all__ = ["MaxOrderSize", "register_risk_checks"]

_NAME = "max_order_size"


class MaxOrderSize:
    """Passes orders whose size is at most `limit`, in base currency (or contracts, for a contract).

    `max_lots` is the limit in whole lots.
    """

    passes_if = "size_lots <= self.max_lots"

    def __init__(self, instrument: Instrument, *, options: LimitOptions) -> None:
        self._lot_size = instrument.lot_size
        self._limit = options.limit
        self.max_lots = whole_units(options.limit, instrument.lot_size)

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        if order.size_lots <= self.max_lots:
            return None
        return Refusal(_NAME, f"size {decimal_text(order.size_lots, self._lot_size)} is above {self._limit}")


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `max_order_size`."""
    catalogue.add(
        _NAME,
        MaxOrderSize,
        summary="Largest size of an order, in base currency or contracts",
        options=LimitOptions,
        capabilities={"required": True, "in_runs": True},
    )
