"""nautilus_trader: its OrderBook from Python, and its backtest engine with a strategy in Python.

Deltas are made by `OrderBookDelta.from_raw`, its cheapest constructor, and put in by the message
(`OrderBook.apply_deltas`). The backtest's logging is bypassed and its analysis not run, it is made ready once, and
each pass resets and runs it, as its documentation has it for repeated runs. The data comes as single deltas, so that
the strategy is called at each.
"""

from collections.abc import Callable
from decimal import Decimal
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

from mainspring_perf.peers.contract import Answer, Candidates, Prepared
from mainspring_perf.peers.inputs import BUY, LEVEL, Delta, Inputs, Level

__all__ = ["RACEANTS"]

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

    def deltas(self, bids: list[Level], asks: list[Level]) -> Any:
        delta, buy, sell = self.delta, OrderSide.BUY, OrderSide.SELL
        return OrderBookDeltas(_ID, [*[delta(buy, level) for level in bids], *[delta(sell, level) for level in asks]])

    def ticks(self, price: Any) -> int:
        return int(price.as_decimal() / self.tick)

    def sides(self, book: Any) -> Answer:
        def rows(levels: Any) -> list[Level]:
            return [(self.ticks(level.price), round(Decimal(str(level.size())) / self.lot)) for level in levels]

        return {"bids": rows(book.bids()), "asks": rows(book.asks())}


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent


def _book(inputs: Inputs) -> Prepared:
    grid = _Grid(inputs)
    made = [grid.deltas(bids, asks) for bids, asks in inputs.deltas()]
    return _playing(grid, made, lambda deltas: deltas)


def _book_made(inputs: Inputs) -> Prepared:
    grid = _Grid(inputs)

    def make(delta: Delta) -> Any:
        return grid.deltas(*delta)

    return _playing(grid, inputs.deltas(), make)


def _playing(grid: _Grid, stream: list[Any], make: Callable[[Any], Any]) -> Prepared:
    raw_a_tick = grid.raw_a_tick

    def run() -> tuple[Any, int]:
        book = OrderBook(_ID, BookType.L2_MBP)
        apply, best_bid, best_ask = book.apply_deltas, book.best_bid_price, book.best_ask_price
        touch_raw = 0
        for one in stream:
            apply(make(one))
            touch_raw += best_bid().raw + best_ask().raw
        return book, touch_raw // raw_a_tick

    def answer(played: tuple[Any, int]) -> Answer:
        book, touch_sum = played
        return {**grid.sides(book), "touch_sum": touch_sum}

    return Prepared(run, answer)


def _bytes(inputs: Inputs) -> Prepared:
    """Bytes by msgspec, whose decoder it brings; deltas of prices and sizes rounded to its raw integers."""
    grid, messages = _Grid(inputs), inputs.messages()
    loads = msgspec.json.Decoder().decode
    ticks_a_unit, lots_a_unit = round(1 / float(grid.tick)), round(1 / float(grid.lot))

    def levels(rows: list[list[str]]) -> list[Level]:
        return [(round(float(price) * ticks_a_unit), round(float(size) * lots_a_unit)) for price, size in rows]

    def run() -> tuple[Any, int, int]:
        book = OrderBook(_ID, BookType.L2_MBP)
        waiting: list[Any] = []
        last_id, quotes, trades = -1, 0, 0
        for _, raw in messages:
            message = loads(raw)
            data = message.get("data", message)
            kind = data.get("e")
            if kind == "depthUpdate":
                if last_id < 0:
                    waiting.append(data)
                elif data["u"] > last_id:
                    last_id = data["u"]
                    book.apply_deltas(grid.deltas(levels(data["b"]), levels(data["a"])))
                    book.best_bid_price()
                    book.best_ask_price()
            elif kind == "trade":
                trades += 1
                _ = (round(float(data["p"]) * ticks_a_unit), round(float(data["q"]) * lots_a_unit), data["m"])
            elif "A" in data:
                quotes += 1
                levels([[data["b"], data["B"]], [data["a"], data["A"]]])
            else:
                last_id = data["lastUpdateId"]
                book.reset()
                book.apply_deltas(grid.deltas(levels(data["bids"]), levels(data["asks"])))
                for late in waiting:
                    if late["u"] > last_id:
                        last_id = late["u"]
                        book.apply_deltas(grid.deltas(levels(late["b"]), levels(late["a"])))
                waiting.clear()
        return book, quotes, trades

    def answer(ended: tuple[Any, int, int]) -> Answer:
        book, quotes, trades = ended
        return {**grid.sides(book), "quotes": quotes, "trades": trades}

    return Prepared(run, answer)


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


RACEANTS: Candidates = {
    "bytes": {"msgspec, OrderBookDeltas, OrderBook": _bytes},
    "book": {"OrderBook, deltas made before": _book, "OrderBook, deltas made in Python": _book_made},
    "replay": {"BacktestEngine, Python strategy": _replay},
}
