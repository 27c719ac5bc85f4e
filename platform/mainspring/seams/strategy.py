"""The strategy seam: subscribes to callbacks and requests orders."""

from collections.abc import Collection
from typing import Protocol

import msgspec

from mainspring.model import Fill, NewOrder, OrderEvent, OrderKind, Side, TimeInForce, Trade
from mainspring.seams.catalogue import Catalogue, hookspec
from mainspring.seams.market import AccountView, MarketView

__all__ = ["OpenOrder", "Orders", "Strategy", "Subscription", "register_strategies"]


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """The callbacks that a strategy wants. It gets no others, so what it doesn't subscribe to costs nothing.

    `bbo`: the best prices changed. `trades`: a public trade. `fills`: one of its orders was filled. `order_events`:
    one of its orders was accepted, rejected, cancelled or replaced. `timer_ms`: this much time has passed on the
    lane's clock (0: no timer).
    """

    bbo: bool = False
    trades: bool = False
    fills: bool = False
    order_events: bool = False
    timer_ms: int = 0


class OpenOrder(Protocol):
    """One of our orders that hasn't ended. `state` is a `mainspring.orders.OrderState` value, such as "open"."""

    order: NewOrder
    price_ticks: int
    size_lots: int
    filled_lots: int
    state: str


class Orders(Protocol):
    """A strategy's interface for trading: one strategy, one instrument.

    Nothing is sent while the strategy runs: when it returns, its requests are priced, checked and routed in order. A
    refused request becomes a `Rejected` event of the order.
    """

    @property
    def account(self) -> AccountView:
        """Position and open orders in the instrument, over all strategies."""
        ...

    @property
    def position_lots(self) -> int:
        """The position from this strategy's own fills; negative when short."""
        ...

    def submit(
        self,
        side: Side,
        size_lots: int,
        price_ticks: int = 0,
        *,
        kind: OrderKind = "limit",
        time_in_force: TimeInForce = "gtc",
        post_only: bool = False,
    ) -> int:
        """Requests a new order and returns its id.

        A market order needs no `price_ticks`. With `post_only` the venue rejects the order rather than let it take
        liquidity.
        """
        ...

    def cancel(self, order_id: int) -> None:
        """Requests a cancel of the rest of an order."""
        ...

    def replace(self, order_id: int, price_ticks: int, size_lots: int) -> None:
        """Requests another price and total size for an order."""
        ...

    def open_orders(self) -> Collection[OpenOrder]:
        """Returns this strategy's open orders in this instrument, oldest first."""
        ...


class Strategy(Protocol):
    """Decides what to trade. One object serves all instruments of a feed in its lane; `market.index` tells them apart.

    In a session with one feed and one lane these are all instruments of the session. Only the methods that
    `subscription` asks for need to exist. They run on the lane's thread, between market events, and must not block;
    their arguments are cheap to read and must not be kept or changed.
    """

    subscription: Subscription

    def on_bbo(self, market: MarketView, orders: Orders) -> None:
        """The best prices changed."""
        ...

    def on_trade(self, trade: Trade, market: MarketView, orders: Orders) -> None:
        """A public trade took place."""
        ...

    def on_fill(self, fill: Fill, market: MarketView, orders: Orders) -> None:
        """An order of this strategy was filled, wholly or in part."""
        ...

    def on_order_event(self, event: OrderEvent, market: MarketView, orders: Orders) -> None:
        """An order of this strategy was accepted, rejected, cancelled or replaced."""
        ...

    def on_timer(self, market: MarketView, orders: Orders) -> None:
        """`timer_ms` has passed. Called once per instrument."""
        ...


@hookspec
def register_strategies(catalogue: Catalogue) -> None:
    """Offers strategies.

    Called once, when the registry loads. Add each strategy with `catalogue.add(name, factory, summary=...,
    options=...)`; the factory is called as `factory(instruments)` with the instruments to serve, and `options=` if the
    offer declares them, once per `[strategy.NAME]` table of the config in each feed and lane, and returns an object
    that implements `mainspring.seams.Strategy`.

    Capabilities: `instruments` (int, default 1): the fewest that it works with; a session with fewer is refused.
    `across_instruments` (bool, default False): what it does in one instrument depends on others. A
    session of several lanes or feeds, in which it would see only some of them, is then refused.
    """
