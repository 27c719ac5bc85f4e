"""What risk checks see of a lane: the object behind `mainspring.seams.RiskSession`."""

from collections.abc import Collection, Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from mainspring.lane.clock import LaneClock
from mainspring.lane.market import Market
from mainspring.orders import Order, OrderTracker
from mainspring.portfolio import Portfolio
from mainspring.seams import ClockReading, Lots, OpenOrder

if TYPE_CHECKING:
    from mainspring.model import Instrument, SlippageEstimate

__all__ = ["LaneRiskSession"]


class LaneRiskSession:
    """Implements `mainspring.seams.RiskSession`. `venue_of` gives each instrument's venue, `strategies` are all names.

    `cancels` are the orders that checks asked to cancel, and `down` the venues whose connection is lost. Between
    `decide` and `decided` nothing happens in the lane, so that what several checks ask for is worked out once.
    """

    __slots__ = (
        "_markets",
        "_open",
        "_portfolio",
        "_present",
        "_profits",
        "_strategies",
        "_time",
        "_tracker",
        "_venue_of",
        "cancels",
        "changed",
        "clock",
        "down",
        "estimate",
        "instruments",
    )

    def __init__(
        self,
        markets: Sequence[Market],
        venue_of: Sequence[int],
        strategies: Sequence[str],
        tracker: OrderTracker,
        portfolio: Portfolio,
        time: LaneClock,
    ) -> None:
        self.instruments: Sequence[Instrument] = tuple(market.instrument for market in markets)
        self.changed: OpenOrder | None = None
        self.estimate: SlippageEstimate | None = None
        self.clock: ClockReading | None = None
        self.cancels: list[int] = []
        self.down: set[int] = set()
        self._markets = markets
        self._venue_of = venue_of
        # Orders that close what unfamiliar fills left are nobody's.
        self._strategies = (*strategies, "")
        self._tracker = tracker
        self._portfolio = portfolio
        self._time = self._present = time
        # By instrument, each strategy's open orders there: live views.
        self._open: list[tuple[Collection[Order], ...] | None] = [None for _ in markets]
        self._profits: dict[int, int | None] | None = None

    # Read by C code: a property in Python costs twice as much.
    now_ns: int = property(attrgetter("_time.now_ns"))  # type: ignore[assignment]

    def go_to(self, now_ns: int | None) -> None:
        """Shows checks a time of an earlier session; None is the lane's own again."""
        self._time = self._present if now_ns is None else LaneClock(now_ns)

    def decide(self, estimate: "SlippageEstimate", changed: OpenOrder | None = None) -> None:
        """Begins the decision on a request. `estimate` is what it is expected to cost, `changed` the order that it
        would change.
        """
        self.estimate, self.changed, self._profits = estimate, changed, {}

    def decided(self) -> None:
        """Ends it."""
        self.estimate = self.changed = self._profits = None

    def market(self, instrument: int) -> Market:
        """See `mainspring.seams.RiskSession.market`."""
        return self._markets[instrument]

    def lots(self, instrument: int, strategy: str | None = None) -> Lots:
        """See `mainspring.seams.RiskSession.lots`."""
        if strategy is None:
            account = self._portfolio.accounts[instrument]
            position, buys, sells = account.position_lots, account.open_buy_lots, account.open_sell_lots
        else:
            position, buys, sells = self._portfolio.position_lots(strategy, instrument), 0, 0
            for order in self._tracker.open_orders(instrument, strategy):
                if order.order.side > 0:
                    buys += order.exposure_lots
                else:
                    sells += order.exposure_lots
        changed = self.changed
        if changed is not None and _counts(changed, instrument, strategy):
            leaves_lots = changed.size_lots - changed.filled_lots
            if changed.order.side > 0:
                buys -= leaves_lots
            else:
                sells -= leaves_lots
        return Lots(position, buys, sells)

    def order(self, order_id: int) -> Order | None:
        """See `mainspring.seams.RiskSession.order`."""
        return self._tracker.find(order_id)

    def open_orders(self, instrument: int, strategy: str | None = None) -> Iterator[Order]:
        """See `mainspring.seams.RiskSession.open_orders`."""
        changed_id = None if self.changed is None else self.changed.order.order_id
        for name in self._strategies if strategy is None else (strategy,):
            for order in self._tracker.open_orders(instrument, name):
                if order.order.order_id != changed_id:
                    yield order

    def count_open(self, instrument: int, strategy: str | None = None) -> int:
        """See `mainspring.seams.RiskSession.count_open`."""
        if strategy is None:
            count = 0
            for orders in self._open[instrument] or self._open_in(instrument):
                count += len(orders)
        else:
            count = len(self._tracker.open_orders(instrument, strategy))
        changed = self.changed
        if changed is not None and _counts(changed, instrument, strategy):
            count -= 1
        return count

    def net_profit_ppb(self, instrument: int) -> int | None:
        """See `mainspring.seams.RiskSession.net_profit_ppb`."""
        known = self._profits
        if known is None:
            return self._portfolio.net_profit_ppb(instrument)
        if instrument not in known:
            known[instrument] = self._portfolio.net_profit_ppb(instrument)
        return known[instrument]

    def venue(self, instrument: int) -> int:
        """See `mainspring.seams.RiskSession.venue`."""
        return self._venue_of[instrument]

    def connected(self, instrument: int) -> bool:
        """See `mainspring.seams.RiskSession.connected`."""
        return self._venue_of[instrument] not in self.down

    def cancel(self, order_id: int) -> None:
        """See `mainspring.seams.RiskSession.cancel`."""
        self.cancels.append(order_id)

    def _open_in(self, instrument: int) -> tuple[Collection[Order], ...]:
        views = tuple(self._tracker.open_orders(instrument, name) for name in self._strategies)
        self._open[instrument] = views
        return views


def _counts(order: OpenOrder, instrument: int, strategy: str | None) -> bool:
    """Whether an order is one of an instrument, and of a strategy unless that is None."""
    return order.order.instrument == instrument and strategy in (None, order.order.strategy)
