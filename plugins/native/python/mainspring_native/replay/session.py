"""A strategy for both worlds in a session: called as any strategy, compiled where the session's parts are native."""

import ctypes
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

from mainspring.errors import ConfigError
from mainspring.model import Accepted, Cancelled, Fill, OrderEvent, Rejected, Replaced, Side, Trade
from mainspring.seams import BookView, OrderHandle, Session, StrategyMarket
from mainspring_native import NEEDS
from mainspring_native.replay.layout import (
    ACCEPTED,
    BBO,
    BUFFER_ROWS,
    CANCEL,
    CANCEL_PENDING,
    CANCELLED,
    CREATED,
    FILLED,
    FOK,
    IOC,
    MARKET,
    PARTIALLY_FILLED,
    POST_ONLY,
    REASONS,
    REJECTED,
    REPLACE,
    REPLACE_PENDING,
    REPLACED,
    TIMER,
    TRADE,
)
from mainspring_native.replay.strategy import Strategy, make_state
from mainspring_native.replay.uncompiled import MarketRecord, OrderRecord, PlainMarket, call_body, can_be

__all__ = ["in_session"]

_NUMBERS = {reason: number for number, reason in REASONS.items()}
_STATES = {
    "created": CREATED,
    "accepted": 1,
    "partially-filled": PARTIALLY_FILLED,
    "cancel-pending": CANCEL_PENDING,
    "replace-pending": REPLACE_PENDING,
}
_SHOWN = (
    "bid_ticks",
    "bid_lots",
    "ask_ticks",
    "ask_lots",
    "bbo_time_ns",
    "last_ticks",
    "last_fraction_nanoticks",
    "live",
)
_PPB = 10**9
_NAN = float("nan")
_INT64 = 2**63


def in_session(strategy: Strategy, *, compiled: bool = True) -> Callable[[], Any]:
    """Returns what makes the strategy for a session: a factory for `register_strategies`.

        catalogue.add("joiner", in_session(joiner), summary="joins the best bid")

    It is called as any strategy in Python, and asks for the same orders as in a replay of the same messages. Its body
    runs compiled where Numba is installed and the markets are native; elsewhere, and with `compiled=False`, it runs as
    it stands. Raises `ConfigError` for one that wants each row, which a session doesn't have.
    """
    if "row" in strategy.on:
        raise ConfigError(f"strategy {strategy.name}: a session has no rows, so it can't be called on them")

    def make() -> Any:
        return SessionStrategy(strategy, compiled=compiled)

    return make


