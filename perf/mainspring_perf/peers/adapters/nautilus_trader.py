"""nautilus_trader: its OrderBook from Python, and its backtest engine with a strategy in Python.

Deltas are made by `OrderBookDelta.from_raw`, its cheapest constructor, and put in by the message
(`OrderBook.apply_deltas`). The backtest's logging is bypassed and its analysis not run, it is made ready once, and
each pass resets and runs it, as its documentation has it for repeated runs. The data comes as single deltas, so that
the strategy is called at each.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import CacheConfig, LoggingConfig, RiskEngineConfig
from nautilus_trader.model.book import OrderBook
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import OrderBookDelta, OrderBookDeltas, TradeTick
from nautilus_trader.model.enums import AccountType, AggressorSide, BookAction, BookType, OmsType, OrderSide, RecordFlag
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import FIXED_SCALAR, Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

from mainspring_perf.peers.adapters._loop import from_bytes, from_deltas, play_answer
from mainspring_perf.peers.contract import BUY, LEVEL, Answer, Candidates, Inputs, Level, Prepared

__all__ = ["CANDIDATES"]

_ID = InstrumentId(Symbol("BTCUSDT"), Venue("BINANCE"))
_SIDES = {1: OrderSide.BUY, -1: OrderSide.SELL}


class _Grid:
    """Makes deltas of ticks and lots, and ticks and lots of prices and sizes."""

    def __init__(self, inputs: Inputs) -> None:
        instrument = inputs.read("instrument")
        self.tick, self.lot = Decimal(instrument["tick_size"]), Decimal(instrument["lot_size"])
        self.price_precision, self.size_precision = -_exponent(self.tick), -_exponent(self.lot)
        self.raw_a_tick, self.raw_a_lot = int(self.tick * int(FIXED_SCALAR)), int(self.lot * int(FIXED_SCALAR))

    def delta(self, side: Any, level: Level, flags: int = 0, time_ns: int = 0) -> Any:
        price_ticks, size_lots = level
        return OrderBookDelta.from_raw(
            _ID,
            BookAction.UPDATE if size_lots else BookAction.DELETE,
            side,
            price_ticks * self.raw_a_tick,
            self.price_precision,
            size_lots * self.raw_a_lot,
            self.size_precision,
            price_ticks,
            flags,
            0,
            time_ns,
            time_ns,
        )

    def deltas(self, bids: Iterable[Level], asks: Iterable[Level]) -> Any:
        delta, buy, sell = self.delta, OrderSide.BUY, OrderSide.SELL
        return OrderBookDeltas(_ID, [*[delta(buy, level) for level in bids], *[delta(sell, level) for level in asks]])

    def ticks(self, price: Any) -> int:
        return int(price.as_decimal() / self.tick)


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent


class _Book:
    """Its book behind the interface of the loops. The sizes of the best levels are there, and nothing reads them."""

    def __init__(self, grid: _Grid) -> None:
        self.book = OrderBook(_ID, BookType.L2_MBP)
        self.grid, self.raw_a_tick = grid, grid.raw_a_tick

    def apply(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        self.book.apply_deltas(self.grid.deltas(bids, asks))

    def best(self) -> tuple[int, int, int, int]:
        book, raw_a_tick = self.book, self.raw_a_tick
        return book.best_bid_price().raw // raw_a_tick, 0, book.best_ask_price().raw // raw_a_tick, 0

    def sides(self) -> tuple[dict[int, int], dict[int, int]]:
        def levels(side: Any) -> dict[int, int]:
            lot = self.grid.lot
            return {self.grid.ticks(one.price): round(Decimal(str(one.size())) / lot) for one in side}

        return levels(self.book.bids()), levels(self.book.asks())


def _bytes(inputs: Inputs) -> Prepared:
    """Bytes by msgspec, whose decoder it brings; deltas of prices and sizes rounded to its raw integers."""
    return from_bytes(msgspec.json.Decoder().decode, partial(_Book, _Grid(inputs)))(inputs)


def _book(inputs: Inputs) -> Prepared:
    return from_deltas(partial(_Book, _Grid(inputs)))(inputs)


def _book_made(inputs: Inputs) -> Prepared:
    """Deltas that were made before, which isn't timed."""
    grid = _Grid(inputs)
    made = [grid.deltas(bids, asks) for bids, asks in inputs.deltas()]

    def run() -> tuple[_Book, int]:
        ours = _Book(grid)
        apply, best = ours.book.apply_deltas, ours.best
        touch_sum = 0
        for deltas in made:
            apply(deltas)
            bid_ticks, _, ask_ticks, _ = best()
            touch_sum += bid_ticks + ask_ticks
        return ours, touch_sum

    return Prepared(run, play_answer)


class _Watcher(Strategy):  # type: ignore[misc]  # untyped
    callbacks = 0
    best: tuple[Any, Any] = (None, None)

    def on_start(self) -> None:
        self.callbacks = 0
        self.subscribe_order_book_deltas(_ID, BookType.L2_MBP)
        self.subscribe_trade_ticks(_ID)
        self.book = self.cache.order_book(_ID)

    def on_order_book_deltas(self, deltas: Any) -> None:
        self.callbacks += 1
        self.best = self.book.best_bid_price(), self.book.best_ask_price()

    def on_trade_tick(self, tick: Any) -> None:
        self.callbacks += 1


def _replay(inputs: Inputs) -> Prepared:
    grid = _Grid(inputs)
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            risk_engine=RiskEngineConfig(bypass=True),
            cache=CacheConfig(tick_capacity=10, bar_capacity=10),
            run_analysis=False,
        )
    )
    engine.add_venue(
        venue=_ID.venue,
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        base_currency=None,
        starting_balances=[Money(1_000_000, USDT), Money(100, BTC)],
        book_type=BookType.L2_MBP,
    )
    engine.add_instrument(
        CurrencyPair(
            instrument_id=_ID,
            raw_symbol=_ID.symbol,
            base_currency=BTC,
            quote_currency=USDT,
            price_precision=grid.price_precision,
            size_precision=grid.size_precision,
            price_increment=Price(grid.tick, grid.price_precision),
            size_increment=Quantity(grid.lot, grid.size_precision),
            ts_event=0,
            ts_init=0,
        )
    )
    events = inputs.events()
    engine.add_data([_data(grid, number, event) for number, event in enumerate(events)])
    watcher = _Watcher()
    engine.add_strategy(watcher)

    def run() -> Any:
        engine.reset()
        engine.run()
        return watcher

    def answer(ended: Any) -> Answer:
        return {"callbacks": ended.callbacks, "best": [grid.ticks(price) for price in ended.best]}

    return Prepared(run, answer)


def _data(grid: _Grid, number: int, event: tuple[int, ...]) -> Any:
    time_ns, price_ticks, size_lots, kind, side, last = event
    if kind == LEVEL:
        flags = RecordFlag.F_LAST if last else 0
        return grid.delta(_SIDES[side], (price_ticks, size_lots), flags, time_ns)
    return TradeTick(
        _ID,
        Price(price_ticks * grid.tick, grid.price_precision),
        Quantity(size_lots * grid.lot, grid.size_precision),
        AggressorSide.BUYER if side == BUY else AggressorSide.SELLER,
        TradeId(str(number)),
        time_ns,
        time_ns,
    )


CANDIDATES: Candidates = {
    "bytes": {"msgspec, OrderBookDeltas, OrderBook": _bytes},
    "book": {"OrderBook, deltas made before": _book_made, "OrderBook, deltas made in Python": _book},
    "replay": {"BacktestEngine, Python strategy": _replay},
}
