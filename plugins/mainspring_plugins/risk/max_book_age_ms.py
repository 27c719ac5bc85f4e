"""Refuses orders while the market isn't known well enough."""

from decimal import Decimal

from mainspring.model import Instrument, NewOrder, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, hookimpl
from mainspring_plugins.risk._limit import LimitOptions, whole_units

__all__ = ["MaxBookAgeMs", "register_risk_checks"]

_NAME = "max_book_age_ms"
_NS_IN_MS = 1_000_000


class MaxBookAgeMs:
    """Passes orders if the best prices came at most `limit` milliseconds ago and form a market.

    Refuses while the book isn't live, a side is empty, or it is crossed or locked, however recent it is. `max_ns` is
    the limit in whole nanoseconds.
    """

    passes_if = "mid_half_ticks is not None and 0 <= age_ns <= self.max_ns"

    def __init__(self, instrument: Instrument, *, options: LimitOptions) -> None:
        self._limit = options.limit
        self.max_ns = whole_units(options.limit, Decimal("0.000001"))

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        if not market.live:
            return Refusal(_NAME, "the book isn't live")
        if not (market.bid_lots and market.ask_lots):
            return Refusal(_NAME, f"there is no {'ask' if market.bid_lots else 'bid'}")
        if market.bid_ticks >= market.ask_ticks:
            return Refusal(_NAME, f"the book is crossed: bid {market.bid_ticks}, ask {market.ask_ticks} ticks")
        age_ns = market.now_ns - market.bbo_time_ns
        if not 0 <= age_ns <= self.max_ns:
            return Refusal(_NAME, f"the best prices are {age_ns / _NS_IN_MS:.3f} ms old, above {self._limit}")
        return None


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `max_book_age_ms`."""
    catalogue.add(
        _NAME,
        MaxBookAgeMs,
        summary="Oldest best prices to trade on, in milliseconds; no trading on a broken book",
        options=LimitOptions,
        capabilities={"required": True, "in_runs": True},
    )
