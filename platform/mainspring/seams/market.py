"""What a strategy, a slippage model and a risk check see of one instrument. They read; the lane writes."""

from typing import Protocol

from mainspring.model import Instrument
from mainspring.seams.book import Book

__all__ = ["AccountView", "MarketStatistics", "MarketView"]


class MarketStatistics(Protocol):
    """Figures estimated from the stream. Each is None until enough was seen, and None is never zero."""

    @property
    def volatility_per_day(self) -> float | None:
        """Standard deviation of the mid's log return over a day, from an EWMA of squared returns. A fraction."""
        ...

    @property
    def daily_volume_lots(self) -> float | None:
        """Lots traded in a day, as configured, or else extrapolated from the trades seen."""
        ...

    @property
    def spread_ticks(self) -> float | None:
        """EWMA of the spread, in ticks."""
        ...


class MarketView(Protocol):
    """One instrument as the lane sees it now. Attributes only; reading one costs as much as a dict lookup.

    `bid_ticks` to `ask_lots` are the best prices, from the book or the venue's own quote, whichever is newer; a side
    of 0 lots is empty. `bbo_time_ns` is when they last came. `live` is False while the book can't be trusted. `now_ns`
    is the lane's time: the receive time of the message that is being worked on.
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
        """The levels, to be read only."""
        ...

    @property
    def statistics(self) -> MarketStatistics:
        """What was estimated from the stream so far."""
        ...


class AccountView(Protocol):
    """What we hold and have in flight in one instrument. Sizes in lots; `position_lots` is negative when short.

    `open_buy_lots` and `open_sell_lots` are what is left of our orders that the venue may still fill, those not yet
    acknowledged included.
    """

    position_lots: int
    open_buy_lots: int
    open_sell_lots: int
