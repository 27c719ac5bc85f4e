"""What a strategy sees and trades: its markets, and a handle for each of its orders."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from mainspring.model import AccountStatement, Instrument, Side, TimeInForce, Trade
from mainspring.seams.market import AccountView, BookView, MarketStatistics, MarketView, OrdersView

__all__ = ["OrderGroup", "OrderHandle", "StrategyMarket"]


class OrderHandle(Protocol):
    """One of the strategy's orders, from the request on. It stays readable after the order has ended.

    `order_id` is unique in the lane, `client_order_id` everywhere. Sizes in lots and prices in ticks are integers; the
    others are exact decimals. `price_ticks` and `size_lots` are the venue's present values; a market order has no price
    (0, None).

    `state` follows the strategy's requests and the events that it was called with. It is "created" until the first
    answer; then "accepted", "partially-filled", "cancel-pending", "replace-pending" or "unknown" (the venue can't be
    asked); at the end "filled", "cancelled", "expired" or "rejected".
    """

    order_id: int
    side: Side
    price_ticks: int
    size_lots: int
    filled_lots: int
    state: str

    @property
    def market(self) -> "StrategyMarket":
        """Where the order is."""
        ...

    @property
    def client_order_id(self) -> str:
        """The id that the venue knows."""
        ...

    @property
    def leaves_lots(self) -> int:
        """What may still be filled; 0 once the order has ended."""
        ...

    @property
    def price(self) -> Decimal | None:
        """The limit price."""
        ...

    @property
    def size(self) -> Decimal:
        """The total size, filled lots included."""
        ...

    @property
    def filled(self) -> Decimal:
        """The filled size."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing more can be filled."""
        ...

    def cancel(self) -> None:
        """Requests a cancel of the rest. Does nothing if the order has ended or a cancel is on its way."""
        ...

    def replace(
        self,
        *,
        price: str | Decimal | None = None,
        size: str | Decimal | None = None,
        price_ticks: int | None = None,
        size_lots: int | None = None,
    ) -> None:
        """Requests another price, another total size, or both; what isn't given stays as last requested.

        Does nothing if the order has ended. Raises `GridError` for decimals off the grid, `ValueError` for a market
        order and for values that aren't above zero or are given twice, and `TypeError` for a value of the wrong type.
        """
        ...


