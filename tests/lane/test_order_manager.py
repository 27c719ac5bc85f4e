"""The order side of a lane: pricing, checking, routing, and what comes back."""

import pytest

from mainspring.errors import GridError, PluginError
from mainspring.lane.order_manager import REFUSAL_NS, TOO_MANY_REQUESTS
from mainspring.model import (
    Accepted,
    BookSnapshot,
    Cancelled,
    CancelRequest,
    Fill,
    Rejected,
    Replaced,
    ReplaceRequest,
    Side,
)


def snapshot(now_ns=1):
    return BookSnapshot(0, now_ns, now_ns, now_ns, [(100, 50)], [(102, 50)])


class Scripted:
    """Does one of its actions at each change of best prices, and notes every order event."""

    def __init__(self, *actions):
        self.actions = list(actions)
        self.events = []

    def on_bbo(self, market):
        if self.actions:
            self.actions.pop(0)(market)

    def on_fill(self, fill, order):
        self.events.append(fill)

    def on_order(self, order, event):
        self.events.append(event)


def wait(market):
    """Requests nothing."""


def buy_4(market):
    market.buy(size_lots=4, price_ticks=100)


def sell_4(market):
    market.sell(size_lots=4, price_ticks=103)


def cancel(market):
    market.open_orders[0].cancel()


def replace(price_ticks, size_lots=None):
    return lambda market: market.open_orders[0].replace(price_ticks=price_ticks, size_lots=size_lots)


def test_an_order_is_priced_checked_and_routed(bench):
    """An order that passes goes out once, is tracked, and stands in the account from then on."""
    strategy = Scripted(lambda market: market.buy(size_lots=3, price_ticks=100, post_only=True))
    table = bench({"s": strategy})
    table.say(1, snapshot())
    (order,) = table.router.sent
    sent = (order.order_id, order.size_lots, order.price_ticks, order.post_only, order.strategy)
    assert sent == (1, 3, 100, True, "s")
    assert table.portfolio.accounts[0].open_buy_lots == 3
    assert table.quality.tallies[0].orders == 1
    assert table.quality.refusals == {}


def test_a_refusal_is_answered_at_an_instant_of_its_own(bench):
    """What risk refuses doesn't go out; the strategy is told a little later, so that it can't hold the lane."""
    strategy = Scripted(lambda market: market.buy(size_lots=11, price_ticks=100))
    table = bench({"s": strategy})
    table.say(1, snapshot())
    assert table.router.sent == []
    assert strategy.events == []
    table.say(REFUSAL_NS)
    assert strategy.events == []
    table.say(1 + REFUSAL_NS)
    assert strategy.events == [Rejected(1, 0, 1, "too-large", "new")]
    assert table.quality.refusals == {"too-large": 1}
    assert table.portfolio.accounts[0].open_buy_lots == 0


def test_no_estimate_no_order(bench):
    """Without a price the model refuses, and the order doesn't reach the risk gate."""
    strategy = Scripted(lambda market: market.buy(size_lots=11, price_ticks=100))
    table = bench({"s": strategy})
    table.say(1, BookSnapshot(0, 1, 1, 1, [(100, 5)], []))
    assert table.quality.refusals == {"no-mid-price": 1}
    assert table.stages.histograms()["risk"].count == 0


def test_asking_again_at_each_refusal_ends(bench):
    """A strategy that asks again whenever it is refused gets one try in each such span."""

    class Stubborn(Scripted):
        def on_order(self, order, event):
            super().on_order(order, event)
            order.market.buy(size_lots=11, price_ticks=100)

    strategy = Stubborn(lambda market: market.buy(size_lots=11, price_ticks=100))
    table = bench({"s": strategy})
    table.say(1, snapshot())
    table.say(1 + 5 * REFUSAL_NS)
    assert len(strategy.events) == 5


def test_an_acknowledgement_from_before_the_order_measures_nothing(bench):
    """A venue whose clock is behind ours has no latency below zero in the report."""
    table = bench({"s": Scripted(lambda market: market.buy(size_lots=4))})
    table.say(5, snapshot())
    table.router.events = [Accepted(1, 0, 4)]
    table.say(6)
    assert table.stages.histograms()["venue"].count == 0
    assert table.quality.tallies[0].accepted == 1


