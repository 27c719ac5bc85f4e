"""Commands, connections and the journal, as the lane takes them."""

from collections.abc import Callable
from typing import Any

import pytest

from mainspring.lane import CancelAll, ClearDiscrepancy, Connection, Durable, Flatten, Mode, SetMode
from mainspring.lane.order_manager import REFUSAL_NS
from mainspring.model import MAX_UNITS, Accepted, BookSnapshot, Fill, OrderEvent, Rejected, Side
from mainspring.orders import SubmitRequested


def snapshot(now_ns: int = 1, instrument: int = 0, bid: int = 100) -> BookSnapshot:
    return BookSnapshot(instrument, now_ns, now_ns, now_ns, [(bid, 50)], [(bid + 2, 50)])


class Quoter:
    """Does what `act` says at each change of best prices, and notes what it is told."""

    def __init__(self, act: Callable[[Any], object] = lambda market: market.buy(size_lots=4, price_ticks=100)) -> None:
        self.act = act
        self.told: list[OrderEvent] = []
        self.changes: list[tuple[int, bool]] = []
        self.ticks = 0

    def on_start(self, session: Any) -> None:
        session.every(seconds=0.001, call=self.tick)

    def tick(self) -> None:
        self.ticks += 1

    def on_bbo(self, market: Any) -> None:
        self.changes.append((market.index, market.live))
        self.act(market)

    def on_order(self, order: Any, event: OrderEvent) -> None:
        self.told.append(event)


@pytest.fixture
def quoting(bench: Callable[..., Any]) -> Callable[..., tuple[Any, Quoter]]:
    """A lane in which an order of 4 lots is open in each of its markets."""

    def make(**options: Any) -> tuple[Any, Quoter]:
        strategy = Quoter()
        table = bench({"s": strategy}, **options)
        feeds = options.get("feeds", 1)
        for index in range(len(table.markets)):
            feed = index if feeds > 1 else 0
            table.say(1 + index, snapshot(1 + index, index), feed=feed)
            table.routers[feed].events.append(Accepted(1 + index, index, 5))
        table.driver.settle(5)
        return table, strategy

    return make


def test_cancel_only_refuses_new_risk_and_lets_cancels_out(quoting: Callable[..., tuple[Any, Quoter]]) -> None:
    """New orders and replaces are refused with the reason "cancel-only"; cancels go out; the strategy is called."""
    table, strategy = quoting()
    table.tell(SetMode(6, Mode.CANCEL_ONLY, "drill"))
    assert table.lane.mode is Mode.CANCEL_ONLY

    def ask(market: Any) -> None:
        market.open_orders[0].replace(price_ticks=99)
        market.buy(size_lots=1, price_ticks=100)
        market.open_orders[0].cancel()

    strategy.act = ask
    table.say(7, snapshot(7, bid=98))
    assert table.router.sent[1:] == [("cancel", 1)]
    assert table.quality.refusals == {"cancel-only": 2}
    table.say(7 + REFUSAL_NS)
    assert strategy.told[-2:] == [Rejected(1, 0, 7, "cancel-only", "replace"), Rejected(2, 0, 7, "cancel-only", "new")]


def test_a_lane_runs_again_when_it_is_told_to(quoting: Callable[..., tuple[Any, Quoter]]) -> None:
    """A mode lasts until the next command: orders go out again after "running"."""
    table, _ = quoting()
    table.tell(SetMode(6, Mode.CANCEL_ONLY))
    table.say(7, snapshot(7, bid=98))
    table.tell(SetMode(8, Mode.RUNNING))
    table.say(9, snapshot(9, bid=97))
    assert [order.order_id for order in table.router.sent] == [1, 3]


def test_a_halted_lane_calls_no_strategy_and_sends_nothing(quoting: Callable[..., tuple[Any, Quoter]]) -> None:
    """Prices, executions and timers come in, books and accounts follow, and no strategy hears of it."""
    table, strategy = quoting()
    heard = (list(strategy.changes), list(strategy.told), strategy.ticks)
    table.tell(SetMode(6, Mode.HALTED, "drill"))
    table.router.events = [Fill(1, 0, 8, 1, Side.BUY, 100, 1, True, 0)]
    table.say(2_000_000, snapshot(2_000_000, bid=98))
    assert (strategy.changes, strategy.told, strategy.ticks) == heard
    assert len(table.router.sent) == 1
    assert table.markets[0].bid_ticks == 98
    assert table.portfolio.accounts[0].position_lots == 1


