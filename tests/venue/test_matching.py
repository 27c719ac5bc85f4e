"""The matching engine keeps price-time priority, and agrees with a naive model in everything it does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.errors import OrderStateError
from mainspring.model import BBO, EMPTY_BBO, Side
from mainspring.venue.matching import Match, MatchingEngine, Submitted

BUY, SELL = Side.BUY, Side.SELL


class NaiveEngine:
    """A list of resting orders, sorted again for each order that takes."""

    def __init__(self):
        self.orders = []  # [order_id, side, price_ticks, lots], in order of time

    def _fillable(self, side, price_ticks):
        against = [order for order in self.orders if order[1] != side]
        if price_ticks is not None:
            against = [order for order in against if (price_ticks - order[2]) * side >= 0]
        return sorted(against, key=lambda order: order[2] * side)

    def submit(self, order_id, side, price_ticks, lots, time_in_force="gtc", post_only=False):
        against = self._fillable(side, price_ticks)
        if post_only and against:
            return Submitted((), 0, lots, "would-take")
        if time_in_force == "fok" and sum(order[3] for order in against) < lots:
            return Submitted((), 0, lots, "not-fillable")
        fills = []
        for order in against:
            part = min(lots, order[3])
            if part:
                lots -= part
                order[3] -= part
                fills.append(Match(order[0], order[2], part, order[3]))
        self.orders = [order for order in self.orders if order[3]]
        if lots and time_in_force == "gtc" and price_ticks is not None:
            self.orders.append([order_id, side, price_ticks, lots])
            return Submitted(tuple(fills), lots)
        return Submitted(tuple(fills), 0, lots)

    def cancel(self, order_id):
        gone = [order for order in self.orders if order[0] == order_id]
        self.orders = [order for order in self.orders if order[0] != order_id]
        return gone[0][3] if gone else 0

    def replace(self, order_id, price_ticks, lots, post_only=False):
        found = [order for order in self.orders if order[0] == order_id]
        if not found:
            return Submitted((), 0, 0, "unknown-order")
        order = found[0]
        if price_ticks == order[2] and lots <= order[3]:
            order[3] = lots
            return Submitted((), lots)
        if post_only and self._fillable(order[1], price_ticks):
            return Submitted((), order[3], 0, "would-take")
        self.cancel(order_id)
        return self.submit(order_id, order[1], price_ticks, lots)

    def levels(self, side):
        sizes: dict[int, int] = {}
        for _, of, price_ticks, lots in self.orders:
            if of == side:
                sizes[price_ticks] = sizes.get(price_ticks, 0) + lots
        return sorted(sizes.items(), key=lambda level: -level[0] * side)


prices = st.integers(95, 105)
sizes = st.integers(1, 20)
ids = st.integers(1, 60)
sides = st.sampled_from([BUY, SELL])
operations = st.one_of(
    st.tuples(
        st.just("limit"), sides, prices, sizes, st.sampled_from(["gtc", "gtc", "gtc", "ioc", "fok"]), st.booleans()
    ),
    st.tuples(st.just("market"), sides, sizes, st.sampled_from(["ioc", "fok"])),
    st.tuples(st.just("cancel"), ids),
    st.tuples(st.just("replace"), ids, prices, sizes, st.booleans()),
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(operations, max_size=60))
def test_it_agrees_with_the_naive_model(steps):
    engine, naive = MatchingEngine(), NaiveEngine()
    got: Submitted | int
    for order_id, (kind, *arguments) in enumerate(steps, start=1):
        if kind == "limit":
            side, price_ticks, lots, time_in_force, post_only = arguments
            got = engine.submit_limit(
                order_id, side, price_ticks, lots, time_in_force=time_in_force, post_only=post_only
            )
            wanted = naive.submit(order_id, side, price_ticks, lots, time_in_force, post_only)
        elif kind == "market":
            side, lots, time_in_force = arguments
            got = engine.submit_market(order_id, side, lots, time_in_force=time_in_force)
            wanted = naive.submit(order_id, side, None, lots, time_in_force)
        elif kind == "cancel":
            got, wanted = engine.cancel(*arguments), naive.cancel(*arguments)
        else:
            target, price_ticks, lots, post_only = arguments
            got = engine.replace(target, price_ticks, lots, post_only=post_only)
            wanted = naive.replace(target, price_ticks, lots, post_only)
        assert got == wanted
        check_same_state(engine, naive)


def check_same_state(engine, naive):
    bids, asks = naive.levels(BUY), naive.levels(SELL)
    assert list(engine.levels(BUY)) == bids
    assert list(engine.levels(SELL)) == asks
    assert (engine.level_count(BUY), engine.level_count(SELL)) == (len(bids), len(asks))
    assert engine.bbo() == BBO(*(bids[0] if bids else (0, 0)), *(asks[0] if asks else (0, 0)))
    assert not (bids and asks) or bids[0][0] < asks[0][0]
    assert len(engine) == len(naive.orders)
    for side, levels in ((BUY, bids), (SELL, asks)):
        best = engine.best(side)
        assert (best is None) == (not levels)
        for price_ticks, lots in levels:
            assert engine.level_lots(side, price_ticks) == lots
    for order_id, side, price_ticks, lots in naive.orders:
        order = engine.order(order_id)
        assert (order.queue.side, order.queue.price_ticks, order.lots) == (side, price_ticks, lots)


def test_first_come_is_first_served_at_a_price_and_the_better_price_before_both():
    engine = MatchingEngine()
    engine.submit_limit(1, SELL, 101, 5)
    engine.submit_limit(2, SELL, 101, 5)
    engine.submit_limit(3, SELL, 100, 5)
    taken = engine.submit_limit(4, BUY, 101, 12)
    assert taken == Submitted((Match(3, 100, 5, 0), Match(1, 101, 5, 0), Match(2, 101, 2, 3)))


def test_a_size_no_larger_keeps_its_place_and_a_larger_one_loses_it():
    engine = MatchingEngine()
    for order_id in (1, 2, 3):
        engine.submit_limit(order_id, BUY, 100, 10)
    engine.replace(1, 100, 10)
    assert [order.order_id for order in engine.best(BUY)] == [1, 2, 3]
    engine.replace(1, 100, 6)
    assert [order.order_id for order in engine.best(BUY)] == [1, 2, 3]
    engine.replace(2, 100, 11)
    fills = engine.submit_market(9, SELL, 27).fills
    assert [(match.maker_id, match.lots) for match in fills] == [(1, 6), (3, 10), (2, 11)]


def test_what_no_book_can_hold_is_refused():
    engine = MatchingEngine()
    engine.submit_limit(1, BUY, 100, 10)
    with pytest.raises(OrderStateError, match="order 1 rests"):
        engine.submit_limit(1, BUY, 99, 10)
    for price_ticks, lots in ((0, 1), (-5, 1), (100, 0), (100, -1)):
        with pytest.raises(ValueError, match="above zero"):
            engine.submit_limit(2, BUY, price_ticks, lots)
        with pytest.raises(ValueError, match="above zero"):
            engine.replace(1, price_ticks, lots)
    with pytest.raises(ValueError, match="above zero"):
        engine.submit_market(2, SELL, 0)
    assert list(engine.levels(BUY)) == [(100, 10)]


def test_an_empty_engine_has_nothing():
    engine = MatchingEngine()
    assert engine.bbo() == EMPTY_BBO
    assert engine.best(BUY) is None
    assert engine.order(1) is None
    assert engine.cancel(1) == 0
    assert engine.submit_market(1, BUY, 5) == Submitted((), 0, 5)
    assert engine.submit_market(1, BUY, 5, time_in_force="fok").refusal == "not-fillable"
