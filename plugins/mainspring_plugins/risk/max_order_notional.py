"""Refuses orders above a value."""

from decimal import Decimal

from mainspring.model import Instrument, NewOrder, Refusal, decimal_text
from mainspring.seams import AccountView, Catalogue, MarketView, hookimpl
from mainspring_plugins.risk._depth import cost_units
from mainspring_plugins.risk._limit import LimitOptions, whole_units

__all__ = ["MaxOrderNotional", "register_risk_checks"]

_NAME = "max_order_notional"


class MaxOrderNotional:
    """Passes orders whose notional is at most `limit`, in quote currency.

    For spot and linear contracts the notional is price times size times contract size. A buy is valued at its limit
    price, a sell at its limit price or the best bid, whichever is higher. A market order is valued at the far side's
    best price or at the levels that it would take, whichever is more; without a far side it is refused. For an inverse
    contract the notional is size times contract size, whatever the price: `priced` is False there. `max_units` is the
    limit in ticks times lots, or in lots.
    """

    def __init__(self, instrument: Instrument, *, options: LimitOptions) -> None:
        size_unit = Decimal(1) if instrument.contract == "inverse" else instrument.tick_size
        self.priced = instrument.contract != "inverse"
        self.max_units = whole_units(options.limit, size_unit, instrument.lot_size, instrument.contract_size)
        self.passes_if = (
            "worth_ticks is not None and worth_ticks * size_lots <= self.max_units"
            if self.priced
            else "size_lots <= self.max_units"
        )
        self._instrument = instrument
        self._limit = options.limit

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        units = order.size_lots
        if self.priced and order.kind == "market":
            if not market.live:
                return Refusal(_NAME, "the book isn't live, so a market order has no price")
            cost = cost_units(order, market)
            if cost is None:
                return Refusal(
                    _NAME, f"there is no {'ask' if order.side > 0 else 'bid'}, so a market order has no price"
                )
            units = cost
        elif self.priced:
            price_ticks = order.price_ticks
            if order.side < 0 and market.bid_lots and market.bid_ticks > price_ticks:
                price_ticks = market.bid_ticks
            units *= price_ticks
        if units <= self.max_units:
            return None
        return Refusal(_NAME, f"notional {self._text(units)} is above {self._limit}")

    def _text(self, units: int) -> str:
        instrument = self._instrument
        step = instrument.lot_size * instrument.contract_size
        return decimal_text(units, step * instrument.tick_size if self.priced else step)


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `max_order_notional`."""
    catalogue.add(
        _NAME,
        MaxOrderNotional,
        summary="Largest value of an order, in quote currency",
        options=LimitOptions,
        capabilities={"required": True, "in_runs": True},
    )
