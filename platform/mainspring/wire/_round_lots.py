"""Sizes in round lots: how many units the sizes of a message stand for, by its time."""

from collections.abc import Callable
from typing import Any

import msgspec

from mainspring.errors import GridError
from mainspring.model import MAX_UNITS, Bar, BookDelta, BookSnapshot, Instrument, Quote, Trade
from mainspring.wire._ledger import Update
from mainspring.wire._times import rfc3339_to_ns
from mainspring.wire.fields import RoundLots, scale_of

__all__ = ["compile_round_lots"]


def compile_round_lots(field: RoundLots | None, instrument: Instrument) -> Callable[[Any], Any] | None:
    """What turns an event whose sizes are as they were sent into one of units; None if there is nothing to do.

    It raises `GridError` for a size that doesn't fit in 64 bits then.
    """
    if field is None:
        return None
    units = scale_of(field.units, instrument.venue_symbol)
    if units is None or units == 1:
        return None
    factor, before_ns, symbol = units, rfc3339_to_ns(field.before), instrument.symbol

    def lots(size_lots: int) -> int:
        if size_lots * factor > MAX_UNITS:
            raise GridError(symbol, "size", str(size_lots), f"doesn't fit in 64 bits as {factor} units each")
        return size_lots * factor

    def side(rows: list[Any]) -> list[Any]:
        # A ledger's rows go on behind the size.
        return [(row[0], lots(row[1]), *row[2:]) for row in rows]

    replace = msgspec.structs.replace

    def in_units(event: Any) -> Any:
        inner = event.event if isinstance(event, Update) else event
        if inner.event_time_ns >= before_ns:
            return event
        match event:
            case Quote():
                return replace(event, bid_lots=lots(event.bid_lots), ask_lots=lots(event.ask_lots))
            case Trade():
                return replace(event, size_lots=lots(event.size_lots))
            case Bar():
                return replace(event, volume_lots=lots(event.volume_lots))
            case BookDelta() | BookSnapshot() | Update():
                return replace(event, bids=side(event.bids), asks=side(event.asks))
        return event

    return in_units
