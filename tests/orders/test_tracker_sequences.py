"""Orders under a tracker: every sequence of requests and words of a venue, against a plain model of an order."""

from typing import NamedTuple

import pytest

from mainspring.errors import OrderStateError
from mainspring.model import Accepted, Cancelled, Expired, Fill, Rejected, Replaced, Side

SIZE = 2


class Naive(NamedTuple):
    """All that there is to know of one order of two lots. `what` is the discrepancy that the last step was."""

    accepted: bool = False
    end: str = ""
    filled: int = 0
    size: int = SIZE
    cancels: int = 0
    replaces: tuple[int, ...] = ()
    unknown: bool = False
    what: str = ""

    @property
    def state(self):
        if self.end:
            return self.end
        if self.unknown:
            return "unknown"
        if not self.accepted:
            return "in-flight"
        if self.cancels or self.replaces:
            return "cancel-pending" if self.cancels else "replace-pending"
        return "partially-filled" if self.filled else "accepted"

    @property
    def exposure(self):
        return 0 if self.end else max((self.size, *self.replaces)) - self.filled


def _unacknowledged(n):
    return "" if n.accepted or n.unknown else "unacknowledged"


def _fill(lots):
    def step(n):
        if n.end:
            return n._replace(filled=n.filled + lots, what="after-end")
        what = "overfill" if n.filled + lots > n.size else _unacknowledged(n)
        filled = n.filled + lots
        end = "filled" if filled >= n.size else ""
        return n._replace(accepted=True, unknown=False, filled=filled, end=end, what=what)

    return step


def _accept(n):
    if n.end:
        return n._replace(what="after-end")
    if n.accepted and not n.unknown:
        return n._replace(what="acknowledged-twice")
    return n._replace(accepted=True, unknown=False)


def _reject(n):
    if n.end:
        return n._replace(what="after-end")
    if n.accepted and not n.unknown:
        return n._replace(unknown=True, what="acknowledged-twice")
    return n._replace(end="rejected", unknown=False)


def _ends(state):
    def step(n):
        return n._replace(what="after-end") if n.end else n._replace(end=state, unknown=False, what=_unacknowledged(n))

    return step


def _ask_cancel(n):
    return None if n.end else n._replace(cancels=n.cancels + 1)


def _refuse_cancel(n):
    if not n.cancels:
        return n._replace(what="unrequested")
    return n._replace(cancels=n.cancels - 1, unknown=False)


def _ask_replace(n):
    return None if n.end or n.filled >= 3 else n._replace(replaces=(*n.replaces, 3))


def _refuse_replace(n):
    if not n.replaces:
        return n._replace(what="unrequested")
    return n._replace(replaces=n.replaces[1:], unknown=False)


def _replaced(n):
    replaces = n.replaces[1:]
    if n.filled >= 3:
        return n._replace(replaces=replaces, what="malformed")
    if n.end:
        return n._replace(replaces=replaces, what="after-end")
    what = _unacknowledged(n) if n.replaces else "unrequested"
    return n._replace(accepted=True, unknown=False, replaces=replaces, size=3, what=what)


def _lose(n):
    return None if n.end else n._replace(unknown=True)


STEPS = {
    "accept": _accept,
    "reject": _reject,
    "fill 1": _fill(1),
    "fill 2": _fill(2),
    "cancelled": _ends("cancelled"),
    "expired": _ends("expired"),
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
        tracker.apply(Accepted(1, 0, 0), 5)
    elif step == "reject":
        tracker.apply(Rejected(1, 0, 0, "no"), 5)
    elif step.startswith("fill"):
        tracker.apply(Fill(1, 0, 0, fill_id, Side.BUY, 10, int(step[-1]), True, 0), 5)
    elif step == "cancelled":
        tracker.apply(Cancelled(1, 0, 0, left, "x"), 5)
    elif step == "expired":
        tracker.apply(Expired(1, 0, 0, left, "x"), 5)
    elif step == "ask cancel":
        tracker.request_cancel(1, 5)
    elif step == "ask replace":
        tracker.request_replace(1, 10, 3, 5)
    elif step == "replaced":
        tracker.apply(Replaced(1, 0, 0, 10, 3), 5)
    elif step == "lose":
        tracker.mark_unknown(1)
    else:
        tracker.apply(Rejected(1, 0, 0, "no", step.split()[1]), 5)


def picture(tracker):
    order, lots = tracker.get(1), tracker.open_lots[0]
    return (
        order.state,
        order.filled_lots,
        order.size_lots,
        order.exposure_lots,
        lots.buy,
        lots.sell,
        sum(fill.side * fill.size_lots for fill, _ in tracker.fills),
        len(tracker.open_orders(0, "s")),
    )


def test_every_sequence_of_steps_agrees_with_the_model(new_tracker):
    """All sequences of five: each word of the venue leads where the model says, and is a discrepancy where it says so.

    What we may not do ourselves raises and changes nothing.
    """
    seen = set()

    def explore(path, naive):
        # An order's future depends on its present alone, so each state is explored once for each length.
        naive = naive._replace(what="")
        if (naive, len(path)) in seen:
            return
        seen.add((naive, len(path)))
        for step, rule in STEPS.items():
            tracker = new_tracker()
            for i, past in enumerate(path):
                action(tracker, past, i, tracker.get(1).size_lots - tracker.get(1).filled_lots)
            tracker.take_discrepancies()
            before = picture(tracker)
            following = rule(naive)
            if following is None:
                with pytest.raises(OrderStateError, match="order 1"):
                    action(tracker, step, len(path), 0)
                assert picture(tracker) == before, (*path, step)
                continue
            action(tracker, step, len(path), naive.size - naive.filled)
            expected = (
                following.state,
                following.filled,
                following.size,
                following.exposure,
                following.exposure,
                0,
                following.filled,
                0 if following.end else 1,
            )
            assert picture(tracker) == expected, (*path, step)
            assert "".join(one.what for one in tracker.take_discrepancies()) == following.what, (*path, step)
            if len(path) < 4:
                explore((*path, step), following)

    explore((), Naive())
    assert len(seen) > 400
    ends = {"filled", "cancelled", "rejected", "expired"}
    live = {"in-flight", "accepted", "partially-filled", "cancel-pending", "replace-pending", "unknown"}
    assert {naive.state for naive, _ in seen} == ends | live