class Answering:
    """Asks for an order at the first change of best prices, and then `answers` times whenever it hears of one."""

    def __init__(self, answers):
        self.answers = answers
        self.begun = False
        self.reasons = []

    def on_bbo(self, market):
        if not self.begun:
            self.begun = True
            market.buy(size_lots=1, price_ticks=100)

    def on_order(self, order, event):
        if isinstance(event, Rejected):
            self.reasons.append(event.reason)
            return
        for _ in range(self.answers):
            order.replace(price_ticks=99)
            order.market.buy(size_lots=1, price_ticks=100)
        order.cancel()


def test_answers_to_order_events_have_an_end_at_one_instant(bench):
    """Requests beyond the limit are refused, an order's first cancel isn't; the next instant has a limit of its own."""
    strategy = Answering(3)
    table = bench({"s": strategy})
    table.outbox.requests.most_answers = 4
    table.say(1, snapshot())
    table.router.events = [Accepted(1, 0, 2)]
    table.say(2)
    sent = [one[:2] if isinstance(one, tuple) else ("new", one.order_id) for one in table.router.sent]
    assert sent == [("new", 1), ("replace", 1), ("new", 2), ("replace", 1), ("new", 3), ("cancel", 1)]
    assert table.quality.refusals == {TOO_MANY_REQUESTS: 2}
    table.say(2 + REFUSAL_NS)
    assert strategy.reasons == [TOO_MANY_REQUESTS] * 2
    strategy.answers = 1
    table.router.events = [Accepted(2, 0, 3)]
    table.say(3 + REFUSAL_NS)
    assert table.quality.refusals == {TOO_MANY_REQUESTS: 2}


def test_fills_are_counted_against_their_estimate(bench):
    """A fill updates the account, calls its strategy, and reports its realised cost next to the estimated one."""
    strategy = Scripted(lambda market: market.buy(size_lots=4))
    table = bench({"s": strategy})
    table.say(1, snapshot())
    fill = Fill(1, 0, 5, 1, Side.BUY, 102, 4, False, 0)
    table.router.events = [Accepted(1, 0, 4), fill]
    table.say(6)
    assert (table.router.sent[0].kind, table.router.sent[0].time_in_force) == ("market", "ioc")
    assert strategy.events[-1] == fill
    assert table.portfolio.accounts[0].position_lots == 4
    cost = table.quality.tallies[0].costs["taker"]
    assert cost.fills == 1
    assert cost.arrival_cost_bps() == pytest.approx(1e4 * 1 / 101), "a tick above a mid of 101 ticks"
    assert cost.causes_bps() == {"spread": pytest.approx(1e4 * 0.01 / 1.01)}
    assert table.stages.histograms()["venue"].max == 3, "accepted 3 ns after it left"
    (record,) = table.quality.fills[0].samples
    assert (record.fill, record.strategy, record.arrival.mid_half_ticks) == (fill, "s", 202)


def test_what_was_sent_is_sampled_between_chunks(bench):
    """Orders and replaces that went out are kept with their time and price; a refused one isn't, nor a cancel."""
    strategy = Scripted(sell_4, replace(104, 6), lambda market: market.buy(size_lots=60, price_ticks=90))
    table = bench({"s": strategy})
    table.say(1, snapshot(1))
    table.router.events = [Accepted(1, 0, 2)]
    table.say(2, snapshot(2))
    table.say(3, snapshot(3))
    assert table.quality.orders[0].samples == []
    table.lane.fold()
    table.lane.fold()
    reported = [(when, order.side, order.price_ticks, moved) for when, order, moved in table.quality.orders[0].samples]
    assert reported == [(1, Side.SELL, 103, False), (2, Side.SELL, 104, True)]
    assert table.quality.orders[0].seen == 2


