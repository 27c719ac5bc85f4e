"""Market events: what a feed decodes from a venue's messages.

All are frozen. Prices are in ticks and sizes in lots of the instrument; times are nanoseconds since the Unix epoch;
`instrument` is the index of the instrument in the session. A level is a pair `(price_ticks, size_lots)`.
"""

from decimal import Decimal
from typing import TypeAlias

import msgspec

__all__ = [
    "NO_ID",
    "PRINT_ALL",
    "PRINT_EXTREMES",
    "PRINT_LAST",
    "PRINT_MATCH",
    "PRINT_VOLUME",
    "Bar",
    "BookDelta",
    "BookInvalid",
    "BookOrders",
    "BookSnapshot",
    "Control",
    "InstrumentStatus",
    "Level",
    "MarkPrice",
    "MarketEvent",
    "OrderId",
    "Quote",
    "RestingOrder",
    "Trade",
    "TradeCorrection",
]

Level: TypeAlias = tuple[int, int]

OrderId: TypeAlias = int | str
"""A venue's name for an order of anybody's: an integer of 0 to 2**63 - 1, or text."""

RestingOrder: TypeAlias = tuple[OrderId, int, int, int]
"""An order on a book: its id, its side (1 for a bid, -1 for an offer), its price in ticks, and its size in lots."""

NO_ID = -1
"""The value of an id that the venue doesn't send."""

PRINT_LAST = 1
"""A print that counts as the last price, and so for high and low."""

PRINT_VOLUME = 2
"""A print that counts in the volume."""

PRINT_MATCH = 4
"""A print of a match in this market: orders that waited there were filled."""

PRINT_EXTREMES = 8
"""A print that counts for high and low, whether or not it counts as the last price."""

PRINT_ALL = PRINT_LAST | PRINT_VOLUME | PRINT_MATCH | PRINT_EXTREMES
"""A print that counts for everything."""


class BookDelta(msgspec.Struct, frozen=True, gc=False):
    """Changed levels: each row gives a level's new size; a size of 0 removes the level.

    `first_id` to `last_id` is the range of updates that the delta covers and `previous_id` the last id of the delta
    before it; each is `NO_ID` if the venue doesn't send it.
    """

    instrument: int
    receive_time_ns: int
    event_time_ns: int
    first_id: int
    last_id: int
    previous_id: int
    bids: list[Level]
    asks: list[Level]


class BookSnapshot(msgspec.Struct, frozen=True, gc=False):
    """The full book as of update `last_id`: levels that it doesn't list are gone."""

    instrument: int
    receive_time_ns: int
    event_time_ns: int
    last_id: int
    bids: list[Level]
    asks: list[Level]


class BookInvalid(msgspec.Struct, frozen=True, gc=False):
    """The book can't be trusted from here until the next snapshot. `cause` is a `wire.Cause` value."""

    instrument: int
    receive_time_ns: int
    cause: str


class BookOrders(msgspec.Struct, frozen=True, gc=False):
    """What became of single orders, from venues that send them; it follows the delta or the snapshot of their levels.

    Each row is an order as it stands now; one of 0 lots is gone. After a snapshot, they are all orders of the book.
    """

    instrument: int
    receive_time_ns: int
    event_time_ns: int
    orders: list[RestingOrder]


class Quote(msgspec.Struct, frozen=True, gc=False):
    """The venue's own best bid and offer. A side of 0 lots is empty and its price means nothing."""

    instrument: int
    receive_time_ns: int
    event_time_ns: int
    update_id: int
    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int


class Trade(msgspec.Struct, frozen=True, gc=False):
    """A public trade. `aggressor` is 1 if the buyer took an offer, -1 if the seller hit a bid, 0 if unknown.

    `counts` says what the print counts for: the sum of `PRINT_LAST`, `PRINT_VOLUME`, `PRINT_MATCH` and
    `PRINT_EXTREMES`, as the venue's condition codes have it. One that doesn't match fills no order of ours.

    Orders and quotes stand on whole ticks, but a print may lie between two: a midpoint, or an improved price.
    `price_ticks` is then the lower of the two, and `fraction_nanoticks` how far the price lies above it, in billionths
    of a tick. `StrategyMarket.price_of_print` gives the exact price.
    """

    instrument: int
    receive_time_ns: int
    event_time_ns: int
    trade_id: int
    price_ticks: int
    size_lots: int
    aggressor: int
    counts: int = PRINT_ALL
    fraction_nanoticks: int = 0


class TradeCorrection(msgspec.Struct, frozen=True, gc=False):
    """A public trade that was reported wrongly: `was` is what was reported, `now` what is right.

    `now` is None if the trade was cancelled: it never took place. `event_time_ns` is the time of the correction, and of
    both trades, since venues don't repeat that of the first report.
    """

    instrument: int
    receive_time_ns: int
    event_time_ns: int
    was: Trade
    now: Trade | None


class Bar(msgspec.Struct, frozen=True, gc=False):
    """Trading over an interval that starts at `event_time_ns`. `vwap` is in price units, for display only.

    Prices between two ticks are the lower one; `fractions_nanoticks` says how far open, high, low and close lie above
    theirs, as in `Trade`.
    """

    instrument: int
    receive_time_ns: int
    event_time_ns: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    close_ticks: int
    volume_lots: int
    trades: int
    vwap: float
    fractions_nanoticks: tuple[int, int, int, int] = (0, 0, 0, 0)


class InstrumentStatus(msgspec.Struct, frozen=True, gc=False):
    """A change of an instrument's status: halted, resumed, limits moved. `trading` is None if the venue doesn't say."""

    instrument: int
    receive_time_ns: int
    event_time_ns: int
    code: str
    text: str
    trading: bool | None = None


class MarkPrice(msgspec.Struct, frozen=True, gc=False):
    """The price at which a venue values positions in a contract, and the funding that it will settle next.

    `mark_price` is in price units, and finer than a tick. `funding_rate` is paid by longs to shorts at
    `funding_time_ns`, as a fraction of the position's value; it is None, and the time 0, where the venue settles none.
    """

    instrument: int
    receive_time_ns: int
    event_time_ns: int
    mark_price: Decimal
    funding_rate: Decimal | None = None
    funding_time_ns: int = 0


class Control(msgspec.Struct, frozen=True, gc=False):
    """A message about the connection, not the market. `kind` is "success", "subscription" or "error"."""

    receive_time_ns: int
    kind: str
    code: str
    text: str


MarketEvent: TypeAlias = (
    BookDelta
    | BookSnapshot
    | BookInvalid
    | BookOrders
    | Quote
    | Trade
    | TradeCorrection
    | Bar
    | InstrumentStatus
    | MarkPrice
    | Control
)
