"""The kit's session and its check of strategies: what it shows a strategy, and what it finds broken."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from mainspring.errors import ConfigError, ConformanceError
from mainspring.model import Accepted, Bar, CancelRequest, Fill, Rejected, ReplaceRequest, Side
from mainspring.testing import INSTRUMENT, SECOND_INSTRUMENT, FakeSession, check_offer, check_strategy

SEEN: Counter[str] = Counter()


class Sound:
    """Defines every callback, trades in every way, and notes what it is shown."""

    def __init__(self) -> None:
        self.called = 0

    def on_start(self, session: Any) -> None:
        self.session = session
        self.bars = session.bars(session.markets[0], seconds=1)
        session.every(seconds=0.3, call=self.on)
        session.at(session.now_ns + 3_000_000_000, self.on)

    def on(self) -> None:
        SEEN["timer"] += 1

    def on_bbo(self, market: Any) -> None:
        self.called += 1
        SEEN["not live" if not market.live else "bbo" if market.bid_lots else "empty"] += 1
        if not (market.live and market.bid_lots):
            return
        orders = market.open_orders
        if self.called % 7 == 0:
            market.sell(size_lots=20, time_in_force="fok")
        elif self.called % 5 == 0 and orders:
            orders[0].cancel()
        elif self.called % 3 == 0 and orders:
            orders[0].replace(price_ticks=market.bid_ticks)
        elif len(orders) < 3:
            market.buy(size_lots=30, price_ticks=market.bid_ticks - 1)

    def on_trade(self, market: Any, trade: Any) -> None:
        SEEN["trade"] += 1

    def on_bar(self, market: Any, bar: Any) -> None:
        SEEN["bar"] += 1

    def on_fill(self, fill: Any, order: Any) -> None:
        SEEN["fill" if order.ended else "part"] += 1

    def on_order(self, order: Any, event: Any) -> None:
        SEEN[type(event).__name__ + (f" {event.request}" if isinstance(event, Rejected) else "")] += 1

    def on_stop(self) -> None:
        for market in self.session.markets:
            market.cancel_all()

    def save(self) -> dict[str, int]:
        return {"called": self.called}

    def load(self, state: Any) -> None:
        SEEN["load"] += 1
        self.called = state["called"]


def test_a_strategy_sees_everything_that_can_happen() -> None:
    """The seeded venue accepts, rejects, fills in part and whole, cancels, replaces and expires; time passes."""
    SEEN.clear()
    check_strategy(Sound, seed=1)
    kinds = {
        "timer",
        "bbo",
        "empty",
        "not live",
        "trade",
        "bar",
        "fill",
        "part",
        "Accepted",
        "Rejected new",
        "Rejected cancel",
        "Rejected replace",
        "Cancelled",
        "Replaced",
        "Expired",
        "load",
    }
    assert {kind for kind in kinds if not SEEN[kind]} == set()


class Raises(Sound):
    def on_trade(self, market: Any, trade: Any) -> None:
        raise ValueError("oops")


class TimerRaises(Sound):
    def on(self) -> None:
        raise ValueError("oops")


class AsksForNothing(Sound):
    def on_bbo(self, market: Any) -> None:
        market.buy(size_lots=0, price_ticks=market.ask_ticks)


class MistakesTicks(Sound):
    def on_bbo(self, market: Any) -> None:
        market.buy(size_lots=1, price=market.ask_ticks)


class Misspells(Sound):
    def on_fills(self, fill: Any, order: Any) -> None:
        """Never called."""


class TakesTooMuch(Sound):
    def on_bbo(self, market: Any, orders: Any) -> None:  # type: ignore[override]
        """Called with less."""


class RefusesToStart(Sound):
    def on_start(self, session: Any) -> None:
        raise ConfigError("wants three markets")


class ThrowsDice(Sound):
    numbers = count(1)

    def on_start(self, session: Any) -> None:
        super().on_start(session)
        self.size_lots = next(ThrowsDice.numbers)

    def on_bbo(self, market: Any) -> None:
        market.buy(size_lots=self.size_lots, price_ticks=market.ask_ticks)


class SavesObjects(Sound):
    def save(self) -> Any:
        return {"size": Decimal(1)}


class SavesOnce(Sound):
    def save(self) -> Any:
        self.called += 1
        return {"called": self.called}


class FailsToLoad(Sound):
    def load(self, state: Any) -> None:
        raise KeyError("position")


class TradesAtTheEnd(Sound):
    def on_stop(self) -> None:
        self.session.markets[0].buy(size_lots=1)


@pytest.mark.parametrize(
    ("factory", "found"),
    [
        (Raises, "a strategy never raises: ValueError: oops"),
        (TimerRaises, "a strategy never raises: ValueError: oops"),
        (AsksForNothing, "never raises: ValueError: size_lots must be above zero"),
        (MistakesTicks, "never raises: TypeError: price must be text or a Decimal"),
        (Misspells, "its callbacks are right.*on_fills.*did you mean on_fill?"),
        (TakesTooMuch, r"its callbacks are right.*on_bbo\(self, market\)"),
        (RefusesToStart, "it starts in its markets: wants three markets"),
        (ThrowsDice, "the same market gets the same requests"),
        (SavesObjects, "it saves text, numbers, lists and mappings"),
        (SavesOnce, "saving changes nothing"),
        (FailsToLoad, "never raises: KeyError: 'position'"),
        (TradesAtTheEnd, "on_stop requests nothing but cancels"),
    ],
)
def test_a_broken_strategy_is_found(factory: Callable[[], Any], found: str) -> None:
    """The error names the rule that was broken, and what broke it."""
    with pytest.raises(ConformanceError, match=found):
        check_strategy(factory)


class TwoMarkets:
    """Trades the second market by the first one's price, and knows its orders by their ids."""

    def __init__(self) -> None:
        self.mid = self.seen_ns = 0
        self.ids: set[int] = set()

    def on_start(self, session: Any) -> None:
        self.first, self.second = session.markets

    def on_bbo(self, market: Any) -> None:
        if market.now_ns <= self.seen_ns:
            raise ValueError("time ran backwards")
        self.seen_ns = market.now_ns
        if market is self.first:
            self.mid = market.bid_ticks
        elif self.mid and market.bid_lots:
            order = market.buy(size_lots=1, price_ticks=market.bid_ticks)
            if order.order_id in self.ids:
                raise ValueError("two orders of one id")
            self.ids.add(order.order_id)


