"""Reads a message plainly: the twin of the compiled parsers, which also explains what they refuse."""

import math

from mainspring.errors import WireError
from mainspring.model import (
    NO_ID,
    PRINT_ALL,
    Bar,
    BookDelta,
    BookSnapshot,
    Control,
    Instrument,
    InstrumentStatus,
    MarketEvent,
    MarkPrice,
    Quote,
    Trade,
    TradeCorrection,
)
from mainspring.wire._paths import ABSENT
from mainspring.wire._round_lots import compile_round_lots
from mainspring.wire._values import (
    Data,
    counts_of,
    read_choice,
    read_decimal,
    read_flag,
    read_integer,
    read_levels,
    read_number,
    read_print_price,
    read_text,
    read_time,
    read_units,
    refusal,
)
from mainspring.wire.fields import Integer, Print, Range
from mainspring.wire.messages import (
    BarMessage,
    CancelMessage,
    ControlMessage,
    CorrectionMessage,
    DeltaMessage,
    MarketMessage,
    MarkMessage,
    QuoteMessage,
    Sized,
    SnapshotMessage,
    StatusMessage,
    TradeMessage,
    both_sides,
)

__all__ = ["read_control", "read_event"]


def read_event(
    message: MarketMessage, data: Data, index: int, instrument: Instrument, receive_time_ns: int
) -> MarketEvent:
    """The event of a message of that kind. Raises `WireError` or `GridError`, which names the field at fault."""
    event = _read_as_sent(message, data, index, instrument, receive_time_ns)
    in_units = compile_round_lots(message.round_lots, instrument) if isinstance(message, Sized) else None
    return event if in_units is None else in_units(event)


def _read_as_sent(
    message: MarketMessage, data: Data, index: int, instrument: Instrument, receive_time_ns: int
) -> MarketEvent:
    """The same, with sizes as the venue writes them."""
    time_ns = read_time(data, message.event_time, receive_time_ns)
    match message:
        case DeltaMessage():
            return _read_delta(message, data, index, instrument, receive_time_ns, time_ns)
        case SnapshotMessage():
            last_id = _read_id(data, message.last_id)
            bids, asks = (read_levels(data, side, instrument) for side in both_sides(message))
            return BookSnapshot(index, receive_time_ns, time_ns, last_id, bids, asks)
        case QuoteMessage():
            fields = (message.bid_price, message.bid_size, message.ask_price, message.ask_size)
            units = [read_units(data, field, instrument) for field in fields]
            return Quote(index, receive_time_ns, time_ns, _read_id(data, message.update_id), *units)
        case TradeMessage():
            trade_id = _read_id(data, message.trade_id)
            price, fraction = read_print_price(data, message.price, instrument)
            size = read_units(data, message.size, instrument)
            aggressor = 0 if message.aggressor is None else read_choice(data, message.aggressor)
            codes = message.conditions
            counts = PRINT_ALL if codes is None else counts_of(codes, data.get(codes.key, ABSENT))
            return Trade(index, receive_time_ns, time_ns, trade_id, price, size, aggressor, counts, fraction)
        case CorrectionMessage() | CancelMessage():
            at = index, receive_time_ns, time_ns
            was = _read_print(message.was, data, instrument, at)
            now = _read_print(message.now, data, instrument, at) if isinstance(message, CorrectionMessage) else None
            return TradeCorrection(*at, was, now)
        case BarMessage():
            return _read_bar(message, data, index, instrument, receive_time_ns, time_ns)
        case StatusMessage():
            text = "" if message.text is None else read_text(data, message.text)
            trading = -1 if message.trading is None else read_choice(data, message.trading)
            reported = None if trading < 0 else bool(trading)
            return InstrumentStatus(index, receive_time_ns, time_ns, read_text(data, message.code), text, reported)
        case MarkMessage():
            return _read_mark(message, data, index, receive_time_ns, time_ns)


