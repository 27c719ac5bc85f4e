"""What a strategy, a slippage model and a risk check see of one instrument. They read; the lane writes."""

from typing import Protocol

from mainspring.model import Instrument
from mainspring.seams.book import Book

__all__ = ["AccountView", "MarketStatistics", "MarketView"]


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
    def book(self) -> Book:
        """The levels, read-only."""
        ...

    @property
    def statistics(self) -> MarketStatistics:
        """What has been estimated from the stream so far."""
        ...


class AccountView(Protocol):
    """Position and open orders in one instrument. Sizes in lots; `position_lots` is negative when short.

    `open_buy_lots` and `open_sell_lots` are what the venue may still fill of our orders, unacknowledged ones included.
    """

    position_lots: int
    open_buy_lots: int
    open_sell_lots: int
