"""A market maker: one bid and one offer around the mid, skewed against its position."""

from decimal import Decimal
from fractions import Fraction

import msgspec

from mainspring.model import MAX_UNITS, Fill, Instrument, OrderEvent, Rejected, Side
from mainspring.seams import Catalogue, OrderHandle, Session, StrategyMarket, hookimpl

__all__ = ["QuoteMaker", "QuoteMakerOptions"]

_MOST = 1_000_000_000
# Looked up once: an enum's members cost a descriptor each time.
_BUY, _SELL = Side.BUY, Side.SELL
_RESTING = ("accepted", "partially-filled")


class QuoteMakerOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of the market maker.

    `size` is that of each quote and `max_position` the largest position, long or short (default: ten quotes), both in
    base currency, or in contracts. Without a `size`, `notional` is what a quote is worth in quote currency, about: its
    size is the nearest with one significant digit at the first mid price of the market, and at least one lot. A quote
    is `edge_ticks` or more from the fair price, which is the mid less `skew_ticks` for each quote size held. A quote
    moves when it is off by `requote_ticks` or more. After a refused order it requests nothing in that market for
    `retry_ms`.
    """

    size: Decimal | None = None
    notional: Decimal | None = None
    edge_ticks: int = 2
    skew_ticks: int = 1
    requote_ticks: int = 2
    retry_ms: int = 250
    max_position: Decimal | None = None

    def __post_init__(self) -> None:
        if self.size is None and self.notional is None:
            raise ValueError("set size, in base currency or contracts, or notional, in quote currency")
        if self.notional is not None and not (self.notional.is_finite() and self.notional > 0):
            raise ValueError(f"notional must be above zero, not {self.notional}")
        for name in ("skew_ticks", "requote_ticks", "retry_ms"):
            if not 0 <= getattr(self, name) <= _MOST:
                raise ValueError(f"{name} must be from 0 to {_MOST:,}, not {getattr(self, name)}")
        if abs(self.edge_ticks) > _MOST:
            raise ValueError(f"edge_ticks must be from {-_MOST:,} to {_MOST:,}, not {self.edge_ticks}")


class _Quoting(msgspec.Struct, gc=False):
    """What the market maker knows of one market. `basis` is what its quotes follow from.

    `basis` is None if an order event may have changed the quotes. Nothing is requested before `quiet_until_ns`.
    `size_lots` is 0 until a size that follows from a price is known.
    """

    size_lots: int
    max_lots: int
    quiet_until_ns: int = 0
    basis: tuple[int, int, int, bool] | None = None


class QuoteMaker:
    """Quotes both sides, post-only. If the market isn't live or has no mid price, it cancels its quotes."""

    def __init__(self, *, options: QuoteMakerOptions) -> None:
        self._options = options
        self._edge_ticks = options.edge_ticks
        self._skew_ticks = options.skew_ticks
        self._requote_ticks = max(options.requote_ticks, 1)
        self._retry_ns = options.retry_ms * 1_000_000
        self._quoting: dict[int, _Quoting] = {}

    def on_start(self, session: Session) -> None:
        """Converts the sizes to lots of each market."""
        size, most = self._options.size, self._options.max_position
        for market in session.markets:
            lots = 0 if size is None else market.lots(size)
            self._quoting[market.index] = _Quoting(
                lots, 10 * lots if most is None else market.lots(most, field="max_position")
            )

    def on_bbo(self, market: StrategyMarket) -> None:
        """Moves the quotes to their targets."""
        quoting, view = self._quoting[market.index], market.view
        bid_ticks, ask_ticks = view.bid_ticks, view.ask_ticks
        live = view.live and view.bid_lots > 0 and view.ask_lots > 0
        position_lots = market.position_lots
        # Most changes are of size only, and move nothing.
        basis = (bid_ticks, ask_ticks, position_lots, live)
        if basis == quoting.basis or (live and market.now_ns < quoting.quiet_until_ns):
            return
        quoting.basis = basis
        bid: OrderHandle | None = None
        ask: OrderHandle | None = None
        for order in market.open_orders:
            if not order.price_ticks:
                # A market order, by which a command closes the position.
                continue
            if order.side is _BUY:
                bid = order
            else:
                ask = order
        if not live:
            for standing in (bid, ask):
                if standing is not None:
                    standing.cancel()
            return
        size_lots = quoting.size_lots or self._settle_size(quoting, market.instrument, bid_ticks + ask_ticks)
        # Twice the fair price: the mid of two whole ticks may lie between ticks.
        fair_doubled = bid_ticks + ask_ticks - 2 * (self._skew_ticks * position_lots // size_lots)
        buys = position_lots + size_lots <= quoting.max_lots
        sells = position_lots - size_lots >= -quoting.max_lots
        # Rounded away from the mid, and never through the other side's best price.
        buy_ticks = min(fair_doubled // 2 - self._edge_ticks, ask_ticks - 1)
        sell_ticks = max(-(-fair_doubled // 2) + self._edge_ticks, bid_ticks + 1)
        self._quote(market, _BUY, bid, buy_ticks if buys else 0, size_lots)
        self._quote(market, _SELL, ask, sell_ticks if sells else 0, size_lots)

    def on_fill(self, fill: Fill, order: OrderHandle) -> None:
        """A fill moves the fair price."""
        self._quoting[order.market.index].basis = None
        self.on_bbo(order.market)

    def on_order(self, order: OrderHandle, event: OrderEvent) -> None:
        """Pauses after a refused order: the same request would be refused again."""
        market = order.market
        quoting = self._quoting[market.index]
        quoting.basis = None
        if isinstance(event, Rejected) and event.request == "new":
            quoting.quiet_until_ns = market.now_ns + self._retry_ns
        if not market.live:
            self.on_bbo(market)

    def _settle_size(self, quoting: _Quoting, instrument: Instrument, doubled_mid_ticks: int) -> int:
        """Sets the size of quotes from their notional, and returns it in lots."""
        unit = Fraction(instrument.lot_size) * Fraction(instrument.contract_size)
        if instrument.contract != "inverse":
            # The price of a contract may be zero or below.
            unit *= Fraction(instrument.tick_size) * Fraction(max(abs(doubled_mid_ticks), 2), 2)
        assert self._options.notional is not None
        size = Fraction(self._options.notional) / unit * Fraction(instrument.lot_size)
        rounded = Fraction(f"{float(size):.0e}")
        quoting.size_lots = min(max(round(rounded / Fraction(instrument.lot_size)), 1), MAX_UNITS // 10)
        quoting.max_lots = quoting.max_lots or 10 * quoting.size_lots
        return quoting.size_lots

    def _quote(
        self, market: StrategyMarket, side: Side, standing: OrderHandle | None, price_ticks: int, size_lots: int
    ) -> None:
        if price_ticks <= 0:
            if standing is not None:
                standing.cancel()
        elif standing is None:
            trade = market.buy if side is _BUY else market.sell
            trade(size_lots=size_lots, price_ticks=price_ticks, post_only=True)
        elif standing.state in _RESTING and abs(standing.price_ticks - price_ticks) >= self._requote_ticks:
            standing.replace(price_ticks=price_ticks)


@hookimpl
def register_strategies(catalogue: Catalogue) -> None:
    catalogue.add(
        "quote-maker",
        QuoteMaker,
        summary="quotes both sides around the mid, leaning against what it holds",
        options=QuoteMakerOptions,
    )
