"""A fake of what risk checks see of a lane."""

from collections.abc import Iterator, Sequence

from mainspring.model import Instrument, NewOrder, SlippageEstimate
from mainspring.seams import ClockReading, Lots
from mainspring.testing.market import FakeAccount, FakeMarket

__all__ = ["FakeOrder", "FakeRiskSession"]

_LATER_NS = 10**15


class FakeOrder:
    """`mainspring.seams.OpenOrder` of a given order: accepted, and nothing of it filled, unless it is changed."""

    def __init__(self, order: NewOrder, *, filled_lots: int = 0, state: str = "accepted") -> None:
        """`state` is a `mainspring.orders.OrderState` value."""
        self.order = order
        self.price_ticks = order.price_ticks
        self.size_lots = order.size_lots
        self.filled_lots = filled_lots
        self.state = state

    @property
    def ended(self) -> bool:
        """Whether nothing of it is left."""
        return self.filled_lots >= self.size_lots


class FakeRiskSession:
    """`mainspring.seams.RiskSession` over given markets and accounts, by instrument. Attributes may be changed.

    `orders` are all open ones. `profits_ppb` are net profits by instrument, None where there is no mark, and `down` the
    instruments whose venue isn't connected; each has a venue of its own. A strategy holds what its instrument does.
    `cancels` are the orders that a check asked to cancel. The time is the first market's.
    """

    def __init__(self, markets: Sequence[FakeMarket] = (), accounts: Sequence[FakeAccount] = ()) -> None:
        """Without `markets` there is one, and without `accounts` nothing is held in any."""
        self.markets = list(markets) or [FakeMarket()]
        self.accounts = list(accounts) or [FakeAccount() for _ in self.markets]
        self.instruments: Sequence[Instrument] = [market.instrument for market in self.markets]
        self.changed: FakeOrder | None = None
        self.estimate: SlippageEstimate | None = SlippageEstimate(1.0, 10_000.0, ())
        self.orders: list[FakeOrder] = []
        self.profits_ppb: list[int | None] = [0 for _ in self.markets]
        self.down: set[int] = set()
        self.cancels: list[int] = []
        self.clock: ClockReading | None = ClockReading(self.now_ns, 0, 0, self.now_ns + _LATER_NS)

    @property
    def now_ns(self) -> int:
        """The time of the first market."""
        return self.markets[0].now_ns

    def market(self, instrument: int) -> FakeMarket:
        """See `mainspring.seams.RiskSession.market`."""
        return self.markets[instrument]

    def lots(self, instrument: int, strategy: str | None = None) -> Lots:
        """See `mainspring.seams.RiskSession.lots`."""
        account = self.accounts[instrument]
        return Lots(account.position_lots, account.open_buy_lots, account.open_sell_lots)

    def order(self, order_id: int) -> FakeOrder | None:
        """See `mainspring.seams.RiskSession.order`."""
        return next((one for one in self.orders if one.order.order_id == order_id), None)

    def open_orders(self, instrument: int, strategy: str | None = None) -> Iterator[FakeOrder]:
        """See `mainspring.seams.RiskSession.open_orders`."""
        for one in self.orders:
            own = one.order
            if one is not self.changed and own.instrument == instrument and strategy in (None, own.strategy):
                yield one

    def count_open(self, instrument: int, strategy: str | None = None) -> int:
        """See `mainspring.seams.RiskSession.count_open`."""
        return sum(1 for _ in self.open_orders(instrument, strategy))

    def net_profit_ppb(self, instrument: int) -> int | None:
        """See `mainspring.seams.RiskSession.net_profit_ppb`."""
        return self.profits_ppb[instrument]

    def venue(self, instrument: int) -> int:
        """See `mainspring.seams.RiskSession.venue`."""
        return instrument

    def connected(self, instrument: int) -> bool:
        """See `mainspring.seams.RiskSession.connected`."""
        return instrument not in self.down

    def cancel(self, order_id: int) -> None:
        """See `mainspring.seams.RiskSession.cancel`."""
        self.cancels.append(order_id)
