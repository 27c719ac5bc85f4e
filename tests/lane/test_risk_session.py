"""What checks see of the lane, and what they hear."""

from collections.abc import Callable
from typing import Any

import pytest

from mainspring.lane import ClockCompared, Connection
from mainspring.model import Accepted, BookSnapshot, CancelRequest, Fill, NewOrder, Refusal, ReplaceRequest, Side
from mainspring.orders import RequestApproved, RequestRefused
from mainspring.seams import ClockReading, Lots


def snapshot(now_ns: int, instrument: int = 0, bid: int = 100) -> BookSnapshot:
    return BookSnapshot(instrument, now_ns, now_ns, now_ns, [(bid, 50)], [(bid + 2, 50)])


class Listener:
    """Keeps what it sees and hears; `act` is called at each order with the session, and may refuse."""

    def __init__(self) -> None:
        self.heard: list[object] = []
        self.seen: list[Any] = []
        self.act: Callable[[Any], Refusal | None] = lambda session: None
        self.session: Any = None

    def bind(self, session: Any) -> None:
        self.session = session

    def check(self, order: NewOrder, market: object, account: object) -> Refusal | None:
        session = self.session
        self.seen.append((session.lots(0), session.lots(0, order.strategy), session.count_open(0), session.changed))
        return self.act(session)

    def on_sent(self, request: object) -> None:
        self.heard.append(request)

    def on_event(self, event: Any) -> None:
        self.heard.append((event, self.session.lots(event.instrument)))


class Asks:
    """Does what `act` says when best prices change."""

    def __init__(self) -> None:
        self.act: Callable[[Any], object] = lambda market: None

    def on_bbo(self, market: Any) -> None:
        self.act(market)


@pytest.fixture
def table(bench: Callable[..., Any]) -> tuple[Any, Listener, Asks]:
    """A lane of two strategies with a check that listens; the second strategy asks for nothing unless it is to."""
    listener, first, second = Listener(), Asks(), Asks()
    first.act = lambda market: market.buy(size_lots=4, price_ticks=100)
    made = bench({"a": first, "b": second}, instruments=2, checks=[("listener", listener)])
    made.say(1, snapshot(1))
    first.act = lambda market: None
    return made, listener, second


def test_it_hears_what_is_sent_and_reported(table: tuple[Any, Listener, Asks]) -> None:
    """New orders, changes and cancels once they go out, and events once positions and orders know of them."""
    made, listener, second = table
    (sent,) = listener.heard
    assert isinstance(sent, NewOrder)
    accepted, fill = Accepted(1, 0, 5), Fill(1, 0, 6, 1, Side.BUY, 100, 3, True, 0)
    made.router.events += [accepted, fill]
    made.driver.settle(6)
    assert listener.heard[1:] == [(accepted, Lots(0, 4, 0)), (fill, Lots(3, 1, 0))]
    own = made.strategies.bound[0].session.markets[0].open_orders[0]
    second.act = lambda market: (own.replace(price_ticks=99), own.cancel())
    made.say(10, snapshot(10, bid=101))
    assert [type(one) for one in listener.heard[3:]] == [ReplaceRequest, CancelRequest]


def test_a_change_is_seen_without_what_it_replaces(table: tuple[Any, Listener, Asks]) -> None:
    """While one is checked, counts are without its order, of the account as of the strategy."""
    made, listener, second = table
    made.router.events.append(Accepted(1, 0, 5))
    made.driver.settle(5)
    own = made.strategies.bound[0].session.markets[0].open_orders[0]
    second.act = lambda market: (own.replace(price_ticks=99), market.buy(size_lots=1, price_ticks=90))
    made.say(10, snapshot(10, bid=101))
    first, change, new = listener.seen
    assert first[3] is new[3] is None
    assert change[:3] == (Lots(0, 0, 0), Lots(0, 0, 0), 0)
    assert change[3].order.order_id == 1
    assert new[:3] == (Lots(0, 4, 0), Lots(0, 0, 0), 1)


def test_what_a_check_cancels_goes_out(table: tuple[Any, Listener, Asks]) -> None:
    """A cancel that a check asks for is sent before the refusal is recorded, and once only."""
    made, listener, second = table
    made.router.events.append(Accepted(1, 0, 5))
    made.driver.settle(5)

    def refuse(session: Any) -> Refusal:
        for order in session.open_orders(0):
            session.cancel(order.order.order_id)
        return Refusal("listener")

    listener.act = refuse
    second.act = lambda market: (market.sell(size_lots=1, price_ticks=100), market.sell(size_lots=1, price_ticks=100))
    made.say(10, snapshot(10, bid=101))
    assert made.router.sent[1:] == [("cancel", 1)]
    decided = [one for one in made.log.kept if isinstance(one, RequestApproved | RequestRefused)]
    assert [(type(one), one.request) for one in decided[1:]] == [
        (RequestApproved, "cancel"),
        (RequestRefused, "new"),
        (RequestRefused, "new"),
    ]


def test_it_knows_profit_connections_and_clocks(table: tuple[Any, Listener, Asks]) -> None:
    """Profit after fees at the mark; which venues are connected; and the last comparison of clocks."""
    made, listener, _ = table
    session = listener.session
    made.router.events += [Accepted(1, 0, 5), Fill(1, 0, 6, 1, Side.BUY, 100, 4, True, 1_000_000)]
    made.driver.settle(6)
    # The mid is 101: four lots have gained a tick each, and paid a thousandth of 400 units.
    assert session.net_profit_ppb(0) == 4 * 10**9 - 400 * 1_000_000
    assert session.net_profit_ppb(1) == 0
    assert session.clock is None
    made.tell(ClockCompared(7, 3, None, 9))
    assert session.clock == ClockReading(7, 3, None, 9)
    assert session.connected(0)
    made.tell(Connection(8, 0, "stale"))
    assert not session.connected(0)
    made.tell(Connection(9, 0, "up"))
    assert session.connected(0)
    assert [session.venue(at) for at in range(2)] == [0, 0]
