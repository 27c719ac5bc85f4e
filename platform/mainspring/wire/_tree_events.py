"""Quotes, trades, bars, statuses, marks and control messages of a decoded message."""

from decimal import Decimal
from typing import Any

from mainspring.model import (
    PRINT_ALL,
    Bar,
    Control,
    InstrumentStatus,
    MarkPrice,
    Quote,
    Trade,
    TradeCorrection,
)
from mainspring.wire._paths import ABSENT
from mainspring.wire._source import Source
from mainspring.wire._tree_units import Own
from mainspring.wire._tree_values import (
    signed,
    write_choice,
    write_integer,
    write_number,
    write_print_price,
    write_text,
    write_time,
    write_units,
)
from mainspring.wire._values import DECIMAL, counts_of, refusal
from mainspring.wire.fields import Conditions, Integer, Print, Text
from mainspring.wire.messages import (
    BarMessage,
    CancelMessage,
    ControlMessage,
    CorrectionMessage,
    MarkMessage,
    QuoteMessage,
    StatusMessage,
    TradeMessage,
)

__all__ = ["write_control", "write_event"]


def write_event(source: Source[Own], message: Any) -> None:
    """Reads one kind of message of a market, other than of books."""
    at = f"{source.own('index', lambda own: own.index)}, receive_time_ns, {write_time(source, message.event_time)}"
    match message:
        case QuoteMessage():
            _write_quote(source, message, at)
        case TradeMessage():
            _write_trade(source, message, at)
        case CorrectionMessage() | CancelMessage():
            was = _write_print(source, message.was, at)
            now = _write_print(source, message.now, at) if isinstance(message, CorrectionMessage) else "None"
            source.write(f"return {source.constant('TradeCorrection', TradeCorrection)}({at}, {was}, {now})")
        case BarMessage():
            _write_bar(source, message, at)
        case StatusMessage():
            _write_status(source, message, at)
        case MarkMessage():
            _write_mark(source, message, at)
        case _:
            raise TypeError(f"no message of a market: {message!r}")


def _write_quote(source: Source[Own], message: QuoteMessage, at: str) -> None:
    update_id = write_integer(source, message.update_id)
    fields = message.bid_price, message.bid_size, message.ask_price, message.ask_size
    units = ", ".join(write_units(source, field) for field in fields)
    source.write(f"return {source.constant('Quote', Quote)}({at}, {update_id}, {units})")


def _write_trade(source: Source[Own], message: TradeMessage, at: str) -> None:
    trade_id = write_integer(source, message.trade_id)
    ticks, fraction = write_print_price(source, message.price)
    if message.signed:
        value, aggressor, size = source.at(message.size.key), source.local("aggressor"), source.local("size")
        source.write(f"{aggressor}, {size} = {source.constant('signed', signed)}({value})")
        lots = write_units(source, message.size, size)
    else:
        lots = write_units(source, message.size)
        aggressor = write_choice(source, message.aggressor, 0)
    counts = _write_counts(source, message.conditions)
    trade = source.constant("Trade", Trade)
    source.write(f"return {trade}({at}, {trade_id}, {ticks}, {lots}, {aggressor}, {counts}, {fraction})")


def _write_print(source: Source[Own], field: Print, at: str) -> str:
    """Reads a print within a message; `at` is the index of its instrument and the message's times."""
    trade_id = write_integer(source, field.trade_id)
    ticks, fraction = write_print_price(source, field.price)
    lots, counts = write_units(source, field.size), _write_counts(source, field.conditions)
    trade, said = source.constant("Trade", Trade), source.local("print")
    source.write(f"{said} = {trade}({at}, {trade_id}, {ticks}, {lots}, 0, {counts}, {fraction})")
    return said


def _write_counts(source: Source[Any], field: Conditions | None) -> str:
    """Reads what a print counts for."""
    if field is None:
        return str(int(PRINT_ALL))
    counts, declared = source.local("counts"), source.constant("conditions", field)
    source.write(f"{counts} = {source.constant('counts_of', counts_of)}({declared}, {source.at(field.key)})")
    return counts


def _write_bar(source: Source[Own], message: BarMessage, at: str) -> None:
    fields = message.open, message.high, message.low, message.close
    prices = [write_print_price(source, field) for field in fields]
    volume = write_units(source, message.volume)
    trades, vwap = write_integer(source, message.trades), write_number(source, message.vwap)
    ticks, fractions = (", ".join(parts) for parts in zip(*prices, strict=True))
    bar = source.constant("Bar", Bar)
    source.write(f"return {bar}({at}, {ticks}, {volume}, {trades}, {vwap}, ({fractions}))")


def _write_status(source: Source[Any], message: StatusMessage, at: str) -> None:
    code = write_text(source, message.code)
    text = "''" if message.text is None else write_text(source, message.text)
    trading = write_choice(source, message.trading, -1)
    status = source.constant("InstrumentStatus", InstrumentStatus)
    source.write(f"return {status}({at}, {code}, {text}, None if {trading} < 0 else {trading} != 0)")


def _write_mark(source: Source[Any], message: MarkMessage, at: str) -> None:
    mark = source.constant("MarkPrice", MarkPrice)
    price = _write_decimal(source, message.mark_price, signed=False)
    refuse = source.constant("no_price", _no_price)
    source.write(f"if {price} is None: raise {refuse}({message.mark_price.key!r})")
    if message.funding_rate is None:
        source.write(f"return {mark}({at}, {price})")
        return
    rate = _write_decimal(source, message.funding_rate, signed=True)
    funding_ns = write_time(source, message.funding_time)
    source.write(
        f"if {rate} is None: return {mark}({at}, {price})",
        f"return {mark}({at}, {price}, {rate}, {funding_ns})",
    )


def _write_decimal(source: Source[Any], field: Text, *, signed: bool) -> str:
    """Reads plain decimal text; None if it is empty or null."""
    value, decimal = source.at(field.key), source.local("decimal")
    read = source.constant("decimal_in", _decimal_in)
    source.write(f"{decimal} = {read}({value}, {field.key!r}, {field.optional}, {signed})")
    return decimal


def _decimal_in(text: Any, key: str, optional: bool, signed: bool) -> Decimal | None:
    if text is None or text == "" or (text is ABSENT and optional):
        return None
    if type(text) is not str:
        raise refusal(key, "is missing") if text is ABSENT else refusal(key, "must be text", text)
    value = Decimal(text) if DECIMAL.fullmatch(text) else None
    if value is None or not (signed or value > 0):
        raise refusal(key, f"must be decimal text{'' if signed else ' above zero'}", text)
    return value


def _no_price(key: str) -> Exception:
    return refusal(key, "must be decimal text above zero", "")


def write_control(source: Source[Any], message: ControlMessage) -> None:
    """Reads a message about the connection."""
    if message.inside is not None:
        inside = source.at(message.inside)
        refuse = source.constant("no_object", _no_object)
        source.write(f"if type({inside}) is not dict: raise {refuse}({message.inside!r}, {inside})")
        source.start_at(inside)
    code = "''"
    if isinstance(message.code, Integer):
        code = f"str({write_integer(source, message.code)})"
    elif message.code is not None:
        code = write_text(source, message.code)
    text = "''" if message.text is None else write_text(source, message.text)
    control = source.constant("Control", Control)
    source.write(f"return {control}(receive_time_ns, {message.kind!r}, {code}, {text})")


def _no_object(key: str, value: Any) -> Exception:
    return refusal(key, "must be an object", value)
