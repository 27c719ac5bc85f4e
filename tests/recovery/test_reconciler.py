"""Reconciliation against a hostile venue: every execution counts once, and what can't be explained stops trading."""

from random import Random

import msgspec
import pytest

from mainspring.lane import ClearDiscrepancy, Disputed, Execution
from mainspring.model import (
    Approved,
    CancelRequest,
    Fill,
    NewOrder,
    OrderConnection,
    OrderEvent,
    Replaced,
    ReplaceRequest,
    Side,
)
from mainspring.orders import OrderTracker
from mainspring.recovery import Holdings, Reconciler, ReconcilerOptions
from mainspring.recovery.differences import (
    NO_ANSWER,
    ORDER_MISSING,
    POSITION,
    UNFAMILIAR_FILL,
    UNFAMILIAR_ORDER,
)
from mainspring.seams import RouterContext
from mainspring.testing import CALM, INSTRUMENT, SECOND_INSTRUMENT, Faults, HostileVenue, NaiveBook

SECOND = 1_000_000_000
OPTIONS = ReconcilerOptions(answer_ns=5 * SECOND, settle_ns=5 * SECOND, poll_ns=10 * SECOND)
INSTRUMENTS = (INSTRUMENT, SECOND_INSTRUMENT)


class Account:
    """What a lane knows, without its markets: orders, positions, and a reconciler between them and a venue."""

    def __init__(self, venue, seed, tracker, options=OPTIONS, gained=None):
        self.gained = gained
        self.venue = venue
        self.random = Random(f"account {seed}")
        self.tracker = tracker
        self.options = options
        self.positions = [0, 0]
        self.now_ns = 100 * SECOND
        self.last_id = 0
        self.differences = []
        self.discrepancies = []
        self.connect()

    def connect(self):
        context = RouterContext(
            INSTRUMENTS, (NaiveBook(), NaiveBook()), 1, order_id_of=lambda text: int(text) if text.isdecimal() else None
        )
        self.router = self.venue.connect(context)
        self.reconciler = Reconciler(
            0,
            (0, 1),
            self.tracker,
            Holdings((0, 1), self.positions.__getitem__, self.options.tries, self.gained),
            str,
            lambda: self.last_id,
            self.options,
        )

    def crash(self):
        """The process ends here, and another takes over what was durable: all that it had applied and sent."""
        self.differences += self.reconciler.differences
        last_ns = self.now_ns
        self.venue.advance(self.now_ns + self.random.randint(0, 20 * SECOND))
        self.now_ns = self.venue.now_ns
        self.connect()
        self.tracker.lose_connection((0, 1))
        self.reconciler.start(self.now_ns, last_ns)
        self.ask()
        limit_ns = self.now_ns + 600 * SECOND
        while not self.reconciler.done:
            assert self.now_ns < limit_ns, "it doesn't end"
            self.step()

    def step(self):
        """Goes on to the next instant at which something is due."""
        due_ns = min(self.router.due_ns, self.reconciler.due_ns, self.tracker.due_ns)
        self.now_ns = max(self.now_ns, due_ns)
        for order in self.tracker.take_overdue(self.now_ns):
            self.reconciler.inquire(order.order.order_id, self.now_ns)
        if self.reconciler.due_ns <= self.now_ns:
            self.feed(self.reconciler.on_time(self.now_ns))
        for event in self.router.poll(self.now_ns):
            if isinstance(event, OrderEvent):
                self.feed(self.reconciler.on_event(event, self.now_ns))
            elif isinstance(event, OrderConnection):
                if event.up:
                    self.reconciler.ask_now(self.now_ns)
                else:
                    for order in self.tracker.lose_connection((0, 1)):
                        self.reconciler.inquire(order.order.order_id, self.now_ns)
            else:
                self.feed(self.reconciler.on_report(event, self.now_ns))
            self.ask()
        self.ask()

    def run(self, until_ns):
        while min(self.router.due_ns, self.reconciler.due_ns, self.tracker.due_ns) <= until_ns:
            self.step()
        self.now_ns = max(self.now_ns, until_ns)

    def ask(self):
        for query in self.reconciler.take_queries():
            self.router.query(query, self.now_ns)

    def feed(self, events):
        for event in events:
            if isinstance(event, Disputed):
                self.tracker.dispute(event.what, event.order_id, event.market, event.detail, event.now_ns)
            elif isinstance(event, ClearDiscrepancy):
                self.tracker.clear_discrepancy(event.market)
            else:
                assert isinstance(event, Execution)
                self.tracker.apply(event.event, self.now_ns)
                for fill, _ in self.tracker.take_fills():
                    self.positions[fill.instrument] += fill.side * fill.size_lots
            self.discrepancies += self.tracker.take_discrepancies()

    def act(self):
        """Sends something."""
        open_orders = self.tracker.all_open()
        kind = self.random.random()
        if kind < 0.6 or not open_orders:
            self.send_new(self.random.randrange(2))
        elif kind < 0.8:
            order = self.random.choice(open_orders)
            self.tracker.request_cancel(order.order.order_id, self.now_ns)
            self.send("cancel", CancelRequest(order.order.order_id, order.order.instrument, self.now_ns))
        else:
            order = self.random.choice(open_orders)
            if order.order.kind == "market":
                return
            price, size = self.random.randint(90, 110), order.filled_lots + self.random.randint(1, 20)
            self.tracker.request_replace(order.order.order_id, price, size, self.now_ns)
            self.send("replace", ReplaceRequest(order.order.order_id, order.order.instrument, price, size, self.now_ns))

    def send_new(self, instrument):
        if instrument in self.tracker.stops:
            return
        self.last_id += 1
        side = self.random.choice((Side.BUY, Side.SELL))
        market = self.random.random() < 0.2
        order = NewOrder(
            self.last_id,
            instrument,
            side,
            "market" if market else "limit",
            0 if market else self.random.randint(90, 110),
            self.random.randint(1, 20),
            self.now_ns,
            time_in_force="ioc" if market else "gtc",
        )
        self.tracker.add(order)
        self.tracker.send(order.order_id, self.now_ns)
        self.send("submit", order)

    def send(self, kind, request):
        self.reconciler.on_sent(request.order_id, self.now_ns)
        getattr(self.router, kind)(Approved(request, self.now_ns), self.now_ns)

    def found(self):
        return [*self.differences, *self.reconciler.differences]


