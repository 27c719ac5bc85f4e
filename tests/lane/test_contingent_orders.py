"""Brackets, stops and pairs: what is sent when, whatever is filled, rejected or late, and after a restart."""

from random import Random

import pytest

from mainspring.errors import PluginError
from mainspring.lane import ContingentOrders, Execution, Timers
from mainspring.model import (
    Accepted,
    BookSnapshot,
    Cancelled,
    CancelRequested,
    Discrepancy,
    Fill,
    GroupChanged,
    NewOrder,
    Rejected,
    Replaced,
)
from mainspring.orders.contingent import RETRY_NS


class Scripted:
    """Does its action at the first change of best prices, and keeps what it returns."""

    def __init__(self, action):
        self.action = action
        self.made = None

    def on_start(self, session):
        self.session = session

    def on_bbo(self, market):
        if self.action is not None:
            action, self.action = self.action, None
            self.made = action(self.session, market)


class Table:
    """A lane with one strategy, whose venue says what a test lets it say."""

    def __init__(self, bench, action):
        self.strategy = Scripted(action)
        self.bench = bench({"s": self.strategy})
        self.now_ns = 10
        self.fills = 0
        self.filled = {}
        self.bench.say(1, BookSnapshot(0, 1, 1, 1, [(100, 50)], [(102, 50)]))
        self.tick()

    @property
    def group(self):
        return self.strategy.made

    def tick(self, price=None):
        """Lets a nanosecond pass, and the price be another."""
        if price is not None:
            self.bench.prices[0] = 2 * price
        self.now_ns += 10
        self.bench.say(self.now_ns, BookSnapshot(0, self.now_ns, 1, 1, [(100, 50 + self.now_ns % 7)], [(102, 50)]))
        return self

    def tell(self, event):
        self.now_ns += 10
        self.bench.tell(Execution(self.now_ns, 0, event))
        return self

    def accept(self, order_id):
        return self.tell(Accepted(order_id, 0, self.now_ns))

    def fill(self, order_id, lots):
        self.fills += 1
        order = self.bench.tracker.get(order_id).order
        return self.tell(Fill(order_id, 0, self.now_ns, self.fills, order.side, 100, lots, True, 0))

    def cancelled(self, order_id):
        order = self.bench.tracker.get(order_id)
        return self.tell(Cancelled(order_id, 0, self.now_ns, order.size_lots - order.filled_lots, "requested"))

    def take(self):
        """What was sent since the last look."""
        sent, self.bench.router.sent = self.bench.router.sent, []
        return [
            (one.side.name, one.order_id, one.kind, one.price_ticks, one.size_lots)
            if isinstance(one, NewOrder)
            else one
            for one in sent
        ]

    def whats(self):
        return [(one.what, one.order_id) for one in self.bench.log.kept if isinstance(one, Discrepancy)]

    def why(self):
        return [one.detail for one in self.bench.log.kept if isinstance(one, GroupChanged) and one.what == "ended"]


def bracket(**prices):
    def make(session, market):
        entry = market.buy(size_lots=6, price_ticks=100)
        return market.bracket(entry, **(prices or {"take_profit_ticks": 110, "stop_ticks": 90}))

    return make


@pytest.fixture
def table(bench):
    return Table(bench, bracket())


def test_a_take_profit_follows_the_fills(table):
    """It is sent with the first fill, grows with the next, and the bracket ends with it."""
    assert table.take() == [("BUY", 1, "limit", 100, 6)]
    table.accept(1).fill(1, 2)
    assert table.take() == [("SELL", 2, "limit", 110, 2)]
    table.fill(1, 1)
    assert table.take() == [], "it isn't acknowledged yet"
    table.accept(2)
    assert table.take() == [("replace", 2, 110, 3)]
    table.tell(Replaced(2, 0, 1, 110, 3)).fill(2, 1)
    assert table.take() == []
    table.fill(1, 3)
    assert table.take() == [("replace", 2, 110, 6)]
    table.tell(Replaced(2, 0, 1, 110, 6)).fill(2, 5)
    assert (table.take(), table.group.over, table.why(), table.whats()) == ([], True, ["closed"], [])


