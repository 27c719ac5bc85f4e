"""What the built-in risk checks have to say, by the words of docs/risk.md: exact fractions and lists, none of it fast.

It shares no code with the product: it keeps every request, report and price that there was, and looks through all.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

__all__ = ["Held", "Oracle", "Wanted"]

_MS = 10**6
_DAY = 24 * 3_600 * 10**9
_PPB = 10**9


@dataclass
class Held:
    """An order of ours, as it was last reported, and the changes that are under way: price and total size of each."""

    order_id: int
    instrument: int
    strategy: str
    side: int
    limit: bool
    rests: bool
    price: int
    size: int
    filled: int = 0
    ended: bool = False
    changes: list[tuple[int, int]] = field(default_factory=list)

    def left(self) -> int:
        """What may still be filled."""
        return 0 if self.ended else max([self.size, *(size for _, size in self.changes)]) - self.filled


@dataclass
class Wanted:
    """A new order, or what would remain of one that is changed."""

    order_id: int
    instrument: int
    strategy: str
    side: int
    limit: bool
    price: int
    size: int
    changed: Held | None = None


@dataclass
class _Market:
    live: bool = False
    bids: list[tuple[int, int]] = field(default_factory=list)
    asks: list[tuple[int, int]] = field(default_factory=list)
    since: int = 0


class Oracle:
    """Knows the limits, by check, and all that happened. `instruments` have tick, lot, contract and currencies."""

    def __init__(self, instruments: list[dict[str, Any]], limits: dict[str, dict[str, Any]]) -> None:
        self.instruments = instruments
        self.limits = limits
        self.now = 0
        self.markets = [_Market() for _ in instruments]
        self.held: list[Held] = []
        self.sent: list[tuple[int, str, int, tuple[Any, ...]]] = []
        self.fills: list[tuple[int, int, str, int, int, int, int]] = []
        self.cost_bps = Fraction(0)
        self.connected = True
        self.lag = self.skew = 0
        self.best: dict[str, Fraction] = {}
        self.days: dict[str, tuple[int, Fraction]] = {}
        self.stopped: set[tuple[str, str]] = set()
        self.lifted: dict[str, int] = {}
        self._positions: dict[tuple[int, int, str | None], int] = {}
        self._units = [Fraction(one["tick"]) * Fraction(one["lot"]) * Fraction(one["contract"]) for one in instruments]

    # What happens.

    def show(self, instrument: int, live: bool, bids: list[tuple[int, int]], asks: list[tuple[int, int]]) -> None:
        """Best prices came."""
        self.markets[instrument] = _Market(live, bids, asks, self.now)

    def send(self, kind: str, order: Held, price: int, size: int) -> None:
        """A request went out."""
        key: tuple[Any, ...] = (order.strategy, order.side, price, size)
        if kind == "replace":
            order.changes.append((price, size))
            key = (order.order_id, price, size)
        elif kind == "new":
            self.held.append(order)
        self.sent.append((self.now, kind, order.instrument, key))

    def fill(self, order: Held, price: int, size: int, fee_ppb: int) -> None:
        """An order was filled."""
        order.filled += size
        if order.filled == order.size:
            order.ended = True
        self.fills.append((self.now, order.instrument, order.strategy, order.side, price, size, fee_ppb))
        limit = self.limits["max_repeated_executions"]
        after = self.lifted.get(f"{order.strategy} {order.instrument}", -1)
        recent = [
            one
            for at, one in enumerate(self.fills)
            if one[1:4] == (order.instrument, order.strategy, order.side)
            and self.now - one[0] < limit["window_ms"] * _MS
            and at > after
        ]
        if len(recent) > limit["limit"]:
            self.stopped.add((f"{order.strategy} {order.instrument}", "max_repeated_executions"))

    def look(self, instrument: int) -> None:
        """An order is asked for, or something is reported: profit is looked at."""
        self.held = [one for one in self.held if not one.ended]
        currency = self.instruments[instrument]["quote"]
        profit = self.profit(currency)
        if profit is None:
            return
        self.best[currency] = max(self.best.get(currency, Fraction(0)), profit)
        day = (self.now - self.limits["max_daily_loss"]["day_starts"] * 3_600 * 10**9) // _DAY
        known = self.days.get(currency)
        if known is None or known[0] != day:
            self.days[currency] = day, Fraction(0) if known is None else profit
            self.stopped.discard((currency, "max_daily_loss"))
        if self.best[currency] - profit > self.limits["max_drawdown"]["limit"]:
            self.stopped.add((currency, "max_drawdown"))
        if self.days[currency][1] - profit > self.limits["max_daily_loss"]["limit"]:
            self.stopped.add((currency, "max_daily_loss"))

    def lift(self) -> None:
        """A person lifts whatever has stopped."""
        for what, name in sorted(self.stopped):
            if name == "max_repeated_executions":
                self.lifted[what] = len(self.fills) - 1
            else:
                profit = self.profit(what)
                if profit is not None and name == "max_drawdown":
                    self.best[what] = profit
                elif profit is not None:
                    self.days[what] = self.days[what][0], profit
        self.stopped.clear()

    # What is known.

    def mid(self, instrument: int) -> Fraction | None:
        """The mid in ticks, of a market that can be trusted."""
        market = self.markets[instrument]
        if not (market.live and market.bids and market.asks and market.bids[0][0] < market.asks[0][0]):
            return None
        return Fraction(market.bids[0][0] + market.asks[0][0], 2)

    def position(self, instrument: int, strategy: str | None = None) -> int:
        """What is held."""
        key = len(self.fills), instrument, strategy
        if key not in self._positions:
            self._positions[key] = sum(
                side * size
                for _, place, name, side, _, size, _ in self.fills
                if place == instrument and strategy in (None, name)
            )
        return self._positions[key]

    def working(self, instrument: int, side: int, wanted: Wanted, strategy: str | None = None) -> int:
        """What may still be filled of a side, without what a change gives up."""
        total = 0
        for one in self.held:
            if one.ended or one.instrument != instrument or one.side != side or strategy not in (None, one.strategy):
                continue
            total += one.left()
            if one is wanted.changed:
                total -= one.size - one.filled
        return total

    def unit(self, instrument: int) -> Fraction:
        """What a lot is worth at one tick."""
        return self._units[instrument]

    def profit(self, currency: str) -> Fraction | None:
        """What was made, at the mid of any two-sided market, after fees."""
        total = Fraction(0)
        for place, one in enumerate(self.instruments):
            if one["quote"] != currency:
                continue
            position, market = self.position(place), self.markets[place]
            if position:
                if not (market.bids and market.asks):
                    return None
                total += position * Fraction(market.bids[0][0] + market.asks[0][0], 2) * self.unit(place)
            paid = sum(
                (side * _PPB + fee_ppb) * price * size
                for _, other, _, side, price, size, fee_ppb in self.fills
                if other == place
            )
            total -= Fraction(paid, _PPB) * self.unit(place)
        return total

    def reduces(self, wanted: Wanted) -> bool:
        """Whether nothing but a smaller position can come of an order."""
        after = wanted.side * self.position(wanted.instrument)
        after += self.working(wanted.instrument, wanted.side, wanted) + wanted.size
        return after <= 0

    def worst(self, place: int, wanted: Wanted, *, with_it: bool, strategy: str | None = None) -> tuple[int, int]:
        """The longest and the shortest position that open orders could lead to, with the order or without it."""
        position = self.position(place, strategy)
        buys = self.working(place, 1, wanted, strategy)
        sells = self.working(place, -1, wanted, strategy)
        if with_it and place == wanted.instrument:
            buys += wanted.size if wanted.side > 0 else 0
            sells += wanted.size if wanted.side < 0 else 0
        return position + buys, position - sells
