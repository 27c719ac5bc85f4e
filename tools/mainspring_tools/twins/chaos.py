"""A strategy that asks for whatever there is, sensible or not."""

from collections import deque
from random import Random
from typing import Any

__all__ = ["HABITS", "Chaos"]

HABITS = ("repeat", "take", "cancel", "cross")
"""What it may do most of the time: the same order again, a fill on one side after the other, an order and its cancel at
once, and orders that meet its own and the prices to which these are on their way.
"""


class Chaos:
    """Asks for whatever there is, sensible or not, at random, and notes everything that it hears."""

    def __init__(self, seed: int, *, ends: bool = True, habit: str = "") -> None:
        """`ends` says whether it also asks for orders with an end, reduce-only ones, brackets, stops and pairs.

        `habit` is one of `HABITS`, or none.
        """
        self.random = Random(seed)
        self.habit = habit
        self.ends = ends
        self.groups: deque[Any] = deque(maxlen=6)
        self.terms: list[dict[str, Any]] = [
            {},
            {},
            {"post_only": True},
            {"time_in_force": "ioc"},
            {"time_in_force": "fok"},
        ]
        if ends:
            self.terms += [{"time_in_force": "gtd"}, {"reduce_only": True}]
        self.seen: list[object] = []
        self.orders: deque[Any] = deque(maxlen=6)

    def on_start(self, session: Any) -> None:
        self.session = session
        session.every(seconds=self.random.choice((0.05, 0.3, 5.0)), call=self.tick)

    def on_bbo(self, market: Any) -> None:
        best = market.bid_ticks, market.bid_lots, market.ask_ticks, market.ask_lots, market.live, market.position_lots
        self.seen.append((market.index, market.now_ns, best))
        if self.random.random() < (0.25 if self.habit else 0.06):
            self.ask(market)

    def on_fill(self, fill: Any, order: Any) -> None:
        account = order.market.account
        self.seen.append((fill, repr(order), account.position_lots, account.open_buy_lots, account.open_sell_lots))
        if self.random.random() < 0.3:
            self.ask(order.market)

    def on_order(self, order: Any, event: Any) -> None:
        self.seen.append((event, repr(order), order.market.open_orders and len(order.market.open_orders)))
        if self.random.random() < 0.2:
            self.change(order)

    def tick(self) -> None:
        self.seen.append((self.session.now_ns, [market.position_lots for market in self.session.markets]))
        self.ask(self.random.choice(self.session.markets))

    def ask(self, market: Any) -> None:
        """One to three requests, so that some meet others on their way."""
        for _ in range(self.random.choice((1, 1, 2, 3))):
            if self.habit and self.random.random() < 0.7:
                self.indulge(market)
            elif self.orders and self.random.random() < 0.5:
                self.change(self.random.choice(self.orders))
            elif self.random.random() < 0.03:
                market.cancel_all()
            else:
                self.enter(market)

    def enter(self, market: Any) -> None:
        random = self.random
        trade = random.choice((market.buy, market.sell))
        # Now and then more than the limits allow.
        size_lots = random.choice((1, 50, 400, 1_500, 3_000, 60_000, 2**62))
        mid = (market.bid_ticks + market.ask_ticks) // 2
        if mid <= 200 or random.random() < 0.25:
            self.orders.append(trade(size_lots=size_lots, time_in_force=random.choice((None, "ioc", "fok"))))
            return
        price_ticks = mid + random.choice((0, 1, -1, 2, -2, 5, -5, 40, -40, -150, mid, -mid + 1))
        terms = random.choice(self.terms)
        if "gtd" in terms.values():
            terms = {**terms, "expires_ns": self.session.now_ns + random.choice((1, 10**9, 10**11))}
        self.orders.append(trade(size_lots=size_lots, price_ticks=price_ticks, **terms))
        if self.ends and random.random() < 0.15:
            self.tie(market, mid)

    def indulge(self, market: Any) -> None:
        """Does what it has a habit of."""
        random, mid = self.random, (market.bid_ticks + market.ask_ticks) // 2
        if mid <= 200:
            return
        if self.habit == "repeat":
            # A change that was asked for before is another thing to repeat.
            if self.orders and random.random() < 0.3 and self.orders[-1].price_ticks:
                self.orders[-1].replace(price_ticks=mid // 100 * 100 - 300)
            else:
                self.orders.append(market.buy(size_lots=50, price_ticks=mid // 100 * 100 - 400))
        elif self.habit == "take":
            # By turns, so that the position stays within its limit.
            buys = self.session.now_ns // 100_000_000 % 2
            self.orders.append((market.buy if buys else market.sell)(size_lots=1, time_in_force="ioc"))
        elif self.habit == "cancel":
            self.orders.append(market.sell(size_lots=50, price_ticks=mid + random.randrange(100, 200)))
            self.orders[-1].cancel()
        else:
            self.cross(market, mid)

    def cross(self, market: Any, mid: int) -> None:
        """An offer above the market, on its way down now and then, and a bid between where it was and where it goes."""
        if self.orders and self.orders[-1].price_ticks and self.orders[-1].side < 0:
            offer = self.orders[-1]
            offer.replace(price_ticks=mid + self.random.choice((60, 100)))
            market.buy(size_lots=1, price_ticks=mid + self.random.choice((70, 90, 110)), post_only=True)
        else:
            self.orders.append(market.sell(size_lots=50, price_ticks=mid + 120))

    def tie(self, market: Any, mid: int) -> None:
        """Makes orders depend on each other."""
        random, order = self.random, self.orders[-1]
        near, far = random.randrange(1, 60), random.randrange(1, 60)
        if random.random() < 0.5:
            profit, stop = mid + order.side * near, mid - order.side * far
            limit = random.choice((None, stop - order.side * 5))
            self.groups.append(market.bracket(order, take_profit_ticks=profit, stop_ticks=stop, stop_limit_ticks=limit))
        elif random.random() < 0.5:
            stop = market.buy_stop if order.side > 0 else market.sell_stop
            self.groups.append(stop(size_lots=50, stop_ticks=mid + order.side * near))
        elif len(self.orders) > 1 and self.orders[-2].order_id != order.order_id:
            self.groups.append(self.session.oco(order, self.orders[-2]))
        if random.random() < 0.2 and self.groups:
            random.choice(self.groups).cancel()

    def change(self, order: Any) -> None:
        random = self.random
        if random.random() < 0.4:
            order.cancel()
        elif order.price_ticks:
            changes = [{"price_ticks": max(order.price_ticks + random.randrange(-4, 5), 1)}]
            changes.append({"size_lots": max(order.size_lots + random.choice((-60, -1, 0, 1, 60, 2**61)), 1)})
            order.replace(**random.choice((changes[0], changes[1], changes[0] | changes[1])))
