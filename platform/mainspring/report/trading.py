"""What was traded, as frozen values: an instrument's orders, fills, costs and profit, and samples for its charts."""

import msgspec

__all__ = [
    "BookReport",
    "CurrencyTotal",
    "FillSample",
    "InstrumentReport",
    "MarkoutReport",
    "MidPoint",
    "OpenOrderReport",
    "OrderSample",
    "SlippagePart",
    "SlippageReport",
]


class BookReport(msgspec.Struct, frozen=True, kw_only=True):
    """The market at the end. Prices are decimal text, None if a side is empty.

    `bid` and `ask` are the best prices, of book or quote, whichever was newer; `mid` is the mark, halfway between
    them, that `unrealised` is reckoned at. `crossed` counts the crossed states that were seen.
    """

    bid: str | None
    ask: str | None
    mid: str | None
    levels: int
    live: bool
    crossed: int


class SlippagePart(msgspec.Struct, frozen=True, kw_only=True):
    """A component of the cost of fills, in basis points; None if it wasn't estimated, or can't be seen in fills."""

    name: str
    estimated_bps: float | None = None
    realised_bps: float | None = None


class SlippageReport(msgspec.Struct, frozen=True, kw_only=True):
    """Estimated against realised cost of the fills of one role, "maker" or "taker".

    All are size-weighted means over the fills, in basis points; positive is a cost. What is estimated is the cost of an
    order that fills, so the model's queue risk, which is for orders that don't, stands apart in `queue_risk_bps`: None
    if the model has none.

    A taker's realised cost is the fill price against the arrival price, the mid when the order was sent. A maker's is
    the spread capture (fill price against the mid at the fill) plus the adverse selection (the mid's move against the
    fill within `horizon_s`, which is None for takers). `measured_fills` are those with a known
    adverse selection; if there are none, the realised figures are None.
    """

    role: str
    fills: int
    measured_fills: int
    estimated_bps: float | None
    realised_bps: float | None
    parts: list[SlippagePart]
    queue_risk_bps: float | None = None
    horizon_s: float | None = None


class MarkoutReport(msgspec.Struct, frozen=True, kw_only=True):
    """How far the mid moved the way of the fills of one role, from each fill to `horizon_s` seconds after it.

    `bps` is the size-weighted mean in basis points of the mid at the fill, `amount` the sum in the instrument's profit
    currency; above zero the move was in our favour. Both are over the `fills` that could be measured, and None if
    there are none. `not_measurable` counts the others: too near the end, or no mid was known.
    """

    role: str
    horizon_s: float
    fills: int
    not_measurable: int
    bps: float | None
    amount: str | None


class MidPoint(msgspec.Struct, frozen=True, array_like=True):
    """A sample of the mid price (in price units), for the chart."""

    time_ns: int
    price: float


class FillSample(msgspec.Struct, frozen=True, kw_only=True):
    """A fill, for the charts and the table. Price and size are decimal text.

    `mid` is the mid price at the fill, and `mid_after` the one after the message that filled the order; None if there
    was none. The costs are those of `SlippageReport` for this fill alone. `markouts_bps` are in the order of the
    instrument's `markouts`, None if one wasn't measurable.
    """

    time_ns: int
    side: str
    price: str
    size: str
    maker: bool
    strategy: str
    mid: float | None = None
    mid_after: float | None = None
    estimated_bps: float | None = None
    realised_bps: float | None = None
    markouts_bps: list[float | None] = []


class OrderSample(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was sent, for the chart. `price` is decimal text, None for a market order.

    `replaces` says that it changed an order already at the venue.
    """

    time_ns: int
    side: str
    price: str | None
    replaces: bool


class OpenOrderReport(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was still open when the session ended.

    Price and sizes are decimal text; a market order has no price. `state` is a `mainspring.orders.OrderState` value:
    "open" at the venue, "pending-new" in flight, and so on. `size` is the whole order, `filled` the part that was
    traded; `created_ns` is the time of the strategy's request.
    """

    created_ns: int
    strategy: str
    side: str
    price: str | None
    size: str
    filled: str
    state: str


class CurrencyTotal(msgspec.Struct, frozen=True, kw_only=True):
    """The sum over the instruments with the same profit currency; the amounts are those of `InstrumentReport`.

    `unrealised`, `profit` and `net` are None if one of them isn't known.
    """

    currency: str
    realised: str
    unrealised: str | None
    profit: str | None
    fees: str
    net: str | None


class InstrumentReport(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument. Amounts are decimal text, in `profit_currency`; sizes in base currency or contracts.

    With several feeds, `symbol` begins with the feed's name: "spot:BTC/USDT".

    `profit` is realised plus unrealised, before fees; `net` is after them. `unrealised` marks the position to
    `book.mid`, and is None, as `profit` and `net` are, where the position is open and no mid price is known.

    `open_orders` are all that hadn't ended, oldest first. `mids`, `fill_samples` and `order_samples` are for the
    charts: all there were up to a bound (4,000 mids, 2,000 fills and 2,000 orders), beyond it every second, every
    fourth, and so on. `orders_sent` counts them all, replaces included.
    """

    symbol: str
    tick_size: str
    lot_size: str
    origin: str
    orders: int
    accepted: int
    cancelled: int
    replaced: int
    fills: int
    maker_fills: int
    bought: str
    sold: str
    position: str
    realised: str
    unrealised: str | None
    fees: str
    profit: str | None
    net: str | None
    profit_currency: str
    book: BookReport
    slippage: list[SlippageReport]
    mids: list[MidPoint]
    fill_samples: list[FillSample]
    order_samples: list[OrderSample] = []
    orders_sent: int = 0
    markouts: list[MarkoutReport] = []
    open_orders: list[OpenOrderReport] = []