def test_cancel_and_replace_reach_the_router(bench):
    """Cancels and replaces go out for open orders; a larger total than risk lets pass doesn't."""
    strategy = Scripted(sell_4, replace(104, 6), replace(104, 60), cancel)
    table = bench({"s": strategy})
    table.say(1, snapshot(1))
    table.router.events = [Accepted(1, 0, 2)]
    table.say(2, snapshot(2))
    table.router.events = [Replaced(1, 0, 3, 104, 6)]
    table.say(3, snapshot(3))
    table.say(4, snapshot(4))
    table.router.events = [Cancelled(1, 0, 5, 6, "asked")]
    table.say(3 + REFUSAL_NS)
    assert table.router.sent[1:] == [("replace", 1, 104, 6), ("cancel", 1)]
    assert table.quality.refusals == {"too-large": 1}
    assert Rejected(1, 0, 3, "too-large", "replace") in strategy.events
    assert table.portfolio.accounts[0].open_sell_lots == 0


@pytest.mark.parametrize(
    "late",
    [
        lambda market: market.request(CancelRequest(1, 0, market.now_ns, "s")),
        lambda market: market.request(ReplaceRequest(1, 0, 99, 2, market.now_ns, "s")),
    ],
)
def test_too_late_is_a_refusal(bench, late):
    """A cancel or replace of an order that has ended is refused with a reason, and isn't sent."""
    strategy = Scripted(buy_4, late)
    table = bench({"s": strategy})
    table.say(1, snapshot(1))
    table.router.events = [Accepted(1, 0, 2), Fill(1, 0, 2, 1, Side.BUY, 100, 4, True, 0)]
    table.say(2, snapshot(2))
    table.say(2 + REFUSAL_NS)
    assert len(table.router.sent) == 1
    assert table.quality.refusals == {"order-ended": 1}
    assert strategy.events[-1].reason == "order-ended"


def test_a_router_that_lies_stops_new_risk_and_not_the_lane(bench):
    """A fill above the order's size moves the position, is a discrepancy, and lets no new order out there."""
    strategy = Scripted(buy_4, buy_4)
    table = bench({"s": strategy})
    table.say(1, snapshot())
    table.router.events = [Accepted(1, 0, 2), Fill(1, 0, 3, 1, Side.BUY, 100, 5, True, 0)]
    table.say(4, snapshot(4))
    table.say(5, BookSnapshot(0, 5, 5, 5, [(99, 50)], [(102, 50)]))
    assert table.portfolio.accounts[0].position_lots == 5
    assert table.driver.failures == []
    assert len(table.router.sent) == 1
    assert table.quality.refusals == {"discrepancy": 1}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"size_lots": 0, "price_ticks": 100}, "size_lots must be above zero"),
        ({"size_lots": 1, "price_ticks": 0}, "price_ticks must be above zero"),
        ({"price_ticks": 100}, "an order needs a size"),
        ({"size_lots": 1.5, "price_ticks": 100}, "size_lots must be a whole number"),
        ({"size_lots": True, "price_ticks": 100}, "size_lots must be a whole number"),
        ({"size_lots": 1, "price_ticks": 99.5}, "price_ticks must be a whole number"),
        ({"size_lots": 1, "price_ticks": 100, "time_in_force": "gtx"}, "time_in_force must be"),
    ],
)
def test_orders_that_make_no_sense_raise_at_the_strategy(bench, options, problem):
    """A size or price that is missing, zero or no whole number is the strategy's error, and nothing goes out."""
    table = bench({"s": Scripted(lambda market: market.buy(**options))})
    with pytest.raises(PluginError, match=f"strategy s 'scripted' of acme raised .*{problem}"):
        table.say(1, snapshot())
    assert table.router.sent == []


def test_a_replace_to_a_part_of_a_lot_raises_at_the_strategy(bench):
    """A replace takes whole numbers too; the order itself is cancelled, since its strategy failed."""
    table = bench({"s": Scripted(buy_4, replace(100, 2.0))})
    table.say(1, snapshot(1))
    table.router.events = [Accepted(1, 0, 2)]
    with pytest.raises(PluginError, match="size_lots must be a whole number"):
        table.say(2, snapshot(2))
    assert table.router.sent[1:] == [("cancel", 1)]


def test_everything_is_logged(bench):
    """Every request, decision and event is in the order log: the session, a request, its approval, and two events."""
    table = bench({"s": Scripted(buy_4)})
    table.say(1, snapshot())
    table.router.events = [Accepted(1, 0, 2), Cancelled(1, 0, 3, 4, "asked")]
    table.say(4)
    assert table.log.records == 5


