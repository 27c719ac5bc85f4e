"""A strategy's own orders in one market, as it knows them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from mainspring.lane.order_handle import LaneOrderHandle
from mainspring.model import NewOrder, OrderEvent

if TYPE_CHECKING:
    from mainspring.lane.strategy_market import LaneStrategyMarket

__all__ = ["OwnOrders"]

_ENDED_KEPT = 1_000


class OwnOrders:
    """Keeps the handles of orders that haven't ended, and of the last 1,000 that have."""

    __slots__ = ("_client_order_id", "_ended", "_market", "_open")

    def __init__(self, market: "LaneStrategyMarket", client_order_id: Callable[[int], str]) -> None:
        """`market` is where the orders are; `client_order_id` returns the id by which the venue knows an order."""
        self._market = market
        self._client_order_id = client_order_id
        self._open: dict[int, LaneOrderHandle] = {}
        self._ended: dict[int, LaneOrderHandle] = {}

    @property
    def open(self) -> tuple[LaneOrderHandle, ...]:
        """The orders that haven't ended, oldest first."""
        return tuple(self._open.values())

    def add(self, request: NewOrder) -> LaneOrderHandle:
        """Returns the handle of an order that is asked for."""
        handle = self._open[request.order_id] = LaneOrderHandle(self._market, request, self._client_order_id)
        return handle

    def mark_unknown(self, order_id: int) -> None:
        """Takes that the state of an open order isn't known any more."""
        if (order := self._open.get(order_id)) is not None:
            order.mark_unknown()

    def update(self, event: OrderEvent) -> LaneOrderHandle | None:
        """Takes an event of an order; returns its handle, or None if it ended long ago."""
        order = self._open.get(event.order_id)
        if order is None:
            # A fill, or the answer to a cancel, may come after the order's end.
            order = self._ended.get(event.order_id)
            if order is not None:
                order.update(event)
            return order
        order.update(event)
        if order.ended:
            del self._open[event.order_id]
            self._ended[event.order_id] = order
            if len(self._ended) > _ENDED_KEPT:
                del self._ended[next(iter(self._ended))]
        return order