class SessionStrategy:
    """Calls a strategy's body about a session's markets. Which callbacks it has is what the strategy subscribes to.

    `compiled` says from the start on whether the body runs compiled.
    """

    def __init__(self, strategy: Strategy, *, compiled: bool) -> None:
        """With `compiled` the body runs compiled if it can."""
        self.state = make_state(strategy.state)
        self.compiled = False
        self._native = _native(self._on_bbo) if compiled else None
        self._function: Any = None
        self._strategy = strategy
        self._markets: list[_Market] = []
        self._places: dict[int, int] = {}
        # Methods that are defined are called: see `mainspring.seams.Callbacks`.
        if "bbo" in strategy.on:
            self.on_bbo = self._on_bbo if self._native is None else self._native
        if "trade" in strategy.on:
            self.on_trade = self._on_trade
        if "order" in strategy.on:
            self.on_order = self._on_order

    def on_start(self, session: Session) -> None:
        """See `mainspring.seams.Callbacks`."""
        self._markets = [_Market(place, market) for place, market in enumerate(session.markets)]
        self._places = {market.index: place for place, market in enumerate(session.markets)}
        self._compile()
        if self._strategy.every_ns:
            session.every(seconds=self._strategy.every_ns / 1e9, call=self._fire)

    def on_fill(self, fill: Fill, order: OrderHandle) -> None:
        """See `mainspring.seams.Callbacks`; money is counted here, so it is called in any case."""
        place = self._places[order.market.index]
        self._markets[place].on_fill(fill)
        if self.compiled and self._native is not None:
            self._native.on_fill(place, fill.side > 0, fill.price_ticks, fill.size_lots, fill.fee_ppb or 0)
        if "order" in self._strategy.on:
            side, price_ticks, size_lots = int(fill.side), fill.price_ticks, fill.size_lots
            self._call(place, FILLED, side, price_ticks, size_lots, fill.order_id, maker=int(fill.maker))

    def _on_bbo(self, market: StrategyMarket) -> None:
        self._call(self._places[market.index], BBO)

    def _on_trade(self, market: StrategyMarket, trade: Trade) -> None:
        place, fraction = self._places[market.index], trade.fraction_nanoticks
        side, price_ticks, size_lots = int(trade.aggressor), trade.price_ticks, trade.size_lots
        self._call(place, TRADE, side, price_ticks, size_lots, fraction=fraction)

    def _on_order(self, order: OrderHandle, event: OrderEvent) -> None:
        place, order_id = self._places[order.market.index], event.order_id
        match event:
            case Accepted():
                self._call(place, ACCEPTED, order_id=order_id)
            case Rejected():
                self._call(place, REJECTED, order_id=order_id, reason=_NUMBERS.get(event.reason, -1))
            case Replaced():
                self._call(place, REPLACED, 0, event.price_ticks, event.size_lots, order_id)
            case Cancelled():
                reason = _NUMBERS.get(event.reason, -1)
                self._call(place, CANCELLED, 0, 0, event.remaining_lots, order_id, reason=reason)

    def _fire(self) -> None:
        self._call(0, TIMER)

    def _call(
        self,
        place: int,
        kind: int,
        side: int = 0,
        ticks: int = 0,
        lots: int = 0,
        order_id: int = 0,
        *,
        reason: int = 0,
        maker: int = 0,
        fraction: int = 0,
    ) -> None:
        event = kind, side, ticks, lots, order_id, reason, maker, fraction
        if self.compiled and self._native is not None:
            self._native.call(place, *event)
            return
        markets = [market.seen() for market in self._markets]
        self._markets[place].set_event(*event)
        call_body(self._strategy, markets, place, _Orders(self._markets, place), self.state)

    def _compile(self) -> None:
        """Has the body called compiled, if all markets are native."""
        if self._native is None:
            return
        from mainspring_native._native import Market

        views: list[object] = [one.market.view for one in self._markets]
        markets = [
            (one.market, view, one.market.account)
            for one, view in zip(self._markets, views, strict=True)
            if isinstance(view, Market)
        ]
        if len(markets) < len(self._markets):
            return
        from mainspring_native.replay.compiled import compile_strategy

        self._function = compile_strategy(self._strategy, len(markets))
        state = ctypes.addressof(self.state)
        self._native.bind(self._function.address, state, self._strategy.sees_all, markets)
        self.compiled = True


def _native(fallback: Callable[[StrategyMarket], None]) -> Any:
    """What calls a compiled strategy; None where it can't be, for want of Numba or of the native module."""
    if NEEDS.missing is not None or find_spec("numba") is None:
        return None
    from mainspring_native._native import SessionStrategy as Native

    return Native(fallback)


