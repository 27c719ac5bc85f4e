"""One instrument for one strategy: the object behind `mainspring.seams.StrategyMarket`."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, get_args

from mainspring.errors import ConfigError, GridError
from mainspring.lane.book_slot import orders_of
from mainspring.lane.clock import LaneClock
from mainspring.lane.order_group import LaneOrderGroup, open_bracket, open_stop
from mainspring.lane.order_handle import LaneOrderHandle
from mainspring.lane.outbox import Outbox
from mainspring.lane.own_orders import OwnOrders
from mainspring.lane.read_path import ReadPath, read
from mainspring.model import (
    MAX_UNITS,
    AccountStatement,
    DecimalGrid,
    NewOrder,
    OrderRequest,
    Side,
    TimeInForce,
    Trade,
    units_from_decimal,
    units_from_text,
)
from mainspring.portfolio import OwnPosition
from mainspring.seams import AccountView, BookView, MarketStatistics, MarketView, OrderHandle, OrdersView

if TYPE_CHECKING:
    from mainspring.lane.contingent_orders import ContingentOrders

__all__ = ["LaneStrategyMarket"]

# Looked up once: an enum's members cost a descriptor each time.
_BUY, _SELL = Side.BUY, Side.SELL
_TIMES = get_args(TimeInForce)


class _Market(MarketView, Protocol):
    """What is read of the lane's market, whether it is `mainspring.lane.Market` or native."""

    def mid_half_ticks(self) -> int | None:
        """Returns twice the mid price in ticks; None if a side is empty."""
        ...


def _never(_now_ns: int) -> int:
    return 0


