"""What a strategy can do and ask: plain functions, whose compiled twins are in `mainspring_native.replay.compiled`.

They are called in a strategy's body with the `market` and `orders` that it was given, and nowhere else. A request
that can't be (no size, no price, a side or market that is none, a full buffer, an order that has ended) is none: the
function returns 0, or nothing comes of it.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from mainspring_native.replay.layout import CANCEL, FOK, IOC, LIMIT, MARKET, POST_ONLY, REPLACE

__all__ = [
    "MarketView",
    "OrderBuffer",
    "average_ticks",
    "cancel",
    "fill_or_kill",
    "immediate",
    "level_lots",
    "level_ticks",
    "limit",
    "lots_at",
    "market_order",
    "own_orders",
    "post_only",
    "replace",
]


class BookReader(Protocol):
    """A book, for the functions of this module."""

    def level_ticks(self, side: int, at: int) -> int:
        """See `level_ticks`."""
        ...

    def level_lots(self, side: int, at: int) -> int:
        """See `level_lots`."""
        ...

    def lots_at(self, side: int, price_ticks: int) -> int:
        """See `lots_at`."""
        ...

    def average_ticks(self, side: int, size_lots: int) -> float:
        """See `average_ticks`."""
        ...


class MarketView(Protocol):
    """What a strategy reads: the fields of `mainspring_native.replay.MARKET_FIELDS`, and the functions below."""

    @property
    def book(self) -> BookReader:
        """The book, for the functions of this module alone."""
        ...

    @property
    def own(self) -> Sequence[Any]:
        """The strategy's orders, for the functions of this module alone."""
        ...

    def __getattr__(self, name: str) -> Any: ...


class OrderBuffer(Protocol):
    """What a strategy asks for, by the functions below."""

    def add(self, action: int, order_id: int, market: int, side: int, price_ticks: int, size_lots: int) -> int:
        """Adds a request; `action` is one of the numbers below, `market` an index or -1 for the market at hand.

        Returns its order's id, or 0 if there is none.
        """
        ...


def limit(orders: OrderBuffer, side: int, price_ticks: int, size_lots: int, market: int = -1) -> int:
    """A limit order, which rests with what it can't take. Returns its id, or 0.

    `side` is `BUY` or `SELL`, `market` the market's index; -1 is the one that the strategy is called about.
    """
    return orders.add(LIMIT, 0, market, side, price_ticks, size_lots)


def post_only(orders: OrderBuffer, side: int, price_ticks: int, size_lots: int, market: int = -1) -> int:
    """A limit order that is rejected where it would take. `market` is as for `limit`. Returns its id, or 0."""
    return orders.add(POST_ONLY, 0, market, side, price_ticks, size_lots)


def immediate(orders: OrderBuffer, side: int, price_ticks: int, size_lots: int, market: int = -1) -> int:
    """A limit order that takes what it can, and doesn't rest. `market` is as for `limit`. Returns its id, or 0."""
    return orders.add(IOC, 0, market, side, price_ticks, size_lots)


def fill_or_kill(orders: OrderBuffer, side: int, price_ticks: int, size_lots: int, market: int = -1) -> int:
    """A limit order that takes all of its size or nothing. `market` is as for `limit`. Returns its id, or 0."""
    return orders.add(FOK, 0, market, side, price_ticks, size_lots)


def market_order(orders: OrderBuffer, side: int, size_lots: int, market: int = -1) -> int:
    """An order that takes at any price. `market` is as for `limit`. Returns its id, or 0."""
    return orders.add(MARKET, 0, market, side, 0, size_lots)


def cancel(orders: OrderBuffer, order_id: int) -> int:
    """Takes an order back. Returns its id, or 0 if the buffer is full."""
    return orders.add(CANCEL, order_id, -1, 0, 0, 0)


def replace(orders: OrderBuffer, order_id: int, price_ticks: int, size_lots: int) -> int:
    """Gives a limit order another price and total size. Returns its id, or 0.

    At the same price a smaller order keeps its place in the queue.
    """
    return orders.add(REPLACE, order_id, -1, 0, price_ticks, size_lots)


def own_orders(market: MarketView) -> Sequence[Any]:
    """The strategy's orders in a market that haven't ended, oldest first: records of `ORDER_VIEW`.

    They are as they were when the strategy was called.
    """
    return market.own


def level_ticks(market: MarketView, side: int, at: int) -> int:
    """The price of the level at this place of a side (`BUY` is the bids), counted from 0, best first; 0 for none."""
    return market.book.level_ticks(side, at)


def level_lots(market: MarketView, side: int, at: int) -> int:
    """The size of the level at this place of a side, as `level_ticks`; 0 for none."""
    return market.book.level_lots(side, at)


def lots_at(market: MarketView, side: int, price_ticks: int) -> int:
    """The size that stands at a price on a side; 0 for none."""
    return market.book.lots_at(side, price_ticks)


def average_ticks(market: MarketView, side: int, size_lots: int) -> float:
    """The average price of an order of this size that takes at once; NaN if the book is too thin for it."""
    return market.book.average_ticks(side, size_lots)
