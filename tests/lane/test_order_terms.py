"""Terms that a venue doesn't have: what the lane does instead, and what it refuses."""

import pytest

from mainspring.lane import Execution
from mainspring.lane.order_manager import REFUSAL_NS
from mainspring.lane.order_terms import LOOK_AGAIN_NS
from mainspring.model import Accepted, BookSnapshot, Cancelled, Discrepancy, Fill, NewOrder, Rejected, Side

BARE, WHOLE = "ioc", "ioc,fok,day,gtd,post-only,reduce-only"


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


def buy(**terms):
    return lambda market: market.buy(size_lots=4, price_ticks=100, **terms)


def sell(lots=4, **terms):
    return lambda market: market.sell(size_lots=lots, price_ticks=103, **terms)


def show(table, now_ns):
    table.say(now_ns, BookSnapshot(0, now_ns, now_ns, now_ns, [(100, 50 + now_ns % 7)], [(102, 50)]))


def refusals(table):
    return dict(table.quality.refusals)


def sent(table):
    return [("new", one.order_id) if isinstance(one, NewOrder) else one[:2] for one in table.router.sent]


def report(table, now_ns, event):
    table.tell(Execution(now_ns, 0, event))


def fill(order_id, lots, side=Side.BUY, fill_id=1, time_ns=2):
    return Fill(order_id, 0, time_ns, fill_id, side, 100, lots, True, 0)


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"time_in_force": "fok"}, "unsupported-fok"),
        ({"post_only": True}, "unsupported-post-only"),
        ({"time_in_force": "day"}, "no-session-hours"),
        ({"time_in_force": "gtd", "expires_ns": 1}, "already-expired"),
        ({"reduce_only": True}, "reduce-only"),
    ],
)
def test_what_can_not_be_done_is_refused(bench, terms, reason):
    """With a code of its own, and nothing goes out."""
    strategy = Scripted(buy(**terms))
    table = bench({"s": strategy}, terms=BARE)
    show(table, 1)
    table.say(1 + REFUSAL_NS)
    assert (table.router.sent, refusals(table)) == ([], {reason: 1})
    assert strategy.events == [Rejected(1, 0, 1, reason, "new")]


def test_what_the_venue_does_is_sent_as_it_is(bench):
    """An end of its time and reduce-only reach the router, and the lane watches neither."""
    strategy = Scripted(buy(time_in_force="gtd", expires_ns=50, reduce_only=True))
    table = bench({"s": strategy}, terms=WHOLE)
    show(table, 1)
    (order,) = table.router.sent
    assert (order.time_in_force, order.expires_ns, order.reduce_only) == ("gtd", 50, True)
    table.say(100)
    assert len(table.router.sent) == 1


def test_an_end_is_a_cancel_at_its_instant(bench):
    """The order goes out without an end, and is cancelled at it, in silence too; the log has what was asked for."""
    strategy = Scripted(buy(time_in_force="gtd", expires_ns=50))
    table = bench({"s": strategy}, terms=BARE)
    show(table, 1)
    (order,) = table.router.sent
    assert (order.time_in_force, order.expires_ns) == ("gtc", 0)
    report(table, 2, Accepted(1, 0, 1))
    table.say(49)
    assert sent(table) == [("new", 1)]
    table.say(50)
    assert sent(table) == [("new", 1), ("cancel", 1)]
    assert table.tracker.get(1).state == "cancel-pending"
    report(table, 51, Cancelled(1, 0, 50, 4, "requested"))
    table.say(51 + 3 * LOOK_AGAIN_NS)
    assert (len(table.router.sent), table.tracker.get(1).state) == (2, "cancelled")
    assert [one.order.expires_ns for one in table.log.kept if type(one).__name__ == "SubmitRequested"] == [50]


def test_an_order_that_outlives_its_time_is_named_and_cancelled_again(bench):
    """A rejected cancel leaves the order open, which its state says; new orders stop, and the lane asks again."""
    strategy = Scripted(buy(time_in_force="gtd", expires_ns=50))
    table = bench({"s": strategy}, terms=BARE)
    show(table, 1)
    report(table, 2, Accepted(1, 0, 1))
    table.say(50)
    report(table, 51, Rejected(1, 0, 51, "busy", "cancel"))
    table.say(52)
    assert table.tracker.get(1).state == "accepted"
    table.say(50 + LOOK_AGAIN_NS)
    assert sent(table)[1:] == [("cancel", 1), ("cancel", 1)]
    assert [one.what for one in table.log.kept if isinstance(one, Discrepancy)] == ["outlived"]
    assert table.tracker.stops[0].reason == "discrepancy"


def test_an_order_that_was_filled_has_no_end(bench):
    """Nothing is cancelled after its end."""
    table = bench({"s": Scripted(buy(time_in_force="gtd", expires_ns=50))}, terms=BARE)
    show(table, 1)
    report(table, 2, Accepted(1, 0, 1))
    report(table, 3, fill(1, 4))
    table.say(60)
    assert sent(table) == [("new", 1)]


def test_reduce_only_counts_what_is_open(bench):
    """Of a position of four lots, open sales of two leave two to reduce."""
    strategy = Scripted(
        buy(),
        sell(2),
        sell(3, reduce_only=True),
        sell(2, reduce_only=True),
        lambda m: m.open_orders[-1].replace(size_lots=3),
    )
    table = bench({"s": strategy}, terms=BARE)
    show(table, 1)
    report(table, 2, Accepted(1, 0, 1))
    report(table, 3, fill(1, 4))
    for now_ns in (11, 12, 13, 14):
        show(table, now_ns)
    assert sent(table) == [("new", 1), ("new", 2), ("new", 4)]
    assert refusals(table) == {"reduce-only": 2}
    assert not table.router.sent[-1].reduce_only


def test_reduce_only_gives_way_to_other_orders(bench):
    """A plain sale that could turn the position with it has the reduce-only order cancelled."""
    strategy = Scripted(buy(), sell(3, reduce_only=True), sell(2))
    table = bench({"s": strategy}, terms=BARE)
    show(table, 1)
    report(table, 2, Accepted(1, 0, 1))
    report(table, 3, fill(1, 4))
    for now_ns in (11, 12):
        show(table, now_ns)
    assert sent(table)[1:] == [("new", 2), ("new", 3), ("cancel", 2)]


def test_a_reduction_that_turned_the_position_is_named(bench):
    """The race between a cancel and fills can be lost; then it is a discrepancy, and new orders stop."""
    strategy = Scripted(buy(), sell(3, reduce_only=True), sell(2))
    table = bench({"s": strategy}, terms=BARE)
    show(table, 1)
    report(table, 2, Accepted(1, 0, 1))
    report(table, 3, fill(1, 4))
    for now_ns in (11, 12):
        show(table, now_ns)
    for order_id in (2, 3):
        report(table, 13, Accepted(order_id, 0, 13))
    report(table, 14, fill(3, 2, Side.SELL, 2, 14))
    report(table, 15, fill(2, 3, Side.SELL, 3, 15))
    table.say(20)
    assert [one.what for one in table.log.kept if isinstance(one, Discrepancy)] == ["over-reduced"]
    assert table.tracker.stops[0].reason == "discrepancy"
