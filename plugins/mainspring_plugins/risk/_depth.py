"""What a market order would trade against. A quote may be newer than the book, so the worse of the two counts."""

from mainspring.model import NewOrder
from mainspring.seams import MarketView

__all__ = ["cost_units", "worst_ticks"]


def worst_ticks(order: NewOrder, market: MarketView) -> int | None:
    """Returns the worst price in ticks that a market order would get; None if the known levels are too few for it."""
    touch_ticks, touch_lots = _touch(order, market)
    if order.size_lots <= touch_lots:
        return touch_ticks
    walk = market.book.walk(order.side, order.size_lots)
    if walk.unfilled_lots:
        return None
    return max(touch_ticks, walk.worst_ticks) if order.side > 0 else min(touch_ticks, walk.worst_ticks)


def cost_units(order: NewOrder, market: MarketView) -> int | None:
    """Returns a market order's value in ticks times lots, at the touch or along the book; None without a touch."""
    touch_ticks, touch_lots = _touch(order, market)
    if not touch_lots:
        return None
    at_touch = touch_ticks * order.size_lots
    if order.size_lots <= touch_lots:
        return at_touch
    walk = market.book.walk(order.side, order.size_lots)
    # Size beyond the book is valued at its last level.
    return max(at_touch, walk.cost + walk.unfilled_lots * walk.worst_ticks)


def _touch(order: NewOrder, market: MarketView) -> tuple[int, int]:
    if order.side > 0:
        return market.ask_ticks, market.ask_lots
    return market.bid_ticks, market.bid_lots
