"""Quotes, trades, bars, statuses and marks of a decoded message."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from mainspring.model import (
    PRINT_ALL,
    Bar,
    Instrument,
    InstrumentStatus,
    MarketEvent,
    MarkPrice,
    Quote,
    Trade,
    TradeCorrection,
)
from mainspring.wire._paths import ABSENT, compile_path
from mainspring.wire._tree_values import (
    compile_choice,
    compile_integer,
    compile_number,
    compile_print_price,
    compile_text,
    compile_time,
    compile_units,
    signed,
)
from mainspring.wire._values import DECIMAL, counts_of, refusal
from mainspring.wire.fields import Conditions, Print, Text
from mainspring.wire.messages import (
    BarMessage,
    CancelMessage,
    CorrectionMessage,
    MarkMessage,
    QuoteMessage,
    StatusMessage,
    TradeMessage,
)

__all__ = ["compile_event"]

_Parse = Callable[[Any, Any, int], MarketEvent]


def compile_event(message: Any, index: int, instrument: Instrument) -> _Parse:
    """The reader of one kind of message, other than of books, of instrument number `index`."""
    match message:
        case QuoteMessage():
            return _quote(message, index, instrument)
        case TradeMessage():
            return _trade(message, index, instrument)
        case CorrectionMessage() | CancelMessage():
            return _correction(message, index, instrument)
        case BarMessage():
            return _bar(message, index, instrument)
        case StatusMessage():
            return _status(message, index)
        case MarkMessage():
            return _mark(message, index)
    raise TypeError(f"no message of a market: {message!r}")


def _quote(message: QuoteMessage, index: int, instrument: Instrument) -> _Parse:
    time_of, id_of = compile_time(message.event_time), compile_integer(message.update_id)
    fields = (message.bid_price, message.bid_size, message.ask_price, message.ask_size)
    bid, bid_lots, ask, ask_lots = (compile_units(field, instrument) for field in fields)

    def parse(root: Any, item: Any, receive_time_ns: int) -> MarketEvent:
        return Quote(
            index,
            receive_time_ns,
            time_of(root, item, receive_time_ns),
            id_of(root, item),
            bid(root, item),
            bid_lots(root, item),
            ask(root, item),
            ask_lots(root, item),
        )

    return parse


def _trade(message: TradeMessage, index: int, instrument: Instrument) -> _Parse:
    time_of, id_of = compile_time(message.event_time), compile_integer(message.trade_id)
    price_of, size_of = compile_print_price(message.price, instrument), compile_units(message.size, instrument)
    aggressor_of, counts_in = compile_choice(message.aggressor, 0), _counts(message.conditions)
    if message.signed:
        of_size = compile_path(message.size.key)
        lots_of = compile_units(message.size, instrument, lambda _root, size: size)

        def parse_signed(root: Any, item: Any, receive_time_ns: int) -> MarketEvent:
            time_ns, trade_id = time_of(root, item, receive_time_ns), id_of(root, item)
            ticks, fraction = price_of(root, item)
            side, size = signed(of_size(root, item))
            lots = lots_of(root, size)
            return Trade(index, receive_time_ns, time_ns, trade_id, ticks, lots, side, counts_in(root, item), fraction)

        return parse_signed

    def parse(root: Any, item: Any, receive_time_ns: int) -> MarketEvent:
        time_ns, trade_id = time_of(root, item, receive_time_ns), id_of(root, item)
        ticks, fraction = price_of(root, item)
        return Trade(
            index,
            receive_time_ns,
            time_ns,
            trade_id,
            ticks,
            size_of(root, item),
            aggressor_of(root, item),
            counts_in(root, item),
            fraction,
        )

    return parse


def _correction(message: CorrectionMessage | CancelMessage, index: int, instrument: Instrument) -> _Parse:
    time_of, was_of = compile_time(message.event_time), _print(message.was, instrument)
    now_of = _print(message.now, instrument) if isinstance(message, CorrectionMessage) else None

    def parse(root: Any, item: Any, receive_time_ns: int) -> MarketEvent:
        at = index, receive_time_ns, time_of(root, item, receive_time_ns)
        was = was_of(root, item, at)
        return TradeCorrection(*at, was, None if now_of is None else now_of(root, item, at))

    return parse


def _print(field: Print, instrument: Instrument) -> Callable[[Any, Any, tuple[int, int, int]], Trade]:
    """Reads a print within a message; called with the index of its instrument and the message's times too."""
    id_of, price_of = compile_integer(field.trade_id), compile_print_price(field.price, instrument)
    size_of, counts_in = compile_units(field.size, instrument), _counts(field.conditions)

    def read(root: Any, item: Any, at: tuple[int, int, int]) -> Trade:
        trade_id = id_of(root, item)
        ticks, fraction = price_of(root, item)
        return Trade(*at, trade_id, ticks, size_of(root, item), 0, counts_in(root, item), fraction)

    return read


