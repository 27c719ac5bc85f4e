"""The order side of a lane: pricing, checking, routing, and what comes back."""

import pytest

from mainspring.errors import GridError, OrderStateError, PluginError
from mainspring.model import Accepted, BookSnapshot, Cancelled, Fill, Rejected, Replaced, Side
from mainspring.seams import Subscription


def snapshot(now_ns=1):
    return BookSnapshot(0, now_ns, now_ns, now_ns, [(100, 50)], [(102, 50)])


class Scripted:
    """Does once what it is told at each wake, and takes down every order event."""

    subscription = Subscription(bbo=True, fills=True, order_events=True)

    def __init__(self, *actions):
        self.actions = list(actions)
        self.events = []

    def on_bbo(self, market, orders):
        if self.actions:
            self.actions.pop(0)(orders)

    def on_fill(self, fill, market, orders):
        self.events.append(fill)

    def on_order_event(self, event, market, orders):
        self.events.append(event)


def test_an_order_is_priced_checked_and_routed(bench):
    """An order that passes goes out once, is tracked, and stands in the account from then on."""
    strategy = Scripted(lambda orders: orders.submit(Side.BUY, 3, 100, post_only=True))
    table = bench({"s": strategy})
    table.say(1, snapshot())
    (order,) = table.router.sent
    assert (order.order_id, order.size_lots, order.price_ticks, order.post_only, order.strategy) == (
        1,
        3,
        100,
        True,
        "s",
    )
    assert table.tracker.accounts[0].open_buy_lots == 3
    assert table.order_manager.tallies[0].orders == 1
    assert table.order_manager.refusals == {}


def test_a_refusal_is_an_event_with_the_next_message(bench):
    """What risk refuses doesn't go out; the strategy is told with the next message, so it can't hold the lane."""
    strategy = Scripted(lambda orders: orders.submit(Side.BUY, 11, 100))
    table = bench({"s": strategy})
    table.say(1, snapshot())
    assert table.router.sent == []
    assert strategy.events == []
    table.say(2)
    assert strategy.events == [Rejected(1, 0, 1, "too-large", "new")]
    assert table.order_manager.refusals == {"too-large": 1}
    assert table.tracker.accounts[0].open_buy_lots == 0


def test_no_estimate_no_order(bench):
    """Without a price the model refuses, and the order doesn't reach the risk gate."""
    strategy = Scripted(lambda orders: orders.submit(Side.BUY, 11, 100))
    table = bench({"s": strategy})
    table.say(1, BookSnapshot(0, 1, 1, 1, [(100, 5)], []))
    assert table.order_manager.refusals == {"no-mid-price": 1}
    assert table.stages.histograms()["risk"].count == 0


def test_asking_again_at_each_refusal_ends(bench):
    """A strategy that asks again whenever it is refused gets one try a message."""

    class Stubborn(Scripted):
        def on_order_event(self, event, market, orders):
            super().on_order_event(event, market, orders)
            orders.submit(Side.BUY, 11, 100)

    strategy = Stubborn(lambda orders: orders.submit(Side.BUY, 11, 100))
    table = bench({"s": strategy})
    table.say(1, snapshot())
    for now_ns in range(2, 7):
        table.say(now_ns)
    assert len(strategy.events) == 5


def test_fills_are_counted_against_their_estimate(bench):
    """A fill updates the account, calls its strategy, and reports its realised cost next to the estimated one."""
    strategy = Scripted(lambda orders: orders.submit(Side.BUY, 4, kind="market", time_in_force="ioc"))
    table = bench({"s": strategy})
    table.say(1, snapshot())
    fill = Fill(1, 0, 5, 1, Side.BUY, 102, 4, False, 0)
    table.router.events = [Accepted(1, 0, 4), fill]
    table.say(6)
    assert strategy.events[-1] == fill
    assert table.tracker.accounts[0].position_lots == 4
    cost = table.order_manager.tallies[0].costs["taker"]
    assert cost.fills == 1
    assert cost.arrival_cost_bps() == pytest.approx(1e4 * 1 / 101), "a tick above a mid of 101 ticks"
    assert cost.causes_bps() == {"spread": pytest.approx(1e4 * 0.01 / 1.01)}
    assert table.stages.histograms()["venue"].max == 3, "accepted 3 ns after it left"
    (record,) = table.order_manager.fills[0].samples
    assert (record.fill, record.strategy, record.arrival.mid_half_ticks) == (fill, "s", 202)


