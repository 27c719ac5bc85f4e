"""Orders under a tracker: contradictions, deadlines, lost connections, bounds of memory."""

import pytest

from mainspring.errors import OrderStateError
from mainspring.model import Accepted, Cancelled, Fill, NewOrder, Rejected, Replaced, Side
from mainspring.orders import DISCREPANCY, ORDER_UNKNOWN, Discrepancy
from mainspring.orders.tracker import _ENDED_KEPT

SIZE = 2


def position(tracker, instrument=0):
    return sum(fill.side * fill.size_lots for fill, _ in tracker.fills if fill.instrument == instrument)


@pytest.mark.parametrize(
    ("event", "what", "lots"),
    [
        (Fill(1, 0, 0, 7, Side.SELL, 10, 1, True, 0), "wrong-side", 0),
        (Fill(1, 0, 0, 7, Side.BUY, 0, 1, True, 0), "malformed", 1),
        (Fill(1, 0, 0, 7, Side.BUY, 10, 0, True, 0), "malformed", 1),
        (Fill(1, 0, 0, 3, Side.BUY, 10, 1, True, 0), "duplicate-fill", 1),
        (Fill(2, 0, 0, 3, Side.BUY, 10, 5, True, 0), "unknown-order", 6),
        (Fill(1, 1, 0, 7, Side.BUY, 10, 1, True, 0), "wrong-instrument", 1),
        (Fill(1, 9, 0, 7, Side.BUY, 10, 1, True, 0), "wrong-instrument", 1),
        (Accepted(2, 0, 0), "unknown-order", 1),
        (Replaced(1, 0, 0, 10, 1), "malformed", 1),
        (Replaced(1, 0, 0, 0, 2), "malformed", 1),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_contradiction_is_recorded_and_real_money_counts(tracker_class, spot, event, what, lots):
    """The order stays as it was; a stranger's fill moves the position, a duplicate or malformed one doesn't."""
    tracker = tracker_class((spot, spot))
    tracker.add(NewOrder(1, 0, Side.BUY, "limit", 10, SIZE, 0, strategy="s"))
    tracker.send(1, 0)
    for before in (Accepted(1, 0, 0), Fill(1, 0, 0, 3, Side.BUY, 10, 1, True, 0)):
        tracker.apply(before, 0)
    tracker.apply(event, 8)
    (found,) = tracker.take_discrepancies()
    assert (found.what, found.order_id, found.instrument, found.time_ns) == (what, event.order_id, event.instrument, 8)
    assert position(tracker) == lots
    assert position(tracker, 1) == (event.instrument == 1)
    assert tracker.get(1).filled_lots == 1
    assert tracker.stops[0].reason == DISCREPANCY
    assert (1 in tracker.stops) == (event.instrument != 0)


def test_a_cancellation_of_another_rest_is_a_discrepancy(new_tracker):
    """The order ends, and the lots that don't add up say that a fill may be missing."""
    tracker = new_tracker()
    tracker.apply(Accepted(1, 0, 0), 0)
    assert tracker.apply(Cancelled(1, 0, 0, 1, "x"), 0).state == "cancelled"
    assert [one.what for one in tracker.discrepancies] == ["remaining-mismatch"]


def test_a_strangers_fill_counts_once(new_tracker):
    """The venue's fill id tells it again when it is reported again."""
    tracker = new_tracker()
    for fill_id in (5, 5, 6):
        assert tracker.apply(Fill(99, 0, 0, fill_id, Side.SELL, 10, 3, True, 0), 0) is None
    assert position(tracker) == -6
    assert [one.what for one in tracker.take_discrepancies()] == ["unknown-order", "duplicate-fill", "unknown-order"]


def test_a_strangers_fills_are_forgotten_oldest_first(new_tracker):
    """As many are kept as ended orders: after that the oldest would count again."""
    tracker = new_tracker()
    for fill_id in (*range(_ENDED_KEPT + 1), 1, 0):
        tracker.apply(Fill(99, 0, 0, fill_id, Side.SELL, 10, 3, True, 0), 0)
        tracker.clear_discrepancy(0)
    counted = [fill.fill_id for fill, strategy in tracker.take_fills() if not strategy]
    assert counted == [*range(_ENDED_KEPT + 1), 0]
    assert [one.what for one in tracker.take_discrepancies()[-2:]] == ["duplicate-fill", "unknown-order"]


def test_a_duplicate_is_recognised_after_the_end(new_tracker):
    """A fill that is reported again after its order ended doesn't count again; another one does."""
    tracker = new_tracker()
    last = Fill(1, 0, 0, 3, Side.BUY, 10, 2, True, 0)
    for event in (Accepted(1, 0, 0), last, last, Fill(1, 0, 0, 4, Side.BUY, 10, 1, True, 0)):
        tracker.apply(event, 0)
    assert [one.what for one in tracker.take_discrepancies()] == ["duplicate-fill", "after-end"]
    assert position(tracker) == 3


def test_a_discrepancy_says_what_and_where(new_tracker):
    """Code, order, instrument and time, and the figures for a person."""
    tracker = new_tracker()
    tracker.apply(Fill(1, 0, 4, 7, Side.BUY, 10, 3, True, 0), 6)
    detail = "a fill of 3 lots at 10 ticks (fill 7), order 1: now filled, 3 of 2 lots filled"
    assert tracker.take_discrepancies() == [Discrepancy(6, 1, 0, "overfill", detail)]
    assert tracker.take_discrepancies() == []
    assert tracker.stops[0].detail == f"overfill: {detail}"


def test_a_command_clears_a_discrepancy(new_tracker):
    """Until then new orders are stopped; an unknown order stops them even after that, until it is known again."""
    tracker = new_tracker()
    tracker.apply(Accepted(99, 0, 0), 0)
    tracker.mark_unknown(1)
    assert tracker.stops[0].reason == DISCREPANCY
    tracker.clear_discrepancy(0)
    assert tracker.stops[0].reason == ORDER_UNKNOWN
    tracker.apply(Accepted(1, 0, 0), 0)
    assert dict(tracker.stops) == {}


def test_an_overdue_answer_makes_the_state_unknown(new_tracker):
    """A new order, then a cancel: each is overdue on its own, and an answer in time is none."""
    tracker = new_tracker(answer_timeout_ns=100)
    assert tracker.due_ns == 100
    assert tracker.take_overdue(99) == []
    tracker.apply(Accepted(1, 0, 0), 99)
    assert tracker.due_ns > 10**18
    tracker.request_cancel(1, 150)
    tracker.add(NewOrder(2, 0, Side.SELL, "limit", 10, 1, 0))
    tracker.send(2, 200)
    assert tracker.due_ns == 250
    assert [order.order.order_id for order in tracker.take_overdue(299)] == [1]
    assert [order.order.order_id for order in tracker.take_overdue(300)] == [2]
    assert (tracker.get(1).state, tracker.stops[0].reason) == ("unknown", ORDER_UNKNOWN)
    tracker.apply(Fill(1, 0, 0, 1, Side.BUY, 10, 1, True, 0), 400)
    assert (tracker.get(1).state, tracker.due_ns) == ("cancel-pending", 500), "the cancel is still unanswered"
    tracker.apply(Cancelled(1, 0, 0, 1, "x"), 401)
    tracker.apply(Rejected(2, 0, 0, "x"), 402)
    assert dict(tracker.stops) == {}
    assert tracker.due_ns > 10**18


def test_an_answer_is_due_only_once_its_order_was_sent(tracker_class, spot):
    """A cancel that waits with its order, or a stray report, sets no deadline: nothing is overdue at the venue."""
    tracker = tracker_class((spot,), answer_timeout_ns=100)
    tracker.add(NewOrder(1, 0, Side.BUY, "limit", 10, SIZE, 0))
    tracker.request_cancel(1, 10)
    tracker.apply(Accepted(1, 0, 0), 20)
    assert tracker.take_overdue(1_000) == []
    tracker.send(1, 1_000)
    assert tracker.due_ns == 1_100
    assert [order.order.order_id for order in tracker.take_overdue(1_100)] == [1]


def test_an_answer_due_after_the_end_of_time_never_is(new_tracker):
    """Times have 64 bits; what would be overdue after that isn't, even at the last instant."""
    last_ns = 2**63 - 1
    for timeout_ns in (last_ns, 0, -5):
        tracker = new_tracker(answer_timeout_ns=timeout_ns)
        tracker.apply(Accepted(1, 0, 0), last_ns)
        tracker.request_cancel(1, last_ns)
        assert tracker.due_ns == last_ns
        assert tracker.take_overdue(last_ns) == []


def test_an_order_filled_before_it_was_sent_exposes_nothing_less(tracker_class, spot):
    """More filled than it has leaves nothing to fill, not less than nothing."""
    tracker = tracker_class((spot,))
    tracker.add(NewOrder(1, 0, Side.BUY, "limit", 10, SIZE, 0))
    tracker.apply(Fill(1, 0, 0, 7, Side.BUY, 10, SIZE + 3, True, 0), 0)
    tracker.send(1, 0)
    tracker.apply(Accepted(1, 0, 0), 0)
    assert (tracker.get(1).exposure_lots, tracker.open_lots[0].buy) == (0, 0)


@pytest.mark.parametrize(
    "event",
    [Fill(1, 0, 0, 7, Side.BUY, 10, 1, True, 0), Replaced(1, 0, 0, 10, 9), Rejected(1, 0, 0, "no", "replace")],
    ids=lambda event: type(event).__name__,
)
def test_a_report_before_the_order_was_sent_leaves_no_open_lots_behind(tracker_class, spot, event):
    """Open lots are the sum of the exposures all the time, and nothing once the order has ended."""
    tracker = tracker_class((spot,))
    order = tracker.add(NewOrder(1, 0, Side.BUY, "limit", 10, SIZE, 0))
    tracker.request_replace(1, 10, 9, 0)
    tracker.apply(event, 0)
    assert order.exposure_lots == tracker.open_lots[0].buy == (8 if type(event) is Fill else SIZE)
    tracker.send(1, 0)
    tracker.request_cancel(1, 0)
    assert tracker.open_lots[0].buy == order.exposure_lots
    tracker.apply(Rejected(1, 0, 0, "no"), 0)
    assert tracker.open_lots[0].buy == 0


def test_a_lost_connection_makes_every_sent_order_unknown(tracker_class, spot):
    """Those of its instruments that haven't ended, however they stood; what wasn't sent yet is known not to be open."""
    tracker = tracker_class((spot, spot))
    for order_id, instrument in enumerate((0, 0, 0, 1)):
        tracker.add(NewOrder(order_id, instrument, Side.BUY, "limit", 10, 5, 0))
    for order_id in (0, 1, 3):
        tracker.send(order_id, 0)
    tracker.apply(Accepted(1, 0, 0), 0)
    assert [order.order.order_id for order in tracker.lose_connection({0})] == [0, 1]
    assert [tracker.get(order_id).state for order_id in range(4)] == ["unknown", "unknown", "approved", "in-flight"]
    assert set(tracker.stops) == {0}
    assert tracker.open_lots[0].buy == 15


@pytest.mark.parametrize(("order_id", "instrument", "lots"), [(1, 0, 1), (0, 0, 1), (2, 1, 1), (2, -1, 1), (2, 0, 0)])
def test_an_order_that_can_not_be_is_not_followed(new_tracker, order_id, instrument, lots):
    """Ids rise, the instrument exists, the size is positive."""
    tracker = new_tracker()
    with pytest.raises(OrderStateError):
        tracker.add(NewOrder(order_id, instrument, Side.BUY, "limit", 10, lots, 0))
    assert tracker.open_lots[0].buy == SIZE


def test_open_orders_are_told_apart_and_in_order(tracker_class, spot):
    """By instrument and strategy, oldest first; both sides are counted apart."""
    tracker = tracker_class((spot, spot))
    for i, (instrument, side, strategy) in enumerate([(0, 1, "a"), (0, -1, "b"), (1, 1, "a"), (0, 1, "a")]):
        tracker.add(NewOrder(i, instrument, Side(side), "limit", 10, 5 + i, 0, strategy=strategy))
    assert [order.order.order_id for order in tracker.open_orders(0, "a")] == [0, 3]
    assert [order.order.order_id for order in tracker.open_orders(1, "b")] == []
    assert [order.order.order_id for order in tracker.all_open()] == [0, 1, 2, 3]
    assert (tracker.open_lots[0].buy, tracker.open_lots[0].sell) == (13, 6)


def test_memory_stays_flat(tracker_class, spot):
    """Ended orders are forgotten after a while, cancelled ones too; one that the venue owes an answer isn't."""
    tracker = tracker_class((spot,), answer_timeout_ns=5)
    for i in range(1, 2 * _ENDED_KEPT + 500):
        tracker.add(NewOrder(i, 0, Side.BUY, "limit", 10, 1, 0))
        tracker.send(i, i)
        if i == 2:
            continue
        tracker.apply(Accepted(i, 0, 0), i)
        tracker.request_cancel(i, i)
        tracker.apply(Cancelled(i, 0, 0, 1, "asked") if i > 1 else Rejected(i, 0, 0, "no"), i)
        tracker.take_discrepancies()
    known = sum(tracker.find(order_id) is not None for order_id in range(2 * _ENDED_KEPT + 500))
    assert known == _ENDED_KEPT + 2, "and the two that wait for an answer"
    assert len(tracker.all_open()) == 2
    with pytest.raises(OrderStateError, match="ended long ago"):
        tracker.get(3)
    assert (tracker.get(1).state, tracker.get(2).state) == ("unknown", "in-flight")
    assert [order.order.order_id for order in tracker.take_overdue(10**6)] == [1, 2]


def test_the_late_answer_to_a_cancel_is_none_too_many(new_tracker):
    """A cancellation may answer our cancel, or come before the venue refuses it as too late: both are its due."""
    tracker = new_tracker()
    tracker.apply(Accepted(1, 0, 0), 0)
    tracker.request_cancel(1, 0)
    tracker.apply(Cancelled(1, 0, 0, 2, "self-trade"), 0)
    assert not tracker.get(1).awaits_answer
    tracker.apply(Rejected(1, 0, 0, "too-late", "cancel"), 0)
    assert tracker.take_discrepancies() == []
    tracker.apply(Rejected(1, 0, 0, "too-late", "cancel"), 0)
    assert [one.what for one in tracker.take_discrepancies()] == ["unrequested"]
