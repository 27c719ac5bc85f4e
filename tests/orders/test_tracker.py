"""An order's life: every sequence of requests and events, against a plain table of what is allowed."""

from decimal import Decimal
from typing import NamedTuple

import pytest

from mainspring.errors import OrderStateError
from mainspring.model import Accepted, Cancelled, Fill, Instrument, NewOrder, Rejected, Replaced, Side
from mainspring.orders import OrderState, OrderTracker
from mainspring.orders.tracker import _ENDED_KEPT

SPOT = Instrument(symbol="A/B", venue_symbol="AB", tick_size=Decimal(1), lot_size=Decimal(1))
SIZE = 2


class Naive(NamedTuple):
    """All that there is to know of one order of two lots."""

    accepted: bool = False
    end: str = ""
    filled: int = 0
    size: int = SIZE
    cancels: int = 0
    replaces: tuple[int, ...] = ()
    unknown: bool = False

    @property
    def state(self):
        if self.end:
            return self.end
        if self.unknown:
            return "unknown"
        if not self.accepted:
            return "pending-new"
        return "pending-cancel" if self.cancels else "pending-replace" if self.replaces else "open"

    @property
    def exposure(self):
        return 0 if self.end else max((self.size, *self.replaces)) - self.filled


def _fill(lots):
    def step(n):
        if n.end or not (n.accepted or n.unknown) or n.filled + lots > n.size:
            return None
        filled = n.filled + lots
        return n._replace(accepted=True, unknown=False, filled=filled, end="filled" if filled == n.size else "")

    return step


def _accept(n):
    return None if n.end or n.accepted else n._replace(accepted=True, unknown=False)


def _reject(n):
    return None if n.end or n.accepted else n._replace(end="rejected", unknown=False)


def _cancelled(n):
    return None if n.end or not (n.accepted or n.unknown) else n._replace(end="cancelled", unknown=False)


def _ask_cancel(n):
    return None if n.end else n._replace(cancels=n.cancels + 1)


def _refuse_cancel(n):
    return n._replace(cancels=n.cancels - 1, unknown=False) if n.cancels else None


def _ask_replace(n):
    return None if n.end else n._replace(replaces=(*n.replaces, 3))


def _refuse_replace(n):
    return n._replace(replaces=n.replaces[1:], unknown=False) if n.replaces else None


def _replaced(n):
    if n.end or not (n.accepted or n.unknown) or not (n.replaces or n.unknown):
        return None
    return n._replace(accepted=True, unknown=False, replaces=n.replaces[1:], size=3)


def _lose(n):
    return None if n.end else n._replace(unknown=True)


STEPS = {
    "accept": _accept,
    "reject": _reject,
    "fill 1": _fill(1),
    "fill 2": _fill(2),
    "cancelled": _cancelled,
    "ask cancel": _ask_cancel,
    "refuse cancel": _refuse_cancel,
    "ask replace": _ask_replace,
    "refuse replace": _refuse_replace,
    "replaced": _replaced,
    "lose": _lose,
}


def action(tracker, step, fill_id, left):
    """Does a step to order 1 of the tracker."""
    if step == "accept":
        tracker.apply(Accepted(1, 0, 0))
    elif step == "reject":
        tracker.apply(Rejected(1, 0, 0, "no"))
    elif step.startswith("fill"):
        tracker.apply(Fill(1, 0, 0, fill_id, Side.BUY, 10, int(step[-1]), True, 0))
    elif step == "cancelled":
        tracker.apply(Cancelled(1, 0, 0, left, "x"))
    elif step == "ask cancel":
        tracker.request_cancel(1)
    elif step == "ask replace":
        tracker.request_replace(1, 10, 3)
    elif step == "replaced":
        tracker.apply(Replaced(1, 0, 0, 10, 3))
    elif step == "lose":
        tracker.mark_unknown(1)
    else:
        tracker.apply(Rejected(1, 0, 0, "no", step.split()[1]))


def new_tracker():
    tracker = OrderTracker((SPOT,))
    tracker.add(NewOrder(1, 0, Side.BUY, "limit", 10, SIZE, 0, strategy="s"))
    return tracker


def picture(tracker):
    order, account = tracker.get(1), tracker.accounts[0]
    return (
        order.state,
        order.filled_lots,
        order.size_lots,
        order.exposure_lots,
        account.open_buy_lots,
        account.position_lots,
        account.cash_units,
        len(tracker.open_orders(0, "s")),
    )