def test_what_was_sent_is_sampled_between_chunks(bench):
    """Orders and replaces that went out are kept with their time and price; a refused one isn't, nor a cancel."""
    strategy = Scripted(
        lambda orders: orders.submit(Side.SELL, 4, 103),
        lambda orders: orders.replace(1, 104, 6),
        lambda orders: orders.submit(Side.BUY, 60, 90),
    )
    table = bench({"s": strategy})
    table.say(1, snapshot(1))
    table.router.events = [Accepted(1, 0, 2)]
    table.say(2, snapshot(2))
    table.say(3, snapshot(3))
    assert table.order_manager.orders[0].samples == []
    table.lane.fold()
    table.lane.fold()
    reported = [
        (when, order.side, order.price_ticks, moved) for when, order, moved in table.order_manager.orders[0].samples
    ]
    assert reported == [(1, Side.SELL, 103, False), (2, Side.SELL, 104, True)]
    assert table.order_manager.orders[0].seen == 2


def test_cancel_and_replace_reach_the_router(bench):
    """Cancels and replaces go out for open orders; a larger total than risk lets pass doesn't."""
    strategy = Scripted(
        lambda orders: orders.submit(Side.SELL, 4, 103),
        lambda orders: orders.replace(1, 104, 6),
        lambda orders: orders.replace(1, 104, 60),
        lambda orders: orders.cancel(1),
    )
    table = bench({"s": strategy})
    table.say(1, snapshot(1))
    table.router.events = [Accepted(1, 0, 2)]
    table.say(2, snapshot(2))
    table.router.events = [Replaced(1, 0, 3, 104, 6)]
    table.say(3, snapshot(3))
    table.say(4, snapshot(4))
    table.router.events = [Cancelled(1, 0, 5, 6, "asked")]
    table.say(5)
    assert table.router.sent[1:] == [("replace", 1, 104, 6), ("cancel", 1)]
    assert table.order_manager.refusals == {"too-large": 1}
    assert Rejected(1, 0, 3, "too-large", "replace") in strategy.events
    assert table.tracker.accounts[0].open_sell_lots == 0


@pytest.mark.parametrize("late", [lambda orders: orders.cancel(1), lambda orders: orders.replace(1, 99, 2)])
def test_too_late_is_a_refusal(bench, late):
    """A cancel or replace of an order that has ended is refused with a reason, and isn't sent."""
    strategy = Scripted(lambda orders: orders.submit(Side.BUY, 4, 100), late)
    table = bench({"s": strategy})
    table.say(1, snapshot(1))
    table.router.events = [Accepted(1, 0, 2), Fill(1, 0, 2, 1, Side.BUY, 100, 4, True, 0)]
    table.say(2, snapshot(2))
    table.say(3)
    assert len(table.router.sent) == 1
    assert table.order_manager.refusals == {"order-ended": 1}
    assert strategy.events[-1].reason == "order-ended"


def test_a_router_that_lies_stops_the_lane(bench):
    """An event that the order's state doesn't allow is an error, not a silent change of position."""
    strategy = Scripted(lambda orders: orders.submit(Side.BUY, 4, 100))
    table = bench({"s": strategy})
    table.say(1, snapshot())
    table.router.events = [Accepted(1, 0, 2), Fill(1, 0, 3, 1, Side.BUY, 100, 5, True, 0)]
    with pytest.raises(OrderStateError):
        table.say(4)
    assert table.tracker.accounts[0].position_lots == 0


def test_a_router_that_raises_is_named(bench):
    """A router's exception names the router and its distribution."""
    strategy = Scripted(lambda orders: orders.submit(Side.BUY, 4, 100))
    table = bench({"s": strategy})

    def broken(order, now_ns):
        raise OSError("line cut")

    table.router.submit = broken
    with pytest.raises(PluginError, match="router 'scripted' of acme raised OSError: line cut"):
        table.say(1, snapshot())


def test_orders_that_make_no_sense_raise_at_the_strategy(bench):
    """No size, or a limit without a price, is the strategy's error, and names it."""
    for action in (lambda orders: orders.submit(Side.BUY, 0, 100), lambda orders: orders.submit(Side.BUY, 1)):
        table = bench({"s": Scripted(action)})
        with pytest.raises(PluginError, match="must be a positive number"):
            table.say(1, snapshot())


def test_everything_is_logged(bench):
    """Every request, decision and event is in the order log: here a request, its approval, and two events."""
    strategy = Scripted(lambda orders: orders.submit(Side.BUY, 4, 100))
    table = bench({"s": strategy})
    table.say(1, snapshot())
    table.router.events = [Accepted(1, 0, 2), Cancelled(1, 0, 3, 4, "asked")]
    table.say(4)
    assert table.log.records == 4


@pytest.mark.parametrize(
    "action",
    [
        lambda orders: orders.submit(7, 1, 100),
        lambda orders: orders.submit(Side.BUY, 1.5, 100),
        lambda orders: orders.submit(Side.BUY, True, 100),
        lambda orders: orders.submit(Side.BUY, 1, 99.5),
        lambda orders: orders.replace(1, 100, 2.0),
    ],
)
def test_only_whole_numbers_and_sides_get_as_far_as_an_order(bench, action):
    """A side that is none, or a size or price that isn't a whole number, is the strategy's error."""
    table = bench({"s": Scripted(action)})
    with pytest.raises(PluginError):
        table.say(1, snapshot())
    assert table.router.sent == []


