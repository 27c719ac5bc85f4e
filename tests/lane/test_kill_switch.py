"""The kill switch, limits that change, and the comparison of what is sent with what was requested."""

from collections.abc import Callable
from typing import Any

import pytest

from mainspring.lane import Connection, Kill, LiftCheck, LiftKill, Mode, Outcome, Send, SetLimit
from mainspring.lane.risk_control import KILLED
from mainspring.model import Accepted, Approved, BookSnapshot, Cancelled, Fill, NewOrder, Refusal, Side
from mainspring.orders import RequestRefused


def snapshot(now_ns: int, instrument: int = 0, bid: int = 100) -> BookSnapshot:
    return BookSnapshot(instrument, now_ns, now_ns, now_ns, [(bid, 50)], [(bid + 2, 50)])


class Asks:
    """Does what `act` says when best prices change: at first it buys four lots."""

    def __init__(self) -> None:
        self.act: Callable[[Any], object] = lambda market: market.buy(size_lots=4, price_ticks=100)

    def on_bbo(self, market: Any) -> None:
        self.act(market)


class MostLots:
    """A check that can be changed while running: the most lots of an order."""

    limit = 8

    def check(self, order: NewOrder, market: object, account: object) -> Refusal | None:
        return Refusal("most-lots") if order.size_lots > self.limit else None


class Counting(MostLots):
    """Counts what is sent, and so can't be changed unless it adopts."""

    def on_sent(self, request: object) -> None: ...


class Stopped(MostLots):
    """Has stopped orders, until it is lifted."""

    def __init__(self) -> None:
        self.stopped = True

    def check(self, order: NewOrder, market: object, account: object) -> Refusal | None:
        return Refusal("stopped") if self.stopped else None

    def lift(self) -> bool:
        had, self.stopped = self.stopped, False
        return had


