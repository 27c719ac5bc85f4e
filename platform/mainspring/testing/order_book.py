"""Checks a book that keeps single orders against the contract of `mainspring.seams.OrderBook`."""

from collections.abc import Callable
from random import Random

from mainspring.model import Instrument, Level, OrderId, QueuePlace, RestingOrder, Side
from mainspring.seams import OrderBook
from mainspring.testing._rules import Offered, Rules
from mainspring.testing.book import check_book
from mainspring.testing.market import INSTRUMENT

__all__ = ["NaiveOrders", "check_offered", "check_order_book"]

_IDS: tuple[OrderId, ...] = (
    *range(12),
    *map(str, range(6)),
    "be3c69b7-1c5e-446f-b80d-8398aae065c5",
    "BE3C69B7-1C5E-446F-B80D-8398AAE065C5",
    "OHJQ6S-é",
    2**63 - 1,
)


class NaiveOrders:
    """All orders in one list, in the order of their places: slow, and correct by inspection."""

    def __init__(self) -> None:
        self.orders: list[RestingOrder] = []

    def set(self, order: RestingOrder) -> None:
        """Sets an order; 0 lots removes it."""
        order_id, side, price, lots = order
        for place, (known, *where, before) in enumerate(self.orders):
            if known == order_id and type(known) is type(order_id):
                if where == [side, price] and 0 < lots <= before:
                    self.orders[place] = order
                    return
                del self.orders[place]
                break
        if lots:
            self.orders.append(order)

    def at(self, side: int, price_ticks: int) -> list[tuple[OrderId, int]]:
        """Returns the orders at a price with their lots, the first in the queue first."""
        return [(order_id, lots) for order_id, *place, lots in self.orders if place == [side, price_ticks]]

    def place(self, order_id: OrderId) -> QueuePlace | None:
        """Returns where an order waits; None if it isn't there."""
        for known, side, price, lots in self.orders:
            if known == order_id:
                queue = self.at(side, price)
                ahead = queue[: queue.index((order_id, lots))]
                return QueuePlace(price, lots, len(ahead), sum(size for _, size in ahead))
        return None


def check_order_book(factory: Callable[[Instrument], OrderBook], *, seed: int = 0, rounds: int = 300) -> None:
    """Applies `rounds` seeded changes of orders to a book of `factory` and compares it with `NaiveOrders` after each.

    `check_book` comes first: it is a book like any other. Raises `ConformanceError`, which names the broken rule, the
    last change, and the seed.
    """
    check_book(factory, seed=seed, rounds=rounds)
    rules = Rules(seed)
    book, naive = factory(INSTRUMENT), NaiveOrders()
    for _ in range(rounds):
        after = _operate(rules, book, naive)
        _compare(rules, book, naive, after)


def check_offered(offered: Offered) -> str:
    """Checks a book structure by what it says of itself. Returns what was checked beyond levels."""
    if not offered.capabilities.get("orders", False):
        check_book(offered.factory, seed=offered.seed)
        return ""
    check_order_book(offered.factory, seed=offered.seed)
    return "with single orders"


def _operate(rules: Rules, book: OrderBook, naive: NaiveOrders) -> str:
    random = rules.random
    chance = random.random()
    if chance < 0.02:
        rules.never_raises("clear empties both sides", book.clear)
        naive.orders.clear()
        return "clear()"
    if chance < 0.06 and naive.orders:
        _, side, price, _ = random.choice(naive.orders)
        rows = [(price, 0)]
        rules.never_raises("a level goes with its orders", book.apply_delta, *_sides(side, rows))
        naive.orders = [order for order in naive.orders if order[1:3] != (side, price)]
        return f"the removal of the level {price}"
    whole = chance > 0.95
    if whole:
        naive.orders.clear()
    changes = [_change(random, naive) for _ in range(random.choice((1, 1, 1, 2, 8)))]
    touched = {(side, price) for _, side, price, _ in (*naive.orders, *changes)}
    for change in changes:
        naive.set(change)
    levels: dict[int, list[Level]] = {1: [], -1: []}
    for side, price in touched:
        levels[side].append((price, sum(lots for _, lots in naive.at(side, price))))
    apply = book.apply_snapshot if whole else book.apply_delta
    rules.never_raises("levels come first", apply, levels[1], levels[-1])
    rules.never_raises("apply_orders takes every order", book.apply_orders, list(changes))
    return f"{'a snapshot of ' if whole else ''}{changes}"


def _change(random: Random, naive: NaiveOrders) -> RestingOrder:
    """An order that is new, moved, changed, removed or unknown; its id is often one that is there."""
    order_id = random.choice(_IDS)
    known = {order[0]: order for order in naive.orders if type(order[0]) is type(order_id)}.get(order_id)
    if known is not None and random.random() < 0.7:
        _, side, price, lots = known
        return order_id, side, price, random.choice((0, lots, max(1, lots - 3), lots + 5))
    return order_id, random.choice((1, -1)), random.randint(20, 24), random.choice((0, 1, 10, 25))


def _sides(side: int, rows: list[Level]) -> tuple[list[Level], list[Level]]:
    return (rows, []) if side > 0 else ([], rows)


def _compare(rules: Rules, book: OrderBook, naive: NaiveOrders, after: str) -> None:
    for side in (Side.BUY, Side.SELL):
        for price in range(19, 26):
            found = rules.never_raises("orders_at answers", book.orders_at, side, price)
            rules.equal("orders stand in the order of their queue", found, naive.at(int(side), price), after)
    for order_id in _IDS:
        found_place = rules.never_raises("queue_place answers", book.queue_place, order_id)
        rules.equal("a queue place is what stands ahead", found_place, naive.place(order_id), f"{order_id!r} {after}")