def test_every_sequence_of_six_steps_agrees_with_the_table():
    """All sequences: allowed steps lead where the table says, all others raise and change nothing."""
    seen = set()

    def explore(path, naive):
        # An order's future depends on its present alone, so each state is explored once for each length.
        if (naive, len(path)) in seen:
            return
        seen.add((naive, len(path)))
        tracker = new_tracker()
        for i, step in enumerate(path):
            action(tracker, step, i, tracker.get(1).size_lots - tracker.get(1).filled_lots)
        expected = (
            naive.state,
            naive.filled,
            naive.size,
            naive.exposure,
            naive.exposure,
            naive.filled,
            -10 * naive.filled,
            0 if naive.end else 1,
        )
        assert picture(tracker) == expected, path
        for step, rule in STEPS.items():
            following = rule(naive)
            if following is None:
                with pytest.raises(OrderStateError, match="order 1"):
                    action(tracker, step, len(path), naive.size - naive.filled)
                assert picture(tracker) == expected, (*path, step)
            elif len(path) < 6:
                explore((*path, step), following)

    explore((), Naive())
    assert len(seen) > 500
    assert {naive.state for naive, _ in seen} == set(OrderState)


@pytest.mark.parametrize(
    "event",
    [
        Fill(1, 0, 0, 7, Side.SELL, 10, 1, True, 0),
        Fill(1, 0, 0, 7, Side.BUY, 0, 1, True, 0),
        Fill(1, 0, 0, 7, Side.BUY, 10, 0, True, 0),
        Fill(1, 1, 0, 7, Side.BUY, 10, 1, True, 0),
        Fill(2, 0, 0, 7, Side.BUY, 10, 1, True, 0),
        Fill(1, 0, 0, 3, Side.BUY, 10, 1, True, 0),
        Cancelled(1, 0, 0, 2, "not what is left"),
        Replaced(1, 0, 0, 10, 1),
        Replaced(1, 0, 0, 0, 2),
    ],
    ids=lambda event: repr(event)[:40],
)
def test_an_event_that_can_not_be_is_refused(event):
    """Wrong side, price, size, instrument, id, a fill told twice, lots that don't add up: nothing changes."""
    tracker = new_tracker()
    tracker.apply(Accepted(1, 0, 0))
    tracker.request_replace(1, 11, 4)
    tracker.apply(Fill(1, 0, 0, 3, Side.BUY, 10, 1, True, 0))
    before = picture(tracker)
    with pytest.raises(OrderStateError, match=f"order {event.order_id}"):
        tracker.apply(event)
    assert picture(tracker) == before


def test_the_error_says_what_and_where():
    """Order, instrument, state, how much is filled, and what wasn't allowed."""
    tracker = new_tracker()
    with pytest.raises(OrderStateError, match=r"order 1 .* is pending-new with 0 of 2 lots filled.*: fill"):
        tracker.apply(Fill(1, 0, 0, 7, Side.BUY, 10, 1, True, 0))


@pytest.mark.parametrize(("order_id", "instrument", "lots"), [(1, 0, 1), (0, 0, 1), (2, 1, 1), (2, -1, 1), (2, 0, 0)])
def test_an_order_that_can_not_be_is_not_followed(order_id, instrument, lots):
    """Ids rise, the instrument exists, the size is positive."""
    tracker = new_tracker()
    with pytest.raises(OrderStateError):
        tracker.add(NewOrder(order_id, instrument, Side.BUY, "limit", 10, lots, 0))
    assert tracker.accounts[0].open_buy_lots == SIZE


def test_open_orders_are_told_apart_and_in_order():
    """By instrument and strategy, oldest first; both sides are counted apart."""
    tracker = OrderTracker((SPOT, SPOT))
    for i, (instrument, side, strategy) in enumerate([(0, 1, "a"), (0, -1, "b"), (1, 1, "a"), (0, 1, "a")]):
        tracker.add(NewOrder(i, instrument, Side(side), "limit", 10, 5 + i, 0, strategy=strategy))
    assert [order.order.order_id for order in tracker.open_orders(0, "a")] == [0, 3]
    assert [order.order.order_id for order in tracker.open_orders(1, "b")] == []
    assert [order.order.order_id for order in tracker.all_open()] == [0, 1, 2, 3]
    assert (tracker.accounts[0].open_buy_lots, tracker.accounts[0].open_sell_lots) == (13, 6)


def test_memory_stays_flat():
    """Ended orders are forgotten after a while; one that still waits for an answer isn't."""
    tracker = OrderTracker((SPOT,))
    for i in range(1, _ENDED_KEPT + 500):
        tracker.add(NewOrder(i, 0, Side.BUY, "limit", 10, 1, 0))
        if i == 1:
            tracker.request_cancel(1)
        tracker.apply(Rejected(i, 0, 0, "no"))
    assert len(tracker._orders) <= _ENDED_KEPT + 1
    with pytest.raises(OrderStateError, match="ended long ago"):
        tracker.get(2)
    tracker.apply(Rejected(1, 0, 0, "too-late", "cancel"))