def drive(seed, tracker=OrderTracker, faults=Faults(), rounds=80, crashes=0.02):  # noqa: B008  frozen
    """A trading day: orders, faults and crashes, and at the end a venue that has calmed down."""
    venue = HostileVenue(seed, faults)
    account = Account(venue, seed, tracker(INSTRUMENTS, answer_timeout_ns=3 * SECOND))
    account.reconciler.start(account.now_ns, account.now_ns)
    account.ask()
    for _ in range(rounds):
        account.run(account.now_ns + account.random.randint(1, 2 * SECOND))
        account.act()
        if account.random.random() < crashes:
            account.crash()
        check_positions(account)
    venue.calm()
    account.run(account.now_ns + 120 * SECOND)
    account.reconciler.ask_now(account.now_ns)
    account.run(account.now_ns + 60 * SECOND)
    return venue, account


def check_positions(account):
    """No fill was counted that the venue doesn't have, and none twice."""
    true = {fill.fill_id: fill for _, fill in account.venue.fills}
    for instrument in (0, 1):
        assert abs(account.positions[instrument]) <= sum(fill.size_lots for fill in true.values())


def check_end(seed, venue, account):
    """Everything is as the venue has it, and nothing is unknown."""
    said = f"seed {seed}: {account.found()[-5:]} {account.discrepancies[:5]}"
    assert not venue.duplicates, said
    assert account.positions == [venue.position_lots(0), venue.position_lots(1)], said
    open_there = {name for name, order in venue.orders.items() if order.status == "open"}
    assert {str(order.order.order_id) for order in account.tracker.all_open()} == open_there, said
    for order in account.tracker.all_open():
        at_venue = venue.orders[str(order.order.order_id)]
        assert order.state in {"accepted", "partially-filled"}, said
        assert (order.filled_lots, order.size_lots) == (at_venue.filled_lots, at_venue.size_lots), said
    for name, at_venue in venue.orders.items():
        order = account.tracker.find(int(name))
        assert order.filled_lots == at_venue.filled_lots, said
    assert account.reconciler.done, said
    assert {one.what for one in account.discrepancies} <= {NO_ANSWER}, said
    assert not account.tracker.stops, said


@pytest.mark.parametrize("seed", [*range(30), 304, 1262])
def test_a_hostile_day_ends_as_the_venue_has_it(seed, trackers):
    """With messages lost, late, doubled and reordered, and crashes: positions and orders are the venue's."""
    check_end(seed, *drive(seed, trackers))


def quiet(seed=1, **faults):
    """An account at a venue where nothing goes wrong but what is given, and orders rest."""
    given = {"reject": 0.0, "never_filled": 1.0, "expire": 0.0, **faults}
    account = Account(
        HostileVenue(seed, msgspec.structs.replace(CALM, **given)),
        seed,
        OrderTracker(INSTRUMENTS, answer_timeout_ns=3 * SECOND),
    )
    account.reconciler.start(account.now_ns, account.now_ns)
    account.ask()
    account.run(account.now_ns + SECOND)
    assert account.reconciler.done
    return account


def send(account, instrument=0, lots=10):
    account.last_id += 1
    order = NewOrder(account.last_id, instrument, Side.BUY, "limit", 100, lots, account.now_ns)
    account.tracker.add(order)
    account.tracker.send(order.order_id, account.now_ns)
    account.send("submit", order)
    account.run(account.now_ns + SECOND)
    return account.tracker.find(account.last_id)


def test_a_fill_that_was_lost_while_all_else_came_is_found():
    """The stream goes on, and loses one fill: the next poll brings it, once, and says so."""
    account = quiet()
    order = send(account)
    account.venue.faults = msgspec.structs.replace(account.venue.faults, lose_message=1.0)
    account.venue._fill(account.venue.orders["1"], 4, maker=True)
    account.venue.faults = msgspec.structs.replace(account.venue.faults, lose_message=0.0)
    account.run(account.now_ns + 30 * SECOND)
    assert (order.filled_lots, account.positions[0]) == (4, 4)
    assert [one.what for one in account.found()] == ["missed-fill"]
    assert not account.tracker.stops