class LaneStrategyMarket:
    """Reads a lane's `Market`, and turns what its strategy asks for into requests in the outbox.

    `strategy` is the strategy's name. `own_orders` are its orders here: the lane hands them each event of an order
    before the strategy is called. `units` counts the strategy's position here.
    """

    __slots__ = (
        "_clock",
        "_contingent",
        "_day_end_ns",
        "_own",
        "_prices",
        "_requests",
        "_sizes",
        "account",
        "index",
        "instrument",
        "name",
        "own_orders",
        "strategy",
        "units",
        "view",
    )

    now_ns: int = read("_clock.now_ns")
    next_order_id: int = read("_requests.next_order_id")
    bid_ticks: int = read("view.bid_ticks")
    bid_lots: int = read("view.bid_lots")
    ask_ticks: int = read("view.ask_ticks")
    ask_lots: int = read("view.ask_lots")
    bbo_time_ns: int = read("view.bbo_time_ns")
    live: bool = read("view.live")
    position_lots: int = read("units.position_lots")
    open_orders: Sequence[LaneOrderHandle] = read("own_orders.open")
    """The strategy's orders here that haven't ended, oldest first."""

    @staticmethod
    def reads() -> Mapping[str, str]:
        """Returns the attributes that read another object's, each with its path: a slot, and an attribute there."""
        return {name: found.path for name, found in vars(LaneStrategyMarket).items() if isinstance(found, ReadPath)}

    def __init__(
        self,
        name: str,
        strategy: str,
        market: _Market,
        clock: LaneClock,
        outbox: Outbox,
        account: AccountView,
        own: OwnPosition,
        client_order_id: Callable[[int], str],
        make_orders: "Callable[[LaneStrategyMarket, Callable[[int], str]], OwnOrders]" = OwnOrders,
        day_end_ns: Callable[[int], int] = _never,
        contingent: "ContingentOrders | None" = None,
    ) -> None:
        """`own` is the strategy's position; `client_order_id` returns the id by which the venue knows an order.

        `make_orders` makes what keeps the strategy's orders. `day_end_ns` returns when the trading day ends that a time
        is in, 0 if nobody knows. `contingent` keeps orders that depend on others.
        """
        self.name = name
        self.strategy = strategy
        self.index = market.index
        self.instrument = market.instrument
        self.account = account
        self._own = own
        self.units = own.position.units
        self.view = market
        self._clock = clock
        self._day_end_ns = day_end_ns
        self._contingent = contingent
        self._requests = outbox.requests
        self.own_orders = make_orders(self, client_order_id)
        if contingent is not None:
            contingent.adopt(strategy, self.index, self.own_orders.add)
        self._prices = DecimalGrid(market.instrument.tick_size)
        self._sizes = DecimalGrid(market.instrument.lot_size)

    def __repr__(self) -> str:
        return f"<market {self.name}: bid {self.bid}, ask {self.ask}, position {self.position}>"

    @property
    def bid(self) -> Decimal | None:
        """The best bid price; None if there is none."""
        market = self.view
        return self._prices.decimal(market.bid_ticks) if market.bid_lots else None

    @property
    def ask(self) -> Decimal | None:
        """The best offer price; None if there is none."""
        market = self.view
        return self._prices.decimal(market.ask_ticks) if market.ask_lots else None

    @property
    def mid(self) -> Decimal | None:
        """The mid price, exact; None if a side is empty."""
        half_ticks = self.view.mid_half_ticks()
        return None if half_ticks is None else self._prices.half_decimal(half_ticks)

    def mid_half_ticks(self) -> int | None:
        """Returns twice the mid price in ticks; None if a side is empty."""
        return self.view.mid_half_ticks()

    @property
    def book(self) -> BookView:
        """The levels."""
        return self.view.book

    @property
    def orders(self) -> OrdersView:
        """Everybody's single orders."""
        return orders_of(self.view.book)

    @property
    def statistics(self) -> MarketStatistics:
        """What has been estimated from the stream so far."""
        return self.view.statistics

    @property
    def position(self) -> Decimal:
        """The strategy's position as a size."""
        return self._sizes.decimal(self.position_lots)

    def statement(self) -> AccountStatement:
        """See `mainspring.seams.StrategyMarket.statement`."""
        return self._own.statement()

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
    ) -> LaneOrderHandle:
        """See `mainspring.seams.StrategyMarket.buy`."""
        lots, ticks = self.lots_of(size, size_lots), self.ticks_of(price, price_ticks)
        return self._submit(_BUY, lots, ticks, time_in_force, post_only, expires_ns, reduce_only)

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
    ) -> LaneOrderHandle:
        """See `mainspring.seams.StrategyMarket.sell`."""
        lots, ticks = self.lots_of(size, size_lots), self.ticks_of(price, price_ticks)
        return self._submit(_SELL, lots, ticks, time_in_force, post_only, expires_ns, reduce_only)

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
    ) -> LaneOrderGroup:
        """See `mainspring.seams.StrategyMarket.bracket`."""
        return open_bracket(
            self,
            entry,
            self.contingent,
            (take_profit, take_profit_ticks),
            (stop, stop_ticks),
            (stop_limit, stop_limit_ticks),
        )

    def buy_stop(
        self,
        *,
        stop: str | Decimal | None = None,
        size: str | Decimal | None = None,
        stop_limit: str | Decimal | None = None,
        size_lots: int | None = None,
        stop_ticks: int | None = None,
        stop_limit_ticks: int | None = None,
    ) -> LaneOrderGroup:
        """See `mainspring.seams.StrategyMarket.buy_stop`."""
        lots, limit_ticks = self.lots_of(size, size_lots), self.ticks_of(stop_limit, stop_limit_ticks)
        return open_stop(self, self.contingent, _BUY, lots, self.ticks_of(stop, stop_ticks), limit_ticks)

    def sell_stop(
        self,
        *,
        stop: str | Decimal | None = None,
        size: str | Decimal | None = None,
        stop_limit: str | Decimal | None = None,
        size_lots: int | None = None,
        stop_ticks: int | None = None,
        stop_limit_ticks: int | None = None,
    ) -> LaneOrderGroup:
        """See `mainspring.seams.StrategyMarket.sell_stop`."""
        lots, limit_ticks = self.lots_of(size, size_lots), self.ticks_of(stop_limit, stop_limit_ticks)
        return open_stop(self, self.contingent, _SELL, lots, self.ticks_of(stop, stop_ticks), limit_ticks)

    @property
    def contingent(self) -> "ContingentOrders":
        """What keeps orders that depend on others."""
        if self._contingent is None:
            raise ConfigError("orders that depend on others need a lane: run the strategy in a session")
        return self._contingent

    def cancel_all(self) -> None:
        """See `mainspring.seams.StrategyMarket.cancel_all`."""
        for order in self.open_orders:
            order.cancel()

    def close(self) -> LaneOrderHandle:
        """Requests a market order that closes the position: for a command, not for the strategy itself.

        What of it an order's 64 bits don't hold is left for the next command.
        """
        lots = self.position_lots
        return self._submit(_SELL if lots > 0 else _BUY, min(abs(lots), MAX_UNITS), None, None, False, None, False)

    def lots(self, size: str | Decimal, *, field: str = "size") -> int:
        """See `mainspring.seams.StrategyMarket.lots`."""
        units = self._units(size, self.instrument.lot_size, field, "size_lots")
        if not units:
            raise GridError(self.instrument.symbol, field, str(size), f"is below one lot of {self.instrument.lot_size}")
        return units

    def ticks(self, price: str | Decimal, *, field: str = "price") -> int:
        """See `mainspring.seams.StrategyMarket.ticks`."""
        return self._units(price, self.instrument.tick_size, field, "price_ticks")

    def size_of(self, lots: int) -> Decimal:
        """Returns a number of lots as a size."""
        return self._sizes.decimal(lots)

    def price_of(self, ticks: int) -> Decimal:
        """Returns a number of ticks as a price."""
        return self._prices.decimal(ticks)

    def price_of_print(self, trade: Trade) -> Decimal:
        """See `mainspring.seams.StrategyMarket.price_of_print`."""
        return self._prices.fine_decimal(trade.price_ticks, trade.fraction_nanoticks)

    def lots_of(self, size: str | Decimal | None, size_lots: int | None) -> int | None:
        """Returns the size of a request, given as either, in lots; None if neither is given."""
        if size is not None:
            if size_lots is not None:
                raise ValueError("give either size or size_lots, not both")
            return self.lots(size)
        return None if size_lots is None else _whole("size_lots", size_lots, "size")

    def ticks_of(self, price: str | Decimal | None, price_ticks: int | None) -> int | None:
        """Returns the price of a request, given as either, in ticks; None if neither is given."""
        if price is None:
            return None if price_ticks is None else _whole("price_ticks", price_ticks, "price")
        if price_ticks is not None:
            raise ValueError("give either price or price_ticks, not both")
        ticks = self.ticks(price)
        if not ticks:
            raise ValueError(f"{self.instrument.symbol}: price must be above zero, not {price}")
        return ticks

    def request(self, request: OrderRequest) -> None:
        """Appends a request to the outbox."""
        self._requests.append(request)

    def _submit(
        self,
        side: Side,
        lots: int | None,
        ticks: int | None,
        time_in_force: TimeInForce | None,
        post_only: bool,
        expires_ns: int | None,
        reduce_only: bool,
    ) -> LaneOrderHandle:
        if lots is None:
            raise ValueError("an order needs a size: give size or size_lots")
        if time_in_force is None:
            time_in_force = "ioc" if ticks is None else "gtc"
        elif time_in_force not in _TIMES:
            raise ValueError(f"time_in_force must be one of {', '.join(_TIMES)}, not {time_in_force!r}")
        if ticks is None and (post_only or time_in_force in ("day", "gtd")):
            raise ValueError(
                "a market order takes liquidity at once, so it can't be post_only or end later; give a price"
            )
        if (expires_ns is None) is (time_in_force == "gtd"):
            raise ValueError('expires_ns goes with time_in_force "gtd", and only with it')
        if expires_ns is not None:
            expires_ns = _whole("expires_ns", expires_ns, "no times")
        elif time_in_force == "day":
            expires_ns = self._day_end_ns(self._clock.now_ns)
        requests = self._requests
        order_id = requests.next_order_id
        requests.next_order_id = order_id + 1
        request = NewOrder(
            order_id,
            self.index,
            side,
            "market" if ticks is None else "limit",
            ticks or 0,
            lots,
            self._clock.now_ns,
            time_in_force,
            bool(post_only),
            self.strategy,
            expires_ns or 0,
            bool(reduce_only),
        )
        requests.append(request)
        return self.own_orders.add(request)

    def _units(self, value: str | Decimal, step: Decimal, field: str, other: str) -> int:
        symbol = self.instrument.symbol
        if isinstance(value, str):
            return units_from_text(value, step, instrument=symbol, field=field)
        if isinstance(value, Decimal):
            return units_from_decimal(value, step, instrument=symbol, field=field)
        raise TypeError(f'{field} must be text or a Decimal, such as "0.01", not {value!r}; whole units are {other}')


def _whole(name: str, value: Any, other: str) -> int:
    if type(value) is not int:
        # NumPy's integers are welcome; a float or a bool would be a mistake.
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise TypeError(f"{name} must be a whole number, not {value!r}; decimals are {other}")
        value = value.__index__()
    if not 0 < value <= MAX_UNITS:
        raise ValueError(f"{name} must be above zero and fit 64 bits, not {value}")
    return int(value)
