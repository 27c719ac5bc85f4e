"""What execution schedules share: they work one order at a time towards a total that grows."""

from decimal import Decimal
from typing import Literal

import msgspec

from mainspring.errors import ConfigError
from mainspring.model import Fill, OrderEvent, Rejected, Side
from mainspring.seams import OrderHandle, Session, State, StrategyMarket

__all__ = ["Execution", "ExecutionOptions", "seconds_ns"]

_MOST_S = 31_622_400.0
"""A year."""

_MOST_MS = 1_000_000_000
_RESTING = ("accepted", "partially-filled")


class ExecutionOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options that execution schedules share.

    `side` is "buy" or "sell", and `size` the total to trade, in base currency or contracts. `market` names the market,
    by default the first of the session. The schedule starts `start_s` seconds after the session. No order is priced
    beyond `limit_price`. With `style` "take" orders take what is offered at the best price; with "post" they rest there
    post-only, and follow it. After a refused order nothing is requested for `retry_ms`.
    """

    side: Literal["buy", "sell"]
    size: Decimal
    market: str = ""
    start_s: float = 0.0
    limit_price: Decimal | None = None
    style: Literal["take", "post"] = "take"
    retry_ms: int = 250

    def __post_init__(self) -> None:
        if not 0 <= self.start_s <= _MOST_S:
            raise ValueError(f"start_s must be from 0 to {_MOST_S:,.0f}, not {self.start_s}")
        if not 0 <= self.retry_ms <= _MOST_MS:
            raise ValueError(f"retry_ms must be from 0 to {_MOST_MS:,}, not {self.retry_ms}")


def seconds_ns(name: str, seconds: float) -> int:
    """Converts an option in seconds to nanoseconds. `name` is the option's. Raises `ValueError` unless above 0."""
    if not 0 < seconds <= _MOST_S:
        raise ValueError(f"{name} must be above 0 and at most {_MOST_S:,.0f}, not {seconds}")
    return round(seconds * 1e9)


class Execution:
    """Trades one market towards `target_lots`, with one order at a time, and says at the end what was left.

    A schedule calls `pursue` when its target has grown, and `finish` at its end.
    """

    def __init__(self, session: Session, options: ExecutionOptions) -> None:
        """Raises `ConfigError` if the session has no such market, and `GridError` for a size or limit off its grid."""
        self.market: StrategyMarket = session.market(options.market) if options.market else session.markets[0]
        self.total_lots = self.market.lots(options.size)
        self.target_lots = 0
        self.filled_lots = 0
        self.finished = False
        self._side = Side.BUY if options.side == "buy" else Side.SELL
        self._limit_ticks: int | None = None
        if options.limit_price is not None:
            self._limit_ticks = self.market.ticks(options.limit_price, field="limit_price")
            if not self._limit_ticks:
                raise ConfigError(f"limit_price must be above zero, not {options.limit_price}")
        self._takes = options.style == "take"
        self._retry_ns = options.retry_ms * 1_000_000
        self._quiet_until_ns = 0
        self._order: OrderHandle | None = None
        # The sum of price times size over the fills, in ticks times lots.
        self._traded = 0
        self._log = session.log

    def pursue(self) -> None:
        """Brings what is filled and what is working up to the target, as far as the market and the limit allow."""
        market, order = self.market, self._order
        if order is not None and not order.ended:
            if self.finished:
                # A cancel may have been rejected.
                order.cancel()
            elif not self._takes:
                self._follow(order)
            return
        needed_lots = self.target_lots - self.filled_lots
        if self.finished or needed_lots <= 0 or market.now_ns < self._quiet_until_ns:
            return
        price_ticks = self._price_ticks()
        if price_ticks is not None:
            trade = market.buy if self._side is Side.BUY else market.sell
            self._order = trade(
                size_lots=needed_lots,
                price_ticks=price_ticks,
                time_in_force="ioc" if self._takes else "gtc",
                post_only=not self._takes,
            )

    def on_fill(self, fill: Fill) -> None:
        """Counts a fill."""
        self.filled_lots += fill.size_lots
        self._traded += fill.price_ticks * fill.size_lots

    def on_order(self, event: OrderEvent) -> None:
        """Pauses after a refused order: the same request would be refused again."""
        if isinstance(event, Rejected):
            self._quiet_until_ns = self.market.now_ns + self._retry_ns

    def finish(self) -> None:
        """Cancels what is working and requests nothing more."""
        if not self.finished:
            self.finished = True
            if self._order is not None:
                self._order.cancel()

    def report(self) -> None:
        """Logs what was done, and as a warning what was left."""
        market = self.market
        lot, tick = market.instrument.lot_size, market.instrument.tick_size
        done, total = self.filled_lots * lot, self.total_lots * lot
        verb = "bought" if self._side is Side.BUY else "sold"
        average = f" at {self._traded / self.filled_lots * float(tick):.10g} on average" if self.filled_lots else ""
        if self.filled_lots >= self.total_lots:
            self._log.info("%s %s of %s%s", verb, done, market.name, average)
        else:
            left = total - done
            self._log.warning("%s %s of %s%s; %s of %s is left", verb, done, market.name, average, left, total)

    def save(self) -> State:
        """Returns what was done so far."""
        return {"filled_lots": self.filled_lots, "traded": str(self._traded)}

    def load(self, state: State) -> None:
        """Takes what `save` returned in an earlier session."""
        self.filled_lots = int(state["filled_lots"])
        self._traded = int(state["traded"])

    def _follow(self, order: OrderHandle) -> None:
        """Moves a resting order to the best price, and to the size that is needed now."""
        price_ticks = self._price_ticks()
        if price_ticks is None:
            order.cancel()
        elif order.state in _RESTING:
            size_lots = order.filled_lots + self.target_lots - self.filled_lots
            if price_ticks != order.price_ticks or size_lots != order.size_lots:
                order.replace(price_ticks=price_ticks, size_lots=size_lots)

    def _price_ticks(self) -> int | None:
        """The price for an order now; None if there is none, or only beyond the limit."""
        market, limit_ticks = self.market, self._limit_ticks
        if not (market.live and market.bid_lots and market.ask_lots):
            return None
        buys = self._side is Side.BUY
        price_ticks = market.ask_ticks if buys == self._takes else market.bid_ticks
        if limit_ticks is None:
            return price_ticks
        if self._takes:
            return price_ticks if (price_ticks - limit_ticks) * self._side <= 0 else None
        return min(price_ticks, limit_ticks) if buys else max(price_ticks, limit_ticks)
