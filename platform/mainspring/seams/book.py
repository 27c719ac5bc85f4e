"""The book seam: deltas and snapshots in; best prices, depth and walks out."""

from collections.abc import Sequence
from typing import Protocol

from mainspring.model import BBO, Level, Side, Walk
from mainspring.seams.catalogue import Catalogue, hookspec

__all__ = ["Book", "register_books"]


class Book(Protocol):
    """The levels of one instrument. Prices are ticks and sizes lots, all of them integers of 0 to 2**63 - 1.

    A new book is empty. Rows come in any order, and one price may come twice in a call: the later row counts. A book
    may be crossed; it stores what the venue says and judges nothing. It keeps no reference to the rows given to it.
    """

    def apply_delta(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Sets each level named to its new size. 0 lots removes it; removing one that isn't there is no error."""
        ...

    def apply_snapshot(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Replaces everything. Rows of 0 lots are left out."""
        ...

    def clear(self) -> None:
        """Empties both sides."""
        ...

    def bbo(self) -> BBO:
        """The best level of each side; 0 lots where a side is empty."""
        ...

    def lots_at(self, side: Side, price_ticks: int) -> int:
        """The size that stands at a price on a side (`Side.BUY` is the bids); 0 if none."""
        ...

    def depth(self, side: Side, levels: int) -> list[Level]:
        """The best `levels` levels of a side (`Side.BUY` is the bids), best first. Fewer where there are fewer."""
        ...

    def walk(self, side: Side, size_lots: int) -> Walk:
        """What an order of `size_lots` on `side` would meet: a buy walks up the asks, a sell down the bids.

        Takes levels best first until the size is filled or the side is empty; what remains is `unfilled_lots`.
        """
        ...

    def __len__(self) -> int:
        """How many levels stand on both sides together."""
        ...


@hookspec
def register_books(catalogue: Catalogue) -> None:
    """Offers book structures.

    Called once, when the registry loads. Add each structure by `catalogue.add(name, factory, summary=...)`; the
    factory is called as `factory(instrument)`, once for each instrument of a session, and returns an object that
    keeps the contract of `mainspring.seams.Book`. `mainspring.testing.check_book` checks that it does.

    Capabilities: none are asked for.
    """