def test_a_strategy_of_two_markets_passes() -> None:
    """It is given two, on one clock, with ids that are the session's."""
    assert check_offer("strategy", "two", TwoMarkets, seed=3).ok is True


def test_a_strategy_of_more_says_how_many() -> None:
    """The capability `instruments` is how many it gets at least."""

    class Basket:
        def on_start(self, session: Any) -> None:
            self.last = session.markets[4]

    assert check_offer("strategy", "basket", Basket).ok is False
    assert check_offer("strategy", "basket", Basket, capabilities={"instruments": 5}).ok is True


class Noting:
    """Notes what it is called with, and buys once."""

    def __init__(self) -> None:
        self.noted: list[Any] = []

    def on_start(self, session: Any) -> None:
        session.every(seconds=1, call=lambda: self.noted.append(session.now_ns))
        self.order = session.markets[1].buy(size="0.010", price="10.00")

    def on_fill(self, fill: Any, order: Any) -> None:
        self.noted.append((fill, order))

    def on_order(self, order: Any, event: Any) -> None:
        self.noted.append((order, event))

    def on_bar(self, market: Any, bar: Any) -> None:
        self.noted.append((market, bar))


def test_a_session_says_what_becomes_of_orders() -> None:
    """Each method of the session is an event of the order, as the strategy is told it."""
    session, strategy = FakeSession((INSTRUMENT, SECOND_INSTRUMENT), now_ns=1_000_000_000), Noting()
    session.start(strategy)
    (order,) = session.markets[1].open_orders
    assert order is strategy.order
    session.accept(order)
    session.fill(order, lots=4, maker=False)
    session.lose(order)
    assert order.state == "unknown"
    order.replace(price_ticks=1_001)
    session.show(1)
    (replace,) = session.replaces()
    session.replaced(replace)
    order.cancel()
    session.show(1)
    session.reject(order, "cancel", "too-late")
    session.fill(order)
    assert strategy.noted == [
        (order, Accepted(1, 1, 1_000_000_000)),
        (Fill(1, 1, 1_000_000_000, 1, Side.BUY, 1_000, 4, False, 0), order),
        (order, strategy.noted[2][1]),
        (order, Rejected(1, 1, 1_000_000_000, "too-late", "cancel")),
        (Fill(1, 1, 1_000_000_000, 2, Side.BUY, 1_001, 6, True, 0), order),
    ]
    assert [type(request) for request in session.requests[1:]] == [ReplaceRequest, CancelRequest]
    assert (session.markets[1].position, session.markets[1].account.position_lots) == (Decimal("0.010"), 10)


def test_a_session_lets_time_pass() -> None:
    """Timers fire at their instants; the session then stands at the time that was asked for."""
    session, strategy = FakeSession((INSTRUMENT, SECOND_INSTRUMENT), now_ns=0), Noting()
    session.start(strategy)
    session.advance(seconds=2.5)
    assert strategy.noted == [1_000_000_000, 2_000_000_000]
    assert session.now_ns == session.markets[0].now_ns == 2_500_000_000


def test_a_session_prints_bars() -> None:
    """A feed's bar reaches `on_bar` with its market."""
    session, strategy = FakeSession((INSTRUMENT, SECOND_INSTRUMENT)), Noting()
    session.start(strategy)
    bar = Bar(1, 2, 1, 5, 6, 4, 5, 10, 2, 0.05)
    session.print_bar(bar)
    assert strategy.noted == [(session.markets[1], bar)]


def test_what_a_strategy_raises_comes_out_as_it_is() -> None:
    """A unit test sees the strategy's own exception."""
    session = FakeSession()
    session.start(Raises())
    with pytest.raises(ValueError, match="oops"):
        session.print_trade(price_ticks=1, size_lots=1)