def test_what_was_asked_for_before_a_halt_is_refused(bench: Callable[..., Any]) -> None:
    """A request that meets a halted lane is refused with the reason "halted"."""
    table = bench({"s": Quoter()})
    table.say(1, snapshot())
    table.tell(SetMode(2, Mode.HALTED))
    table.strategies.bound[0].markets[0].buy(size_lots=1, price_ticks=100)
    table.tell(Flatten(3))
    table.say(4)
    assert len(table.router.sent) == 1
    assert table.quality.refusals == {"halted": 1}


@pytest.mark.parametrize("mode", list(Mode))
def test_cancel_all_cancels_every_open_order(quoting: Callable[..., tuple[Any, Quoter]], mode: Mode) -> None:
    """In every mode each open order is cancelled once, also if the command comes twice."""
    table, _ = quoting(instruments=2)
    table.tell(SetMode(6, mode))
    table.tell(CancelAll(7))
    table.tell(CancelAll(8))
    assert table.router.sent[2:] == [("cancel", 1), ("cancel", 2)]


def test_cancel_all_can_name_a_market(quoting: Callable[..., tuple[Any, Quoter]]) -> None:
    """Only the orders of that market are cancelled, wherever its feed's router is."""
    table, _ = quoting(feeds=2)
    table.tell(CancelAll(7, market=1))
    assert table.routers[0].sent[1:] == []
    assert table.routers[1].sent[1:] == [("cancel", 2)]


@pytest.mark.parametrize("strategy", ["s", "nobody"])
def test_flatten_asks_for_no_more_than_64_bits_hold(bench: Callable[..., Any], strategy: str) -> None:
    """A position that fills without sense have made too large is closed by as much as an order can have."""
    table = bench({"s": Quoter(lambda market: None)})
    table.say(1, snapshot())
    for fill_id in range(2):
        table.portfolio.on_fill(
            Fill(9, 0, 2, fill_id, Side.BUY, 100, MAX_UNITS, True, 0), strategy.replace("nobody", "")
        )
    table.tell(Flatten(3))
    asked = [record.order.size_lots for record in table.log.kept if isinstance(record, SubmitRequested)]
    assert asked == [MAX_UNITS]


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_flatten_closes_positions(bench: Callable[..., Any], side: Side) -> None:
    """A market order of the position's size goes out on the other side; where there is no position, nothing does."""
    strategy = Quoter(lambda market: (market.buy if side is Side.BUY else market.sell)(size_lots=4, price_ticks=100))
    table = bench({"s": strategy}, instruments=2)
    table.say(1, snapshot())
    strategy.act = lambda market: None
    table.router.events = [Accepted(1, 0, 2), Fill(1, 0, 3, 1, side, 100, 4, True, 0)]
    table.say(4)
    table.tell(Flatten(5))
    (closing,) = table.router.sent[1:]
    assert (closing.kind, closing.time_in_force, closing.instrument) == ("market", "ioc", 0)
    assert (closing.side, closing.size_lots) == (-side, 4)
    table.router.events = [Fill(2, 0, 6, 2, Side(-side), 101, 4, False, 0)]
    table.router.events.insert(0, Accepted(2, 0, 6))
    table.say(7)
    assert table.portfolio.accounts[0].position_lots == 0
    table.tell(Flatten(8))
    assert len(table.router.sent) == 2


def test_flatten_closes_each_strategys_own_position(bench: Callable[..., Any]) -> None:
    """Opposite positions are closed by two orders, of which their strategies hear: all are flat, not just their sum."""
    long, short = Quoter(lambda market: None), Quoter(lambda market: None)
    table = bench({"long": long, "short": short})
    table.say(1, snapshot())
    long.act = lambda market: market.buy(size_lots=4, price_ticks=100)
    short.act = lambda market: market.sell(size_lots=4, price_ticks=100)
    table.say(2, snapshot(2, bid=99))
    long.act = short.act = lambda market: None
    table.router.events = [
        event
        for order_id, side in ((1, Side.BUY), (2, Side.SELL))
        for event in (Accepted(order_id, 0, 3), Fill(order_id, 0, 3, order_id, side, 100, 4, True, 0))
    ]
    # One more, of an order that nobody knows: the account is long by it.
    table.router.events.append(Fill(77, 0, 3, 3, Side.BUY, 100, 1, True, 0))
    table.say(4)
    table.tell(ClearDiscrepancy(5, 0))
    table.tell(Flatten(6))
    closing = [(order.strategy, order.side, order.size_lots) for order in table.router.sent[2:]]
    assert closing == [("long", Side.SELL, 4), ("short", Side.BUY, 4), ("", Side.SELL, 1)]
    table.router.events = [
        event
        for order in table.router.sent[2:]
        for event in (
            Accepted(order.order_id, 0, 7),
            Fill(order.order_id, 0, 7, order.order_id, order.side, 100, order.size_lots, False, 0),
        )
    ]
    told = len(long.told), len(short.told)
    table.say(8)
    assert [one.session.markets[0].position_lots for one in table.strategies.bound] == [0, 0]
    assert table.portfolio.accounts[0].position_lots == 0
    assert (len(long.told), len(short.told)) == (told[0] + 1, told[1] + 1)


