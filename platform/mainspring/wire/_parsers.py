"""Declarations compiled to closures: the hot path's reading of a message.

A parser takes the object of a message and its receive time and returns its event. It raises an error of `FAULTS` where
the message doesn't hold what its declaration says; `_plain` then finds the words. Keys, tables and readers are bound
when the parser is made, so that a quote costs four dict lookups for its prices and sizes and two calls for id and time.

Only the frequent kinds are compiled (deltas, snapshots, quotes, trades); the plain reading serves the
others.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from mainspring.errors import GridError, WireError
from mainspring.model import (
    MAX_UNITS,
    NO_ID,
    PRINT_ALL,
    BookDelta,
    BookSnapshot,
    Instrument,
    Level,
    MarketEvent,
    Quote,
    Trade,
    nanotick_size,
)
from mainspring.wire._paths import ABSENT
from mainspring.wire._plain import read_event
from mainspring.wire._round_lots import compile_round_lots
from mainspring.wire._times import MAX_TIME_NS, millis_to_ns, rfc3339_to_ns
from mainspring.wire._units import NumberUnits, PrintUnits, TextUnits, Units
from mainspring.wire._values import MAX_TIME_MS, Data, counts_of, read_choice
from mainspring.wire.fields import Choice, Flag, Integer, Levels, Millis, Price, Range, Rfc3339, Size, Time
from mainspring.wire.messages import (
    DeltaMessage,
    MarketMessage,
    QuoteMessage,
    Sized,
    SnapshotMessage,
    TradeMessage,
    both_sides,
)

__all__ = ["FAULTS", "Parser", "Tables", "compile_parser"]

Parser = Callable[[Data, int], MarketEvent]

_UNIT_BITS = MAX_UNITS.bit_length()
"""Shifted by these, whole numbers from 0 to `MAX_UNITS` give 0, and others don't: half the cost of two comparisons."""

FAULTS = (AttributeError, GridError, IndexError, KeyError, TypeError, ValueError, WireError)
"""What a parser raises for a message that doesn't hold what it should."""


class Tables:
    """The tables of units of a feed, one for each step and way of writing, shared by all its instruments."""

    def __init__(self) -> None:
        self._tables: dict[tuple[Decimal, bool], Units] = {}

    def of(self, field: Price | Size, instrument: Instrument) -> Units:
        """The table for a field of an instrument."""
        step = instrument.tick_size if isinstance(field, Price) else instrument.lot_size
        return self.at(step, number=field.number)

    def of_prints(self, field: Price, instrument: Instrument) -> PrintUnits:
        """The table for the price of a print."""
        fine = nanotick_size(instrument.tick_size)
        return PrintUnits(self.of(field, instrument), None if fine is None else self.at(fine, number=field.number))

    def at(self, step: Decimal, *, number: bool) -> Units:
        """The table of a step."""
        key = (step, number)
        if key not in self._tables:
            self._tables[key] = NumberUnits(step) if number else TextUnits(step)
        return self._tables[key]


def compile_parser(message: MarketMessage, index: int, instrument: Instrument, tables: Tables) -> Parser:
    """The parser of one kind of message of one instrument, which is number `index` of its session."""
    parse = _as_sent(message, index, instrument, tables)
    in_units = compile_round_lots(message.round_lots, instrument) if isinstance(message, Sized) else None
    if in_units is None or parse is None:
        return parse or (lambda data, receive_time_ns: read_event(message, data, index, instrument, receive_time_ns))
    return lambda data, receive_time_ns: in_units(parse(data, receive_time_ns))


def _as_sent(message: MarketMessage, index: int, instrument: Instrument, tables: Tables) -> Parser | None:
    """The parser of a frequent kind, with sizes as the venue writes them; None for the others."""
    match message:
        case DeltaMessage():
            return _delta(message, index, instrument, tables)
        case SnapshotMessage():
            return _snapshot(message, index, instrument, tables)
        case QuoteMessage():
            return _quote(message, index, instrument, tables)
        case TradeMessage():
            return _trade(message, index, instrument, tables)
    return None


