"""The lifecycle of an order: the whole matrix of events and states, written out a second time."""

import pytest

from mainspring.errors import OrderStateError
from mainspring.model import NewOrder, Side
from mainspring.orders import LIFECYCLE, LifecycleEvent, Order, OrderState
from mainspring.orders.lifecycle import ENDED

# Columns: created, approved, in flight, accepted, partially filled, cancel pending, replace pending, unknown; then the
# four ends. "." stays, "w" follows from what the order knows, a capital is that state, "-" may not be done by us.
# A word after it is the discrepancy: n never sent, u unacknowledged, t acknowledged twice, q unrequested, e after end.
_MATRIX = """
event                 cr ap if ac pf cp rp un  fi ca re ex
APPROVE               A  -  -  -  -  -  -  -   -  -  -  -
SEND                  -  I  -  -  -  -  -  -   -  -  -  -
REQUEST_CANCEL        -  .  w  w  w  w  w  .   -  -  -  -
REQUEST_REPLACE       -  .  w  w  w  w  w  .   -  -  -  -
LOSE_CONTACT          -  -  U  U  U  U  U  U   -  -  -  -
ACCEPTED              .n .n w  .t .t .t .t w   .e .e .e .e
REJECTED              .n .n R  Ut Ut Ut Ut R   .e .e .e .e
FILL                  .n .n wu w  w  w  w  w   .e .e .e .e
LAST_FILL             .n .n Fu F  F  F  F  F   .e .e .e .e
CANCELLED             .n .n Cu C  C  C  C  C   .e .e .e .e
EXPIRED               .n .n Xu X  X  X  X  X   .e .e .e .e
REPLACED              .n .n wu w  w  w  w  w   .e .e .e .e
UNREQUESTED_REPLACED  .n .n wq wq wq wq wq wq  .e .e .e .e
REQUEST_REJECTED      .n .n w  w  w  w  w  w   .  .  .  .
UNREQUESTED_REJECTED  .n .n .q .q .q .q .q .q  .q .q .q .q
"""
_STATES = {
    "cr": OrderState.CREATED,
    "ap": OrderState.APPROVED,
    "if": OrderState.IN_FLIGHT,
    "ac": OrderState.ACCEPTED,
    "pf": OrderState.PARTIALLY_FILLED,
    "cp": OrderState.CANCEL_PENDING,
    "rp": OrderState.REPLACE_PENDING,
    "un": OrderState.UNKNOWN,
    "fi": OrderState.FILLED,
    "ca": OrderState.CANCELLED,
    "re": OrderState.REJECTED,
    "ex": OrderState.EXPIRED,
}
_NEXT = {
    "A": OrderState.APPROVED,
    "I": OrderState.IN_FLIGHT,
    "U": OrderState.UNKNOWN,
    "R": OrderState.REJECTED,
    "F": OrderState.FILLED,
    "C": OrderState.CANCELLED,
    "X": OrderState.EXPIRED,
}
_WHAT = {
    "": "",
    "n": "never-sent",
    "u": "unacknowledged",
    "t": "acknowledged-twice",
    "q": "unrequested",
    "e": "after-end",
}


def test_the_table_is_the_whole_matrix():
    """Every event in every state leads where the matrix says, and nothing else is in the table."""
    header, *rows = _MATRIX.strip().splitlines()
    columns = header.split()[1:]
    assert [_STATES[column] for column in columns] == list(_STATES.values())
    assert set(_STATES.values()) == set(OrderState)
    seen = {}
    for row in rows:
        name, *cells = row.split()
        for column, cell in zip(columns, cells, strict=True):
            if cell != "-":
                found = LIFECYCLE[LifecycleEvent[name]][_STATES[column]]
                seen[name, column] = found
                assert found == (_NEXT.get(cell[0]), cell[0] == "w", _WHAT[cell[1:]]), (name, column)
    assert {event.name for event in LIFECYCLE} == {name for name, _ in seen} == set(LifecycleEvent.__members__)
    assert sum(map(len, LIFECYCLE.values())) == len(seen)


def test_a_word_of_the_venue_leads_somewhere_in_every_state():
    """So that none of them can raise: only what we do ourselves may be forbidden."""
    ours = {"APPROVE", "SEND", "REQUEST_CANCEL", "REQUEST_REPLACE", "LOSE_CONTACT"}
    for event, row in LIFECYCLE.items():
        assert event.name in ours or set(row) == set(OrderState)


def test_nothing_leads_out_of_an_end():
    """An ended order stays in its state, whatever is reported of it."""
    for row in LIFECYCLE.values():
        assert all(not row[state].settles and row[state].state is None for state in ENDED if state in row)


def test_what_we_may_not_do_is_an_error_of_ours():
    """Sending an order that wasn't approved names the order, its state, and what wasn't allowed."""
    order = Order(NewOrder(7, 0, Side.BUY, "limit", 10, 2, 0))
    with pytest.raises(OrderStateError, match=r"order 7 .* is created with 0 of 2 lots filled.*: send"):
        order.do(LifecycleEvent.SEND)
    with pytest.raises(OrderStateError, match="request cancel"):
        order.request_cancel()
    assert (order.state, order.awaits_answer, order.ended) == ("created", True, False)