def read_control(message: ControlMessage, data: Data, receive_time_ns: int) -> Control:
    """The event of a message about the connection. Raises `WireError`, which names the field at fault."""
    if message.inside is not None:
        inside = data.get(message.inside)
        if type(inside) is not dict:
            raise refusal(message.inside, "must be an object", inside)
        data = inside
    code = ""
    if isinstance(message.code, Integer):
        code = str(read_integer(data, message.code))
    elif message.code is not None:
        code = read_text(data, message.code)
    return Control(receive_time_ns, message.kind, code, "" if message.text is None else read_text(data, message.text))


def _read_print(field: Print, data: Data, instrument: Instrument, at: tuple[int, int, int]) -> Trade:
    """A print within a message; `at` is the index of its instrument and the message's times."""
    trade_id = _read_id(data, field.trade_id)
    price, fraction = read_print_price(data, field.price, instrument)
    size = read_units(data, field.size, instrument)
    codes = field.conditions
    counts = PRINT_ALL if codes is None else counts_of(codes, data.get(codes.key, ABSENT))
    return Trade(*at, trade_id, price, size, 0, counts, fraction)


def _read_mark(message: MarkMessage, data: Data, index: int, receive_time_ns: int, time_ns: int) -> MarkPrice:
    mark_price = read_decimal(data, message.mark_price, signed=False)
    if mark_price is None:
        raise refusal(message.mark_price.key, "must be decimal text above zero", "")
    if message.funding_rate is None or message.funding_time is None:
        return MarkPrice(index, receive_time_ns, time_ns, mark_price)
    rate = read_decimal(data, message.funding_rate, signed=True)
    funding_ns = read_time(data, message.funding_time, receive_time_ns)
    if rate is None:
        return MarkPrice(index, receive_time_ns, time_ns, mark_price)
    return MarkPrice(index, receive_time_ns, time_ns, mark_price, rate, funding_ns)


def _read_bar(
    message: BarMessage, data: Data, index: int, instrument: Instrument, receive_time_ns: int, time_ns: int
) -> Bar:
    fields = (message.open, message.high, message.low, message.close)
    (opens, of_open), (high, of_high), (low, of_low), (close, of_close) = (
        read_print_price(data, field, instrument) for field in fields
    )
    return Bar(
        instrument=index,
        receive_time_ns=receive_time_ns,
        event_time_ns=time_ns,
        open_ticks=opens,
        high_ticks=high,
        low_ticks=low,
        close_ticks=close,
        volume_lots=read_units(data, message.volume, instrument),
        trades=_read_id(data, message.trades),
        vwap=math.nan if message.vwap is None else read_number(data, message.vwap),
        fractions_nanoticks=(of_open, of_high, of_low, of_close),
    )


def _read_delta(
    message: DeltaMessage, data: Data, index: int, instrument: Instrument, receive_time_ns: int, time_ns: int
) -> BookDelta | BookSnapshot:
    first, last, previous = _read_range(data, message.sequence)
    bids, asks = (read_levels(data, side, instrument) for side in both_sides(message))
    if message.reset is not None and read_flag(data, message.reset):
        return BookSnapshot(index, receive_time_ns, time_ns, last, bids, asks)
    return BookDelta(index, receive_time_ns, time_ns, first, last, previous, bids, asks)


def _read_range(data: Data, field: Range | None) -> tuple[int, int, int]:
    if field is None:
        return NO_ID, NO_ID, NO_ID
    first = read_integer(data, Integer(field.first))
    last = read_integer(data, Integer(field.last))
    previous = NO_ID if field.previous is None else read_integer(data, Integer(field.previous))
    if first > last:
        raise WireError(f"field {field.first!r} must not be beyond {field.last!r}: {first} > {last}", field=field.first)
    return first, last, previous


def _read_id(data: Data, field: Integer | None) -> int:
    return NO_ID if field is None else read_integer(data, field)
