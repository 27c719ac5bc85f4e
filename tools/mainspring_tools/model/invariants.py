"""What must hold after a run, whatever happened in it."""

from collections import defaultdict
from typing import Any

from mainspring.journal import LogBytes, read_entries
from mainspring.model import (
    Accepted,
    Cancelled,
    CancelRequest,
    Discrepancy,
    Fill,
    NewOrder,
    OrderEvent,
    Rejected,
    Replaced,
    RequestApproved,
    decode_records,
)
from mainspring.orders import decode_header
from mainspring.recovery.differences import NO_ANSWER
from mainspring_tools.model.history import Asked, Said, explain
from mainspring_tools.model.world import World

__all__ = ["check"]


def check(world: World) -> None:
    """Raises `AssertionError` for the first thing that doesn't hold."""
    assert world.venue.duplicates == [], f"sent twice: {world.venue.duplicates}"
    durable, records = _read(world)
    for sent in world.sent:
        block = durable[_kind(sent.request), sent.request.order_id]
        assert any((session, at) <= (sent.session, sent.blocks) for session, at in block), (
            f"{sent} had no durable intent"
        )
    process = world.process
    assert process is not None
    manager = process.manager
    known = _fills(records, world)
    true = {(name, fill.fill_id): (fill.side, fill.size_lots, fill.price_ticks) for name, fill in world.venue.fills}
    # A venue that didn't answer has answered since.
    unexplained = [one for one in process.reconciling.differences if not one.resolved and one.what != NO_ANSWER]
    world.counts["unexplained differences"] += len(unexplained)
    for one in unexplained:
        assert one.instrument in world.cleared or one.instrument in manager.tracker.stops, f"{one} stops nothing"
    # All that a difference allows: executions of the order that it names may be missing, and the position with them.
    named = {manager.outbox.client_order_id(one.order_id) for one in unexplained if one.order_id}
    lost = {key: fill for key, fill in true.items() if key not in known}
    assert known == {key: fill for key, fill in true.items() if key not in lost}, f"invented {set(known) - set(true)}"
    assert {name for name, _ in lost} <= named, f"lost {sorted(lost)}, and only {sorted(named)} are named"
    lots_of = {(name, fill.fill_id): (fill.instrument, fill.side * fill.size_lots) for name, fill in world.venue.fills}
    for place, account in enumerate(manager.portfolio.accounts):
        missing_lots = sum(lots for key, (where, lots) in lots_of.items() if where == place and key in lost)
        ours, theirs = account.position_lots, world.venue.position_lots(place)
        assert ours + missing_lots == theirs, f"{ours} lots in instrument {place}, {missing_lots} named, {theirs} there"
    _check_histories(world)


def _read(world: World) -> tuple[dict[Any, list[tuple[int, int]]], list[Any]]:
    """Where each approval is, by its kind and order; and all records, each with its order's id at the venue."""
    durable, records = defaultdict(list), []
    for session in world.sessions:
        started = False
        for number, entry in read_entries(world.journal, session):
            if not isinstance(entry, LogBytes):
                continue
            data = entry.data
            if not started:
                header = decode_header(data)
                assert header is not None
                data, started = data[header.length :], True
            for record in decode_records(data)[0]:
                records.append(record)
                if isinstance(record, RequestApproved):
                    durable[record.request, record.order_id].append((session, number))
    return durable, records


def _fills(records: list[Any], world: World) -> dict[tuple[str, int], tuple[Any, int, int]]:
    """Every fill that moved the position."""
    assert world.process is not None
    name_of = world.process.manager.outbox.client_order_id
    found: dict[tuple[str, int], tuple[Any, int, int]] = {}
    for at, record in enumerate(records):
        if not isinstance(record, Fill):
            continue
        after = records[at + 1] if at + 1 < len(records) else None
        if isinstance(after, Discrepancy) and after.what in ("duplicate-fill", "malformed"):
            continue
        key = (name_of(record.order_id), record.fill_id)
        assert key not in found, f"{record} counted twice"
        found[key] = (record.side, record.size_lots, record.price_ticks)
    return found


def _check_histories(world: World) -> None:
    asked, said, truth = defaultdict(list), defaultdict(set), defaultdict(list)
    for sent in world.sent:
        request = sent.request
        what = _kind(request)
        lots, price = getattr(request, "size_lots", 0), getattr(request, "price_ticks", 0)
        asked[sent.client_order_id].append(Asked(what, sent.now_ns, price, lots))
    for name, event in world.heard:
        said[name].add(_said(event))
    for name, fill in world.venue.fills:
        truth[name].append(Said("filled", fill.time_ns, fill.price_ticks, fill.size_lots, fill.fill_id))
    for name, requests in asked.items():
        problem = explain(requests, sorted(said[name], key=lambda one: one.time_ns), truth[name])
        assert not problem, f"order {name}: {problem}"
        world.counts["histories"] += 1


def _kind(request: object) -> str:
    return "new" if isinstance(request, NewOrder) else "cancel" if isinstance(request, CancelRequest) else "replace"


def _said(event: OrderEvent) -> Said:
    if isinstance(event, Accepted):
        return Said("accepted", event.time_ns)
    if isinstance(event, Rejected):
        return Said("rejected" if event.request == "new" else "too-late", event.time_ns)
    if isinstance(event, Fill):
        return Said("filled", event.time_ns, event.price_ticks, event.size_lots, event.fill_id)
    if isinstance(event, Replaced):
        return Said("replaced", event.time_ns, event.price_ticks, event.size_lots)
    if isinstance(event, Cancelled):
        return Said("cancelled", event.time_ns, int(event.reason != "requested"), event.remaining_lots)
    return Said("expired", event.time_ns, 0, event.remaining_lots)
