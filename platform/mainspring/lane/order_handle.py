"""A strategy's own view of one of its orders: the object behind `mainspring.seams.OrderHandle`."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from mainspring.model import (
    Accepted,
    Cancelled,
    CancelRequest,
    Fill,
    NewOrder,
    OrderEvent,
    Rejected,
    Replaced,
    ReplaceRequest,
    Side,
)
from mainspring.orders.lifecycle import ENDED, OrderState

if TYPE_CHECKING:
    from mainspring.lane.strategy_market import LaneStrategyMarket

__all__ = ["LaneOrderHandle"]

# Looked up once: an enum's members cost a descriptor each time.
_CREATED: Final = OrderState.CREATED
_ACCEPTED: Final = OrderState.ACCEPTED
_PARTIALLY_FILLED: Final = OrderState.PARTIALLY_FILLED
_FILLED: Final = OrderState.FILLED
_CANCEL_PENDING: Final = OrderState.CANCEL_PENDING
_REPLACE_PENDING: Final = OrderState.REPLACE_PENDING
_CANCELLED: Final = OrderState.CANCELLED
_REJECTED: Final = OrderState.REJECTED
_EXPIRED: Final = OrderState.EXPIRED
_UNKNOWN: Final = OrderState.UNKNOWN


class LaneOrderHandle:
    """One order as its strategy knows it: from its own requests, and from the events that it was called with.

    The lane passes each event to `update` before it calls the strategy, so that a strategy never sees in the order
    what it will only be called with later.
    """

    __slots__ = (
        "_accepted",
        "_cancels",
        "_client_order_id",
        "_replaces",
        "filled_lots",
        "market",
        "order_id",
        "price_ticks",
        "side",
        "size_lots",
        "state",
    )

    def __init__(self, market: "LaneStrategyMarket", request: NewOrder, client_order_id: Callable[[int], str]) -> None:
        """`market` is where the order is; `client_order_id` returns the id by which the venue knows an order."""
        self.market = market
        self.order_id = request.order_id
        self.side: Side = request.side
        self.price_ticks = request.price_ticks
        self.size_lots = request.size_lots
        self.filled_lots = 0
        self.state: str = _CREATED
        self._client_order_id = client_order_id
        self._accepted = False
        self._cancels = 0
        # Price and size of each replace that hasn't been answered, oldest first.
        self._replaces: list[tuple[int, int]] = []

    def __repr__(self) -> str:
        side = "buy" if self.side is Side.BUY else "sell"
        price = "market" if self.price is None else self.price
        return (
            f"<order {self.order_id}: {side} {self.size} {self.market.name} at {price}, {self.state}, "
            f"{self.filled} filled>"
        )

    @property
    def client_order_id(self) -> str:
        """The id by which the venue knows the order."""
        return self._client_order_id(self.order_id)

    @property
    def leaves_lots(self) -> int:
        """What may still be filled."""
        return 0 if self.state in ENDED else self.size_lots - self.filled_lots

    @property
    def price(self) -> Decimal | None:
        """The limit price; None for a market order."""
        return self.market.price_of(self.price_ticks) if self.price_ticks else None

    @property
    def size(self) -> Decimal:
        """The total size, filled lots included."""
        return self.market.size_of(self.size_lots)

    @property
    def filled(self) -> Decimal:
        """The filled size."""
        return self.market.size_of(self.filled_lots)

    @property
    def ended(self) -> bool:
        """Whether nothing more can be filled."""
        return self.state in ENDED

    def cancel(self) -> None:
        """See `mainspring.seams.OrderHandle.cancel`."""
        if self._cancels or self.state in ENDED:
            return
        self._cancels = 1
        self._settle_unless_unknown()
        market = self.market
        market.request(CancelRequest(self.order_id, market.index, market.now_ns, market.strategy))

    def replace(
        self,
        *,
        price: str | Decimal | None = None,
        size: str | Decimal | None = None,
        price_ticks: int | None = None,
        size_lots: int | None = None,
    ) -> None:
        """See `mainspring.seams.OrderHandle.replace`."""
        market = self.market
        if not self.price_ticks:
            raise ValueError(f"order {self.order_id} is a market order, which can't be replaced")
        # What an earlier replace asked for is on its way: it stays too.
        present_ticks, present_lots = self._replaces[-1] if self._replaces else (self.price_ticks, self.size_lots)
        new_ticks = market.ticks_of(price, price_ticks)
        new_lots = market.lots_of(size, size_lots)
        if new_ticks is None and new_lots is None:
            raise ValueError("a replace needs a price, a size, or both")
        if self.state in ENDED:
            return
        wanted = (present_ticks if new_ticks is None else new_ticks, present_lots if new_lots is None else new_lots)
        self._replaces.append(wanted)
        self._settle_unless_unknown()
        market.request(ReplaceRequest(self.order_id, market.index, *wanted, market.now_ns, market.strategy))

    def update(self, event: OrderEvent) -> None:
        """Takes an event of the order."""
        if type(event) is Fill:
            self._accepted = True
            self.filled_lots += event.size_lots
            if self.filled_lots >= self.size_lots:
                self.state = _FILLED
        elif type(event) is Accepted:
            self._accepted = True
        elif type(event) is Rejected:
            if event.request == "new":
                self.state = _REJECTED
            elif event.request == "cancel":
                self._cancels = 0
            elif self._replaces:
                self._replaces.pop(0)
        elif type(event) is Replaced:
            self._accepted = True
            if self._replaces:
                self._replaces.pop(0)
            self.price_ticks = event.price_ticks
            self.size_lots = event.size_lots
        else:
            self.state = _CANCELLED if type(event) is Cancelled else _EXPIRED
        self._settle()

    def mark_unknown(self) -> None:
        """Takes that the venue can't be asked about the order. Its next event clears this."""
        if self.state not in ENDED:
            self.state = _UNKNOWN

    def _settle_unless_unknown(self) -> None:
        if self.state != _UNKNOWN:
            self._settle()

    def _settle(self) -> None:
        if self.state in ENDED:
            return
        if not self._accepted:
            self.state = _CREATED
        elif self._cancels:
            self.state = _CANCEL_PENDING
        elif self._replaces:
            self.state = _REPLACE_PENDING
        else:
            self.state = _PARTIALLY_FILLED if self.filled_lots else _ACCEPTED