def test_a_plain_side_becomes_one(bench):
    """A side given as 1 or -1 is the side that it stands for, to every check that follows."""
    table = bench({"s": Scripted(lambda orders: orders.submit(-1, 2, 103))})
    table.say(1, snapshot())
    assert table.router.sent[0].side is Side.SELL
    assert table.tracker.accounts[0].open_sell_lots == 2


@pytest.mark.parametrize("ask", [lambda orders: orders.cancel(1), lambda orders: orders.replace(1, 99, 2)])
def test_a_strategy_moves_its_own_orders_alone(bench, ask):
    """A cancel or replace of another strategy's order is refused, and the order stands."""
    owner = Scripted(lambda orders: orders.submit(Side.BUY, 4, 100))
    other = Scripted(lambda orders: None, ask)
    table = bench({"owner": owner, "other": other})
    table.say(1, snapshot(1))
    table.router.events = [Accepted(1, 0, 2)]
    table.say(2, snapshot(2))
    table.say(3)
    assert len(table.router.sent) == 1
    assert table.order_manager.refusals == {"not-yours": 1}
    assert other.events[-1].reason == "not-yours"
    assert owner.events == [Accepted(1, 0, 2)]


def test_an_order_of_another_instrument_is_not_moved_through_this_one(bench):
    """An order can't be judged against the prices of another instrument."""
    strategy = Scripted(lambda orders: orders.submit(Side.BUY, 4, 100))
    table = bench({"s": strategy}, instruments=2)
    table.say(1, snapshot(1))
    table.router.events = [Accepted(1, 0, 2)]
    strategy.actions.append(lambda orders: orders.replace(1, 150, 4))
    table.say(2, BookSnapshot(1, 2, 2, 2, [(200, 5)], [(202, 5)]))
    assert len(table.router.sent) == 1
    assert table.order_manager.refusals == {"not-yours": 1}


def test_a_replaced_order_is_priced_again(bench):
    """The cost of a fill is measured from the mid when the order was last moved, once the venue has moved it."""
    strategy = Scripted(lambda orders: orders.submit(Side.BUY, 4, 100), lambda orders: orders.replace(1, 199, 4))
    table = bench({"s": strategy})
    table.say(1, snapshot(1))
    table.router.events = [Accepted(1, 0, 2)]
    table.say(2, BookSnapshot(0, 2, 2, 2, [(199, 5)], [(201, 5)]))
    table.router.events = [Replaced(1, 0, 3, 199, 4), Fill(1, 0, 4, 1, Side.BUY, 199, 4, True, 0)]
    table.say(5)
    assert table.order_manager.tallies[0].costs["maker"].arrival_cost_bps() == pytest.approx(-1e4 / 200)


def test_a_replace_that_cannot_be_priced_does_not_go_out(bench):
    """Without a mid price an order isn't moved either."""
    strategy = Scripted(lambda orders: orders.submit(Side.BUY, 4, 100), lambda orders: orders.replace(1, 99, 4))
    table = bench({"s": strategy})
    table.say(1, snapshot(1))
    table.router.events = [Accepted(1, 0, 2)]
    table.say(2, BookSnapshot(0, 2, 2, 2, [(100, 5)], []))
    assert len(table.router.sent) == 1
    assert table.order_manager.refusals == {"no-mid-price": 1}


def test_each_strategy_knows_its_own_position(bench):
    """The account is all strategies'; a gateway's position is its strategy's."""
    first, second = Scripted(lambda orders: orders.submit(Side.BUY, 4, 100)), Scripted()
    table = bench({"first": first, "second": second})
    table.say(1, snapshot())
    table.router.events = [Accepted(1, 0, 2), Fill(1, 0, 3, 1, Side.BUY, 100, 4, True, 0)]
    table.say(4)
    positions = [bound.gateways[0].position_lots for bound in table.order_manager.trading.strategies]
    assert positions == [4, 0]
    assert table.tracker.accounts[0].position_lots == 4


def test_an_error_of_ours_out_of_a_strategy_is_the_strategys(bench):
    """A strategy's own bad price isn't taken for a bad message, which could be skipped."""
    grid = GridError("BTC/USDT", "price", "1.005", "is off the grid of 0.01")

    def action(orders):
        raise grid

    table = bench({"s": Scripted(action)})
    with pytest.raises(PluginError, match="strategy s 'scripted' of acme raised GridError") as caught:
        table.say(1, snapshot())
    assert caught.value.__cause__ is grid