@pytest.mark.parametrize(
    "ask",
    [
        lambda market: market.request(CancelRequest(1, 0, market.now_ns, market.strategy)),
        lambda market: market.request(ReplaceRequest(1, 0, 99, 2, market.now_ns, market.strategy)),
    ],
)
def test_a_strategy_moves_its_own_orders_alone(bench, ask):
    """A cancel or replace of another strategy's order is refused, and the order stands."""
    owner, other = Scripted(buy_4), Scripted(wait, ask)
    table = bench({"owner": owner, "other": other})
    table.say(1, snapshot(1))
    table.router.events = [Accepted(1, 0, 2)]
    table.say(2, snapshot(2))
    table.say(3)
    assert len(table.router.sent) == 1
    assert table.quality.refusals == {"not-yours": 1}
    assert owner.events == [Accepted(1, 0, 2)]


def test_an_order_of_another_instrument_is_not_moved_through_this_one(bench):
    """An order can't be judged against the prices of another instrument."""
    strategy = Scripted(buy_4, lambda market: market.request(ReplaceRequest(1, market.index, 150, 4, 2, "s")))
    table = bench({"s": strategy}, instruments=2)
    table.say(1, snapshot(1))
    table.router.events = [Accepted(1, 0, 2)]
    table.say(2, BookSnapshot(1, 2, 2, 2, [(200, 5)], [(202, 5)]))
    assert len(table.router.sent) == 1
    assert table.quality.refusals == {"not-yours": 1}


def test_an_order_is_moved_from_any_market_by_its_handle(bench):
    """A handle belongs to its own market, whichever market's change led to the request."""

    def move(market):
        table.strategies.bound[0].markets[0].open_orders[0].replace(price_ticks=99)

    table = bench({"s": Scripted(buy_4, move)}, instruments=2)
    table.say(1, snapshot(1))
    table.router.events = [Accepted(1, 0, 2)]
    table.say(2, BookSnapshot(1, 2, 2, 2, [(200, 5)], [(202, 5)]))
    assert table.router.sent[1:] == [("replace", 1, 99, 4)]


def test_a_replaced_order_is_priced_again(bench):
    """The cost of a fill is measured from the mid when the order was last moved, once the venue has moved it."""
    table = bench({"s": Scripted(buy_4, replace(199))})
    table.say(1, snapshot(1))
    table.router.events = [Accepted(1, 0, 2)]
    table.say(2, BookSnapshot(0, 2, 2, 2, [(199, 5)], [(201, 5)]))
    table.router.events = [Replaced(1, 0, 3, 199, 4), Fill(1, 0, 4, 1, Side.BUY, 199, 4, True, 0)]
    table.say(5)
    assert table.quality.tallies[0].costs["maker"].arrival_cost_bps() == pytest.approx(-1e4 / 200)


def test_a_replace_that_cannot_be_priced_does_not_go_out(bench):
    """Without a mid price an order isn't moved either."""
    table = bench({"s": Scripted(buy_4, replace(99))})
    table.say(1, snapshot(1))
    table.router.events = [Accepted(1, 0, 2)]
    table.say(2, BookSnapshot(0, 2, 2, 2, [(100, 5)], []))
    assert len(table.router.sent) == 1
    assert table.quality.refusals == {"no-mid-price": 1}


def test_each_strategy_knows_its_own_position(bench):
    """The account is all strategies'; the position of a strategy's market is its own."""
    first, second = Scripted(buy_4), Scripted()
    table = bench({"first": first, "second": second})
    table.say(1, snapshot())
    table.router.events = [Accepted(1, 0, 2), Fill(1, 0, 3, 1, Side.BUY, 100, 4, True, 0)]
    table.say(4)
    assert [bound.markets[0].position_lots for bound in table.strategies.bound] == [4, 0]
    assert table.portfolio.accounts[0].position_lots == 4


def test_an_error_of_ours_out_of_a_strategy_is_the_strategys(bench):
    """A strategy's own bad price isn't taken for a bad message, which could be skipped."""
    grid = GridError("BTC/USDT", "price", "1.005", "is off the grid of 0.01")

    def action(market):
        raise grid

    table = bench({"s": Scripted(action)})
    with pytest.raises(PluginError, match="strategy s 'scripted' of acme raised GridError") as caught:
        table.say(1, snapshot())
    assert caught.value.__cause__ is grid