class OrderGroup(Protocol):
    """Orders that depend on each other: a bracket, a stop, or a pair."""

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do."""
        ...

    @property
    def triggered(self) -> bool:
        """Whether the price has reached the stop."""
        ...

    @property
    def order_ids(self) -> Sequence[int]:
        """The ids of its orders so far."""
        ...

    def cancel(self) -> None:
        """Cancels what is open of it, and sends nothing more."""
        ...


class StrategyMarket(Protocol):
    """One instrument as one strategy sees and trades it.

    `bid_ticks` to `ask_lots` are the best prices and their sizes, from the book or the venue's own quote, whichever is
    newer; a side of 0 lots is empty. `bbo_time_ns` is when they last came. `live` is False while they can't be trusted:
    the book is out of sequence, the instrument is halted, or its feed is stale. `now_ns` is the lane's time. `name` is
    the instrument's symbol, after the feed's name if the session has several feeds: "spot:BTC/USDT". `next_order_id` is
    the number that the lane's next order gets, whichever strategy asks for it.
    """

    name: str
    index: int
    next_order_id: int
    instrument: Instrument
    now_ns: int
    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int
    bbo_time_ns: int
    live: bool

    @property
    def bid(self) -> Decimal | None:
        """The best bid price; None if there is none."""
        ...

    @property
    def ask(self) -> Decimal | None:
        """The best offer price; None if there is none."""
        ...

    @property
    def mid(self) -> Decimal | None:
        """The mid price, exact; None if a side is empty."""
        ...

    def mid_half_ticks(self) -> int | None:
        """Returns twice the mid price in ticks; None if a side is empty."""
        ...

    @property
    def view(self) -> MarketView:
        """The same prices as slippage models and risk checks read them: for code that reads many at each change.

        A read costs a third as much. Its `now_ns` is when the market's last message was received.
        """
        ...

    @property
    def book(self) -> BookView:
        """The levels."""
        ...

    @property
    def orders(self) -> OrdersView:
        """Everybody's single orders, where the venue sends them and the book structure keeps them."""
        ...

    @property
    def statistics(self) -> MarketStatistics:
        """What has been estimated from the stream so far."""
        ...

    @property
    def account(self) -> AccountView:
        """Position and open orders over all strategies."""
        ...

    @property
    def position_lots(self) -> int:
        """The position from this strategy's own fills; negative when short."""
        ...

    @property
    def position(self) -> Decimal:
        """`position_lots` as a size in base currency or contracts."""
        ...

    def statement(self) -> AccountStatement:
        """Returns what this strategy holds and has made here, exact. Each call computes it, in some 100 us."""
        ...

    @property
    def open_orders(self) -> Sequence[OrderHandle]:
        """This strategy's orders here that haven't ended, oldest first, including those just requested."""
        ...

    def buy(
        self,
        *,
        size: str | Decimal | None = None,
        price: str | Decimal | None = None,
        size_lots: int | None = None,
        price_ticks: int | None = None,
        time_in_force: TimeInForce | None = None,
        post_only: bool = False,
        expires_ns: int | None = None,
        reduce_only: bool = False,
    ) -> OrderHandle:
        """Requests a buy order: a limit order at `price` or `price_ticks`, a market order if neither is given.

        Decimals and integers can't be mistaken for each other: `size` and `price` are text or `Decimal`, `size_lots`
        and `price_ticks` whole numbers. `time_in_force` is "gtc" by default for a limit order and "ioc" for a market
        order; "day" ends with the trading day, "gtd" at `expires_ns`, in nanoseconds since the Unix epoch. With
        `post_only` the venue rejects the order rather than let it take liquidity; `reduce_only` forbids it to open a
        position or to turn one. What a venue can't do the lane does or refuses: `mainspring explain` says which.
        Nothing is sent while the strategy runs: when it returns, its requests are priced, checked and routed in order.
        A refused request becomes a `Rejected` event of the order.

        Raises `GridError` for decimals off the grid, `ValueError` for values that aren't above zero, missing or given
        twice, and `TypeError` for a value of the wrong type.
        """
        ...

    def sell(
        self,
        *,
        size: str | Decimal | None = None,
        price: str | Decimal | None = None,
        size_lots: int | None = None,
        price_ticks: int | None = None,
        time_in_force: TimeInForce | None = None,
        post_only: bool = False,
        expires_ns: int | None = None,
        reduce_only: bool = False,
    ) -> OrderHandle:
        """Requests a sell order. See `buy`."""
        ...

    def bracket(
        self,
        entry: OrderHandle,
        *,
        take_profit: str | Decimal | None = None,
        stop: str | Decimal | None = None,
        stop_limit: str | Decimal | None = None,
        take_profit_ticks: int | None = None,
        stop_ticks: int | None = None,
        stop_limit_ticks: int | None = None,
    ) -> OrderGroup:
        """Closes what `entry`, an order of this market, fills: at a profit, or once the price has reached a stop.

        A limit order at `take_profit` follows the size of the fills. When the price has reached `stop`, what is open of
        the entry and of the limit order is cancelled, and then what is left is closed by a market order, or by a limit
        order at `stop_limit`. The lane does all of it, each order passes the risk checks, and `orders.stop_trigger`
        says which price counts. See docs/orders.md for what happens if a cancel comes too late.

        Raises `ValueError` for prices that don't go together, and `GridError` for one off the grid.
        """
        ...

    def buy_stop(
        self,
        *,
        stop: str | Decimal | None = None,
        size: str | Decimal | None = None,
        stop_limit: str | Decimal | None = None,
        size_lots: int | None = None,
        stop_ticks: int | None = None,
        stop_limit_ticks: int | None = None,
    ) -> OrderGroup:
        """Buys once the price is at `stop` or above: with a market order, or a limit order at `stop_limit`.

        `size` and `size_lots`, and the prices, are as for `buy`. Nothing is at the venue before; see `bracket`.
        """
        ...

    def sell_stop(
        self,
        *,
        stop: str | Decimal | None = None,
        size: str | Decimal | None = None,
        stop_limit: str | Decimal | None = None,
        size_lots: int | None = None,
        stop_ticks: int | None = None,
        stop_limit_ticks: int | None = None,
    ) -> OrderGroup:
        """Sells once the price is at `stop` or below. See `buy_stop`."""
        ...

    def cancel_all(self) -> None:
        """Requests a cancel of each of this strategy's open orders here."""
        ...

    def lots(self, size: str | Decimal, *, field: str = "size") -> int:
        """Converts a size to lots. Raises `GridError`, which names `field`, if it is off the grid or below one lot."""
        ...

    def price_of_print(self, trade: Trade) -> Decimal:
        """Returns the exact price of a public trade, which may lie between two ticks."""
        ...

    def ticks(self, price: str | Decimal, *, field: str = "price") -> int:
        """Converts a price to ticks. Raises `GridError`, which names `field`, if it is off the grid."""
        ...
