"""The hostile venue: what it loses and doubles, that it outlives a lane, and that a seed gives the same events."""

from random import Random
from typing import Any

import msgspec
import pytest

from mainspring.model import (
    Accepted,
    Approved,
    CancelRequest,
    Fill,
    FillReport,
    NewOrder,
    OrderConnection,
    OrderReport,
    PositionReport,
    Query,
    QueryEnded,
    QuerySubject,
    ReplaceRequest,
    Side,
)
from mainspring.seams import NEVER_NS, RouterContext
from mainspring.testing import CALM, INSTRUMENT, SECOND_INSTRUMENT, Faults, HostileVenue, NaiveBook, check_router

SECOND = 1_000_000_000


def context():
    """Wiring's, with order ids as client order ids."""
    return RouterContext(
        (INSTRUMENT, SECOND_INSTRUMENT), (NaiveBook(), NaiveBook()), 1, order_id_of=lambda text: int(text, 10)
    )


def new(order_id, now_ns, **given):
    order = NewOrder(order_id, given.pop("instrument", 0), Side.BUY, "limit", 100, given.pop("lots", 10), now_ns)
    return Approved(msgspec.structs.replace(order, **given), now_ns)


def drain(router, now_ns):
    """All that the router has from now on, in order."""
    events = []
    while router.due_ns != NEVER_NS:
        now_ns = max(now_ns, router.due_ns)
        events += router.poll(now_ns)
    return events


def drive(seed, faults=Faults(), rounds=300):  # noqa: B008  frozen
    """Sends seeded requests and queries, and crashes at times; returns the venue and every event."""
    venue, random = HostileVenue(seed, faults), Random(seed)
    events: list[Any] = []
    router, now_ns = venue.connect(context()), SECOND
    for order_id in range(1, rounds):
        now_ns += random.randint(1, SECOND)
        kind = random.choice(("limit", "limit", "market"))
        price_ticks = 100 if kind == "limit" else 0
        router.submit(new(order_id, now_ns, kind=kind, price_ticks=price_ticks, instrument=order_id % 2), now_ns)
        other = random.randint(1, order_id)
        if random.random() < 0.3:
            router.cancel(Approved(CancelRequest(other, other % 2, now_ns), now_ns), now_ns)
        if random.random() < 0.3:
            router.replace(Approved(ReplaceRequest(other, other % 2, 99, 20, now_ns), now_ns), now_ns)
        if random.random() < 0.3:
            router.query(Query(order_id, random.choice(("open-orders", "fills", "positions"))), now_ns)
        events += router.poll(now_ns)
        if random.random() < 0.02:
            router = venue.connect(context())
    return venue, [*events, *drain(router, now_ns)]


@pytest.mark.parametrize("seed", range(3))
def test_a_seed_gives_the_same_events(seed):
    """Two venues with the same calls do the same, and another seed does something else."""
    (venue, events), (again, repeated) = drive(seed), drive(seed)
    assert events == repeated
    assert venue.fills == again.fills
    assert events != drive(seed + 1)[1]


def test_every_fault_happens():
    """In some hundred requests each kind of damage is seen at least once, and nothing arrives twice at the venue."""
    venue, events = drive(1)
    told = [event.fill_id for event in events if type(event) is Fill]
    true = {fill.fill_id for _, fill in venue.fills}
    assert len(told) > len(set(told)), "doubled"
    assert true - set(told), "lost"
    assert told != sorted(told), "reordered"
    assert len(venue.orders) < 299, "requests lost"
    assert {one.up for one in events if type(one) is OrderConnection} == {True, False}
    assert {bool(one.problem) for one in events if type(one) is QueryEnded} == {True, False}
    assert {"filled", "cancelled", "expired", "rejected", "open"} == {one.status for one in venue.orders.values()}
    assert not venue.duplicates


def test_a_calm_venue_loses_nothing():
    """Each execution is told once, in order."""
    faults = msgspec.structs.replace(CALM, reject=0.0)
    events = drive(2, faults)[1]
    told = [event.fill_id for event in events if type(event) is Fill]
    assert told == sorted(set(told))
    assert not any(type(one) is OrderConnection for one in events)


def test_it_outlives_the_process_that_sent_the_order():
    """An order is filled while nobody is connected; a new process learns of it by asking, not by the stream."""
    venue = HostileVenue(3, msgspec.structs.replace(CALM, never_filled=0.0, reject=0.0, expire=0.0))
    venue.connect(context()).submit(new(1, SECOND), SECOND)
    venue.advance(100 * SECOND)
    assert venue.position_lots(0) == 10
    router = venue.connect(context())
    subjects: tuple[QuerySubject, ...] = ("order", "fills", "positions")
    for number, subject in enumerate(subjects, 1):
        router.query(Query(number, subject, client_order_id="1"), 100 * SECOND)
    found = drain(router, 100 * SECOND)
    (order,) = [one for one in found if type(one) is OrderReport]
    assert (order.status, order.filled_lots, order.order_id) == ("filled", 10, 1)
    assert sum(one.fill.size_lots for one in found if type(one) is FillReport) == 10
    assert [one.position_lots for one in found if type(one) is PositionReport] == [10, 0]
    assert not any(type(one) in {Accepted, Fill} for one in found)


def test_a_second_sending_is_seen():
    """A client order id that arrives twice is noted, and isn't another order."""
    venue = HostileVenue(4, CALM)
    for _ in range(2):
        venue.connect(context()).submit(new(1, SECOND), SECOND)
    venue.advance(2 * SECOND)
    assert venue.duplicates == ["1"]
    assert len(venue.orders) == 1


def test_it_keeps_the_router_contract_while_it_is_calm():
    """The conformance kit takes it, queries included."""
    faults = msgspec.structs.replace(CALM, expire=0.0)
    check_router(
        lambda context: HostileVenue(5, faults).connect(context),
        instruments=(INSTRUMENT, SECOND_INSTRUMENT),
        watches_market=False,
        answers_queries=True,
    )
