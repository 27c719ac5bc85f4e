"""Events for a replay, made of a feed's messages."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mainspring.model import BookDelta, BookInvalid, BookSnapshot, InstrumentStatus, Level, MarketEvent, Trade
from mainspring.seams import Feed, RawMessage
from mainspring_native.decoders import NativeFeed
from mainspring_native.replay.layout import BUY, CLEAR, EVENT, HALT, LEVEL, RESUME, SELL, TRADE

__all__ = ["read_events"]

_CHUNK = 4096

_Row = tuple[int, int, int, int, int, int]


def read_events(feed: Feed, messages: Iterable[RawMessage], *, instrument: int = 0) -> NDArray[Any]:
    """The events of one instrument, by its index, as an array of `EVENT`: levels, trades, halts.

    Quotes, bars and messages about the connection make no event. A native
    feed reads some millions of events a second, any other gives the same. Raises what the feed raises.
    """
    if isinstance(feed, NativeFeed):
        return _native(feed, messages, instrument)
    rows: list[_Row] = []
    for receive_time_ns, raw in messages:
        message = [row for event in feed.on_message(raw, receive_time_ns) for row in _rows(event, instrument)]
        if message:
            message[-1] = (*message[-1][:-1], 1)
            rows += message
    return np.array(rows, EVENT)


def _native(feed: NativeFeed, messages: Iterable[RawMessage], instrument: int) -> NDArray[Any]:
    from mainspring_native._native import Batch, event_rows

    stream = iter(messages)
    parts = []
    while chunk := list(islice(stream, _CHUNK)):
        parts.append(event_rows(feed.decoder, Batch(chunk), instrument))
    return np.frombuffer(b"".join(parts), EVENT)


def _rows(event: MarketEvent, instrument: int) -> list[_Row]:
    if getattr(event, "instrument", None) != instrument:
        return []
    match event:
        case BookSnapshot():
            return [(event.receive_time_ns, 0, 0, CLEAR, 0, 0), *_levels(event.receive_time_ns, event.bids, event.asks)]
        case BookDelta():
            return _levels(event.receive_time_ns, event.bids, event.asks)
        case BookInvalid():
            return [(event.receive_time_ns, 0, 0, CLEAR, 0, 0)]
        case Trade():
            return [(event.receive_time_ns, event.price_ticks, event.size_lots, TRADE, event.aggressor, 0)]
        case InstrumentStatus(trading=bool(trading)):
            return [(event.receive_time_ns, 0, 0, RESUME if trading else HALT, 0, 0)]
        case _:
            return []


def _levels(time_ns: int, bids: Iterable[Level], asks: Iterable[Level]) -> list[_Row]:
    return [
        (time_ns, price_ticks, size_lots, LEVEL, side, 0)
        for side, rows in ((BUY, bids), (SELL, asks))
        for price_ticks, size_lots in rows
    ]
