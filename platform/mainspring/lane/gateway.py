"""A strategy's way to trade, behind `mainspring.seams.Orders`. It takes requests down; the lane works them off."""

from collections.abc import Collection
from typing import TypeAlias

import msgspec

from mainspring.lane.market import Market
from mainspring.model import MAX_UNITS, NewOrder, OrderKind, Side, TimeInForce
from mainspring.orders import Account, Order, OrderTracker

__all__ = ["CancelRequest", "Gateway", "Outbox", "ReplaceRequest", "Request"]


class CancelRequest(msgspec.Struct, frozen=True, gc=False):
    """A request to cancel the rest of an order."""

    order_id: int
    instrument: int
    strategy: str


class ReplaceRequest(msgspec.Struct, frozen=True, gc=False):
    """A request that an order stand at another price, with another total size."""

    order_id: int
    instrument: int
    strategy: str
    price_ticks: int
    size_lots: int


Request: TypeAlias = NewOrder | CancelRequest | ReplaceRequest


class Outbox:
    """The requests of all strategies in the order in which they came, and the ids for new orders."""

    __slots__ = ("next_order_id", "requests")

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.next_order_id = 1


class Gateway:
    """One strategy's orders in one instrument, and its `position_lots`, updated at each fill."""

    __slots__ = ("_market", "_outbox", "_strategy", "_tracker", "account", "position_lots")

    def __init__(self, strategy: str, market: Market, tracker: OrderTracker, outbox: Outbox) -> None:
        self._strategy = strategy
        self._market = market
        self._tracker = tracker
        self._outbox = outbox
        self.account: Account = tracker.accounts[market.index]
        self.position_lots = 0

    def submit(
        self,
        side: Side,
        size_lots: int,
        price_ticks: int = 0,
        *,
        kind: OrderKind = "limit",
        time_in_force: TimeInForce = "gtc",
        post_only: bool = False,
    ) -> int:
        """See `mainspring.seams.Orders.submit`.

        Raises `ValueError` for a side that is none, and for a size or limit price that isn't a positive integer.
        """
        side = Side(side)
        _refuse_unless_whole("an order's size in lots", size_lots)
        if kind == "limit":
            _refuse_unless_whole("a limit order's price in ticks", price_ticks)
        outbox = self._outbox
        order_id = outbox.next_order_id
        outbox.next_order_id = order_id + 1
        outbox.requests.append(
            NewOrder(
                order_id,
                self._market.index,
                side,
                kind,
                price_ticks if kind == "limit" else 0,
                size_lots,
                self._market.now_ns,
                time_in_force,
                post_only,
                self._strategy,
            )
        )
        return order_id

    def cancel(self, order_id: int) -> None:
        """See `mainspring.seams.Orders.cancel`."""
        self._outbox.requests.append(CancelRequest(order_id, self._market.index, self._strategy))

    def replace(self, order_id: int, price_ticks: int, size_lots: int) -> None:
        """See `mainspring.seams.Orders.replace`. Raises `ValueError` if either isn't a positive integer."""
        _refuse_unless_whole("an order's size in lots", size_lots)
        _refuse_unless_whole("an order's price in ticks", price_ticks)
        self._outbox.requests.append(
            ReplaceRequest(order_id, self._market.index, self._strategy, price_ticks, size_lots)
        )

    def open_orders(self) -> Collection[Order]:
        """See `mainspring.seams.Orders.open_orders`."""
        return self._tracker.open_orders(self._market.index, self._strategy)


def _refuse_unless_whole(what: str, value: int) -> None:
    # A float or a bool would pass as a number as far as the venue.
    if type(value) is not int or not 0 < value <= MAX_UNITS:
        raise ValueError(f"{what} must be a positive number, whole and of 64 bits, not {value!r}")
