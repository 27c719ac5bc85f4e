"""Checks a strategy against the contract of `mainspring.seams.Strategy`."""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import count

import msgspec

from mainspring.model import Accepted, Fill, Instrument, NewOrder, OrderKind, Side, TimeInForce, Trade
from mainspring.seams import OpenOrder, Strategy, Subscription
from mainspring.testing._rules import Offered, Rules, shorten
from mainspring.testing.market import INSTRUMENT, SECOND_INSTRUMENT, FakeAccount, FakeMarket

__all__ = ["FakeOpenOrder", "FakeOrders", "check_offered", "check_strategy"]

_START_NS = 1_700_000_000_000_000_000
_STEP_NS = 50_000_000


class FakeOpenOrder:
    """`mainspring.seams.OpenOrder` of an order at the venue."""

    def __init__(self, order: NewOrder) -> None:
        self.order = order
        self.price_ticks = order.price_ticks
        self.size_lots = order.size_lots
        self.filled_lots = 0
        self.state = "open"


class FakeOrders:
    """`mainspring.seams.Orders` that records every request in `requests`, and sends nothing.

    `index` is the instrument's. `order_ids` gives the next id: share it between the instruments of one strategy, since
    ids are a session's, not an instrument's.
    """

    def __init__(self, index: int = 0, order_ids: Iterator[int] | None = None) -> None:
        self.account: FakeAccount = FakeAccount()
        self.position_lots = 0
        self.requests: list[tuple[object, ...]] = []
        self.open: dict[int, FakeOpenOrder] = {}
        self._index = index
        self._order_ids = count(1) if order_ids is None else order_ids

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
        """Records a new order, with `post_only` and the other terms as given, and opens it."""
        order_id = next(self._order_ids)
        self.requests.append(("submit", order_id, side, size_lots, price_ticks, kind, time_in_force, post_only))
        order = NewOrder(order_id, self._index, side, kind, price_ticks, size_lots, 0, time_in_force, post_only)
        self.open[order_id] = FakeOpenOrder(order)
        return order_id

    def cancel(self, order_id: int) -> None:
        """Records a cancel, and closes the order."""
        self.requests.append(("cancel", order_id))
        self.open.pop(order_id, None)

    def replace(self, order_id: int, price_ticks: int, size_lots: int) -> None:
        """Records a replace, and changes the order."""
        self.requests.append(("replace", order_id, price_ticks, size_lots))
        if order_id in self.open:
            self.open[order_id].price_ticks = price_ticks
            self.open[order_id].size_lots = size_lots

    def open_orders(self) -> Collection[OpenOrder]:
        """Returns the orders that were neither cancelled nor filled, oldest first."""
        return list(self.open.values())


def check_strategy(
    factory: Callable[[tuple[Instrument, ...]], Strategy],
    *,
    instruments: Sequence[Instrument] = (INSTRUMENT, SECOND_INSTRUMENT),
    seed: int = 0,
    rounds: int = 300,
) -> None:
    """Calls a strategy of `factory` as it subscribes, `rounds` times on a seeded market, and does so twice.

    Raises `ConformanceError`, which names the broken rule, the request, and the seed.
    """
    first, second = (_drive(factory, tuple(instruments), seed, rounds) for _ in range(2))
    Rules(seed).equal("the same market gets the same requests", second, first, "a second run")


def _drive(
    factory: Callable[[tuple[Instrument, ...]], Strategy], instruments: tuple[Instrument, ...], seed: int, rounds: int
) -> list[tuple[object, ...]]:
    rules = Rules(seed)
    strategy = factory(instruments)
    subscription = strategy.subscription
    rules.hold("subscription is a Subscription", isinstance(subscription, Subscription), shorten(subscription))
    calls = {
        "on_bbo": subscription.bbo,
        "on_trade": subscription.trades,
        "on_fill": subscription.fills,
        "on_order_event": subscription.order_events,
        "on_timer": subscription.timer_ms > 0,
    }
    for name, asked in calls.items():
        rules.hold(
            "it has a method for each callback that it subscribes to",
            not asked or callable(getattr(strategy, name, None)),
            name,
        )
    markets = [FakeMarket(instrument, index=index) for index, instrument in enumerate(instruments)]
    order_ids = count(1)
    orders = [FakeOrders(index, order_ids) for index in range(len(instruments))]
    for number in range(1, rounds + 1):
        index = rules.random.randrange(len(instruments))
        # One clock for all: a lane's time never runs backwards.
        markets[index].now_ns = _START_NS + number * _STEP_NS
        _wake(rules, strategy, subscription, markets[index], orders[index])
    return [request for one in orders for request in one.requests]


