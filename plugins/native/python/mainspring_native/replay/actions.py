"""What a strategy can do and ask: plain functions, whose compiled twins are in `mainspring_native.replay.compiled`.

They are called in a strategy's body with the `market` and `orders` that it was given, and nowhere else.
"""

from typing import Any, Protocol

from mainspring.model import Side
from mainspring.seams import Book
from mainspring_native.replay.layout import CANCEL, IOC, LIMIT, MARKET, POST_ONLY

__all__ = [
    "MarketView",
    "OrderBuffer",
    "average_ticks",
    "cancel",
    "immediate",
    "level_lots",
    "level_ticks",
    "limit",
    "lots_at",
    "market_order",
    "post_only",
]


class MarketView(Protocol):
    """What a strategy reads: the fields of `mainspring_native.replay.MARKET_FIELDS`, and the functions below."""

    @property
    def book(self) -> Any:
        """The book, for the functions of this module alone."""
        ...

    def __getattr__(self, name: str) -> int: ...


class OrderBuffer(Protocol):
    """What a strategy asks for, by the functions below."""

    def add(self, action: int, order_id: int, side: int, price_ticks: int, size_lots: int) -> int:
        """Adds a request; `action` is one of the numbers below. Returns its order's id, or 0 if the buffer is full."""
        ...


def limit(orders: OrderBuffer, side: int, price_ticks: int, size_lots: int) -> int:
    """A limit order, which rests with what it can't take. Returns its id; 0 if the buffer is full.

    `side` is `BUY` or `SELL`.
    """
    return orders.add(LIMIT, 0, side, price_ticks, size_lots)


def post_only(orders: OrderBuffer, side: int, price_ticks: int, size_lots: int) -> int:
    """A limit order that is rejected where it would take. Returns its id; 0 if the buffer is full."""
    return orders.add(POST_ONLY, 0, side, price_ticks, size_lots)


def immediate(orders: OrderBuffer, side: int, price_ticks: int, size_lots: int) -> int:
    """A limit order that takes what it can, and doesn't rest. Returns its id; 0 if the buffer is full."""
    return orders.add(IOC, 0, side, price_ticks, size_lots)


def market_order(orders: OrderBuffer, side: int, size_lots: int) -> int:
    """An order that takes at any price. Returns its id; 0 if the buffer is full."""
    return orders.add(MARKET, 0, side, 0, size_lots)


def cancel(orders: OrderBuffer, order_id: int) -> int:
    """Takes an order back. Returns its id; 0 if the buffer is full."""
    return orders.add(CANCEL, order_id, 0, 0, 0)


def level_ticks(market: MarketView, side: int, at: int) -> int:
    """The price of the level at this place of a side (`BUY` is the bids), counted from 0, best first; 0 for none."""
    return _level(market.book, side, at)[0]


def level_lots(market: MarketView, side: int, at: int) -> int:
    """The size of the level at this place of a side, as `level_ticks`; 0 for none."""
    return _level(market.book, side, at)[1]


def lots_at(market: MarketView, side: int, price_ticks: int) -> int:
    """The size that stands at a price on a side; 0 for none."""
    book: Book = market.book
    return book.lots_at(Side.BUY if side > 0 else Side.SELL, price_ticks) if price_ticks >= 0 else 0


def average_ticks(market: MarketView, side: int, size_lots: int) -> float:
    """The average price of an order of this size that takes at once; NaN if the book is too thin for it."""
    book: Book = market.book
    walk = book.walk(Side.BUY if side > 0 else Side.SELL, size_lots)
    if walk.filled_lots <= 0 or walk.unfilled_lots:
        return float("nan")
    return walk.cost / walk.filled_lots


def _level(book: Book, side: int, at: int) -> tuple[int, int]:
    levels = book.depth(Side.BUY if side > 0 else Side.SELL, at + 1) if at >= 0 else []
    return levels[at] if 0 <= at < len(levels) else (0, 0)