def test_a_take_profit_that_was_filled_is_followed_by_another(table):
    """The entry is filled once more after its first exit."""
    table.accept(1).fill(1, 2).accept(2).fill(2, 2)
    assert not table.group.over
    table.take()
    table.fill(1, 4)
    assert table.take() == [("SELL", 3, "limit", 110, 4)]


def test_a_stop_waits_until_nothing_else_can_be_filled(table):
    """At its price entry and take-profit are cancelled, and when both have ended what is left is sold at market."""
    table.accept(1).fill(1, 4).accept(2)
    table.take()
    table.tick(91)
    assert table.take() == []
    table.tick(90)
    assert table.take() == [("cancel", 1), ("cancel", 2)]
    assert table.group.triggered
    table.cancelled(1).fill(2, 1)
    assert table.take() == []
    table.cancelled(2)
    assert table.take() == [("SELL", 3, "market", 0, 3)]
    table.accept(3).fill(3, 3)
    assert (table.take(), table.why(), table.whats()) == ([], ["stopped"], [])


def test_a_price_that_comes_back_changes_nothing(table):
    """A stop that was set off stays so."""
    table.accept(1).fill(1, 6).accept(2)
    table.tick(90).tick(100)
    table.take()
    table.cancelled(2)
    assert table.take() == [("SELL", 3, "market", 0, 6)]


def test_a_take_profit_that_wins_the_race_leaves_nothing_to_stop(table):
    """Its cancel comes too late: no order goes out."""
    table.accept(1).fill(1, 6).accept(2).tick(90)
    table.take()
    table.fill(2, 6).tell(Rejected(2, 0, 1, "too late", "cancel"))
    assert (table.take(), table.why(), table.whats()) == ([], ["closed before the stop"], [])


def test_a_rejected_cancel_is_asked_for_again(table):
    """Not at once, and until the order has ended."""
    table.accept(1).fill(1, 6).accept(2).tick(90)
    table.take()
    table.tell(Rejected(2, 0, 1, "busy", "cancel"))
    assert table.take() == []
    table.bench.say(table.now_ns + RETRY_NS)
    assert table.take() == [("cancel", 2)]


def test_a_stop_limit_is_a_limit_order(bench):
    """At its own price, and only once the stop is reached."""
    table = Table(bench, bracket(stop_ticks=90, stop_limit_ticks=88))
    table.accept(1).fill(1, 6)
    table.take()
    table.tick(89)
    assert table.take() == [("SELL", 2, "limit", 88, 6)]


def test_a_stop_that_fails_is_named(table):
    """What it leaves open has no protection: new orders stop until somebody has looked."""
    table.accept(1).fill(1, 6).accept(2).tick(90).cancelled(2)
    table.accept(3).fill(3, 2).cancelled(3)
    assert table.whats() == [("unprotected", 3)]
    assert (table.why(), table.bench.tracker.stops[0].reason) == (["the stop ended unfilled"], "discrepancy")


def test_a_stop_that_is_refused_is_named(bench):
    """The gate lets ten lots pass, and the stop would sell twelve."""

    def make(session, market):
        return market.sell_stop(size_lots=12, stop_ticks=90)

    table = Table(bench, make)
    table.tick(90).tick()
    assert (table.take(), table.whats()) == ([], [("unprotected", 1)])


def test_a_stop_order_waits_in_the_lane(bench):
    """Nothing is at the venue before its price; a buy stop is set off from below."""
    table = Table(bench, lambda session, market: market.buy_stop(size_lots=5, stop_ticks=105))
    table.tick(104)
    assert table.take() == []
    table.tick(105)
    assert table.take() == [("BUY", 1, "market", 0, 5)]
    table.accept(1).fill(1, 5)
    assert (table.why(), table.bench.lane.feeds[0].prints_wanted) == (["stopped"], False)


def test_an_entry_that_ends_unfilled_ends_the_bracket(table):
    """There is nothing to close."""
    table.accept(1).cancelled(1)
    assert (table.why(), table.whats()) == (["the entry ended unfilled"], [])


