"""Messages of any declared format, made from the declaration alone: what a stranger's feed is measured on.

They are what the declaration says that the venue sends, no more: the mix of kinds, the prices and the sizes are made
up, so that figures of two feeds tell their formats apart and not their markets.
"""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import msgpack

from mainspring.model import Instrument
from mainspring.seams import RawMessage
from mainspring.wire import (
    BarMessage,
    Chained,
    Choice,
    ControlMessage,
    DeltaMessage,
    Format,
    Levels,
    MarkMessage,
    Millis,
    Nanos,
    QuoteMessage,
    SnapshotMessage,
    StatusMessage,
    TradeMessage,
    WireFeed,
)

__all__ = ["can_make", "declared_messages"]

_START_NS = 1_723_161_600_000_000_000
_STEP_NS = 1_000_000
_MID_TICKS = 600_000
_LEVELS_A_DELTA = 10
_LEVELS_A_SNAPSHOT = 100
_SEED = 1


def can_make(declared: Format) -> bool:
    """Whether messages of the format can be made here: flat ones, whose bids and asks are arrays of their own."""
    books = [one for one in declared.messages if isinstance(one, DeltaMessage | SnapshotMessage)]
    return declared.flat and all(one.bids and one.asks and one.bids.key != one.asks.key for one in books)


def declared_messages(declared: WireFeed, instrument: Instrument, count: int, *, encoding: str) -> list[RawMessage]:
    """So many messages for one instrument, seeded: a snapshot first where the format has one, then its kinds in turn.

    `encoding` is "json" or "msgpack". Deltas continue the book, so that a feed has to apply every one.
    """
    maker = _Maker(declared, instrument)
    bodies = itertools.islice(maker.bodies(), count)
    pack = msgpack.packb if encoding == "msgpack" else _json
    return [(_START_NS + number * _STEP_NS, pack(maker.wrap(body))) for number, body in enumerate(bodies)]


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


