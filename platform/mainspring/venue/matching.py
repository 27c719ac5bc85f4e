"""A limit order book of single orders, matched by price, then time."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator

import msgspec

from mainspring.errors import OrderStateError
from mainspring.model import BBO, MAX_UNITS, Level, Side, TimeInForce
from mainspring.venue.queue import LevelQueue, QueuedOrder

__all__ = ["Match", "MatchingEngine", "Submitted"]

_BUY = Side.BUY
_ANY_PRICE = -MAX_UNITS - 1


class Match(msgspec.Struct, frozen=True, gc=False):
    """A taker met a resting order, the maker, and traded `lots` at its price. `maker_leaves` is what still rests."""

    maker_id: int
    price_ticks: int
    lots: int
    maker_leaves: int


class Submitted(msgspec.Struct, frozen=True, gc=False):
    """What became of an order: what it traded, in order, what of it rests now, and what was cancelled.

    Fills, `resting_lots` and `cancelled_lots` add up to the order. `refusal` is "" or why nothing was done:
    "would-take" (post-only), "not-fillable" (fill or kill), "unknown-order" (a replace).
    """

    fills: tuple[Match, ...] = ()
    resting_lots: int = 0
    cancelled_lots: int = 0
    refusal: str = ""


class MatchingEngine:
    """One instrument's book of orders. Neither clock nor chance: the same calls give the same answers.

    Prices are ticks and sizes lots, whole and above zero: anything else is a `ValueError`. Order ids are the caller's,
    each used by at most one resting order at a time: a second one is an `OrderStateError`. The book is never crossed.
    """

    __slots__ = ("_asks", "_bids", "_orders")

    def __init__(self) -> None:
        self._bids = _BookSide(1)
        self._asks = _BookSide(-1)
        self._orders: dict[int, QueuedOrder] = {}

    def submit_limit(
        self,
        order_id: int,
        side: Side,
        price_ticks: int,
        lots: int,
        *,
        time_in_force: TimeInForce = "gtc",
        post_only: bool = False,
    ) -> Submitted:
        """Takes what is on offer at `price_ticks` or better; the rest waits ("gtc") or is cancelled ("ioc").

        "fok" does nothing unless all of it can be taken at once, `post_only` nothing if any of it would be.
        """
        if lots <= 0 or price_ticks <= 0:
            raise ValueError(f"order {order_id}: price {price_ticks} ticks and size {lots} lots must be above zero")
        if order_id in self._orders:
            raise OrderStateError(f"order {order_id} rests in the book already")
        own, other = (self._bids, self._asks) if side is _BUY else (self._asks, self._bids)
        worst_key = price_ticks * other.sign
        fills: tuple[Match, ...] = ()
        left = lots
        if other.keys and other.keys[-1] >= worst_key:
            if post_only:
                return Submitted((), 0, lots, "would-take")
            if time_in_force == "fok" and not other.holds(lots, worst_key):
                return Submitted((), 0, lots, "not-fillable")
            fills, left = self._take(other, lots, worst_key)
            if not left or time_in_force != "gtc":
                return Submitted(fills, 0, left)
        elif time_in_force != "gtc":
            return Submitted((), 0, lots, "not-fillable" if time_in_force == "fok" else "")
        queue = own.levels.get(price_ticks)
        if queue is None:
            queue = own.levels[price_ticks] = LevelQueue(side, price_ticks)
            insort(own.keys, price_ticks * own.sign)
        order = self._orders[order_id] = QueuedOrder(order_id, left)
        queue.append(order)
        return Submitted(fills, left)

    def submit_market(self, order_id: int, side: Side, lots: int, *, time_in_force: TimeInForce = "ioc") -> Submitted:
        """Takes what is on offer at any price. What isn't there is cancelled; "fok" does nothing unless all is."""
        if lots <= 0:
            raise ValueError(f"order {order_id}: size {lots} lots must be above zero")
        other = self._asks if side is _BUY else self._bids
        if time_in_force == "fok" and not other.holds(lots, _ANY_PRICE):
            return Submitted((), 0, lots, "not-fillable")
        fills, left = self._take(other, lots, _ANY_PRICE)
        return Submitted(fills, 0, left)

    def cancel(self, order_id: int) -> int:
        """Takes a resting order out of the book. Gives the lots that were left of it: 0 if none of that id rests."""
        order = self._orders.get(order_id)
        if order is None:
            return 0
        self.leave(order_id)
        return order.lots

    def leave(self, order_id: int) -> LevelQueue | None:
        """As `cancel`, but gives the queue that the order left, read-only; None if none of that id rests."""
        order = self._orders.pop(order_id, None)
        if order is None:
            return None
        queue = order.queue
        assert queue is not None
        queue.remove(order)
        if not queue.orders:
            own = self._bids if queue.side is _BUY else self._asks
            price_ticks = queue.price_ticks
            del own.levels[price_ticks]
            del own.keys[bisect_left(own.keys, price_ticks * own.sign)]
        return queue

    def replace(self, order_id: int, price_ticks: int, lots: int, *, post_only: bool = False) -> Submitted:
        """Moves a resting order to another price, or gives it other lots left to fill.

        At its price and no larger, it keeps its place in the queue. Else it leaves and comes again, behind the others,
        and may take at its new price; where `post_only` refuses that, it stays as it was.
        """
        order = self._orders.get(order_id)
        if order is None:
            return Submitted((), 0, 0, "unknown-order")
        if lots <= 0 or price_ticks <= 0:
            raise ValueError(f"order {order_id}: price {price_ticks} ticks and size {lots} lots must be above zero")
        queue = order.queue
        assert queue is not None
        if price_ticks == queue.price_ticks and lots <= order.lots:
            queue.reduce(order, order.lots - lots)
            return Submitted((), lots)
        other = self._asks if queue.side is _BUY else self._bids
        if post_only and other.keys and other.keys[-1] >= price_ticks * other.sign:
            return Submitted((), order.lots, 0, "would-take")
        side = queue.side
        self.cancel(order_id)
        return self.submit_limit(order_id, side, price_ticks, lots)

    def bbo(self) -> BBO:
        """The best bid and offer. An empty side is 0 ticks and 0 lots."""
        bid, ask = self._bids.best(), self._asks.best()
        return BBO(
            bid.price_ticks if bid else 0, bid.lots if bid else 0, ask.price_ticks if ask else 0, ask.lots if ask else 0
        )

    def best(self, side: Side) -> LevelQueue | None:
        """The queue at the best price of a side, read-only; None if the side is empty."""
        return (self._bids if side is _BUY else self._asks).best()

    def order(self, order_id: int) -> QueuedOrder | None:
        """A resting order, read-only; its `queue` tells side and price. None if none of that id rests."""
        return self._orders.get(order_id)

    def level_lots(self, side: Side, price_ticks: int) -> int:
        """How many lots rest at a price: 0 if there is no level."""
        queue = (self._bids if side is _BUY else self._asks).levels.get(price_ticks)
        return queue.lots if queue else 0

    def levels_at(self, side: Side, prices_ticks: Iterable[int]) -> list[Level]:
        """Each of these prices with the lots that rest there, in the order given."""
        levels = (self._bids if side is _BUY else self._asks).levels
        return [(price_ticks, levels[price_ticks].lots if price_ticks in levels else 0) for price_ticks in prices_ticks]

    def level_count(self, side: Side) -> int:
        """How many prices of a side hold orders."""
        return len((self._bids if side is _BUY else self._asks).keys)

    def levels(self, side: Side) -> Iterator[Level]:
        """Price and lots of each level of a side, best first. The book must not change meanwhile."""
        ladder = self._bids if side is _BUY else self._asks
        for key in reversed(ladder.keys):
            queue = ladder.levels[key * ladder.sign]
            yield queue.price_ticks, queue.lots

    def __len__(self) -> int:
        """How many orders rest."""
        return len(self._orders)

    def _take(self, ladder: "_BookSide", lots: int, worst_key: int) -> tuple[tuple[Match, ...], int]:
        fills = []
        keys = ladder.keys
        while lots and keys and (key := keys[-1]) >= worst_key:
            price_ticks = key * ladder.sign
            queue = ladder.levels[price_ticks]
            for maker, part in queue.take(lots):
                lots -= part
                fills.append(Match(maker.order_id, price_ticks, part, maker.lots))
                if not maker.lots:
                    del self._orders[maker.order_id]
            if not queue.orders:
                del ladder.levels[price_ticks]
                keys.pop()
        return tuple(fills), lots


class _BookSide:
    """The levels of one side. `keys` are prices times `sign`, rising, so that the best price is always the last."""

    __slots__ = ("keys", "levels", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.levels: dict[int, LevelQueue] = {}
        self.keys: list[int] = []

    def best(self) -> LevelQueue | None:
        return self.levels[self.keys[-1] * self.sign] if self.keys else None

    def holds(self, lots: int, worst_key: int) -> bool:
        """Whether at least `lots` rest at prices no worse than `worst_key`."""
        for key in reversed(self.keys):
            if key < worst_key:
                return False
            lots -= self.levels[key * self.sign].lots
            if lots <= 0:
                return True
        return False