@pytest.fixture
def table(bench: Callable[..., Any]) -> Any:
    """Two strategies in two instruments, each with an order of four lots open in each: 1 to 4."""
    asks = Asks(), Asks()
    made = bench(dict(zip("ab", asks, strict=True)), instruments=2, cancel_on_disconnect=True)
    made.asks = asks
    made.say(1, snapshot(1))
    made.say(2, snapshot(2, 1))
    made.router.events += [Accepted(order_id, (order_id - 1) // 2, 5) for order_id in (1, 2, 3, 4)]
    made.driver.settle(5)
    return made


def cancels(table: Any) -> list[int]:
    return [one[1] for one in table.router.sent if isinstance(one, tuple)]


def refused(table: Any) -> list[tuple[int, str]]:
    return [(one.order_id, one.reason) for one in table.log.kept if isinstance(one, RequestRefused)]


@pytest.mark.parametrize(
    ("level", "target", "cancelled", "stopped"),
    [
        ("all", "", [1, 2, 3, 4], [5, 6, 7, 8]),
        ("instrument", "BTC/USDT", [1, 2], [5, 6]),
        ("strategy", "a", [1, 3], [5, 7]),
        ("strategy", "nobody", [], []),
    ],
)
def test_each_level_stops_and_cancels_its_own(
    level: Any, target: str, cancelled: list[int], stopped: list[int], table: Any
) -> None:
    """New orders are refused and working ones cancelled, of what is killed and of nothing else, until it is lifted."""
    table.tell(Kill(10, level, target, who="me", why="a test"))
    assert cancels(table) == cancelled
    table.say(11, snapshot(11, 0, 101))
    table.say(12, snapshot(12, 1, 101))
    assert refused(table) == [(order_id, KILLED) for order_id in stopped]
    table.tell(LiftKill(20, level, target, who="me", why="over"))
    assert table.lane.control.outcome.done
    table.say(21, snapshot(21, 0, 102))
    assert len(refused(table)) == len(stopped)
    table.tell(LiftKill(22, level, target))
    assert not table.lane.control.outcome.done


def test_a_change_is_stopped_and_a_cancel_is_not(table: Any) -> None:
    """Under a kill a strategy can still cancel: there is less risk after it."""
    first, second = table.strategies.bound[0].session.markets[0].open_orders[0], table.asks[1]
    table.asks[0].act = lambda market: first.replace(price_ticks=99)
    other = table.strategies.bound[1].session.markets[0].open_orders[0]
    second.act = lambda market: other.cancel()
    table.order_manager.cancel_all = lambda *_: None
    table.tell(Kill(10, "all"))
    table.say(14, snapshot(14, 0, 101))
    assert refused(table) == [(1, KILLED)]
    assert cancels(table) == [2]


def test_flattening_closes_what_is_held_now_and_after_the_last_cancel(table: Any) -> None:
    """Each strategy's own position is closed; what a working order still traded is closed once none is left."""
    table.router.events.append(Fill(1, 0, 6, 1, Side.BUY, 100, 3, True, 0))
    table.driver.settle(6)
    table.tell(Kill(10, "all", flatten=True, why="3 a.m."))
    closing = [one for one in table.router.sent if isinstance(one, NewOrder)][4:]
    assert [(one.strategy, one.side, one.size_lots, one.kind) for one in closing] == [("a", Side.SELL, 3, "market")]
    # The last lot of the order trades while its cancel travels.
    table.router.events += [
        Accepted(5, 0, 11),
        Fill(5, 0, 11, 2, Side.SELL, 100, 3, False, 0),
        Fill(1, 0, 12, 3, Side.BUY, 100, 1, True, 0),
        *(Cancelled(order_id, (order_id - 1) // 2, 13, 4, "requested") for order_id in (2, 3, 4)),
    ]
    table.driver.settle(13)
    closing = [one for one in table.router.sent if isinstance(one, NewOrder)][5:]
    assert [(one.strategy, one.side, one.size_lots) for one in closing] == [("a", Side.SELL, 1)]
    table.router.events += [Accepted(6, 0, 14), Fill(6, 0, 14, 4, Side.SELL, 100, 1, False, 0)]
    table.driver.settle(20)
    assert [account.position_lots for account in table.portfolio.accounts] == [0, 0]
    assert len([one for one in table.router.sent if isinstance(one, NewOrder)]) == 6


def test_a_kill_before_the_start_stops_the_first_order(bench: Callable[..., Any]) -> None:
    """A kill that outlived its session is there before any strategy is called."""
    made = bench({"a": Asks()})
    made.tell(Kill(0, "all", why="yesterday"))
    made.say(1, snapshot(1))
    assert refused(made) == [(1, KILLED)]
    assert made.router.sent == []


def test_a_lost_connection_cancels_its_orders(table: Any) -> None:
    """As it goes down, and again once it is up: the first may not have arrived."""
    for one in table.asks:
        one.act = lambda market: None
    table.tell(Connection(10, 0, "down"))
    assert cancels(table) == [1, 2, 3, 4]
    table.tell(Connection(20, 0, "up"))
    assert cancels(table) == [1, 2, 3, 4] * 2


def limited(bench: Callable[..., Any], check: Any) -> Any:
    """A lane of two instruments whose orders that check looks at."""
    made = bench({"a": Asks()}, instruments=2, checks=[("most_lots", check)])
    made.say(1, snapshot(1))
    return made


@pytest.mark.parametrize(
    ("value", "confirmed", "done", "sent"),
    [("3", False, True, 1), ("9", False, False, 2), ("9", True, True, 2), ("-", True, False, 2)],
)
def test_a_limit_is_tighter_at_once_and_looser_once_confirmed(
    value: str, confirmed: bool, done: bool, sent: int, bench: Callable[..., Any]
) -> None:
    """The next order meets the new limit, or the old one if the change was refused; the outcome says which."""
    made = limited(bench, MostLots())
    made.tell(SetLimit(2, "most_lots", value, confirmed=confirmed, who="me", why="a test"))
    outcome: Outcome = made.lane.control.outcome
    assert (outcome.done, value in outcome.text) == (done, True)
    made.say(3, snapshot(3, 0, 101))
    assert len(made.router.sent) == sent
    assert {check.limit for row in made.order_manager.gate.rows for check in row[1:]} == {int(value) if done else 8}


def test_what_cant_be_changed_says_why(bench: Callable[..., Any]) -> None:
    """A check that nobody knows, an instrument that isn't there, and a check that would forget what it has counted."""
    made = limited(bench, Counting())
    for event, word in (
        (SetLimit(2, "unknown", "1"), "unknown"),
        (SetLimit(2, "most_lots", "1", instrument="X/Y"), "X/Y"),
        (SetLimit(2, "most_lots", "1"), "counts"),
    ):
        made.tell(event)
        outcome = made.lane.control.outcome
        assert not outcome.done
        assert word in outcome.text


def test_a_check_is_lifted(bench: Callable[..., Any]) -> None:
    """Orders pass again, and lifting it again says that nothing was stopped."""
    made = limited(bench, Stopped())
    assert made.router.sent == []
    made.tell(LiftCheck(2, "most_lots", who="me", why="seen"))
    assert made.lane.control.outcome == Outcome(True, "lifted: most_lots")
    made.say(3, snapshot(3, 0, 101))
    assert len(made.router.sent) == 1
    made.tell(LiftCheck(4))
    assert not made.lane.control.outcome.done


@pytest.mark.parametrize("again", [False, True])
def test_what_nobody_requested_halts_the_lane(again: bool, bench: Callable[..., Any]) -> None:
    """What appears among the sends, or a second time, isn't sent; the rest is cancelled, and nothing trades."""
    made = bench({"a": Asks()})
    made.say(1, snapshot(1))
    (sent,) = made.router.sent
    rogue = sent if again else NewOrder(9, 0, Side.BUY, "limit", 100, 1, 2)
    made.effects.sends.append(Send(0, Approved(rogue, 2)))
    made.tell(LiftCheck(3))
    assert made.lane.mode is Mode.HALTED
    assert [one for one in made.router.sent if isinstance(one, NewOrder)] == [sent]
    assert cancels(made) == [1]
    (failure,) = made.driver.failures
    assert "no strategy requested it" in str(failure)
    assert str(rogue.order_id) in str(failure)