def test_a_replacement_that_overtakes_another_is_not_taken_for_it():
    """A query has shown the first replace; the word of the second comes before the stream's late one of the first."""
    account = quiet()
    order = send(account)
    stream = account.reconciler._stream
    stream.answer(Replaced(1, 0, 2 * SECOND, 101, 11), 3 * SECOND)
    assert not stream.is_known(Replaced(1, 0, 4 * SECOND, 102, 12))
    assert stream.is_known(Replaced(1, 0, 2 * SECOND - 1, 101, 11))
    assert not stream.is_known(Replaced(1, 0, 2 * SECOND - 2, 101, 11)), "it was answered once"
    assert order.state == "accepted"


def test_a_request_that_is_still_on_its_way_is_waited_for():
    """The venue doesn't know the order yet: nothing follows from that before it must have arrived."""
    account = quiet()
    account.last_id = 1
    order = NewOrder(1, 0, Side.BUY, "limit", 100, 10, account.now_ns)
    account.tracker.add(order)
    account.tracker.send(1, account.now_ns)
    account.reconciler.on_sent(1, account.now_ns)
    account.tracker.lose_connection((0,))
    account.reconciler.inquire(1, account.now_ns)
    account.run(account.now_ns + 4 * SECOND)
    assert account.tracker.find(1).state == "unknown"
    assert account.tracker.open_lots[0].buy == 10
    account.router.submit(Approved(order, account.now_ns), account.now_ns)
    account.run(account.now_ns + 10 * SECOND)
    assert account.tracker.find(1).state == "accepted"
    assert not account.found()


def test_an_order_that_never_arrived_ends():
    """Long after it was sent the venue doesn't know it: it counts as rejected, and isn't sent again."""
    account = quiet(lose_request=1.0)
    order = send(account)
    account.run(account.now_ns + 30 * SECOND)
    assert order.state == "rejected"
    assert [one.what for one in account.found()] == ["never-arrived"]
    assert not account.venue.orders
    assert not account.tracker.stops


def test_an_accepted_order_that_the_venue_does_not_know_stops_its_instrument():
    """It stays unknown, with its exposure, until a person says what became of it; the other instrument trades on."""
    account = quiet()
    order = send(account)
    del account.venue.orders["1"]
    account.tracker.lose_connection((0,))
    account.reconciler.inquire(1, account.now_ns)
    account.run(account.now_ns + 60 * SECOND)
    assert [one.what for one in account.found()] == [ORDER_MISSING]
    assert order.state == "unknown"
    assert account.tracker.open_lots[0].buy == 10
    assert set(account.tracker.stops) == {0}
    assert account.tracker.stops[0].detail.startswith(ORDER_MISSING)


def test_orders_and_fills_of_others_stop_the_instrument():
    """An order that somebody placed by hand, and its fill: each is named once, and the position moves."""
    account = quiet()
    by_hand = account.venue.place_foreign(1, Side.SELL, 105, 7)
    account.run(account.now_ns + 30 * SECOND)
    assert [(one.what, one.instrument) for one in account.found()] == [(UNFAMILIAR_ORDER, 1)]
    account.venue._fill(by_hand, 7, maker=True)
    account.run(account.now_ns + 30 * SECOND)
    assert [one.what for one in account.found()] in (
        [UNFAMILIAR_ORDER, UNFAMILIAR_FILL],
        [UNFAMILIAR_ORDER],
    )
    assert account.positions == [0, -7]
    assert set(account.tracker.stops) == {1}


def test_another_position_stops_the_instrument():
    """The venue's position isn't that of all fills, again and again: that is said once, and not taken over."""
    account = quiet()
    old = Fill(0, 0, SECOND, 10**6, Side.BUY, 100, 3, maker=True, fee_ppb=0)
    account.venue.fills.append(("long-ago", old))
    account.run(account.now_ns + 60 * SECOND)
    assert [one.what for one in account.found()] == [POSITION]
    assert account.found()[0].detail == "the venue has 3 lots, and all fills add up to 0"
    assert account.positions == [0, 0]
    assert set(account.tracker.stops) == {0}
    account.run(account.now_ns + 60 * SECOND)
    assert len(account.found()) == 1


def test_a_venue_that_does_not_answer_stops_all_until_it_does():
    """No new order goes out while the venue is silent; once it answers, nothing is left of that."""
    account = quiet()
    account.venue.faults = msgspec.structs.replace(account.venue.faults, fail_query=1.0)
    account.run(account.now_ns + 120 * SECOND)
    assert {one.what for one in account.found()} == {NO_ANSWER}
    assert set(account.tracker.stops) == {0, 1}
    account.venue.calm()
    account.run(account.now_ns + 120 * SECOND)
    assert not account.tracker.stops
    assert account.reconciler.done
