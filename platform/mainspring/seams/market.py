"""What a strategy, a slippage model and a risk check see of one instrument. They read; the lane writes."""

from typing import Protocol

from mainspring.model import (
    BBO,
    AccountStatement,
    Instrument,
    Level,
    NewOrder,
    OrderId,
    QueuePlace,
    Side,
    Walk,
)

__all__ = ["AccountView", "BookView", "MarketStatistics", "MarketView", "OpenOrder", "OrdersView", "PositionView"]


class BookView(Protocol):
    """Reads the levels of one instrument. The structure behind it may be exchanged between two events.

    See `mainspring.seams.Book` for what the methods return.
    """

    def bbo(self) -> BBO:
        """Returns the best level of each side; an empty side has 0 lots."""
        ...

    def lots_at(self, side: Side, price_ticks: int) -> int:
        """Returns the size at a price on a side (`Side.BUY` is the bids), or 0."""
        ...

    def depth(self, side: Side, levels: int) -> list[Level]:
        """Returns up to `levels` levels of a side, best first."""
        ...

    def walk(self, side: Side, size_lots: int) -> Walk:
        """Returns what an order of that size would trade against: a buy walks the asks, a sell the bids."""
        ...

    def __len__(self) -> int:
        """The number of levels on both sides together."""
        ...


class OrdersView(Protocol):
    """Reads the single orders of one instrument's book, everybody's, where the venue sends them.

    A structure that keeps no orders, or a feed that has none, answers as an empty book would.
    """

    def queue_place(self, order_id: OrderId) -> QueuePlace | None:
        """Returns where an order waits, by the venue's id; None if it isn't there."""
        ...

    def orders_at(self, side: Side, price_ticks: int) -> list[tuple[OrderId, int]]:
        """Returns the orders at a price with their lots, the first in the queue first."""
        ...


class MarketStatistics(Protocol):
    """Figures estimated from the stream. Each is None, never zero, until enough data was seen."""

    @property
    def volatility_per_day(self) -> float | None:
        """Standard deviation of the mid's log return over a day, as a fraction, from an EWMA of squared returns."""
        ...

    @property
    def daily_volume_lots(self) -> float | None:
        """Lots traded per day, as configured, otherwise extrapolated from the trades seen."""
        ...

    @property
    def spread_ticks(self) -> float | None:
        """EWMA of the spread, in ticks."""
        ...


class MarketView(Protocol):
    """The lane's present view of one instrument. Attributes only; a read costs as much as a dict lookup.

    `bid_ticks` to `ask_lots` are the best prices and their sizes, from the book or the venue's own quote, whichever is
    newer; a side of 0 lots is empty. `bbo_time_ns` is when they last came. `live` is False while the book can't be
    trusted. `now_ns` is the lane's time: the receive time of the current message.
    """

    index: int
    instrument: Instrument
    now_ns: int
    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int
    bbo_time_ns: int
    live: bool

    @property
    def book(self) -> BookView:
        """The levels."""
        ...

    @property
    def statistics(self) -> MarketStatistics:
        """What has been estimated from the stream so far."""
        ...


class OpenOrder(Protocol):
    """One of our orders as the order manager has it. `state` is a `mainspring.orders.OrderState` value."""

    order: NewOrder
    price_ticks: int
    size_lots: int
    filled_lots: int
    state: str

    @property
    def ended(self) -> bool:
        """Whether nothing more can be filled."""
        ...


class PositionView(Protocol):
    """A position in one instrument, live. `position_lots` is negative when short."""

    @property
    def position_lots(self) -> int:
        """The position in lots."""
        ...

    def statement(self) -> AccountStatement:
        """Returns sizes and money at this moment, exact. Each call computes it, in some 100 us."""
        ...


class AccountView(PositionView, Protocol):
    """Position and open orders in one instrument, over all strategies.

    `open_buy_lots` and `open_sell_lots` are what the venue may still fill of our orders, unacknowledged ones included.
    """

    @property
    def open_buy_lots(self) -> int:
        """What may still be bought, in lots."""
        ...

    @property
    def open_sell_lots(self) -> int:
        """What may still be sold, in lots."""
        ...
