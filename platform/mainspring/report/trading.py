"""What was traded, as frozen values: an instrument's orders, fills, costs and profit, and samples for its charts."""

import msgspec

__all__ = [
    "BookReport",
    "ConvertedTotal",
    "CurrencyTotal",
    "FillSample",
    "InstrumentReport",
    "MarkoutReport",
    "MidPoint",
    "OpenOrderReport",
    "OrderSample",
    "OtherCurrency",
    "SlippagePart",
    "SlippageReport",
    "StrategyPosition",
]


class BookReport(msgspec.Struct, frozen=True, kw_only=True):
    """The market at the end. Prices are decimal text, None if a side is empty.

    `bid` and `ask` are the best prices, of book or quote, whichever was newer; `mid` is halfway between
    them. `crossed` counts the crossed states that were seen.
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
    "accepted" at the venue, "in-flight" on its way there, and so on. `size` is the whole order, `filled` the part
    that was traded; `created_ns` is the time of the strategy's request. `client_order_id` is what the venue calls it.
    """

    created_ns: int
    client_order_id: str
    strategy: str
    side: str
    price: str | None
    size: str
    filled: str
    state: str


class CurrencyTotal(msgspec.Struct, frozen=True, kw_only=True):
    """The sums over the instruments in one currency; the amounts are those of `InstrumentReport`, as decimal text.

    Fees and funding in a currency other than an instrument's profit count here, in their own. `exposure` is long less
    short positions at the mark, `gross_exposure` both added up. What includes an unknown amount is None.
    """

    currency: str
    cash: str = "0"
    realised: str
    unrealised: str | None
    profit: str | None
    fees: str
    rebates: str = "0"
    funding: str = "0"
    net: str | None
    exposure: str | None = None
    gross_exposure: str | None = None


class ConvertedTotal(msgspec.Struct, frozen=True, kw_only=True):
    """The net profit of all currencies in one, at the rates that the config states.

    `rates` gives what one unit of each currency is worth in `currency`. `net` is None if an amount isn't known, or if
    there is no rate for one of the currencies, which `missing` names.
    """

    currency: str
    rates: dict[str, str]
    net: str | None
    missing: list[str] = []


class OtherCurrency(msgspec.Struct, frozen=True, kw_only=True):
    """Fees and funding in a currency other than the instrument's profit, as decimal text."""

    currency: str
    fees: str
    funding: str


class StrategyPosition(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy's share of an instrument's report; the fields mean the same."""

    strategy: str
    position: str
    average_entry: str | None
    cash: str
    realised: str
    unrealised: str | None
    profit: str | None
    fees: str
    funding: str
    net: str | None
    exposure: str | None
    other_currencies: list[OtherCurrency] = []


class InstrumentReport(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument. Amounts are decimal text, in `profit_currency`; sizes in base currency or contracts.

    With several feeds, `symbol` begins with the feed's name: "spot:BTC/USDT".

    `profit` is realised plus unrealised, before fees; `net` is after fees and funding. `fees` are those paid less
    `rebates`, `funding` is received less paid. `cash` is what the balance has gained: for spot sales less purchases,
    for contracts the realised profit; less fees, plus funding. The average prices are those of what was bought and
    sold, and of the open position by average cost; None if there is nothing to average. `exposure` is the position's
    value at the mark, negative when short.

    `mark` is the price that the position is valued at, from `mark_source` ("mid", "last" for the last public trade,
    "venue" for its mark price), while `mark_wanted` is what the config asks for. `unrealised`, `profit`, `net` and
    `exposure` are None if the position is open and no mark is known. `other_currencies` are fees and funding in other
    currencies; they are in none of the amounts above. `strategies` says who traded.

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
    cash: str = "0"
    rebates: str = "0"
    funding: str = "0"
    exposure: str | None = None
    average_buy: str | None = None
    average_sell: str | None = None
    average_entry: str | None = None
    mark: str | None = None
    mark_source: str = ""
    mark_wanted: str = "mid"
    other_currencies: list[OtherCurrency] = []
    strategies: list[StrategyPosition] = []
    book: BookReport
    slippage: list[SlippageReport]
    mids: list[MidPoint]
    fill_samples: list[FillSample]
    order_samples: list[OrderSample] = []
    orders_sent: int = 0
    markouts: list[MarkoutReport] = []
    open_orders: list[OpenOrderReport] = []
