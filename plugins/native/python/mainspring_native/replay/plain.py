"""The replay in plain Python: the twin of the Rust loop, and the place where its rules stand in words.

The exchange is simulated, for one strategy, whose orders the market doesn't see:

- A request reaches the exchange `latency_ns` after the event at which it was made, between two messages: before the
  first event of a later message at or after that time. What is on its way at the end stays so.
- An order that takes is filled at the prices of the levels that it meets, best first. They stay in the book.
- An order that rests stands behind all that rests at its price when it comes. Trades against its side eat what is
  ahead of it, then fill it; the size of the level bounds what is ahead. A trade through its price fills it, and so does
  the other side's best price when it reaches its own at the end of a message.
- Nothing new is taken while the book isn't whole or trading has stopped. There are no fees here: fills say who made.

There is no risk gate on this path. It is for research, and nothing of it reaches a venue.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from mainspring.errors import ReplayError
from mainspring.model import BBO, EMPTY_BBO, Side
from mainspring.seams import Book
from mainspring_native.replay.layout import (
    BUFFER_ROWS,
    CANCEL,
    CLEAR,
    HALT,
    IOC,
    LEVEL,
    LIMIT,
    MARKET,
    MARKET_FIELDS,
    MAX_OPEN_ORDERS,
    POST_ONLY,
    RESUME,
    TRADE,
)
from mainspring_native.replay.strategy import State, Strategy

__all__ = ["PlainReplay"]

_NOT_LIVE, _MALFORMED, _TOO_MANY_OPEN, _WOULD_TAKE, _UNKNOWN_ORDER, _NO_LIQUIDITY = range(1, 7)
_INT64 = 2**63

_Request = tuple[int, int, int, int, int]


class _Market:
    """What a strategy reads: see `MARKET_FIELDS`."""

    __slots__ = (*MARKET_FIELDS, "book")

    def __init__(self, book: Book) -> None:
        for name in MARKET_FIELDS:
            setattr(self, name, 0)
        self.book = book


class _Buffer:
    """What a strategy asks for at one event."""

    def __init__(self) -> None:
        self.next_id = 1
        self.requests: list[_Request] = []

    def add(self, action: int, order_id: int, side: int, price_ticks: int, size_lots: int) -> int:
        if len(self.requests) == BUFFER_ROWS - 1:
            return 0
        if action != CANCEL:
            order_id = self.next_id
            self.next_id += 1
        self.requests.append((int(action), int(order_id), int(side), int(price_ticks), int(size_lots)))
        return int(order_id)


@dataclass(slots=True)
class _Resting:
    order_id: int
    side: int
    price_ticks: int
    leaves_lots: int
    ahead_lots: int


class PlainReplay:
    """Runs events through a book, the simulated exchange and a strategy's own body."""

    def __init__(self, strategy: Strategy, state: State, book: Book, latency_ns: int) -> None:
        self._strategy = strategy
        self._state = state
        self._book = book
        self._latency_ns = latency_ns
        self._market = _Market(book)
        self._buffer = _Buffer()
        self._best = EMPTY_BBO
        self._valid = self._halted = False
        self._between = True
        self._in_flight: deque[tuple[int, _Request]] = deque()
        self._open: list[_Resting] = []
        self.events = 0
        self.position_lots = 0
        self.cash = 0
        self.made: list[tuple[int, ...]] = []
        self.fills: list[tuple[int, ...]] = []
        self.rejections: list[tuple[int, int, int]] = []

    def run(self, events: Iterable[tuple[int, int, int, int, int, int]]) -> None:
        """Runs events, each a row of `EVENT` as a tuple. Raises `ReplayError`."""
        for time_ns, price_ticks, size_lots, kind, side, last in events:
            problem = self._event(time_ns, price_ticks, size_lots, kind, side, bool(last))
            if problem is not None:
                raise ReplayError(self.events, f"event {self.events} {problem}")
            try:
                self._strategy.body(self._market, self._buffer, self._state)
            except Exception as error:
                raise ReplayError(self.events, f"the strategy raised at event {self.events}: {error!r}") from error
            finally:
                self.events += 1
                for request in self._buffer.requests:
                    self.made.append((time_ns, *request))
                    self._in_flight.append((time_ns, request))
                self._buffer.requests.clear()

    @property
    def _live(self) -> bool:
        return self._valid and not self._halted

    def _event(self, time_ns: int, price_ticks: int, size_lots: int, kind: int, side: int, last: bool) -> str | None:
        """Brings an event into the book, the exchange and the view. Returns what is wrong with it."""
        if self._between:
            self._arrive(time_ns)
        if kind == LEVEL and side not in (1, -1):
            return "has a side that is neither 1 nor -1"
        if kind in (LEVEL, TRADE) and (price_ticks < 0 or size_lots < 0):
            return "has a price or a size below 0"
        if kind == LEVEL:
            row = [(price_ticks, size_lots)]
            self._book.apply_delta(row if side > 0 else [], row if side < 0 else [])
            self._best = self._book.bbo()
            self._valid = self._valid or last
        elif kind == CLEAR:
            self._book.clear()
            self._best = EMPTY_BBO
            self._valid = False
        elif kind in (HALT, RESUME):
            self._halted = kind == HALT
        elif kind != TRADE:
            return "is of no kind that there is"
        self._between = last
        self._match(time_ns, price_ticks, size_lots, kind, side, last)
        market, best = self._market, self._best
        values = (
            time_ns,
            best.bid_ticks,
            best.bid_lots,
            best.ask_ticks,
            best.ask_lots,
            int(self._live),
            kind,
            side,
            price_ticks,
            size_lots,
            int(last),
            max(-_INT64, min(self.position_lots, _INT64 - 1)),
            len(self._open),
            len(self._in_flight),
            len(self.fills),
        )
        for name, value in zip(MARKET_FIELDS, values, strict=True):
            setattr(market, name, value)
        return None

    def _arrive(self, now_ns: int) -> None:
        """Lets in what has arrived."""
        while self._in_flight:
            made_ns, request = self._in_flight[0]
            time_ns = min(made_ns + self._latency_ns, _INT64 - 1)
            if time_ns > now_ns:
                return
            self._in_flight.popleft()
            reason = self._accept(time_ns, *request)
            if reason is not None:
                self.rejections.append((time_ns, request[1], reason))

    def _accept(
        self, time_ns: int, action: int, order_id: int, side: int, price_ticks: int, size_lots: int
    ) -> int | None:
        """Takes a request; returns why it came to nothing."""
        if action == CANCEL:
            found = [order for order in self._open if order.order_id == order_id]
            self._open = [order for order in self._open if order.order_id != order_id]
            return None if found else _UNKNOWN_ORDER
        known = action in (LIMIT, POST_ONLY, IOC, MARKET)
        if not known or side not in (1, -1) or size_lots <= 0 or price_ticks < 0:
            return _MALFORMED
        if not self._live:
            return _NOT_LIVE
        rests = action in (LIMIT, POST_ONLY)
        if rests and len(self._open) == MAX_OPEN_ORDERS:
            return _TOO_MANY_OPEN
        if action == POST_ONLY and _crosses(side, price_ticks, self._book.bbo()):
            return _WOULD_TAKE
        left = size_lots
        against = Side.SELL if side > 0 else Side.BUY
        for level_ticks, level_lots in self._book.depth(against, len(self._book)):
            if not left or (action != MARKET and (level_ticks - price_ticks) * side > 0):
                break
            lots = min(level_lots, left)
            left -= lots
            self._fill(time_ns, order_id, side, level_ticks, lots, maker=False)
        if left and rests:
            own = Side.BUY if side > 0 else Side.SELL
            ahead = self._book.lots_at(own, price_ticks)
            self._open.append(_Resting(order_id, side, price_ticks, left, ahead))
        elif left == size_lots:
            return _NO_LIQUIDITY
        return None

    def _match(self, time_ns: int, price_ticks: int, size_lots: int, kind: int, side: int, last: bool) -> None:
        """What an event that the book has taken does to the orders that rest."""
        if kind == LEVEL:
            for order in self._open:
                if order.side == side and order.price_ticks == price_ticks:
                    order.ahead_lots = min(order.ahead_lots, size_lots)
        elif kind == TRADE:
            self._trade(time_ns, price_ticks, size_lots, side)
        if last and self._live:
            for order in self._open:
                if _crosses(order.side, order.price_ticks, self._best):
                    self._fill_resting(time_ns, order, order.leaves_lots)
        self._open = [order for order in self._open if order.leaves_lots]

    def _trade(self, time_ns: int, price_ticks: int, size_lots: int, side: int) -> None:
        ours = {1: 0, -1: 0}
        for order in self._open:
            if side == order.side:
                continue
            through = (order.price_ticks - price_ticks) * order.side
            if through > 0:
                self._fill_resting(time_ns, order, order.leaves_lots)
            elif through == 0:
                lots = min(max(0, size_lots - order.ahead_lots - ours[order.side]), order.leaves_lots)
                order.ahead_lots = max(0, order.ahead_lots - size_lots)
                ours[order.side] += lots
                self._fill_resting(time_ns, order, lots)

    def _fill_resting(self, time_ns: int, order: _Resting, lots: int) -> None:
        if lots:
            order.leaves_lots -= lots
            self._fill(time_ns, order.order_id, order.side, order.price_ticks, lots, maker=True)

    def _fill(self, time_ns: int, order_id: int, side: int, price_ticks: int, size_lots: int, *, maker: bool) -> None:
        self.position_lots += side * size_lots
        self.cash -= side * price_ticks * size_lots
        self.fills.append((time_ns, order_id, side, price_ticks, size_lots, int(maker)))


def _crosses(side: int, price_ticks: int, best: BBO) -> bool:
    """Whether an order of this side and price would trade against the other side's best."""
    if side > 0:
        return best.ask_lots > 0 and price_ticks >= best.ask_ticks
    return best.bid_lots > 0 and price_ticks <= best.bid_ticks
