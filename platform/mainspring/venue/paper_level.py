"""Our orders among everybody else's at one price, as far as the outside can tell."""

from collections import deque

from mainspring.model import Side
from mainspring.seams import QueueModel
from mainspring.venue.queue import LevelQueue, QueuedOrder

__all__ = ["PaperLevel"]

_OTHERS = -1


class PaperLevel:
    """A price at which orders of ours wait, in a queue with blocks of what others have there.

    The market shows only how many lots stand at the price and what is traded. So:

    - An order joins behind everything displayed.
    - A trade takes from the front: others' blocks first come first served, and our orders when it reaches them.
    - A displayed size that falls was traded, or else cancelled. The venue's two streams tell of one trade in either
      order, so a fall waits up to `settle_ns` for trades that explain it, and a trade explains the falls that follow
      it. What is left counts as cancelled, and the queue model says how much of it was ahead.
    - A displayed size that grows grew at the end.

    Where only the best prices are known, an order may join before the size at its price is: then all that is displayed
    when it is first seen counts as ahead.

    - An offer at the price or through it, or a trade through it, reaches our orders past those ahead of them: those
      have gone, but their print may be on its way. They keep their places until it comes, or they no longer show and
      `settle_ns` is over, so that it isn't taken for a sale to us.

    Never are more lots of others ahead of an order than are displayed, those falls included that still wait.
    """

    __slots__ = (
        "_displayed",
        "_fall_lots",
        "_falls",
        "_known",
        "_model",
        "_others",
        "_print_lots",
        "_prints",
        "_queue",
        "_settle_ns",
        "observed_id",
        "price_ticks",
    )

    def __init__(
        self, side: Side, price_ticks: int, displayed_lots: int | None, *, model: QueueModel, settle_ns: int
    ) -> None:
        self.price_ticks = price_ticks
        self.observed_id = -1
        self._queue = LevelQueue(side, price_ticks)
        self._others = 0
        self._known = displayed_lots is not None
        self._displayed = displayed_lots or 0
        self._falls: deque[tuple[int, int]] = deque()
        self._fall_lots = 0
        self._prints: deque[tuple[int, int]] = deque()
        self._print_lots = 0
        self._model = model
        self._settle_ns = settle_ns

    @property
    def own_lots(self) -> int:
        """What waits here of our orders."""
        return self._queue.lots - self._others

    @property
    def awaits_prints(self) -> bool:
        """Whether a fall of the displayed size still waits for the trades that explain it."""
        return bool(self._falls)

    @property
    def prints_due_ns(self) -> int:
        """When the oldest of those falls stops waiting; there must be one."""
        return self._falls[0][0] + self._settle_ns

    def own_orders(self) -> list[QueuedOrder]:
        """Our orders here, oldest first."""
        return [node for node in self._queue if node.order_id != _OTHERS]

    def lots_ahead(self, order: QueuedOrder) -> int:
        """How many lots, others' and ours, go before an order of ours."""
        return self._queue.lots_ahead(order)

    def join(self, order_id: int, lots: int, now_ns: int) -> QueuedOrder:
        """Puts an order of ours behind everything that is displayed."""
        self.settle(now_ns)
        missing = self._displayed + self._fall_lots - self._others
        if missing > 0:
            self._queue.append(QueuedOrder(_OTHERS, missing))
            self._others += missing
        node = QueuedOrder(order_id, lots)
        self._queue.append(node)
        return node

    def leave(self, order: QueuedOrder) -> None:
        """Takes out an order of ours."""
        self._queue.remove(order)

    def reduce(self, order: QueuedOrder, lots: int) -> None:
        """Makes an order of ours smaller by `lots`, fewer than it has. It keeps its place."""
        self._queue.reduce(order, lots)

    def observe(self, displayed_lots: int, now_ns: int) -> None:
        """The market shows this size at the price now, our own orders not included."""
        if not self._known:
            self._learn(displayed_lots)
            return
        if displayed_lots == self._displayed and not self._falls and not self._prints:
            return
        if self._falls and now_ns - self._falls[0][0] >= self._settle_ns:
            self.settle(now_ns)
        fall = self._displayed - displayed_lots
        self._displayed = displayed_lots
        if fall > 0:
            explained = self._match(self._prints, min(fall, self._print_lots))
            self._print_lots -= explained
            if fall > explained:
                self._falls.append((now_ns, fall - explained))
                self._fall_lots += fall - explained
        # A trade that this update still doesn't show was made up for by new orders.
        while self._prints and now_ns - self._prints[0][0] >= self._settle_ns:
            self._print_lots -= self._prints.popleft()[1]
        if self._others > displayed_lots + self._fall_lots:
            self._keep(displayed_lots + self._fall_lots)

    def trade(self, printed_lots: int, lots: int, now_ns: int) -> list[tuple[QueuedOrder, int]]:
        """A trade of `printed_lots` at this price, of which `lots` may reach this queue.

        Gives our orders that it filled, oldest first, with the lots of each.
        """
        if not self._known:
            return []
        self.settle(now_ns)
        explained = self._match(self._falls, min(printed_lots, self._fall_lots))
        self._fall_lots -= explained
        if printed_lots > explained:
            self._prints.append((now_ns, printed_lots - explained))
            self._print_lots += printed_lots - explained
        return self._take(lots)

    def meet(self, lots: int) -> list[tuple[QueuedOrder, int]]:
        """An offer at this price or through it, or a trade through it: `lots` reach our orders past all others."""
        fills = []
        for node in self.own_orders():
            part = min(node.lots, lots)
            if not part:
                break
            lots -= part
            if part == node.lots:
                self._queue.remove(node)
                node.lots = 0
            else:
                self._queue.reduce(node, part)
            fills.append((node, part))
        return fills

    def settle(self, now_ns: int) -> None:
        """Counts falls as cancelled that no trade explained in time."""
        cancelled = 0
        base = self._displayed + self._fall_lots
        while self._falls and now_ns - self._falls[0][0] >= self._settle_ns:
            cancelled += self._falls.popleft()[1]
        if cancelled:
            self._fall_lots -= cancelled
            self._thin(cancelled, base)
            self._keep(base - cancelled)

    def resynchronise(self, displayed_lots: int) -> None:
        """The market was lost from sight and is back. Nobody can have come in ahead of us meanwhile."""
        self._displayed = displayed_lots
        self._prints.clear()
        self._print_lots = 0
        self._keep(displayed_lots + self._fall_lots)

    def _learn(self, displayed_lots: int) -> None:
        self._known = True
        self._displayed = displayed_lots
        if not displayed_lots:
            return
        own = list(self._queue)
        for node in own:
            self._queue.remove(node)
        self._queue.append(QueuedOrder(_OTHERS, displayed_lots))
        self._others = displayed_lots
        for node in own:
            self._queue.append(node)

    def _take(self, lots: int) -> list[tuple[QueuedOrder, int]]:
        fills = []
        for node, part in self._queue.take(lots):
            if node.order_id == _OTHERS:
                self._others -= part
            else:
                fills.append((node, part))
        return fills

    def _thin(self, cancelled: int, whole: int) -> None:
        """Leaves of the others ahead of every place what the model says. Nobody overtakes those ahead of them."""
        lots_ahead = self._model.lots_ahead
        before = after = 0
        for node in list(self._queue):
            if node.order_id == _OTHERS:
                before += node.lots
                left = min(max(lots_ahead(before, whole - before, cancelled) - after, 0), node.lots)
                after += left
                self._shrink(node, node.lots - left)

    def _keep(self, lots: int) -> None:
        """Leaves at most the first `lots` of the others."""
        if self._others <= lots:
            return
        for node in list(self._queue):
            if node.order_id == _OTHERS:
                left = min(node.lots, lots)
                lots -= left
                self._shrink(node, node.lots - left)

    def _shrink(self, node: QueuedOrder, lots: int) -> None:
        self._others -= lots
        if lots == node.lots:
            self._queue.remove(node)
        elif lots:
            self._queue.reduce(node, lots)

    @staticmethod
    def _match(entries: deque[tuple[int, int]], lots: int) -> int:
        """Takes `lots` off the oldest entries, which hold that many."""
        left = lots
        while left:
            time_ns, entry = entries.popleft()
            if entry > left:
                entries.appendleft((time_ns, entry - left))
                left = 0
            else:
                left -= entry
        return lots
