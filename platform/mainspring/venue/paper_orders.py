"""Our orders at the paper venue: one order, and one side of them."""

from typing import TYPE_CHECKING

from mainspring.model import NewOrder, Side
from mainspring.seams import NEVER_NS
from mainspring.venue.paper_level import PaperLevel

if TYPE_CHECKING:
    from mainspring.venue.queue import QueuedOrder

__all__ = ["PaperOrder", "PaperSide", "terms_problem"]


class PaperOrder:
    """An order that the venue has taken, as it stands there. `node` is its place in a queue, None while it has none."""

    __slots__ = ("filled_lots", "node", "order", "price_ticks", "size_lots")

    def __init__(self, order: NewOrder) -> None:
        self.order = order
        self.price_ticks = order.price_ticks
        self.size_lots = order.size_lots
        self.filled_lots = 0
        self.node: QueuedOrder | None = None

    @property
    def leaves_lots(self) -> int:
        """What is still to be traded."""
        return self.size_lots - self.filled_lots


def terms_problem(new: NewOrder, now_ns: int) -> str:
    """Says why the venue can't take an order with such terms at a time; empty if it can."""
    waits, ends = new.time_in_force not in ("ioc", "fok"), new.time_in_force in ("day", "gtd")
    if new.size_lots <= 0 or (new.kind == "limit") != (new.price_ticks > 0) or ends != (new.expires_ns > 0):
        return "invalid-order"
    if (new.post_only and not waits) or (new.kind == "market" and (new.post_only or ends)):
        return "invalid-order"
    return "expired" if ends and new.expires_ns <= now_ns else ""


class PaperSide:
    """The price levels on one side at which orders of ours wait. `best_ticks` means nothing while there are none.

    A level that our orders have left stays for as long as a print of what fell there may be on its way, lest it count
    as a sale to an order of ours that comes later. `left` are the prices of such levels; from `left_due_ns`
    on no print can come for one of them.

    `other` is the other side, and `sign` the side as a plain integer: arithmetic on an enum costs several times more.
    """

    __slots__ = ("best_ticks", "left", "left_due_ns", "levels", "other", "side", "sign")

    def __init__(self, side: Side) -> None:
        self.side = side
        self.other = Side(-side)
        self.sign = int(side)
        self.levels: dict[int, PaperLevel] = {}
        self.left: set[int] = set()
        self.left_due_ns = NEVER_NS
        self.best_ticks = 0

    def add(self, level: PaperLevel) -> None:
        """Adds a level at a price that has none yet."""
        self.levels[level.price_ticks] = level
        self._rank()

    def tidy(self, price_ticks: int) -> None:
        """Drops the level at a price if no order of ours waits there any more, nor the level for a print."""
        level = self.levels[price_ticks]
        if level.own_lots:
            return
        if level.awaits_prints:
            self.left.add(price_ticks)
            self.left_due_ns = min(self.left_due_ns, level.prints_due_ns)
            return
        self.left.discard(price_ticks)
        del self.levels[price_ticks]
        self._rank()

    def settle(self, now_ns: int) -> None:
        """Drops levels that our orders have left once no print of what fell there can come any more."""
        self.left_due_ns = NEVER_NS
        for price_ticks in sorted(self.left):
            self.levels[price_ticks].settle(now_ns)
            self.tidy(price_ticks)

    def reached_by(self, price_ticks: int) -> list[int]:
        """The prices of our levels that a trade at this price reaches, best first."""
        sign = self.sign
        reached = [price for price in self.levels if (price - price_ticks) * sign >= 0]
        return sorted(reached, reverse=sign > 0)

    def _rank(self) -> None:
        if self.levels:
            self.best_ticks = max(self.levels) if self.sign > 0 else min(self.levels)