class _Market:
    """One market of the session, and its record."""

    def __init__(self, place: int, market: StrategyMarket) -> None:
        self.market = market
        self.record: Any = MarketRecord()
        self.record.index = place
        self._cash_units = 0
        self._fees_ppb_units = 0
        self._fills = 0

    def on_fill(self, fill: Fill) -> None:
        units = fill.price_ticks * fill.size_lots
        self._cash_units -= int(fill.side) * units
        self._fees_ppb_units += units * (fill.fee_ppb or 0)
        self._fills += 1

    def set_event(self, *values: int) -> None:
        record = self.record
        record.event_kind, record.event_side, record.event_ticks, record.event_lots = values[:4]
        record.event_order_id, record.event_reason, record.event_maker = values[4:7]
        record.event_fraction_nanoticks = values[7]

    def seen(self) -> PlainMarket:
        """The market as it stands."""
        market, record, view = self.market, self.record, self.market.view
        record.time_ns = market.now_ns
        for name in _SHOWN:
            setattr(record, name, int(getattr(view, name)))
        orders = market.open_orders
        account = market.account
        record.position_lots = _narrow(market.position_lots)
        record.cash_units = _narrow(self._cash_units)
        record.fees_units = _narrow(self._fees_ppb_units // _PPB)
        record.fills = self._fills
        record.open_orders = len(orders)
        record.open_buy_lots = _narrow(account.open_buy_lots)
        record.open_sell_lots = _narrow(account.open_sell_lots)
        statistics = market.statistics
        for name in ("volatility_per_day", "daily_volume_lots", "spread_ticks"):
            value = getattr(statistics, name)
            setattr(record, name, _NAN if value is None else value)
        self.set_event(0, 0, 0, 0, 0, 0, 0, 0)
        return PlainMarket(record, _Book(market.book), [_own(order) for order in orders])


class _Orders:
    """Implements `mainspring_native.replay.actions.OrderBuffer` over a session's markets."""

    def __init__(self, markets: Sequence[_Market], place: int) -> None:
        self._markets = markets
        self._place = place
        self._count = 0

    def add(self, action: int, order_id: int, market: int, side: int, price_ticks: int, size_lots: int) -> int:
        if (
            self._count + 1 >= BUFFER_ROWS
            or market >= len(self._markets)
            or not can_be(action, side, price_ticks, size_lots)
        ):
            return 0
        self._count += 1
        if action in (CANCEL, REPLACE):
            self._change(action, order_id, price_ticks, size_lots)
            return order_id
        own = self._markets[self._place if market < 0 else market].market
        trade = own.buy if Side(side) is Side.BUY else own.sell
        if action == MARKET:
            return trade(size_lots=size_lots).order_id
        time_in_force: Any = "ioc" if action == IOC else "fok" if action == FOK else None
        return trade(
            size_lots=size_lots,
            price_ticks=price_ticks,
            time_in_force=time_in_force,
            post_only=action == POST_ONLY,
        ).order_id

    def _change(self, action: int, order_id: int, price_ticks: int, size_lots: int) -> None:
        for one in self._markets:
            for order in one.market.open_orders:
                if order.order_id != order_id:
                    continue
                if action == CANCEL:
                    order.cancel()
                elif order.price_ticks:
                    order.replace(price_ticks=price_ticks, size_lots=size_lots)


class _Book:
    """Implements `mainspring_native.replay.actions.BookReader` over a session's book."""

    def __init__(self, book: BookView) -> None:
        self._book = book

    def level_ticks(self, side: int, at: int) -> int:
        return self._level(side, at)[0]

    def level_lots(self, side: int, at: int) -> int:
        return self._level(side, at)[1]

    def lots_at(self, side: int, price_ticks: int) -> int:
        return self._book.lots_at(_side(side), price_ticks) if price_ticks >= 0 else 0

    def average_ticks(self, side: int, size_lots: int) -> float:
        walk = self._book.walk(_side(side), size_lots)
        if walk.filled_lots <= 0 or walk.unfilled_lots:
            return _NAN
        return walk.cost / walk.filled_lots

    def _level(self, side: int, at: int) -> tuple[int, int]:
        levels = self._book.depth(_side(side), at + 1) if at >= 0 else []
        return levels[at] if 0 <= at < len(levels) else (0, 0)


def _side(side: int) -> Side:
    return Side.BUY if side > 0 else Side.SELL


def _own(order: OrderHandle) -> Any:
    figures = order.price_ticks, order.size_lots, order.filled_lots
    return OrderRecord(order.order_id, int(order.side), *figures, _STATES.get(order.state, -1))


def _narrow(value: int) -> int:
    """The nearest that 64 bits hold."""
    return max(-_INT64, min(value, _INT64 - 1))
