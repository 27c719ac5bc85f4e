"""Events for a replay, made of a feed's messages."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mainspring.model import (
    NO_ID,
    PRINT_MATCH,
    BookDelta,
    BookInvalid,
    BookSnapshot,
    InstrumentStatus,
    MarketEvent,
    Quote,
    Trade,
)
from mainspring.seams import Feed, RawMessage
from mainspring_native.decoders import NativeFeed
from mainspring_native.replay.layout import BUY, CLEAR, EVENT, FRACTION, HALT, ID, LEVEL, QUOTE, RESUME, SELL, TRADE

__all__ = ["read_events"]

_CHUNK = 4096

_Row = tuple[int, int, int, int, int, int, int]


def read_events(
    feed: Feed, messages: Iterable[RawMessage], *, instruments: Sequence[int] = (0,), quotes: bool = False
) -> NDArray[Any]:
    """The events of some instruments, by their indexes, as an array of `EVENT`: levels, trades, halts.

    The first of the instruments is market 0 of the events. With `quotes` they have the venue's own best prices as well,
    and the update ids that tell how old those are: then a replay gives the orders of a session on the same messages.
    Bars, mark prices, prints of other markets' matches and messages about the connection make no event. A native feed
    reads some millions of events a second, any other gives the same. Raises what the feed raises.
    """
    if isinstance(feed, NativeFeed):
        return _native(feed, messages, instruments, quotes)
    markets = {instrument: market for market, instrument in enumerate(instruments)}
    rows: list[_Row] = []
    for receive_time_ns, raw in messages:
        message = [
            row
            for event in feed.on_message(raw, receive_time_ns)
            if (market := markets.get(getattr(event, "instrument", -1))) is not None
            for row in _rows(event, market, quotes)
        ]
        if message:
            message[-1] = (*message[-1][:-1], 1)
            rows += message
    return np.array(rows, EVENT)


def _native(feed: NativeFeed, messages: Iterable[RawMessage], instruments: Sequence[int], quotes: bool) -> NDArray[Any]:
    from mainspring_native._native import Batch, event_rows

    stream = iter(messages)
    parts = []
    while chunk := list(islice(stream, _CHUNK)):
        parts.append(event_rows(feed.decoder, Batch(chunk), list(instruments), quotes))
    return np.frombuffer(b"".join(parts), EVENT)


def _rows(event: MarketEvent, market: int, quotes: bool) -> list[_Row]:
    time_ns = event.receive_time_ns

    def bare(kind: int) -> _Row:
        return time_ns, 0, 0, kind, market, 0, 0

    def numbered(update_id: int) -> list[_Row]:
        return [(time_ns, update_id, 0, ID, market, 0, 0)] if quotes and update_id != NO_ID else []

    def levels(event: BookDelta | BookSnapshot) -> list[_Row]:
        return [
            (time_ns, price_ticks, size_lots, LEVEL, market, side, 0)
            for side, rows in ((BUY, event.bids), (SELL, event.asks))
            for price_ticks, size_lots in rows
        ]

    match event:
        case BookSnapshot():
            return [*numbered(event.last_id), bare(CLEAR), *levels(event)]
        case BookDelta():
            return [*numbered(event.last_id), *levels(event)]
        case BookInvalid():
            return [bare(CLEAR)]
        case Quote() if quotes:
            return [
                *numbered(event.update_id),
                (time_ns, event.bid_ticks, event.bid_lots, QUOTE, market, BUY, 0),
                (time_ns, event.ask_ticks, event.ask_lots, QUOTE, market, SELL, 0),
            ]
        case Trade() if event.counts & PRINT_MATCH:
            trade = (time_ns, event.price_ticks, event.size_lots, TRADE, market, int(event.aggressor), 0)
            fraction = event.fraction_nanoticks
            return [(time_ns, fraction, 0, FRACTION, market, 0, 0), trade] if fraction else [trade]
        case InstrumentStatus(trading=bool(trading)):
            return [bare(RESUME if trading else HALT)]
        case _:
            return []