def _wake(rules: Rules, strategy: Strategy, subscription: Subscription, market: FakeMarket, orders: FakeOrders) -> None:
    random, call = rules.random, rules.never_raises
    _move(rules, market)
    seen = len(orders.requests)
    rule = "a strategy never raises"
    if subscription.bbo:
        call(rule, strategy.on_bbo, market, orders)
    if subscription.trades:
        aggressor = random.choice((1, -1))
        price_ticks = market.ask_ticks if aggressor > 0 else market.bid_ticks
        trade = Trade(market.index, market.now_ns, market.now_ns, market.now_ns, price_ticks, 5, aggressor)
        call(rule, strategy.on_trade, trade, market, orders)
    if subscription.timer_ms:
        call(rule, strategy.on_timer, market, orders)
    if orders.open and random.random() < 0.3:
        _answer(rules, strategy, subscription, market, orders)
    for request in orders.requests[seen:]:
        _assess(rules, request)


def _move(rules: Rules, market: FakeMarket) -> None:
    random = rules.random
    mid_ticks = 1_000_000 + random.randint(-50, 50)
    empty = random.random() < 0.05
    bids = [] if empty else [(mid_ticks - distance, random.randint(1, 100)) for distance in range(1, 6)]
    market.book.apply_snapshot(bids, [(mid_ticks + distance, random.randint(1, 100)) for distance in range(1, 6)])
    market.update_bbo()
    market.bbo_time_ns = market.now_ns
    market.live = random.random() > 0.05


def _answer(
    rules: Rules, strategy: Strategy, subscription: Subscription, market: FakeMarket, orders: FakeOrders
) -> None:
    """Accepts and fills the oldest order as the venue would."""
    order_id, one = next(iter(orders.open.items()))
    if subscription.order_events:
        accepted = Accepted(order_id, market.index, market.now_ns)
        rules.never_raises("a strategy never raises", strategy.on_order_event, accepted, market, orders)
    if orders.open.pop(order_id, None) is not None:
        orders.account.position_lots += int(one.order.side) * one.size_lots
        orders.position_lots += int(one.order.side) * one.size_lots
        price_ticks = one.price_ticks or market.ask_ticks
        fill = Fill(
            order_id, market.index, market.now_ns, order_id, one.order.side, price_ticks, one.size_lots, True, 0
        )
        if subscription.fills:
            rules.never_raises("a strategy never raises", strategy.on_fill, fill, market, orders)


def _assess(rules: Rules, request: tuple[object, ...]) -> None:
    if request[0] == "submit":
        _, _, side, size_lots, price_ticks, kind, *_ = request
        whole = type(size_lots) is int and size_lots > 0 and type(price_ticks) is int and isinstance(side, Side)
        rules.hold("orders are of one lot or more, in integers", whole, shorten(request))
        priced = isinstance(price_ticks, int) and (price_ticks > 0 if kind == "limit" else price_ticks == 0)
        rules.hold("a limit order has a price, a market order none", priced, shorten(request))
    elif request[0] == "replace":
        whole = all(type(unit) is int and unit > 0 for unit in request[2:])
        rules.hold("a replaced order has a price and a size", whole, shorten(request))


def check_offered(offered: Offered) -> str:
    """Checks an offered strategy for `check_offer`; returns nothing to note."""
    fewest = int(offered.capabilities.get("instruments", 1))
    more = tuple(
        msgspec.structs.replace(INSTRUMENT, symbol=f"GAMMA{number}/USD", venue_symbol=f"GAMMA{number}USD")
        for number in range(2, fewest)
    )
    check_strategy(offered.factory, instruments=(INSTRUMENT, SECOND_INSTRUMENT, *more), seed=offered.seed)
    return ""