def test_a_timer_that_was_due_once_in_a_halt_fires_when_it_ends(bench: Callable[..., Any]) -> None:
    """It is called as soon as the lane trades again, whether a message comes or not, and only once."""
    strategy = Quoter(lambda market: None)
    called: list[int] = []
    table = bench({"s": strategy})
    table.say(1, snapshot())
    session = table.strategies.bound[0].session
    session.at(1_000, lambda: called.append(session.now_ns))
    table.tell(SetMode(10, Mode.HALTED))
    table.driver.settle(5_000)
    assert called == []
    table.tell(SetMode(6_000, Mode.CANCEL_ONLY))
    table.driver.settle(7_000)
    assert called == [6_001]
    table.tell(SetMode(8_000, Mode.RUNNING))
    table.driver.settle(9_000)
    assert called == [6_001]


def test_flatten_passes_the_risk_gate(bench: Callable[..., Any]) -> None:
    """A position above the largest order size can't be closed by one order: the gate refuses it and says why."""
    strategy = Quoter(lambda market: market.buy(size_lots=6, price_ticks=100))
    table = bench({"s": strategy})
    table.say(1, snapshot(1))
    table.say(2, snapshot(2, bid=99))
    table.router.events = [
        event
        for order_id in (1, 2)
        for event in (Accepted(order_id, 0, 3), Fill(order_id, 0, 3, order_id, Side.BUY, 100, 6, True, 0))
    ]
    table.say(4)
    table.tell(Flatten(5))
    assert len(table.router.sent) == 2
    assert table.quality.refusals == {"too-large": 1}


def test_a_connection_that_is_down_makes_its_markets_dead_and_its_orders_unknown(
    quoting: Callable[..., tuple[Any, Quoter]],
) -> None:
    """Only the feed that is down is touched; its strategies are told; "up" makes its markets live again."""
    table, strategy = quoting(feeds=2)
    strategy.act = lambda market: None
    strategy.changes.clear()
    table.tell(Connection(7, 1, "down"))
    assert [market.live for market in table.markets] == [True, False]
    assert strategy.changes == [(1, False)]
    assert [order.state for order in table.tracker.all_open()] == ["accepted", "unknown"]
    table.tell(Connection(8, 1, "up"))
    assert [market.live for market in table.markets] == [True, True]
    assert strategy.changes == [(1, False), (1, True)]
    assert [order.state for order in table.tracker.all_open()] == ["accepted", "unknown"], "nobody has heard of it yet"
    table.routers[1].events = [Fill(2, 1, 9, 1, Side.BUY, 100, 1, True, 0)]
    table.driver.settle(9)
    assert [order.state for order in table.tracker.all_open()] == ["accepted", "partially-filled"]


def test_a_stale_feed_is_no_lost_connection_of_the_venue(quoting: Callable[..., tuple[Any, Quoter]]) -> None:
    """A stale feed's markets aren't live until it is up again."""
    table, strategy = quoting()
    strategy.act = lambda market: None
    table.tell(Connection(7, 0, "stale"))
    assert not table.markets[0].live
    table.tell(Connection(8, 0, "up"))
    assert table.markets[0].live


def test_requests_wait_for_their_records(bench: Callable[..., Any]) -> None:
    """Where the journal comes first, a request goes out when everything up to its approval is durable, in order."""
    table = bench({"s": Quoter()}, wait_for_journal=True)
    table.say(1, snapshot(1))
    table.say(2, snapshot(2, bid=99))
    assert table.router.sent == []
    assert table.log.records == 5, "the session, two requests and their approvals"
    table.tell(Durable(3, 2))
    assert table.router.sent == []
    table.tell(Durable(4, 3))
    assert [order.order_id for order in table.router.sent] == [1]
    table.tell(Durable(5, 9))
    assert [order.order_id for order in table.router.sent] == [1, 2]


def test_cancels_wait_for_their_records_too(bench: Callable[..., Any]) -> None:
    """A cancel follows the order that it names, never the other way round."""
    table = bench({"s": Quoter()}, wait_for_journal=True)
    table.say(1, snapshot(1))
    table.tell(CancelAll(2))
    assert table.router.sent == []
    table.tell(Durable(3, table.log.records))
    assert table.router.sent[1:] == [("cancel", 1)]