def _delta(message: DeltaMessage, index: int, instrument: Instrument, tables: Tables) -> Parser:
    bids, asks = both_sides(message)
    bids_of, asks_of = _levels(bids, instrument, tables), _levels(asks, instrument, tables)
    bids_key, asks_key = bids.key, asks.key
    time_of, ids_of, is_reset = _time(message.event_time), _range(message.sequence), _flag(message.reset)

    def parse(data: Data, receive_time_ns: int) -> MarketEvent:
        first, last, previous = ids_of(data)
        time_ns = time_of(data, receive_time_ns)
        bids = bids_of(data[bids_key])
        asks = asks_of(data[asks_key])
        if is_reset is not None and is_reset(data):
            return BookSnapshot(index, receive_time_ns, time_ns, last, bids, asks)
        return BookDelta(index, receive_time_ns, time_ns, first, last, previous, bids, asks)

    return parse


def _snapshot(message: SnapshotMessage, index: int, instrument: Instrument, tables: Tables) -> Parser:
    bids, asks = both_sides(message)
    bids_of, asks_of = _levels(bids, instrument, tables), _levels(asks, instrument, tables)
    bids_key, asks_key = bids.key, asks.key
    time_of, id_of = _time(message.event_time), _integer(message.last_id)

    def parse(data: Data, receive_time_ns: int) -> MarketEvent:
        time_ns = time_of(data, receive_time_ns)
        return BookSnapshot(
            index, receive_time_ns, time_ns, id_of(data), bids_of(data[bids_key]), asks_of(data[asks_key])
        )

    return parse


def _quote(message: QuoteMessage, index: int, instrument: Instrument, tables: Tables) -> Parser:
    of_bid_price, of_bid_size = tables.of(message.bid_price, instrument), tables.of(message.bid_size, instrument)
    of_ask_price, of_ask_size = tables.of(message.ask_price, instrument), tables.of(message.ask_size, instrument)
    bid_price, bid_size = message.bid_price.key, message.bid_size.key
    ask_price, ask_size = message.ask_price.key, message.ask_size.key
    if message.update_id is None or message.update_id.optional or message.event_time is not None:
        time_of, id_of = _time(message.event_time), _integer(message.update_id)

        def parse(data: Data, receive_time_ns: int) -> MarketEvent:
            return Quote(
                index,
                receive_time_ns,
                time_of(data, receive_time_ns),
                id_of(data),
                of_bid_price.of(data[bid_price]),
                of_bid_size.of(data[bid_size]),
                of_ask_price.of(data[ask_price]),
                of_ask_size.of(data[ask_size]),
            )

        return parse

    update_id = message.update_id.key
    find_bid_ticks, new_bid_ticks = of_bid_price.find, of_bid_price.convert
    find_bid_lots, new_bid_lots = of_bid_size.find, of_bid_size.convert
    find_ask_ticks, new_ask_ticks = of_ask_price.find, of_ask_price.convert
    find_ask_lots, new_ask_lots = of_ask_size.find, of_ask_size.convert

    # Quotes come more often than all else together: where the venue sends an id and no time, no reader is called.
    def parse_numbered(data: Data, receive_time_ns: int) -> MarketEvent:
        last_id = data[update_id]
        if type(last_id) is not int or last_id >> _UNIT_BITS:
            raise ValueError
        # An empty side's 0 is converted each time: it is rare, and `or` is half as long as a test for None.
        return Quote(
            index,
            receive_time_ns,
            receive_time_ns,
            last_id,
            find_bid_ticks(data[bid_price]) or new_bid_ticks(data[bid_price]),
            find_bid_lots(data[bid_size]) or new_bid_lots(data[bid_size]),
            find_ask_ticks(data[ask_price]) or new_ask_ticks(data[ask_price]),
            find_ask_lots(data[ask_size]) or new_ask_lots(data[ask_size]),
        )

    return parse_numbered


def _trade(message: TradeMessage, index: int, instrument: Instrument, tables: Tables) -> Parser:
    of_price, lots_of = tables.of_prints(message.price, instrument), tables.of(message.size, instrument).of
    find_ticks, between_of = of_price.find, of_price.of
    price, size = message.price.key, message.size.key
    time_of, id_of, aggressor_of = _time(message.event_time), _integer(message.trade_id), _choice(message.aggressor)
    codes = message.conditions
    if codes is not None:
        told_by = codes

        def parse_coded(data: Data, receive_time_ns: int) -> MarketEvent:
            ticks, fraction = find_ticks(data[price]), 0
            if ticks is None:
                ticks, fraction = between_of(data[price])
            return Trade(
                index,
                receive_time_ns,
                time_of(data, receive_time_ns),
                id_of(data),
                ticks,
                lots_of(data[size]),
                aggressor_of(data),
                counts_of(told_by, data.get(told_by.key, ABSENT)),
                fraction,
            )

        return parse_coded

    def parse(data: Data, receive_time_ns: int) -> MarketEvent:
        ticks, fraction = find_ticks(data[price]), 0
        if ticks is None:
            ticks, fraction = between_of(data[price])
        return Trade(
            index,
            receive_time_ns,
            time_of(data, receive_time_ns),
            id_of(data),
            ticks,
            lots_of(data[size]),
            aggressor_of(data),
            PRINT_ALL,
            fraction,
        )

    return parse


