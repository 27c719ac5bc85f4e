"""Shows that check_order_book finds each way in which queues can be wrong, and passes a book of the naive parts."""

from typing import Any

import pytest

from mainspring.errors import ConformanceError
from mainspring.model import QueuePlace, Side
from mainspring.testing import NaiveBook, NaiveOrders, check_offer, check_order_book


class NaiveOrderBook(NaiveBook):
    def __init__(self, instrument=None):
        super().__init__(instrument)
        self.queues = NaiveOrders()

    def apply_delta(self, bids, asks):
        super().apply_delta(bids, asks)
        levels = {1: dict(self.depth(Side.BUY, 99)), -1: dict(self.depth(Side.SELL, 99))}
        self.queues.orders = [order for order in self.queues.orders if order[2] in levels[order[1]]]

    def apply_orders(self, orders):
        for order in orders:
            self.queues.set(order)

    def clear(self):
        super().clear()
        self.queues.orders.clear()

    def orders_at(self, side, price_ticks):
        return self.queues.at(int(side), price_ticks)

    def queue_place(self, order_id):
        return self.queues.place(order_id)


class KeepsThePlaceOfWhatGrows(NaiveOrderBook):
    def apply_orders(self, orders):
        for order in orders:
            known = [one for one in self.queues.orders if one[:3] == order[:3]]
            if known and order[3]:
                self.queues.orders[self.queues.orders.index(known[0])] = order
            else:
                self.queues.set(order)


class KeepsOrdersOfGoneLevels(NaiveOrderBook):
    def apply_delta(self, bids, asks):
        NaiveBook.apply_delta(self, bids, asks)


class TakesIdsForText(NaiveOrderBook):
    def queue_place(self, order_id):
        return self.queues.place(str(order_id))


class CountsItself(NaiveOrderBook):
    def queue_place(self, order_id):
        place = super().queue_place(order_id)
        return place and QueuePlace(place.price_ticks, place.size_lots, place.orders_ahead + 1, place.lots_ahead)


class ForgetsTheLevels(NaiveOrderBook):
    def __len__(self):
        return 0


@pytest.mark.parametrize(
    ("factory", "rule"),
    [
        (KeepsThePlaceOfWhatGrows, "order of their queue"),
        (KeepsOrdersOfGoneLevels, "order of their queue"),
        (TakesIdsForText, "queue place is what stands ahead"),
        (CountsItself, "queue place is what stands ahead"),
        (ForgetsTheLevels, "length is the levels"),
    ],
)
def test_a_broken_book_is_found(factory: Any, rule: str) -> None:
    """By the rule that it breaks, with the seed in the error."""
    with pytest.raises(ConformanceError, match=rule) as caught:
        check_order_book(factory, seed=3)
    assert caught.value.seed == 3


def test_the_model_passes() -> None:
    """Whatever the seed."""
    for seed in range(3):
        check_order_book(NaiveOrderBook, seed=seed)


def test_what_an_offer_says_decides_what_is_checked() -> None:
    """A structure that states `orders` is checked with orders, any other by its levels alone."""
    assert check_offer("book", "x", CountsItself).ok
    found = check_offer("book", "x", CountsItself, capabilities={"orders": True})
    assert (found.ok, found.rule) == (False, "a queue place is what stands ahead")
    assert check_offer("book", "x", NaiveOrderBook, capabilities={"orders": True}).detail == "with single orders"
