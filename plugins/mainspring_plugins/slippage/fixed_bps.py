"""The same number of basis points for every order."""

import msgspec

from mainspring.model import Cause, Instrument, NewOrder, Refusal, SlippageEstimate
from mainspring.seams import Catalogue, MarketView, hookimpl
from mainspring_plugins.slippage._common import refusal, require_positive, resting_capture_ticks

__all__ = ["FixedBpsOptions", "FixedBpsSlippage", "register_slippage"]


class FixedBpsOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`market_bps`: what an order that takes costs; `limit_bps`: what one that rests costs. In basis points of the mid.

    The default of five for orders that take is that of Zipline's `FixedBasisPointsSlippage`. Raises `ValueError`
    unless 0 < limit_bps < market_bps.
    """

    market_bps: float = 5.0
    limit_bps: float = 1.0

    def __post_init__(self) -> None:
        require_positive(market_bps=self.market_bps, limit_bps=self.limit_bps)
        if self.limit_bps >= self.market_bps:
            raise ValueError(f"limit_bps must be below market_bps ({self.market_bps}), not {self.limit_bps}")


class FixedBpsSlippage:
    """A fixed part of the mid price, whatever the size and the market: cost = bps / 10000 * mid.

    One cause, "fixed", in price units. Limit orders that reach the other side cost `market_bps` as market orders do,
    those that rest `limit_bps`. The mid price is all that is asked for, and neither spread, volatility nor volume
    changes the estimate. Refuses where the book isn't live, the market has no mid price or is crossed or locked, or
    the order has no size.
    """

    __slots__ = ("_limit", "_market", "_tick")

    def __init__(self, instrument: Instrument, options: FixedBpsOptions | None = None) -> None:
        options = options or FixedBpsOptions()
        self._tick = float(instrument.tick_size)
        self._market = options.market_bps * 1e-4
        self._limit = options.limit_bps * 1e-4

    def estimate(self, order: NewOrder, market: MarketView) -> SlippageEstimate | Refusal:
        """Returns the cost of the order now, or the reason why it can't be estimated."""
        if (refused := refusal(order, market)) is not None:
            return refused
        mid = 0.5 * (market.bid_ticks + market.ask_ticks) * self._tick
        takes = resting_capture_ticks(order, market.bid_ticks, market.ask_ticks) is None
        rate = self._market if takes else self._limit
        cost = rate * mid
        return SlippageEstimate(cost, mid, (Cause("fixed", cost),))


@hookimpl
def register_slippage(catalogue: Catalogue) -> None:
    """Offers `fixed-bps`."""
    catalogue.add(
        "fixed-bps",
        FixedBpsSlippage,
        summary="the same number of basis points for every order",
        options=FixedBpsOptions,
        capabilities={"calibrates": "fixed=market_bps"},
    )
