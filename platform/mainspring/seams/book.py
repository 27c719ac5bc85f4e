"""The book seam: takes deltas and snapshots; answers best prices, depth and walks."""

from collections.abc import Sequence
from typing import Protocol

from mainspring.model import BBO, Level, OrderId, QueuePlace, RestingOrder, Side, Walk
from mainspring.seams.catalogue import Catalogue, hookspec

__all__ = ["Book", "OrderBook", "register_books"]


class Book(Protocol):
    """The levels of one instrument. Prices (ticks) and sizes (lots) are integers from 0 to 2**63 - 1.

    A new book is empty. Rows come in any order; if a call repeats a price, the later row counts. A book may be
    crossed: it stores what the venue sends and checks nothing. It keeps no reference to the rows passed to it.
    """

    def apply_delta(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Sets each listed level to its new size. 0 lots removes the level; removing a missing level isn't an error."""
        ...

    def apply_snapshot(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Replaces all levels. Rows of 0 lots are ignored."""
        ...

    def clear(self) -> None:
        """Empties both sides."""
        ...

    def bbo(self) -> BBO:
        """Returns the best level of each side; an empty side has 0 lots."""
        ...

    def lots_at(self, side: Side, price_ticks: int) -> int:
        """Returns the size at a price on a side (`Side.BUY` is the bids), or 0."""
        ...

    def depth(self, side: Side, levels: int) -> list[Level]:
        """Returns up to `levels` levels of a side (`Side.BUY` is the bids), best first."""
        ...

    def walk(self, side: Side, size_lots: int) -> Walk:
        """Returns what an order of `size_lots` on `side` would trade against: a buy walks the asks, a sell the bids.

        Takes levels best first until the size is filled or the side is empty; the rest is `unfilled_lots`.
        """
        ...

    def __len__(self) -> int:
        """The number of levels on both sides together."""
        ...


class OrderBook(Book, Protocol):
    """A book that knows single orders too, where the venue sends them.

    Sizes of levels are what `apply_delta` and `apply_snapshot` say, as in any book. `apply_snapshot`, `clear` and the
    removal of a level drop the orders that stood there.
    """

    def apply_orders(self, orders: Sequence[RestingOrder]) -> None:
        """Takes orders as they stand now, in order; it follows the call with the levels that they changed.

        An order that keeps its price and doesn't grow keeps its place. Any other goes to the end of its price's queue.
        One of 0 lots is removed, unless it is gone already.
        """
        ...

    def queue_place(self, order_id: OrderId) -> QueuePlace | None:
        """Returns where an order waits; None if it isn't on the book."""
        ...

    def orders_at(self, side: Side, price_ticks: int) -> list[tuple[OrderId, int]]:
        """Returns the orders at a price on a side with their lots, the first to be filled first."""
        ...


@hookspec
def register_books(catalogue: Catalogue) -> None:
    """Offers book structures.

    Called once, when the registry loads. Add each structure with `catalogue.add(name, factory, summary=...)`; the
    factory is called as `factory(instrument)`, once per instrument of a session, and returns an object that implements
    `mainspring.seams.Book`. `mainspring.testing.check_book` checks that it does.

    Capabilities: `orders` (bool, default False): the structure is a `mainspring.seams.OrderBook`, which
    `mainspring.testing.check_order_book` checks. `in_runs` (bool, default False): the fused runs of our native decoder
    know the structure themselves.
    """
