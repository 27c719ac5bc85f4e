"""What the slippage models share: reason codes, required market figures, and where a limit order rests."""

import math

from mainspring.model import NewOrder, Refusal
from mainspring.seams import MarketView

__all__ = [
    "BOOK_CROSSED",
    "BOOK_NOT_LIVE",
    "BOOK_TOO_THIN",
    "DAILY_VOLUME_UNKNOWN",
    "EMPTY_ORDER",
    "NO_MID_PRICE",
    "REASONS",
    "VOLATILITY_UNKNOWN",
    "known_daily_volume",
    "known_volatility",
    "refusal",
    "require_positive",
    "resting_capture_ticks",
]

BOOK_NOT_LIVE = "book-not-live"
NO_MID_PRICE = "no-mid-price"
BOOK_CROSSED = "book-crossed"
BOOK_TOO_THIN = "book-too-thin"
VOLATILITY_UNKNOWN = "volatility-unknown"
DAILY_VOLUME_UNKNOWN = "daily-volume-unknown"
EMPTY_ORDER = "empty-order"

REASONS = (
    BOOK_NOT_LIVE,
    NO_MID_PRICE,
    BOOK_CROSSED,
    BOOK_TOO_THIN,
    VOLATILITY_UNKNOWN,
    DAILY_VOLUME_UNKNOWN,
    EMPTY_ORDER,
)
"""The reason codes of this package's refusals."""


def refusal(order: NewOrder, market: MarketView) -> Refusal | None:
    """Returns why no model can price the order in this market; None if it has a size and the market a mid price.

    A locked market is refused like a crossed one: without a spread, an order could seem free.
    """
    if not market.live:
        return Refusal(BOOK_NOT_LIVE, f"{market.instrument.symbol}: the book isn't live")
    if market.bid_lots <= 0 or market.ask_lots <= 0:
        return Refusal(NO_MID_PRICE, f"bid {market.bid_lots} lots, ask {market.ask_lots} lots")
    if market.bid_ticks >= market.ask_ticks:
        return Refusal(BOOK_CROSSED, f"bid {market.bid_ticks} ticks, ask {market.ask_ticks} ticks")
    if order.size_lots <= 0:
        return Refusal(EMPTY_ORDER, f"{order.size_lots} lots")
    return None


def known_volatility(market: MarketView) -> float | Refusal:
    """Returns the volatility per day, as a fraction of zero or more, or a refusal if it isn't known."""
    volatility = market.statistics.volatility_per_day
    if volatility is None or not 0.0 <= volatility < math.inf:
        return Refusal(VOLATILITY_UNKNOWN, f"volatility per day is {volatility}")
    return volatility


def known_daily_volume(market: MarketView) -> float | Refusal:
    """Returns the lots traded per day, above zero, or a refusal if they aren't known."""
    volume = market.statistics.daily_volume_lots
    if volume is None or not 0.0 < volume < math.inf:
        return Refusal(DAILY_VOLUME_UNKNOWN, f"daily volume is {volume} lots")
    return volume


def resting_capture_ticks(order: NewOrder, bid_ticks: int, ask_ticks: int) -> float | None:
    """Returns how far on the passive side of the mid a limit order rests, in ticks; None if it takes liquidity.

    That is half the spread at its own side's touch, more behind it, less inside the spread and below zero beyond the
    mid. A post-only order never takes: if its price reaches the other side, it counts as one tick short of it.
    """
    if order.kind == "market":
        return None
    short = ask_ticks - order.price_ticks if order.side > 0 else order.price_ticks - bid_ticks
    if short <= 0:
        if not order.post_only:
            return None
        short = 1
    return short - 0.5 * (ask_ticks - bid_ticks)


def require_positive(**figures: float) -> None:
    """Raises `ValueError` that names the first figure that isn't finite and above zero."""
    for name, value in figures.items():
        if not 0.0 < value < math.inf:
            raise ValueError(f"{name} must be above zero, not {value}")
