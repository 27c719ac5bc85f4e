"""A market maker: one bid and one offer around the mid, skewed against its position."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from mainspring.model import Instrument, OrderEvent, Rejected, Side
from mainspring.seams import Catalogue, MarketView, OpenOrder, Orders, Subscription, hookimpl
from mainspring_plugins.strategies._sizes import lots

__all__ = ["QuoteMaker", "QuoteMakerOptions"]

_MOST = 1_000_000_000


class QuoteMakerOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of the market maker.

    `size` is that of each quote and `max_position` the largest position, long or short (default: ten quotes), both in
    base currency. A quote is `edge_ticks` or more from the fair price, which is the mid less `skew_ticks` for each
    quote size held. A quote moves when it is off by `requote_ticks` or more. After a refused order it requests nothing
    in that instrument for `retry_ms`.
    """

    size: Decimal
    edge_ticks: int = 2
    skew_ticks: int = 1
    requote_ticks: int = 2
    retry_ms: int = 250
    max_position: Decimal | None = None

    def __post_init__(self) -> None:
        for name in ("skew_ticks", "requote_ticks", "retry_ms"):
            if not 0 <= getattr(self, name) <= _MOST:
                raise ValueError(f"{name} must be from 0 to {_MOST:,}, not {getattr(self, name)}")
        if abs(self.edge_ticks) > _MOST:
            raise ValueError(f"edge_ticks must be from {-_MOST:,} to {_MOST:,}, not {self.edge_ticks}")


class QuoteMaker:
    """Quotes both sides, post-only. If the market isn't live or has no mid price, it cancels its quotes."""

    subscription = Subscription(bbo=True, fills=True, order_events=True)

    def __init__(self, instruments: Sequence[Instrument], *, options: QuoteMakerOptions) -> None:
        self._edge_ticks = options.edge_ticks
        self._skew_ticks = options.skew_ticks
        self._requote_ticks = max(options.requote_ticks, 1)
        self._size_lots = [lots(options.size, instrument, "size") for instrument in instruments]
        most = options.max_position if options.max_position is not None else 10 * options.size
        self._retry_ns = options.retry_ms * 1_000_000
        self._quiet_until_ns = [0] * len(instruments)
        # What the standing quotes follow from; None where an order event may have changed them.
        self._quoted_for: list[tuple[int, int, int, bool] | None] = [None] * len(instruments)
        self._max_lots = [lots(most, instrument, "max_position") for instrument in instruments]

    def on_bbo(self, market: MarketView, orders: Orders) -> None:
        """Moves the quotes to their targets."""
        index = market.index
        live = market.live and market.bid_lots > 0 and market.ask_lots > 0
        # Most changes are of size only, and move nothing.
        basis = (market.bid_ticks, market.ask_ticks, orders.position_lots, live)
        if basis == self._quoted_for[index] or (live and market.now_ns < self._quiet_until_ns[index]):
            return
        self._quoted_for[index] = basis
        bid: OpenOrder | None = None
        ask: OpenOrder | None = None
        for order in orders.open_orders():
            if order.order.side is Side.BUY:
                bid = order
            else:
                ask = order
        if not live:
            self._withdraw(bid, orders)
            self._withdraw(ask, orders)
            return
        size_lots = self._size_lots[index]
        position_lots = orders.position_lots
        # Twice the fair price: the mid of two whole ticks may lie between ticks.
        fair_doubled = market.bid_ticks + market.ask_ticks - 2 * (self._skew_ticks * position_lots // size_lots)
        buys = position_lots + size_lots <= self._max_lots[index]
        sells = position_lots - size_lots >= -self._max_lots[index]
        # Rounded away from the mid, and never through the other side's best price.
        bid_ticks = min(fair_doubled // 2 - self._edge_ticks, market.ask_ticks - 1)
        ask_ticks = max(-(-fair_doubled // 2) + self._edge_ticks, market.bid_ticks + 1)
        self._quote(Side.BUY, bid, bid_ticks if buys else 0, size_lots, orders)
        self._quote(Side.SELL, ask, ask_ticks if sells else 0, size_lots, orders)

    def on_fill(self, fill: object, market: MarketView, orders: Orders) -> None:
        """A fill moves the fair price."""
        self._quoted_for[market.index] = None
        self.on_bbo(market, orders)

    def on_order_event(self, event: OrderEvent, market: MarketView, orders: Orders) -> None:
        """Pauses after a refused order: the same request would be refused again."""
        self._quoted_for[market.index] = None
        if isinstance(event, Rejected) and event.request == "new":
            self._quiet_until_ns[market.index] = market.now_ns + self._retry_ns
        if not market.live:
            self.on_bbo(market, orders)

    def _quote(self, side: Side, standing: OpenOrder | None, price_ticks: int, size_lots: int, orders: Orders) -> None:
        if price_ticks <= 0:
            self._withdraw(standing, orders)
        elif standing is None:
            orders.submit(side, size_lots, price_ticks, post_only=True)
        elif standing.state == "open" and abs(standing.price_ticks - price_ticks) >= self._requote_ticks:
            orders.replace(standing.order.order_id, price_ticks, standing.size_lots)

    @staticmethod
    def _withdraw(standing: OpenOrder | None, orders: Orders) -> None:
        if standing is not None and standing.state != "pending-cancel":
            orders.cancel(standing.order.order_id)


@hookimpl
def register_strategies(catalogue: Catalogue) -> None:
    catalogue.add(
        "quote-maker",
        QuoteMaker,
        summary="quotes both sides around the mid, leaning against what it holds",
        options=QuoteMakerOptions,
    )
