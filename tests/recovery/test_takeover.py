"""A session that goes on after a crash: what it takes over, what its venue says, and that it then trades on."""

from random import Random
from typing import Any, ClassVar

import msgspec
import pytest

from mainspring.journal import read_session
from mainspring.lane import Kill, SetLimit
from mainspring.testing import CALM, HostileVenue
from mainspring_tools.recovery import make_offer, run_whole, state_of, with_offers


class Crash(KeyboardInterrupt):
    """The process ends here."""


def crash_at(run, journal, block):
    """Runs a session until its journal has that many blocks, and drops it there."""
    blocks = [0]

    def noted():
        blocks[0] += 1
        if blocks[0] == block:
            raise Crash

    journal.noted = noted
    with run:
        try:
            while run.step():
                pass
        except Crash:
            pass
        else:
            raise AssertionError(f"it ended after {blocks[0]} blocks")
    journal.noted = None


def test_a_paper_session_goes_on(make_run, journal, decoder):
    """After a crash it has the positions, ends what was open, goes on at the next message, and its ids go on."""
    crash_at(make_run(decoder, "feed.seconds=12"), journal, 150)
    before = read_session(journal, 1)
    run = make_run(decoder, "feed.seconds=12", "journal.recover=true")
    manager = run._lane.order_manager
    assert run._replay.took_over.sessions == [1]
    assert tuple(run._replay.took_over.messages) == before.positions.messages
    taken = state_of(manager)
    assert not manager.tracker.stops
    run_whole(run)
    assert read_session(journal, 2).opening.continues == 1
    assert read_session(journal, 2).ending is not None
    assert state_of(manager)["next"] > taken["next"]


def hostile_day(make_run, registry, journal, seed, *overrides):
    """Crashes a session again and again at a venue that outlives it, and returns the last lane, which has recovered."""
    random, venue = Random(f"crashes {seed}"), HostileVenue(seed)
    registry = with_offers(
        registry, make_offer("router", "hostile", venue.connect, simulated=True, answers_queries=True)
    )
    given = (
        *overrides,
        "feed.seconds=40",
        'router={plugin="hostile"}',
        "orders={answer_timeout_ms=1500, poll_executions_s=5}",
        "journal.recover=true",
    )
    crashes = 0
    while True:
        try:
            run = make_run(*given, registry=registry)
            crash_at(run, journal, random.randint(3, 15))
        except Crash:
            journal.noted = None
        except AssertionError:
            break
        crashes += 1
        venue.advance(venue.now_ns + random.randint(0, 5_000_000_000))
    assert crashes > 1
    journal.noted = None
    venue.calm()
    return venue, make_run(*given, registry=registry)


@pytest.mark.parametrize("seed", range(3))
def test_a_hostile_day_with_crashes_ends_as_the_venue_has_it(make_run, registry, journal, decoder, seed):
    """Whenever the process dies and whatever the venue loses: nothing is sent twice, and positions are the venue's."""
    venue, run = hostile_day(make_run, registry, journal, seed, decoder)
    manager = run._lane.order_manager
    assert not venue.duplicates
    assert [account.position_lots for account in manager.portfolio.accounts] == [venue.position_lots(0)]
    ours = {manager.outbox.client_order_id(order.order.order_id): order for order in manager.tracker.all_open()}
    assert ours.keys() == {name for name, order in venue.orders.items() if order.status == "open"}
    for name, order in ours.items():
        assert order.filled_lots == venue.orders[name].filled_lots
        assert order.state != "unknown"
    assert all(found.resolved for found in run._replay.reconciling.differences)


class Counting:
    """Counts changes of the best prices, keeps one order far from the market, and notes what it finds at its start."""

    starts: ClassVar[list[tuple[Any, ...]]] = []

    def __init__(self):
        self.count = 0

    def on_start(self, session):
        (market,) = session.markets
        found = [(order.order_id, order.state, order.size_lots) for order in market.open_orders]
        self.starts.append((self.count, market.position_lots, found))

    def on_bbo(self, market):
        self.count += 1
        if market.live and self.count > 300 and not market.open_orders and not market.position_lots:
            market.buy(size_lots=3, price_ticks=market.ask_ticks + 5)
            market.buy(size_lots=7, price_ticks=market.bid_ticks - 2_000)

    def save(self):
        return {"count": self.count}

    def load(self, state):
        self.count = state["count"]


def test_a_strategy_finds_its_state_position_and_orders(make_run, registry, journal, decoder):
    """What it saved last is loaded, and when it starts it sees what it holds, and what is open at the venue."""
    Counting.starts.clear()
    faults = {"reject": 0.0, "never_filled": 1.0, "expire": 0.0, "market_ticks": 1}
    venue = HostileVenue(1, msgspec.structs.replace(CALM, **faults))
    registry = with_offers(
        registry,
        make_offer("router", "hostile", venue.connect, simulated=True, answers_queries=True),
        make_offer("strategy", "counting", Counting),
    )
    given = (
        decoder,
        "feed.seconds=40",
        'strategy={only={plugin="counting"}}',
        'router={plugin="hostile"}',
        "journal.recover=true",
        "risk.max_order_notional=10000000",
        "risk.collar_bps=5000",
    )
    run = make_run(*given, registry=registry)
    with run:
        for _ in range(6):
            run.step()
        count = run._lane.strategies.bound[0].session.now_ns
    assert count
    (filled, resting) = venue.orders.values()
    venue._fill(filled, 3, maker=False)
    make_run(*given, registry=registry)
    (first, again) = Counting.starts
    assert first == (0, 0, [])
    assert again[0] > 0
    assert again[1:] == (3, [(2, "accepted", 7)])
    assert resting.status == "open"


def test_limits_and_kills_still_hold(make_run, journal, decoder):
    """What people had changed while the session ran holds after the crash, and after the next one."""
    run = make_run(decoder, "feed.seconds=12")
    with run:
        run.step()
        for said in (SetLimit(run._lane.now_ns, "max_order_size", "0.02", who="ada"), Kill(0, "strategy", "trend")):
            run._replay.feed(said)
    for session in (2, 3):
        run = make_run(decoder, "feed.seconds=12", "journal.recover=true")
        manager = run._lane.order_manager
        limits = {name: values for name, _, values in manager.risk.limits()}
        assert "0.02" in str(limits["max_order_size"]), session
        assert [kill.target for kill in manager.risk.kills.values()] == ["trend"]
        run.__exit__(None, None, None)
