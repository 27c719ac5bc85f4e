"""Results of book queries."""

import msgspec

__all__ = ["BBO", "EMPTY_BBO", "QueuePlace", "Walk"]


class BBO(msgspec.Struct, frozen=True, gc=False):
    """Best bid and offer. A side of 0 lots is empty, and its price means nothing."""

    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int


EMPTY_BBO = BBO(0, 0, 0, 0)


class QueuePlace(msgspec.Struct, frozen=True, gc=False):
    """Where an order waits: its price and its own size, and how many orders and lots are filled before it."""

    price_ticks: int
    size_lots: int
    orders_ahead: int
    lots_ahead: int


class Walk(msgspec.Struct, frozen=True, gc=False):
    """What a market order of a given size would trade against in the book.

    `cost` is the sum of price times size over the levels taken, in ticks times lots, exact. The average price in ticks
    is `cost / filled_lots`. `worst_ticks` is the price of the last level touched, or 0 if none was; `levels` is the
    number of levels touched.
    """

    filled_lots: int
    unfilled_lots: int
    cost: int
    worst_ticks: int
    levels: int

    @property
    def average_ticks(self) -> float:
        """The average price in ticks; NaN if nothing would be filled."""
        return self.cost / self.filled_lots if self.filled_lots else float("nan")