def test_a_bracket_that_is_given_up_cancels_what_is_open(table):
    """Entry and exit; the position stays."""
    table.accept(1).fill(1, 4).accept(2)
    table.take()
    table.group.cancel()
    table.tick()
    assert table.take() == [("cancel", 1), ("cancel", 2)]
    table.cancelled(1).cancelled(2)
    assert table.why() == ["given up"]


def pair(session, market):
    return session.oco(market.buy(size_lots=3, price_ticks=99), market.sell(size_lots=4, price_ticks=103))


def test_the_first_fill_of_a_pair_cancels_the_other(bench):
    """A part is enough."""
    table = Table(bench, pair)
    table.accept(1).accept(2)
    table.take()
    table.fill(1, 1)
    assert table.take() == [("cancel", 2)]
    table.cancelled(2).fill(1, 2)
    assert (table.why(), table.whats()) == (["both ended"], [])


def test_both_orders_of_a_pair_filled_is_named_once(bench):
    """The cancel came too late; new orders stop."""
    table = Table(bench, pair)
    table.accept(1).accept(2).fill(1, 3).fill(2, 1).fill(2, 3)
    assert table.whats() == [("both-filled", 2)]
    assert table.bench.tracker.stops[0].reason == "discrepancy"


def test_an_order_of_a_pair_that_ends_unfilled_leaves_the_other(bench):
    """It isn't cancelled with it."""
    table = Table(bench, pair)
    table.accept(1).accept(2).cancelled(1)
    table.take()
    table.fill(2, 1)
    assert (table.take(), table.why()) == ([], ["one ended unfilled"])


@pytest.mark.parametrize(
    ("prices", "problem"),
    [
        ({}, "needs take_profit, stop, or both"),
        ({"stop_limit_ticks": 90, "take_profit_ticks": 110}, "stop_limit goes with a stop"),
        ({"take_profit_ticks": 90, "stop_ticks": 110}, "beyond the take-profit"),
    ],
)
def test_prices_that_make_no_sense_are_refused(bench, prices, problem):
    """At the strategy, before anything is opened."""

    def make(session, market):
        market.bracket(market.buy(size_lots=6, price_ticks=100), **prices)

    with pytest.raises(PluginError, match=problem):
        Table(bench, make)


def test_a_pair_is_of_two_orders(bench):
    """Not of one with itself."""

    def make(session, market):
        order = market.buy(size_lots=6, price_ticks=100)
        session.oco(order, order)

    with pytest.raises(PluginError, match="a pair is of two orders"):
        Table(bench, make)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_no_exit_closes_more_than_there_is(bench, seed):
    """Random fills, rejections and prices; exits never turn the position, and a restart changes nothing."""
    random, table = Random(seed), Table(bench, bracket())
    tracker = table.bench.tracker
    for _ in range(60):
        live = [order for order in tracker.all_open() if order.state != "approved"]
        draw = random.random()
        if not live or draw < 0.2:
            table.tick(random.choice((100, 95, 91, 90, 89)) if draw < 0.1 else 100)
        else:
            order = random.choice(live)
            order_id, left = order.order.order_id, order.size_lots - order.filled_lots
            if order.state == "in-flight":
                table.accept(order_id)
            elif draw < 0.5:
                table.fill(order_id, random.randint(1, left))
            elif order.state == "cancel-pending":
                table.cancelled(order_id) if draw < 0.8 else table.tell(Rejected(order_id, 0, 1, "busy", "cancel"))
            elif order.state == "replace-pending":
                table.tell(Rejected(order_id, 0, 1, "busy", "replace"))
        account = table.bench.portfolio.accounts[0]
        assert account.position_lots >= 0
        again = ContingentOrders(
            tracker, table.bench.outbox, table.bench.time, Timers(table.bench.time), table.bench.prices.get
        )
        for record in table.bench.log.kept:
            if isinstance(record, GroupChanged):
                again.restore(record)
        before = table.bench.contingent.groups
        assert [(one.group_id, one.terms, one.triggered) for one in again.groups.values()] == [
            (one.group_id, one.terms, one.triggered) for one in before.values()
        ]
        assert [[leg.order_id for leg in one.legs] for one in again.groups.values()] == [
            [leg.order_id for leg in one.legs] for one in before.values()
        ]
    assert len([one for one in table.bench.log.kept if isinstance(one, CancelRequested)]) < 30
