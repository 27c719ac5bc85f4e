"""A session for tests of strategies: the platform's own objects, over markets and answers that the test gives."""

from collections.abc import Sequence
from functools import partial
from time import perf_counter_ns
from typing import Any

from mainspring.errors import PluginError
from mainspring.lane import BoundStrategy, LaneClock, Outbox, Strategies, Surplus, Timers
from mainspring.lane.strategy_market import LaneStrategyMarket
from mainspring.lane.strategy_session import LaneSession
from mainspring.model import (
    PRINT_ALL,
    PRINT_LAST,
    Accepted,
    Bar,
    Cancelled,
    CancelRequest,
    Expired,
    Fill,
    Instrument,
    NewOrder,
    OrderEvent,
    OrderRequest,
    Rejected,
    Replaced,
    ReplaceRequest,
    Side,
    Trade,
    TradeCorrection,
)
from mainspring.orders import OpenLots
from mainspring.portfolio import Marks, Portfolio
from mainspring.seams import OrderHandle, State, StrategyMarket
from mainspring.testing.market import INSTRUMENT, FakeMarket

__all__ = ["FakeSession"]

_START_NS = 1_700_000_000_000_000_000


class FakeSession:
    """Runs one strategy: `start` it, show it the market, and say what becomes of its orders.

    `fakes` are the markets, to be changed by the test, and `markets` the same as the strategy sees them. `requests`
    has everything that it requested, oldest first. What it raises comes out as it is.

        session = FakeSession()
        session.start(MyStrategy())
        session.show(bid_ticks=99, ask_ticks=101)
        order = session.markets[0].open_orders[0]
        session.fill(order)
        assert session.markets[0].position_lots == 10
    """

    def __init__(
        self, instruments: Sequence[Instrument] = (INSTRUMENT,), *, name: str = "test", now_ns: int = _START_NS
    ) -> None:
        """`name` is the strategy's, `now_ns` the time at which the session starts."""
        self.fakes = [FakeMarket(one, index=index, now_ns=now_ns) for index, one in enumerate(instruments)]
        self.requests: list[OrderRequest] = []
        self._clock = LaneClock(now_ns)
        self._timers = Timers(self._clock)
        self._outbox = Outbox()
        self._fills = 0
        self._portfolio = portfolio = Portfolio(instruments, [OpenLots() for _ in instruments], Marks(self.fakes))
        self.session = LaneSession(
            name,
            [
                LaneStrategyMarket(
                    fake.instrument.symbol,
                    name,
                    fake,
                    self._clock,
                    self._outbox,
                    portfolio.accounts[index],
                    portfolio.own_position(name, index),
                    "test-{}".format,
                )
                for index, fake in enumerate(self.fakes)
            ],
            self._clock,
            self._timers,
            partial(portfolio.profit, name),
        )
        self.markets: Sequence[StrategyMarket] = self.session.markets
        self._bound: BoundStrategy | None = None
        self._strategies = Strategies((), self._timers, self._outbox, len(self.fakes))

    @property
    def now_ns(self) -> int:
        """The session's time."""
        return self._clock.now_ns

    def start(self, strategy: Any, state: State | None = None) -> None:
        """Binds a strategy and calls its `on_start`, after its `load` if there is a `state`.

        Raises `ConfigError` if a callback is misspelt or can't take what it is passed.
        """
        self._bound = bound = BoundStrategy(
            self.session,
            strategy,
            plugin=type(strategy).__name__,
            distribution="the test",
            record=_forget,
            clock=perf_counter_ns,
        )
        self._strategies = Strategies((bound,), self._timers, self._outbox, len(self.fakes))
        if state is not None and bound.load is not None:
            self._call(bound.load, state)
        self._call(self._strategies.start)

    def stop(self) -> None:
        """Ends the session."""
        self._call(self._strategies.stop)

    def save(self) -> State | None:
        """Returns what the strategy saves; None if it saves nothing."""
        assert self._bound is not None
        return None if self._bound.save is None else self._bound.save()

    def show(
        self,
        market: int = 0,
        *,
        bid_ticks: int | None = None,
        ask_ticks: int | None = None,
        bid_lots: int | None = None,
        ask_lots: int | None = None,
        live: bool | None = None,
    ) -> None:
        """Changes the best prices of the market of that index, and calls `on_bbo`. `live`: whether they can be trusted.

        What isn't given stays. A side of 0 lots is empty. The levels of the book stay as they are.
        """
        fake = self.fakes[market]
        fake.bid_ticks = fake.bid_ticks if bid_ticks is None else bid_ticks
        fake.ask_ticks = fake.ask_ticks if ask_ticks is None else ask_ticks
        fake.bid_lots = fake.bid_lots if bid_lots is None else bid_lots
        fake.ask_lots = fake.ask_lots if ask_lots is None else ask_lots
        fake.live = fake.live if live is None else live
        fake.now_ns = fake.bbo_time_ns = self.now_ns
        self._call(self._strategies.on_bbo, fake)

    def print_trade(
        self,
        market: int = 0,
        *,
        price_ticks: int,
        size_lots: int,
        aggressor: int = 1,
        counts: int = PRINT_ALL,
        fraction_nanoticks: int = 0,
    ) -> None:
        """Prints a public trade: `aggressor` is 1 if the buyer took an offer, -1 if the seller hit a bid.

        `counts` says what it counts for, as in `mainspring.model.Trade`, and `fraction_nanoticks` how far the price
        lies above `price_ticks`, in billionths of a tick.
        """
        now_ns = self.now_ns
        fake = self.fakes[market]
        if counts & PRINT_LAST:
            fake.last_ticks, fake.last_fraction_nanoticks = price_ticks, fraction_nanoticks
        trade = Trade(market, now_ns, now_ns, 0, price_ticks, size_lots, aggressor, counts, fraction_nanoticks)
        self._call(self._strategies.on_print, self.fakes[market], trade)

    def print_correction(self, correction: TradeCorrection) -> None:
        """Corrects or cancels a public trade that was printed before."""
        self._call(self._strategies.on_print, self.fakes[correction.instrument], correction)

    def print_bar(self, bar: Bar) -> None:
        """Prints a bar of the feed."""
        self._call(self._strategies.on_print, self.fakes[bar.instrument], bar)

    def advance(self, *, seconds: float) -> None:
        """Lets time pass: each timer fires at its instant."""
        end_ns = self.now_ns + round(seconds * 1e9)
        while self._clock.timer_ns <= end_ns:
            self._clock.now_ns = max(self._clock.now_ns, self._clock.timer_ns)
            self._call(self._timers.fire_next)
        self._clock.now_ns = end_ns

    def accept(self, order: OrderHandle) -> None:
        """The venue accepts an order."""
        self.answer(Accepted(order.order_id, order.market.index, self.now_ns))

    def reject(self, order: OrderHandle, request: Any = "new", reason: str = "rejected") -> None:
        """The venue, or a risk check, rejects a "new", "cancel" or "replace" request."""
        self.answer(Rejected(order.order_id, order.market.index, self.now_ns, reason, request))

    def fill(
        self, order: OrderHandle, *, lots: int | None = None, price_ticks: int | None = None, maker: bool = True
    ) -> None:
        """Fills an order: by default all of it, at its price, or at the best price if it has none.

        `maker` says whether it rested in the book.
        """
        fake = self.fakes[order.market.index]
        lots = order.leaves_lots if lots is None else lots
        best_ticks = fake.ask_ticks if order.side is Side.BUY else fake.bid_ticks
        price_ticks = price_ticks or order.price_ticks or best_ticks
        self._fills += 1
        self.answer(Fill(order.order_id, fake.index, self.now_ns, self._fills, order.side, price_ticks, lots, maker, 0))

    def cancelled(self, order: OrderHandle, reason: str = "requested") -> None:
        """The venue cancels the rest of an order."""
        self.answer(Cancelled(order.order_id, order.market.index, self.now_ns, order.leaves_lots, reason))

    def expire(self, order: OrderHandle, reason: str = "ioc") -> None:
        """The rest of an order expires."""
        self.answer(Expired(order.order_id, order.market.index, self.now_ns, order.leaves_lots, reason))

    def replaced(self, request: ReplaceRequest) -> None:
        """The venue has replaced an order as requested."""
        self.answer(Replaced(request.order_id, request.instrument, self.now_ns, request.price_ticks, request.size_lots))

    def lose(self, order: OrderHandle) -> None:
        """Loses contact with the venue: the order's state is unknown until its next event."""
        self.session.mark_unknown(order.market.index, order.order_id)

    def answer(self, event: OrderEvent) -> None:
        """Books a fill, and passes an order event to the strategy."""
        if isinstance(event, Fill):
            self._portfolio.on_fill(event, self.session.name)
        self._call(self._strategies.on_event, self.session.name, event)

    def new_orders(self) -> list[NewOrder]:
        """Returns the requested orders."""
        return [request for request in self.requests if isinstance(request, NewOrder)]

    def replaces(self) -> list[ReplaceRequest]:
        """Returns the requested replaces."""
        return [request for request in self.requests if isinstance(request, ReplaceRequest)]

    def cancels(self) -> list[CancelRequest]:
        """Returns the requested cancels."""
        return [request for request in self.requests if isinstance(request, CancelRequest)]

    def _call(self, call: Any, *arguments: Any) -> None:
        try:
            call(*arguments)
        except PluginError as error:
            # A test of the strategy wants to see what it raised, not how a session reports it.
            raise error.__cause__ or error from None
        finally:
            self.requests += [one for one in self._outbox.requests.take() if not isinstance(one, Surplus)]


def _forget(duration_ns: int) -> None:
    """Takes the place of the histogram of the strategy's times."""