class _Maker:
    def __init__(self, declared: WireFeed, instrument: Instrument) -> None:
        self._format = declared.format
        self._instrument = instrument
        self._random = Random(_SEED)  # noqa: S311  a benchmark's input, no secret
        self._ids = itertools.count(1_000)
        self._last_id = next(self._ids)
        self._sent = 0

    def wrap(self, body: dict[str, Any]) -> Any:
        """A body in the format's envelope or batch."""
        format_ = self._format
        if format_.batch:
            return [body]
        if format_.unwrap is None:
            return body
        wrapped: dict[str, Any] = {}
        if format_.stream is not None:
            wrapped[format_.stream.key] = f"{self._instrument.venue_symbol.lower()}{format_.stream.until}data"
        return {**wrapped, format_.unwrap: body}

    def bodies(self) -> Iterator[dict[str, Any]]:
        """Bodies without end, in the order of the declaration."""
        kinds = self._format.messages
        snapshots = [one for one in kinds if isinstance(one, SnapshotMessage)]
        resets = [one for one in kinds if isinstance(one, DeltaMessage) and one.reset is not None]
        later = [one for one in kinds if not isinstance(one, ControlMessage | SnapshotMessage)]
        if snapshots:
            yield self._body(snapshots[0], reset=False)
        elif resets:
            yield self._body(resets[0], reset=True)
        for kind in itertools.cycle(later):
            yield self._body(kind, reset=False)

    def _body(self, kind: Any, *, reset: bool) -> dict[str, Any]:
        self._sent += 1
        body: dict[str, Any] = {**dict.fromkeys(kind.has, 0), **kind.when}
        if kind.symbol is not None:
            body[kind.symbol.key] = self._instrument.venue_symbol
        if kind.event_time is not None:
            body[kind.event_time.key] = self._time(kind.event_time)
        fill: Any = _FILLS[type(kind)]
        fill(self, kind, body)
        if reset:
            body[kind.reset.key] = True
        return body

    def _time(self, field: Any) -> object:
        now_ns = _START_NS + self._sent * _STEP_NS
        if isinstance(field, Millis):
            return now_ns // 1_000_000
        if isinstance(field, Nanos):
            return now_ns
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=now_ns // 1000)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"

    def _price(self, away: int, *, number: bool) -> object:
        return _decimal((_MID_TICKS + away) * self._instrument.tick_size, number=number)

    def _size(self, lots: int, *, number: bool) -> object:
        return _decimal(lots * self._instrument.lot_size, number=number)

    def _rows(self, field: Levels, sign: int, levels: int) -> list[Any]:
        rows: list[Any] = []
        for _ in range(levels):
            price = self._price(sign * self._random.randint(1, 2_000), number=field.number)
            size = self._size(self._random.randint(0, 50_000), number=field.number)
            if isinstance(field.price, str):
                rows.append({field.price: price, field.size: size})
                continue
            assert isinstance(field.size, int)
            row: list[object] = [0] * (max(field.price, field.size) + 1)
            row[field.price], row[field.size] = price, size
            rows.append(row)
        return rows

    def _levels(self, kind: Any, body: dict[str, Any], levels: int) -> None:
        body[kind.bids.key] = self._rows(kind.bids, -1, levels)
        body[kind.asks.key] = self._rows(kind.asks, 1, levels)

    def delta(self, kind: DeltaMessage, body: dict[str, Any]) -> None:
        self._levels(kind, body, _LEVELS_A_DELTA)
        if kind.sequence is None:
            return
        previous, self._last_id = self._last_id, next(self._ids)
        first = previous if isinstance(self._format.sequencing, Chained) else previous + 1
        body[kind.sequence.first], body[kind.sequence.last] = first, self._last_id
        if kind.sequence.previous is not None:
            body[kind.sequence.previous] = previous

    def snapshot(self, kind: SnapshotMessage, body: dict[str, Any]) -> None:
        self._levels(kind, body, _LEVELS_A_SNAPSHOT)
        if kind.last_id is not None:
            body[kind.last_id.key] = self._last_id

    def quote(self, kind: QuoteMessage, body: dict[str, Any]) -> None:
        away = self._random.randint(1, 5)
        for sign, price, size in ((-1, kind.bid_price, kind.bid_size), (1, kind.ask_price, kind.ask_size)):
            body[price.key] = self._price(sign * away, number=price.number)
            body[size.key] = self._size(self._random.randint(1, 50_000), number=size.number)
        if kind.update_id is not None:
            body[kind.update_id.key] = self._last_id

    def trade(self, kind: TradeMessage, body: dict[str, Any]) -> None:
        body[kind.price.key] = self._price(self._random.randint(-5, 5), number=kind.price.number)
        body[kind.size.key] = self._size(self._random.randint(1, 50_000), number=kind.size.number)
        if kind.trade_id is not None:
            body[kind.trade_id.key] = self._sent
        _choose(self._random, kind.aggressor, body)

    def bar(self, kind: BarMessage, body: dict[str, Any]) -> None:
        for field, away in ((kind.open, 0), (kind.high, 9), (kind.low, -9), (kind.close, 3)):
            body[field.key] = self._price(away, number=field.number)
        body[kind.volume.key] = self._size(40_000, number=kind.volume.number)
        if kind.trades is not None:
            body[kind.trades.key] = self._random.randint(1, 500)
        if kind.vwap is not None:
            body[kind.vwap.key] = float(_MID_TICKS * self._instrument.tick_size)

    def status(self, kind: StatusMessage, body: dict[str, Any]) -> None:
        body[kind.code.key] = "T"
        if kind.text is not None:
            body[kind.text.key] = "Trading"
        _choose(self._random, kind.trading, body)

    def mark(self, kind: MarkMessage, body: dict[str, Any]) -> None:
        body[kind.mark_price.key] = f"{_MID_TICKS * self._instrument.tick_size:f}1"
        if kind.funding_rate is not None and kind.funding_time is not None:
            body[kind.funding_rate.key] = "0.00010000"
            body[kind.funding_time.key] = self._time(kind.funding_time)


_FILLS: dict[type, Any] = {
    DeltaMessage: _Maker.delta,
    SnapshotMessage: _Maker.snapshot,
    QuoteMessage: _Maker.quote,
    TradeMessage: _Maker.trade,
    BarMessage: _Maker.bar,
    StatusMessage: _Maker.status,
    MarkMessage: _Maker.mark,
}


def _choose(random: Random, field: Choice | None, body: dict[str, Any]) -> None:
    if field is not None:
        body[field.key] = random.choice([value for value, _ in field.values])


def _decimal(value: Decimal, *, number: bool) -> object:
    return float(value) if number else format(value, "f")