def _counts(field: Conditions | None) -> Callable[[Any, Any], int]:
    """Reads what a print counts for."""
    if field is None:
        return lambda _root, _item: PRINT_ALL
    find = compile_path(field.key)
    return lambda root, item: counts_of(field, find(root, item))


def _bar(message: BarMessage, index: int, instrument: Instrument) -> _Parse:
    time_of = compile_time(message.event_time)
    fields = (message.open, message.high, message.low, message.close)
    prices_of = [compile_print_price(field, instrument) for field in fields]
    volume_of = compile_units(message.volume, instrument)
    trades_of, vwap_of = compile_integer(message.trades), compile_number(message.vwap)

    def parse(root: Any, item: Any, receive_time_ns: int) -> MarketEvent:
        time_ns = time_of(root, item, receive_time_ns)
        (opens, of_open), (high, of_high), (low, of_low), (close, of_close) = (one(root, item) for one in prices_of)
        volume = volume_of(root, item)
        fractions = of_open, of_high, of_low, of_close
        trades, vwap = trades_of(root, item), vwap_of(root, item)
        return Bar(index, receive_time_ns, time_ns, opens, high, low, close, volume, trades, vwap, fractions)

    return parse


def _status(message: StatusMessage, index: int) -> _Parse:
    time_of, code_of = compile_time(message.event_time), compile_text(message.code)
    text_of = None if message.text is None else compile_text(message.text)
    trading_of = compile_choice(message.trading, -1)

    def parse(root: Any, item: Any, receive_time_ns: int) -> MarketEvent:
        time_ns, code = time_of(root, item, receive_time_ns), code_of(root, item)
        text = "" if text_of is None else text_of(root, item)
        trading = trading_of(root, item)
        return InstrumentStatus(index, receive_time_ns, time_ns, code, text, None if trading < 0 else bool(trading))

    return parse


def _mark(message: MarkMessage, index: int) -> _Parse:
    time_of = compile_time(message.event_time)
    price_of = _decimal(message.mark_price, signed=False)
    rate_of = None if message.funding_rate is None else _decimal(message.funding_rate, signed=True)
    funding_of = compile_time(message.funding_time)

    def parse(root: Any, item: Any, receive_time_ns: int) -> MarketEvent:
        time_ns = time_of(root, item, receive_time_ns)
        price = price_of(root, item)
        if price is None:
            raise refusal(message.mark_price.key, "must be decimal text above zero", "")
        if rate_of is None:
            return MarkPrice(index, receive_time_ns, time_ns, price)
        rate = rate_of(root, item)
        funding_ns = funding_of(root, item, receive_time_ns)
        if rate is None:
            return MarkPrice(index, receive_time_ns, time_ns, price)
        return MarkPrice(index, receive_time_ns, time_ns, price, rate, funding_ns)

    return parse


def _decimal(field: Text, *, signed: bool) -> Callable[[Any, Any], Decimal | None]:
    """Reads plain decimal text; None if it is empty or null."""
    find = compile_path(field.key)

    def read(root: Any, item: Any) -> Decimal | None:
        text = find(root, item)
        if text is None or text == "" or (text is ABSENT and field.optional):
            return None
        if type(text) is not str:
            raise refusal(field.key, "is missing") if text is ABSENT else refusal(field.key, "must be text", text)
        value = Decimal(text) if DECIMAL.fullmatch(text) else None
        if value is None or not (signed or value > 0):
            raise refusal(field.key, f"must be decimal text{'' if signed else ' above zero'}", text)
        return value

    return read