def _levels(field: Levels, instrument: Instrument, tables: Tables) -> Callable[[Any], list[Level]]:
    of_prices = tables.at(instrument.tick_size, number=field.number)
    of_sizes = tables.at(instrument.lot_size, number=field.number)
    find_ticks, new_ticks, find_lots, new_lots = of_prices.find, of_prices.convert, of_sizes.find, of_sizes.convert
    price, size = field.price, field.size
    container = list if isinstance(price, int) else dict

    # The count of the rows' types costs a twentieth of the reading. Without it the text "12" would pass for a level of
    # price 1 and size 2, and an object for the array of its keys.
    def read(rows: Any) -> list[Level]:
        if type(rows) is not list or [*map(type, rows)].count(container) != len(rows):
            raise TypeError
        return [(of_prices.of(row[price]), of_sizes.of(row[size])) for row in rows]

    def read_pairs(rows: Any) -> list[Level]:
        if type(rows) is not list or [*map(type, rows)].count(list) != len(rows):
            raise TypeError
        try:
            return [
                (
                    find_ticks(price) or new_ticks(price),
                    lots if (lots := find_lots(size)) is not None else new_lots(size),
                )
                for price, size in rows
            ]
        except ValueError:
            return read(rows)

    return read_pairs if (price, size) == (0, 1) else read


def _integer(field: Integer | None) -> Callable[[Data], int]:
    if field is None:
        return lambda _data: NO_ID
    key, optional = field.key, field.optional

    def read(data: Data) -> int:
        value = data[key]
        if type(value) is not int or value >> _UNIT_BITS:
            raise ValueError
        return value

    return (lambda data: read(data) if key in data else NO_ID) if optional else read


def _range(field: Range | None) -> Callable[[Data], tuple[int, int, int]]:
    if field is None:
        return lambda _data: (NO_ID, NO_ID, NO_ID)
    first_of, last_of = _integer(Integer(field.first)), _integer(Integer(field.last))
    previous_of = _integer(None if field.previous is None else Integer(field.previous))

    def read(data: Data) -> tuple[int, int, int]:
        first, last = first_of(data), last_of(data)
        if first > last:
            raise ValueError
        return first, last, previous_of(data)

    return read


def _time(field: Time | None) -> Callable[[Data, int], int]:
    if field is None:
        return lambda _data, receive_time_ns: receive_time_ns
    key, scale, text = field.key, 1, isinstance(field, Rfc3339)
    at_most = MAX_TIME_NS
    if isinstance(field, Millis):
        scale, at_most = 1_000_000, MAX_TIME_MS

    def read(data: Data, _receive_time_ns: int) -> int:
        value = data[key]
        if text and type(value) is str:
            return rfc3339_to_ns(value)
        if type(value) is not int or not 0 <= value <= at_most:
            if scale > 1 and type(value) is int and at_most < value <= MAX_TIME_NS:
                return millis_to_ns(value)
            raise ValueError
        return value * scale

    return read


def _flag(field: Flag | None) -> Callable[[Data], bool] | None:
    if field is None:
        return None
    key, optional = field.key, field.optional

    def read(data: Data) -> bool:
        value = data.get(key, False) if optional else data[key]
        if type(value) is not bool:
            raise TypeError
        return value

    return read


def _choice(field: Choice | None) -> Callable[[Data], int]:
    if field is None:
        return lambda _data: 0
    known = dict(field.values)
    if set(known) != {True, False} or field.otherwise is not None:
        return lambda data: read_choice(data, field)
    key, true, false = field.key, known[True], known[False]

    def read(data: Data) -> int:
        value = data[key]
        if value is True:
            return true
        if value is False:
            return false
        raise TypeError

    return read
