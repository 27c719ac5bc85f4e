"""Recovery from a journal: the state at any whole block is that of the lane that wrote it."""

import msgspec
import pytest

from mainspring.errors import JournalError
from mainspring.host.wiring import wire
from mainspring.lane import LiftCheck, SetLimit
from mainspring.model import Fill, decode_records
from mainspring.recovery import recover
from mainspring.testing import HostileVenue
from mainspring_tools.recovery import make_offer, run_whole, state_of, with_offers

CUTS = 40


@pytest.fixture
def hostile(registry):
    """Sessions whose router is a hostile venue, so that there are discrepancies and unknown orders."""

    def make(seed):
        venue = HostileVenue(seed)
        return with_offers(registry, make_offer("router", "hostile", venue.connect, simulated=True))

    return make


def recovered(run_plan, registry, journal, session):
    """A new lane of the plan, brought to what the journal says."""
    manager = wire(run_plan, registry).lane.order_manager
    assert manager is not None
    instruments = [(part.label(one), one) for part in run_plan.parts for one in part.instruments]
    found = recover(journal, session, manager, instruments, decode_records)
    return manager, found


def check_cuts(make_run, registry, journal, *overrides):
    """Compares the states at cuts all over a session's journal."""
    run = make_run(*overrides, registry=registry)
    states = []
    journal.noted = lambda: states.append(state_of(run._lane.order_manager))
    run_whole(run)
    assert len(states) > CUTS
    for block in {*range(1, len(states), max(len(states) // CUTS, 1)), len(states)}:
        # The first block is the opening alone.
        manager, found = recovered(run.plan, registry, journal.cut(1, block + 1), 1)
        assert state_of(manager) == states[block - 1], f"block {block}"
        assert found.sessions == (1,)
    return states[-1]


def test_any_cut_recovers_the_state_there(make_run, registry, journal, decoder):
    """Orders, exposure, positions to the last part of a unit, stops and ids are those of the lane at that block."""
    last = check_cuts(make_run, registry, journal, decoder, "feed.seconds=8")
    assert last["positions"]


@pytest.mark.parametrize("seed", range(3))
def test_any_cut_of_a_hostile_session_recovers(make_run, hostile, journal, decoder, seed):
    """With answers lost, late, doubled and reordered: discrepancies, stops and unknown orders come back too."""
    overrides = (decoder, "feed.seconds=30", 'router={plugin="hostile"}', "orders.answer_timeout_ms=1500")
    last = check_cuts(make_run, hostile(seed), journal, *overrides)
    assert last["discrepancies"] or last["stops"]


COUNTING = (
    "risk.max_message_rate={limit=1000, window_ms=3600000}",
    "risk.duplicate_order_ms=2000",
    "risk.max_cancel_to_fill=1000",
    "risk.self_trade=refuse",
    "risk.max_daily_loss=0.05",
    "risk.max_drawdown=0.02",
)


@pytest.mark.parametrize("hostile_venue", [False, True])
def test_what_checks_count_comes_back(make_run, registry, hostile, journal, decoder, hostile_venue):
    """Requests, fills, cancels, changes under way, a day's loss and the best profit are as they were at any cut."""
    overrides: tuple[str, ...] = (
        *COUNTING,
        "risk.max_repeated_executions={limit=3, window_ms=60000}",
        "feed.seconds=30",
    )
    if hostile_venue:
        registry = hostile(1)
        overrides = (*overrides, 'router={plugin="hostile"}', "orders.answer_timeout_ms=1500")
    last = check_cuts(make_run, registry, journal, decoder, *overrides)
    counted = {name for one in last["checks"] for name in ("counts", "sent", "marks") if one.get(name)}
    assert counted >= {"counts", "sent"}
    assert hostile_venue or "marks" in counted


def stopping(manager):
    """The names of the checks that stop orders until a person lifts them."""
    return {
        name
        for row in manager.gate.named_rows
        for name, check in row
        if getattr(check, "stopped", None) or getattr(getattr(check, "counts", None), "stopped", False)
    }


def test_a_restart_resets_no_daily_loss(make_run, registry, journal, decoder):
    """What a loss had stopped, stays stopped, and a strategy executed too often is stopped until a person lifts it."""
    run = make_run(decoder, *COUNTING, "risk.max_repeated_executions={limit=3, window_ms=60000}", "feed.seconds=20")
    plan = run.plan
    run_whole(run)
    names = stopping(run._lane.order_manager)
    assert "max_repeated_executions" in names
    assert names & {"max_daily_loss", "max_drawdown"}, "no loss stopped anything"
    manager, _ = recovered(plan, registry, journal, 1)
    assert stopping(manager) == names
    assert set(manager.gate.lift()) == names


def test_what_a_person_had_lifted_or_set_is_counted_in_its_order(make_run, registry, journal, decoder):
    """Fills from before a lift don't stop a strategy again, and a limit that was set holds for what came after."""
    run = make_run(decoder, "risk.max_repeated_executions={limit=3, window_ms=3600000}", "feed.seconds=20")
    plan = run.plan

    def throttle(manager):
        return manager.gate.named("max_repeated_executions", 0).counts

    with run:
        while not throttle(run._lane.order_manager).stopped:
            assert run.step()
        now_ns = run._lane.now_ns
        run._replay.feed(SetLimit(now_ns, "max_repeated_executions", '{"limit": 1000}', confirmed=True, who="me"))
        run._replay.feed(LiftCheck(now_ns, "max_repeated_executions", "me", "looked"))
        while run.step():
            pass
        run.finish()
    assert not throttle(run._lane.order_manager).stopped
    manager, _ = recovered(plan, registry, journal, 1)
    assert not throttle(manager).stopped
    assert throttle(manager).state() == throttle(run._lane.order_manager).state()


def test_a_recovered_lane_knows_every_fill(make_run, registry, journal, decoder):
    """A fill that is reported again after recovery is known: it is a duplicate, and moves nothing."""
    run = make_run(decoder, "feed.seconds=8")
    plan = run.plan
    run_whole(run)
    manager, _ = recovered(plan, registry, journal, 1)
    log = [one for _, data in log_of(journal) for one in decode_records(data, 0)[0]]
    fills = [one for one in log if type(one) is Fill]
    assert fills
    before = state_of(manager)["positions"]
    for fill in fills:
        assert manager.tracker.has_fill(fill.order_id, fill.fill_id)
        assert not manager.tracker.has_fill(fill.order_id, fill.fill_id + 10**6)
        manager.on_execution(fill)
    assert state_of(manager)["positions"] == before
    assert manager.discrepancies["duplicate-fill"] == len(fills)


def log_of(journal):
    from mainspring.journal import JournalLog

    log = JournalLog(journal, 1)
    for place, (number, data) in enumerate(log.chunks()):
        yield number, data if place else data[log.header.length :]


def test_ids_go_on_and_are_known(make_run, registry, journal):
    """New orders get ids above all earlier ones, and the client order ids of earlier orders are still theirs."""
    run = make_run("feed.seconds=8")
    plan = run.plan
    run_whole(run)
    manager, _ = recovered(plan, registry, journal, 1)
    outbox = manager.outbox
    last = outbox.next_order_id - 1
    assert last > 10
    earlier = outbox.client_order_id(last)
    outbox.session = "z" * 20
    assert outbox.client_order_id(last) == earlier
    assert outbox.client_order_id(last + 1).startswith("z" * 20)
    for order_id in (1, last, last + 1):
        assert outbox.order_id_of(outbox.client_order_id(order_id)) == order_id
    assert outbox.order_id_of(earlier.replace(earlier[:5], "yyyyy")) is None
    assert outbox.order_id_of("by-hand-1") is None


def test_other_instruments_are_refused(make_run, registry, journal):
    """A lane that trades something else, or on another grid, can't take up the positions."""
    run = make_run("feed.seconds=2")
    plan = run.plan
    run_whole(run)
    (part,) = plan.parts
    (one,) = part.instruments
    finer = msgspec.structs.replace(one, tick_size=one.tick_size / 10)
    with pytest.raises(JournalError, match=r"session 1 traded BTC/USDT \(tick .*and this one trades"):
        recovered(
            msgspec.structs.replace(plan, parts=(msgspec.structs.replace(part, instruments=(finer,)),)),
            registry,
            journal,
            1,
        )
