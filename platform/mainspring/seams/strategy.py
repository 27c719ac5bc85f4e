"""The strategy seam: it says what wakes it, and asks for orders."""

from collections.abc import Collection
from typing import Protocol

import msgspec

from mainspring.model import Fill, NewOrder, OrderEvent, OrderKind, Side, TimeInForce, Trade
from mainspring.seams.catalogue import Catalogue, hookspec
from mainspring.seams.market import AccountView, MarketView

__all__ = ["OpenOrder", "Orders", "Strategy", "Subscription", "register_strategies"]


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """What wakes a strategy. Nothing else calls it, so what isn't asked for costs nothing.

    `bbo`: the best prices changed. `trades`: a trade was printed. `fills`: an order of its own was filled.
    `order_events`: an order of its own was accepted, rejected, cancelled or replaced. `timer_ms`: this much time has
    passed in the lane's clock (0: no timer).
    """

    bbo: bool = False
    trades: bool = False
    fills: bool = False
    order_events: bool = False
    timer_ms: int = 0


class OpenOrder(Protocol):
    """An order of ours that isn't finished. `state` is a `mainspring.orders.OrderState` value, such as "open"."""

    order: NewOrder
    price_ticks: int
    size_lots: int
    filled_lots: int
    state: str


class Orders(Protocol):
    """A strategy's way to trade, for one instrument and one strategy.

    Nothing is sent while the strategy runs: what it asks for is priced, checked and routed when it returns, in the
    order in which it asked. A refused request becomes a `Rejected` event of the order.
    """

    @property
    def account(self) -> AccountView:
        """What we hold and have in flight in the instrument, over all strategies."""
        ...

    @property
    def position_lots(self) -> int:
        """What this strategy's own fills have made in the instrument; negative when short."""
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
        """Asks for a new order and returns its id. A market order needs no price."""
        ...

    def cancel(self, order_id: int) -> None:
        """Asks for the rest of an order to be cancelled."""
        ...

    def replace(self, order_id: int, price_ticks: int, size_lots: int) -> None:
        """Asks for an order to stand at another price, with another total size."""
        ...

    def open_orders(self) -> Collection[OpenOrder]:
        """This strategy's unfinished orders in this instrument, oldest first."""
        ...


class Strategy(Protocol):
    """Decides what to trade. One object serves all instruments of a feed that its lane takes: all of the session's,
    where that has one feed and one lane. `market.index` tells them apart.

    Only the methods that `subscription` asks for need to exist. They are called in the lane's thread, between market
    events, and must not block; everything they are given is cheap to read and must not be kept or changed.
    """

    subscription: Subscription

    def on_bbo(self, market: MarketView, orders: Orders) -> None:
        """The best prices changed."""
        ...

    def on_trade(self, trade: Trade, market: MarketView, orders: Orders) -> None:
        """A trade was printed."""
        ...

    def on_fill(self, fill: Fill, market: MarketView, orders: Orders) -> None:
        """An order of this strategy was filled, wholly or in part."""
        ...

    def on_order_event(self, event: OrderEvent, market: MarketView, orders: Orders) -> None:
        """An order of this strategy was accepted, rejected, cancelled or replaced."""
        ...

    def on_timer(self, market: MarketView, orders: Orders) -> None:
        """`timer_ms` has passed. Called once for each instrument."""
        ...


@hookspec
def register_strategies(catalogue: Catalogue) -> None:
    """Offers strategies.

    Called once, when the registry loads. Add each strategy by `catalogue.add(name, factory, summary=...,
    options=...)`; the factory is called as `factory(instruments)` with those that it is to serve, and `options=` where
    the offer declares them, once for each `[strategy.NAME]` table of the config in each feed and lane, and returns an
    object that keeps the contract of `mainspring.seams.Strategy`.

    Capabilities: `across_instruments` (bool, default False): what it does in one instrument depends on others. A
    session of several lanes or feeds, in which it would see a part of them, is refused then.
    """
